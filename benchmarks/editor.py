"""The editor with a workflow of 1,000 nodes and 1,500 links, beside as many bare Qt items on a plain view.

Times are CPU time of the window's thread, so that other programs on the machine do not count. The window is the real
one, at 1280 x 800, with every panel that listens to edits; its engine stays off.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QRectF
from PySide6.QtWidgets import QGraphicsView

from app.catalogue import shipped_catalogue
from app.main_window import MainWindow
from app.settings import Settings
from benchmarks.editor_graph import BareView, large_workflow
from benchmarks.screen import themed_application
from core.graph import workflow_file
from core.graph.edits import AddNode
from core.graph.workflow import Node, Workflow

ROOT = Path(__file__).resolve().parent.parent
FRAMES = 60
ADDED = 200
OPENINGS = 3
CYCLES = 100
STARTS = 3
DENSE_CARDS = 200
_FIRST_PAINT = """
import sys, time
from pathlib import Path
import PySide6.QtCore, PySide6.QtGui, PySide6.QtWidgets
start = time.process_time()
from PySide6.QtWidgets import QApplication
from app.main_window import MainWindow
from app.settings import Settings
from app.theme import apply_theme

class Timed(MainWindow):
    def start_engine(self):
        print(time.process_time() - start)
        QApplication.instance().quit()

application = QApplication([])
apply_theme(application)
window = Timed(Settings(Path(sys.argv[1])))
window.show()
window.open_first()
application.exec()
window.close()
"""
_BARE_PAINT = """
import time
import PySide6.QtCore, PySide6.QtGui, PySide6.QtWidgets
start = time.process_time()
from PySide6.QtWidgets import QApplication, QMainWindow
application = QApplication([])
window = QMainWindow()
window.resize(1280, 800)
window.show()
application.processEvents()
print(time.process_time() - start)
"""


class _Idle(MainWindow):
    def start_engine(self) -> None:
        """Leave the engine off: it is not measured here."""


def measure() -> dict[str, dict[str, Any]]:
    """Return the figures by name."""
    themed_application()
    workflow = large_workflow(shipped_catalogue())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.json"
        workflow_file.save(workflow, path)
        window = _Idle(Settings(Path(folder) / "settings.ini"))
        window.show()
        beside = Path(folder) / "beside.json"
        workflow_file.save(Workflow("beside"), beside)
        window.files.open(beside)  # so that the large one has a tab of its own
        try:
            memory = _memory(window, path)  # first: what is freed later is used again, and would not show
            figures = _open_and_look(window, path) | memory
        finally:
            for tab in window.tabs.all:
                tab.document.history.mark_clean()
            window.close()
        starts = sorted(_start_s(_FIRST_PAINT, Path(folder) / "first.ini") for _ in range(STARTS))
        bare = sorted(_start_s(_BARE_PAINT, Path(folder) / "first.ini") for _ in range(STARTS))
    first = _figure(starts[STARTS // 2], 1.0, STARTS, bare[STARTS // 2], "s")
    return figures | {"first paint after PySide6 is imported": first}


def _open_and_look(window: MainWindow, path: Path) -> dict[str, dict[str, Any]]:
    """Measure opening, frames and adding a node, in the window and on bare Qt."""
    opened, bare_opened, bare = [], [], BareView()
    workflow = workflow_file.load(path).workflow
    for _ in range(OPENINGS):
        _close(window, path)
        opened.append(_seconds(lambda: _open(window, path)))
        bare.deleteLater()
        _settle()
        bare = BareView()
        bare.resize(window.canvas.viewer.size())
        bare.show()
        QCoreApplication.processEvents()
        bare_opened.append(_seconds(partial(_show_bare, bare, workflow)))
    figures = {"open, first frame included": _figure(min(opened), 0.6, OPENINGS, min(bare_opened), "s")}
    view = window.canvas.viewer
    whole = bare.scene().itemsBoundingRect()
    share = (DENSE_CARDS / len(workflow.nodes)) ** 0.5
    dense = QRectF(whole.left(), whole.top(), whole.width() * share, whole.height() * share)
    for name, rect, goal in (("whole", whole, 10.0), ("200 cards in view", dense, 16.0)):
        for motion, step in (("pan", _panned), ("zoom", _zoomed)):
            ours = _frames_ms(view, view.show_rect, step, rect)
            theirs = _frames_ms(bare, bare.look_at, step, rect)
            figures[f"{motion}, {name}, p95"] = _figure(_p95(ours), goal, len(ours), _p95(theirs), "ms")
    figures["add a node, mean"] = _adding(window, bare)
    bare.deleteLater()
    return figures


def _adding(window: MainWindow, bare: BareView) -> dict[str, Any]:
    """Measure adding nodes through edits, as a person does, without the frame that follows."""
    kinds = [card.id for card in shipped_catalogue().all()]
    nodes = [Node(id=f"more{index}", type=kinds[index % len(kinds)], position=(0.0, -400.0)) for index in range(ADDED)]
    ours = _seconds(lambda: _each(lambda node: window.document.do(AddNode(node)), nodes))
    theirs = _seconds(lambda: _each(bare.add_card, nodes))
    return _figure(ours / ADDED * 1000, 1.0, ADDED, theirs / ADDED * 1000, "ms")


def _each(act: Callable[[Node], None], nodes: Iterable[Node]) -> None:
    for node in nodes:
        act(node)


def _memory(window: MainWindow, path: Path) -> dict[str, dict[str, Any]]:
    """Measure what a document costs, and what is left of closed ones after `CYCLES`."""
    workflow = workflow_file.load(path).workflow
    _settle()
    before = _memory_mb()
    _open(window, path)
    document = _memory_mb() - before
    bare = BareView()
    bare.show()
    QCoreApplication.processEvents()
    bare_before = _memory_mb()
    _show_bare(bare, workflow)
    bare_cost = _memory_mb() - bare_before
    bare.deleteLater()
    closed: list[weakref.ref[Any]] = []
    for _ in range(10):
        closed += _cycle(window, path)
    start = _memory_mb()
    for _ in range(CYCLES - 10):
        closed += _cycle(window, path)
    growth = (_memory_mb() - start) / start * 100
    alive = sum(each() is not None for each in closed)
    return {
        "memory of a document": _figure(document, 30.0, 1, bare_cost, "MB"),
        f"growth over {CYCLES} openings and closings": _figure(growth, 5.0, CYCLES, None, "%"),
        "closed documents still alive": _figure(alive, 1, CYCLES, None, "items"),
    }


def _cycle(window: MainWindow, path: Path) -> Iterable[weakref.ref[Any]]:
    """Open and close the workflow; return weak references to what must be gone."""
    _open(window, path)
    card = next(iter(window.canvas.view.cards.values()))
    marks = [weakref.ref(part) for part in (window.document.workflow, window.view, card)]
    del card
    _close(window, path)
    return marks


def _open(window: MainWindow, path: Path) -> None:
    """Open the workflow in a tab of its own, first frame included."""
    window.files.open(path)
    window.canvas.viewer.viewport().repaint()


def _close(window: MainWindow, path: Path) -> None:
    """Close the tab of the workflow, if there is one, and let everything of it go."""
    tab = window.tabs.of_file(path)
    if tab is not None:
        window.tabs.close(tab)
    del tab
    _settle()


def _show_bare(bare: BareView, workflow: Workflow) -> None:
    bare.show_workflow(workflow)
    bare.look_at(bare.scene().itemsBoundingRect())
    bare.viewport().repaint()


def _panned(rect: QRectF, frame: int) -> QRectF:
    return rect.translated(rect.width() * 0.004 * frame, rect.height() * 0.002 * frame)


def _zoomed(rect: QRectF, frame: int) -> QRectF:
    inset = 0.001 * frame
    return rect.adjusted(rect.width() * inset, rect.height() * inset, -rect.width() * inset, -rect.height() * inset)


def _frames_ms(
    view: QGraphicsView, look: Callable[[QRectF], None], step: Callable[[QRectF, int], QRectF], rect: QRectF
) -> list[float]:
    """Return the milliseconds of each frame of a motion that starts at `rect`."""
    look(rect)
    view.viewport().repaint()
    times = []
    for frame in range(FRAMES):
        start = time.thread_time()
        look(step(rect, frame))
        view.viewport().repaint()
        times.append((time.thread_time() - start) * 1000)
    return times


def _seconds(act: Callable[[], object]) -> float:
    gc.collect()
    start = time.thread_time()
    act()
    return time.thread_time() - start


def _settle() -> None:
    """Let Qt delete what waits for it, and Python what is left in circles."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QCoreApplication.processEvents()
    gc.collect()


def _memory_mb() -> float:
    """Return the resident memory of this process; needs Linux."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _start_s(script: str, settings: Path) -> float:
    command = [sys.executable, "-c", script, str(settings)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    return float(done.stdout)


def _p95(values: list[float]) -> float:
    return sorted(values)[int(0.95 * (len(values) - 1))]


def _figure(value: float, goal: float, n: int, peer: float | None, unit: str) -> dict[str, Any]:
    """Return one figure with bare Qt's beside it; it holds when it is under its goal."""
    shown = None if peer is None else round(peer, 3)
    return {"value": round(value, 3), "unit": unit, "goal": goal, "holds": value < goal, "n": n, "peer": shown}
