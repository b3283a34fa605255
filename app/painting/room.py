"""Room for the painter in a small window: what is not needed while painting gives way, and comes back afterwards."""

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
    """Hides the list of nodes, then the graph, while a painter is docked in a window too narrow for all."""

    def __init__(self, window: QMainWindow, library: QWidget, graph: QWidget, side: QWidget) -> None:
        super().__init__(window)
        self._window, self._library, self._graph, self._side = window, library, graph, side
        self._docks: list[QDockWidget] = []
        self._gone: list[QWidget] = []
        window.installEventFilter(self)

    def watch(self, dock: QDockWidget) -> None:
        """Make room for a painter whenever it shows."""
        self._docks.append(dock)
        dock.visibilityChanged.connect(self._follow)
        dock.destroyed.connect(lambda: self._docks.remove(dock))

    def _follow(self) -> None:
        if any(not dock.isHidden() for dock in self._docks):
            self._make()
        else:
            self._give_back()

    def _make(self) -> None:
        """Hide what does not fit, and show again what does."""
        room = self._window.width() - self._side.minimumWidth()
        shown = self._library not in self._gone and not self._library.isHidden()
        library = self._library.width() if shown else self._library.minimumWidth()
        self._turn(self._library, fits=room - WIDTH - library >= _GRAPH)
        alone = self._graph in self._gone
        self._turn(self._graph, fits=room - _NARROW >= _NARROW_GRAPH)
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
        if not fits and not part.isHidden():
            self._gone.append(part)
            part.hide()
        elif fits and part in self._gone:
            self._gone.remove(part)
            part.show()

    def _give_back(self) -> None:
        for part in self._gone:
            part.show()
        self._gone.clear()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._follow()
        elif event.type() == QEvent.Type.Close:
            self._give_back()  # the window remembers its columns now
        return False
