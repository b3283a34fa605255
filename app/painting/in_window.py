"""How the window and the painter know each other; the painter itself is made when it is first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF, QSizeF, Qt, QTimer
from PySide6.QtGui import QImage

from app.editor.placement import free_place
from app.runtime.messages import EngineReady
from core.graph.workflow import Point

if TYPE_CHECKING:
    from app.main_window import MainWindow
    from app.painting.desk import PaintingDesk

_SHARED = ("undo", "redo", "run", "cancel", "save")
"""The window's actions that work in the painter's full screen too."""


class Painting(QObject):
    """Opens the painter for nodes of a window.

    Attributes:
        desk: The painter, or None before it was first asked for.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.desk: PaintingDesk | None = None
        window.bridge.arrived.connect(self._take)
        window.monitor.changed.connect(self._look)

    def open_selected(self) -> None:
        """Paint on the selected node, else on the node whose picture is shown."""
        selected = self._window.canvas.selected()
        self.open(selected[0] if len(selected) == 1 else "")

    def open(self, node: str) -> None:
        """Paint on a node, or on the picture that it makes; "" = on the picture that is shown."""
        node = node or self._window.monitor.pictured
        if node not in self._window.document.workflow.nodes:
            return
        if self.desk is None:
            self.desk = self._make_desk()
        self.desk.open(node)

    def picture_of(self, node: str) -> QImage | None:
        """The picture that a node's card shows."""
        card = self._window.canvas.view.cards.get(node)
        return card.state.preview if card else None

    def run_to(self, node: str) -> None:
        """Run as far as a node, if the engine is free."""
        self._window.running.run_to((node,))

    def place_beside(self, node: str) -> Point:
        """Where there is room for a card near another."""
        cards = self._window.canvas.view.cards
        near = cards[node].outline()
        return free_place(
            QSizeF(near.width(), 260.0),
            QPointF(near.right() + near.width(), near.center().y()),
            [card.outline() for card in cards.values()],
        )

    def _make_desk(self) -> PaintingDesk:
        # Here, so that the window is painted before numpy is imported.
        from app.painting.desk import PaintingDesk

        window = self._window
        desk = PaintingDesk(window, window.document, window.freshness.catalogue, self)
        desk.share(*(window.actions_by_name[name] for name in _SHARED))
        desk.failed.connect(window.show_error)
        desk.run_asked.connect(window.run)
        desk.panel.commands.told.connect(window.log.say)
        window.resizeDocks([desk], [560], Qt.Orientation.Horizontal)
        return desk

    def _take(self, message: object) -> None:
        if self.desk is not None and isinstance(message, EngineReady):
            self.desk.set_catalogue(message.catalogue)
            QTimer.singleShot(0, self.desk.look_for_picture)  # after the window has taken the message

    def _look(self) -> None:
        if self.desk is not None:
            self.desk.take_picture()
