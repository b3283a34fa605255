"""Room for the graph, or for the painter, in a small window: other parts give way, and come back once they fit."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

WIDTH = 560
"""Logical pixels that the painter begins with."""
_GRAPH = 320
"""A narrower graph cannot be worked in, while the list of nodes is there too."""
_NARROW, _NARROW_GRAPH = 440, 240
"""Below these, painter and graph are of no use beside each other."""


class Room(QObject):
    """Hides the list of nodes in a window too narrow for it, and the graph too while a painter is docked there.

    A part that a person shows all the same stays.
    """

    def __init__(self, window: QMainWindow, library: QWidget, graph: QWidget, side: QWidget) -> None:
        super().__init__(window)
        self._window, self._library, self._graph, self._side = window, library, graph, side
        self._docks: list[QDockWidget] = []
        self._gone: list[QWidget] = []
        self._closing = False
        self._library_width = library.minimumWidth()  # when it was last seen: what it will take again
        window.installEventFilter(self)

    def watch(self, dock: QDockWidget) -> None:
        """Make room for a painter whenever it shows."""
        self._docks.append(dock)
        dock.visibilityChanged.connect(self._make)
        dock.destroyed.connect(lambda: self._docks.remove(dock))

    def give_back(self) -> None:
        """Show all that gave way, for good: the window closes, and remembers its columns."""
        self._closing = True
        for part in self._gone:
            part.show()
        self._gone.clear()

    def _make(self) -> None:
        """Hide what does not fit, and show again what does."""
        if self._closing:
            return
        painting = any(not dock.isHidden() for dock in self._docks)
        room = self._window.width() - self._side.minimumWidth()
        if self._library.isVisible():
            self._library_width = self._library.width()
        self._turn(self._library, fits=room - self._library_width - (WIDTH if painting else 0) >= _GRAPH)
        alone = self._graph in self._gone
        self._turn(self._graph, fits=not painting or room - _NARROW >= _NARROW_GRAPH)
        if self._graph in self._gone and not alone:
            QTimer.singleShot(0, self, self._widen)  # once the columns have settled

    def _widen(self) -> None:
        """Give the painter the graph's place."""
        docked = [dock for dock in self._docks if not dock.isHidden() and not dock.isFloating()]
        if docked and self._graph in self._gone:
            room = self._window.width() - self._side.minimumWidth()
            self._window.resizeDocks(docked, [room] * len(docked), Qt.Orientation.Horizontal)

    def _turn(self, part: QWidget, *, fits: bool) -> None:
        """Hide a part that is shown and does not fit; show one that was hidden for that reason and fits."""
        if fits and part in self._gone:
            self._gone.remove(part)
            part.show()
        elif not fits and part not in self._gone and not part.isHidden():
            self._gone.append(part)
            part.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._make()
        return False
