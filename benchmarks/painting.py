"""Painting on 4096 × 4096 pixels with a pointer: strokes, undo, memory, smoothness; bare Qt's figures beside.

Bare Qt is a widget that draws the pointer's way as antialiased lines into a `QImage` with a veil of colour, shows it
with `QPainter`, and keeps a copy of the whole image for each undo.
"""
# ruff: noqa: N802 - Qt's overrides

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app.document import Document
from app.painting.panel import PaintPanel
from app.painting.session import PaintSession, Target
from benchmarks.screen import themed_application
from core.graph.edits import AddNode
from core.graph.workflow import Node

SIDE, VIEW = 4096, 720
BRUSH = 160
STROKES, EVENTS = 500, 24
TIMED_STROKES, BARE_STROKES = 40, 12
"""Half of these are undone: a stroke that only repaints is none to undo."""
CIRCLE_POINTS = 12
Places = Sequence[tuple[float, float]]


class Painter(Protocol):
    """Either painter: a widget with undo, and its way from the picture to the widget."""

    @property
    def widget(self) -> QWidget:
        """Takes the pointer."""

    def to_widget(self, place: QPointF) -> QPointF:
        """Where a place of the picture is."""

    def undo(self) -> None:
        """Take the last stroke back."""


class Bare(QWidget):
    """Bare Qt."""

    def __init__(self) -> None:
        super().__init__()
        self.picture = _picture()
        self.veil = QImage(SIDE, SIDE, QImage.Format.Format_ARGB32_Premultiplied)
        self.veil.fill(0)
        self.before: list[QImage] = []
        self._last: QPointF | None = None
        self.resize(VIEW, VIEW)

    @property
    def widget(self) -> QWidget:
        """Itself."""
        return self

    def to_widget(self, place: QPointF) -> QPointF:
        """Where a place of the picture is."""
        return QPointF(place.x() * VIEW / SIDE, place.y() * VIEW / SIDE)

    def undo(self) -> None:
        """Take the last stroke back."""
        self.veil = self.before.pop()
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.before.append(self.veil.copy())
        self._last = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._last is None:
            return
        painter, share = QPainter(self.veil), SIDE / VIEW
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor("red"), BRUSH, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(self._last * share, event.position() * share)
        painter.end()
        margin = BRUSH / share + 2
        changed = QRectF(self._last, event.position()).normalized().adjusted(-margin, -margin, margin, margin)
        self.update(changed.toAlignedRect())
        self._last = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._last = None

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.scale(VIEW / SIDE, VIEW / SIDE)
        painter.drawImage(0, 0, self.picture)
        painter.setOpacity(0.6)
        painter.drawImage(0, 0, self.veil)


class Ours:
    """This program's painter on a document."""

    def __init__(self) -> None:
        self.document = Document()
        self.document.do(AddNode(Node(id="mask", type="loom.mask.paint")))
        self.session = PaintSession(self.document)
        self.panel = PaintPanel(self.session)
        self.panel.resize(VIEW + 60, VIEW + 120)
        self.session.open(Target("mask", "mask"), _picture())
        self.panel.bar.diameter.setValue(BRUSH)

    @property
    def widget(self) -> QWidget:
        """The easel."""
        return self.panel.easel

    def to_widget(self, place: QPointF) -> QPointF:
        """Where a place of the picture is."""
        return self.panel.easel.to_widget(place)

    def undo(self) -> None:
        """Take the last stroke back."""
        self.document.undo()


def measure() -> dict[str, dict[str, Any]]:
    """Return the figures by name."""
    themed_application()
    ours, bare = Ours(), Bare()
    for shown in (ours.panel, bare):
        shown.show()
        QTest.qWaitForWindowExposed(shown)
    rng = np.random.default_rng(1)
    mine = _events_ms(ours, [_wave(rng) for _ in range(TIMED_STROKES)])
    peer = _events_ms(bare, [_wave(rng) for _ in range(BARE_STROKES)])
    undo, bare_undo = _undo_ms(ours, TIMED_STROKES // 2), _undo_ms(bare, BARE_STROKES // 2)
    ours.panel.close()
    ours = Ours()
    ours.panel.show()
    QTest.qWaitForWindowExposed(ours.panel)
    off, bare_off = _circle_error(ours, ours.session), _bare_circle_error()
    ours.undo()
    used = _memory_mb(lambda: _draw_all(ours, [_wave(rng) for _ in range(STROKES)]))
    bare_each = _memory_mb(lambda: _draw_all(bare, [_wave(rng) for _ in range(8)])) / 8
    for shown in (ours.panel, bare):
        shown.close()
    return {
        "stroke event with repaint, p99": _figure(_p99(mine), "ms", 8.0, len(mine), _p99(peer)),
        "stroke event with repaint, longest": _figure(max(mine), "ms", None, len(mine), max(peer)),
        "undo of a stroke with repaint, longest": _figure(max(undo), "ms", 20.0, len(undo), max(bare_undo)),
        f"memory of {STROKES} strokes that can be undone": _figure(used, "MB", 256.0, STROKES, bare_each * STROKES),
        f"distance of a circle of {CIRCLE_POINTS} points from the true one": _figure(off, "px", BRUSH / 8, 1, bare_off),
        "points of a fast stroke without paint": _figure(_lost_points(ours), "points", 1, CIRCLE_POINTS, None),
    }


def _picture() -> QImage:
    image = QImage(SIDE, SIDE, QImage.Format.Format_RGB32)
    image.fill(QColor(90, 130, 170))
    return image


def _wave(rng: np.random.Generator) -> list[tuple[float, float]]:
    """A stroke across a third of the picture, with as many places as a pointer gives in a fifth of a second."""
    x, y = rng.uniform(300, SIDE - 1800, 2)
    along = np.linspace(0, 1, EVENTS)
    return [(x + 1400 * t, y + 700 * t + 250 * math.sin(9 * t)) for t in along.tolist()]


def _draw(painter: Painter, places: Places) -> list[float]:
    """Draw a stroke; return the milliseconds of each event with all that it repaints."""
    times = []
    points = [painter.to_widget(QPointF(*place)).toPoint() for place in places]
    left, widget = Qt.MouseButton.LeftButton, painter.widget
    for index, point in enumerate(points):
        start = time.perf_counter()
        if index == 0:
            QTest.mousePress(widget, left, pos=point)
        else:
            QTest.mouseMove(widget, point)
        QApplication.processEvents()
        times.append((time.perf_counter() - start) * 1000)
    start = time.perf_counter()
    QTest.mouseRelease(widget, left, pos=points[-1])
    QApplication.processEvents()
    times.append((time.perf_counter() - start) * 1000)
    return times


def _events_ms(painter: Painter, strokes: Sequence[Places]) -> list[float]:
    _draw(painter, strokes[0])  # caches fill
    painter.undo()
    return [each for stroke in strokes for each in _draw(painter, stroke)]


def _draw_all(painter: Painter, strokes: Sequence[Places]) -> None:
    for stroke in strokes:
        _draw(painter, stroke)


def _undo_ms(painter: Painter, count: int) -> list[float]:
    times = []
    for _ in range(count):
        start = time.perf_counter()
        painter.undo()
        QApplication.processEvents()
        times.append((time.perf_counter() - start) * 1000)
    return times


def _circle() -> list[tuple[float, float]]:
    angles = np.linspace(0, 2 * math.pi, CIRCLE_POINTS + 1)
    return [(2048 + 1400 * math.cos(t), 2048 + 1400 * math.sin(t)) for t in angles.tolist()]


def _circle_error(painter: Painter, session: PaintSession) -> float:
    """Draw a fast circle; return how far, in pixels, the middle of the paint is from the true circle at most."""
    _draw(painter, _circle())
    return _ring_error(session.surface.pixels)


def _bare_circle_error() -> float:
    bare = Bare()
    _draw(bare, _circle())
    pixels = np.frombuffer(bare.veil.constBits(), np.uint8).reshape(SIDE, SIDE, 4)[..., 3]
    return _ring_error(pixels)


def _ring_error(pixels: np.ndarray[tuple[int, int], np.dtype[np.uint8]]) -> float:
    worst, radii = 0.0, np.arange(1000, 1800)
    for angle in np.linspace(0, 2 * math.pi, 361).tolist():
        x, y = (2048 + radii * math.cos(angle)).astype(int), (2048 + radii * math.sin(angle)).astype(int)
        painted = radii[pixels[y, x] > 127]
        worst = max(worst, abs(float(painted.mean()) - 1400) if len(painted) else 800.0)
    return worst


def _lost_points(ours: Ours) -> int:
    places = [(300 + 3400 * (i % 2), 300 + i * 280.0) for i in range(CIRCLE_POINTS)]
    _draw(ours, places)
    pixels, easel = ours.session.surface.pixels, ours.panel.easel
    seen = [easel.to_picture(QPointF(easel.to_widget(QPointF(*place)).toPoint())) for place in places]
    return sum(pixels[int(at.y()), int(at.x())] < 255 for at in seen)


def _memory_mb(work: Callable[[], None]) -> float:
    before = _resident()
    work()
    return max(0.0, (_resident() - before) / 2**20)


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _p99(values: Sequence[float]) -> float:
    return sorted(values)[int(0.99 * (len(values) - 1))]


def _figure(value: float, unit: str, goal: float | None, n: int, peer: float | None) -> dict[str, Any]:
    """Return one figure; it holds when it is under its goal."""
    return {
        "value": round(value, 2), "unit": unit, "goal": goal, "holds": None if goal is None else value < goal, "n": n,
        "peer": None if peer is None else round(peer, 2),
    }  # fmt: skip
