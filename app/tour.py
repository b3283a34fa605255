"""The first tour: five sentences, one at a time, each with the part of the window that it is about outlined."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolButton, QWidget

from app.panels.offer import Answers, Offer
from app.theme import theme

if TYPE_CHECKING:
    from app.main_window import MainWindow

_OUT = 3
Step = tuple[str, Callable[[], QWidget]]


class Outline(QWidget):
    """A line around a part of the window, which lets the pointer through."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._part: QWidget | None = None
        self.hide()

    def show_around(self, part: QWidget | None) -> None:
        """Outline another part, or none."""
        if self._part is not None:
            self._part.removeEventFilter(self)
        self._part = part
        if part is not None:
            part.installEventFilter(self)
        self._follow()

    def _follow(self) -> None:
        part = self._part
        self.setVisible(part is not None and part.isVisible())
        if part is not None:
            place = QRect(part.mapTo(self._window, QPoint()), part.size())
            self.setGeometry(place.adjusted(-_OUT, -_OUT, _OUT, _OUT) & self._window.rect())
            self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme().color("accent"), 2))
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -2, -2), theme().px("radius"), theme().px("radius"))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide):
            self._follow()
        return False


class Tour(QObject):
    """Goes through the steps.

    Attributes:
        line: The sentence with its buttons; the window gives it its place.
        place: The present step, counted from 0, or None while there is no tour.
    """

    def __init__(self, window: QWidget, steps: tuple[Step, ...]) -> None:
        super().__init__(window)
        self._steps = steps
        self.line, self._outline = Offer(), Outline(window)
        self.place: int | None = None

    def start(self) -> None:
        """Show the first step."""
        self._show(0)

    def end(self) -> None:
        """Put the tour away."""
        self.place = None
        self.line.hide()
        self._outline.show_around(None)

    def _show(self, place: int) -> None:
        self.place = place
        words, part = self._steps[place]
        last = place + 1 == len(self._steps)
        answers: Answers = {"Done": self.end} if last else {"Next": lambda: self._show(place + 1), "Skip": self.end}
        self.line.ask(f"{place + 1} of {len(self._steps)}   {words}", answers)
        self._outline.show_around(part())


def steps_through(window: MainWindow) -> tuple[Step, ...]:
    """The five steps through the window."""
    return (
        (
            "Each card is one part of a diffusion model; the links carry what it makes to the next.",
            lambda: window.canvas,
        ),
        ("Say here what you want to see. What you select on the canvas is set here too.", lambda: window.properties),
        (
            "Run makes the picture, and computes only what you have changed since.",
            lambda: window.findChild(QToolButton, "run"),
        ),
        ("The picture grows here. Each one is kept below it, with its workflow.", lambda: window.preview),
        (
            "Drag new cards from here, or press Tab on the canvas. Training has a page of its own.",
            lambda: window.library,
        ),
    )
