"""How the window and the painter know each other; the painter itself is made when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF, QSizeF, Qt, QTimer
from PySide6.QtGui import QImage

from app.editor.placement import free_place, snapped
from app.room import WIDTH
from app.runtime.messages import EngineReady
from core.events import RunCancelled
from core.graph.workflow import Point, Workflow

if TYPE_CHECKING:
    from app.main_window import MainWindow
    from app.painting.desk import PaintingDesk
    from app.tab import Tab

_SHARE = 0.3
"""Of a large window's width, that the painter begins with."""
_SHARED = ("undo", "redo", "run", "cancel", "save")
"""The window's actions that work in the painter's full screen too."""


class Painting(QObject):
    """Opens the painter for nodes of the document in front; each document has a painter of its own."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._desks: dict[Tab, PaintingDesk] = {}
        window.bridge.arrived.connect(self._take)
        window.tabs.shown.connect(self._turn)
        window.tabs.closed.connect(self._close)

    @property
    def desk(self) -> PaintingDesk | None:
        """The painter of the document in front, or None before it was first asked for."""
        return self._desks.get(self._window.tabs.front)

    def open_selected(self) -> None:
        """Paint on the selected node, else on the node whose picture is shown."""
        selected = self._window.canvas.selected()
        self.open(selected[0] if len(selected) == 1 else "")

    def open(self, what: object) -> None:
        """Paint on a node, or on the picture that it makes; "" = on the picture that is shown; or on an earlier one."""
        node = "" if isinstance(what, QImage) else str(what) or self._window.monitor.pictured
        if not isinstance(what, QImage) and node not in self._window.document.workflow.nodes:
            return
        desk = self.desk or self._make_desk()
        self._desks[self._window.tabs.front] = desk
        if isinstance(what, QImage):
            desk.open_picture(what)
        else:
            desk.open(node)

    @property
    def folder(self) -> Path:
        """Where pictures are kept that workflows name."""
        return self._window.settings.data_folder / "kept"

    def submit(
        self, take: Callable[[object], None], workflow: Workflow, targets: tuple[str, ...] | None = None
    ) -> None:
        """Queue a run of a workflow as it is now, where the engine is there; `take` hears of it."""
        if self._window.queue.ready:
            self._window.queue.submit(take, workflow, targets)
        else:
            take(RunCancelled())

    def cancel(self, take: Callable[[object], None]) -> None:
        """Stop the runs that `take` hears of."""
        self._window.queue.cancel(take)

    def picture_of(self, node: str) -> QImage | None:
        """The picture that a node's card shows."""
        card = self._window.canvas.view.cards.get(node)
        return card.state.preview if card else None

    def run_to(self, node: str) -> None:
        """Run as far as a node, if the engine is free."""
        self._window.running.run_to((node,))

    def place_beside(self, node: str | None) -> Point:
        """Where there is room for a card near another; None = for several, below all."""
        cards = self._window.canvas.view.cards
        if node is None:
            outlines = [card.outline() for card in cards.values()]
            left, low = min((o.left() for o in outlines), default=0.0), max((o.bottom() for o in outlines), default=0.0)
            return snapped(QPointF(left, low + 64.0))
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
        window.monitor.changed.connect(self._look)
        desk.share(*(window.actions_by_name[name] for name in _SHARED))
        desk.failed.connect(window.show_error)
        desk.run_asked.connect(window.run)
        desk.loop.candidates.pictured.connect(window.gallery.keep)
        desk.panel.commands.told.connect(window.log.say)
        window.room.watch(desk)
        width = max(WIDTH, round(window.width() * _SHARE))
        window.resizeDocks([desk], [width], Qt.Orientation.Horizontal)
        return desk

    def _take(self, message: object) -> None:
        if isinstance(message, EngineReady):
            for desk in self._desks.values():
                desk.set_catalogue(message.catalogue)
            if self.desk is not None:
                QTimer.singleShot(0, self.desk.look_for_picture)  # after the window has taken the message

    def _look(self) -> None:
        if self.desk is not None:
            self.desk.take_picture()

    def _turn(self) -> None:
        """Another document is in front: its painter shows where it is open, the others do not."""
        for desk in self._desks.values():
            desk.setVisible(desk is self.desk and desk.session.target is not None)
        self._look()

    def _close(self, tab: object) -> None:
        desk = self._desks.pop(tab, None)  # type: ignore[call-overload]  # the signal carries a Tab
        if desk is not None:
            self._window.queue.abandon(desk.loop.candidates.take)
            self._window.removeDockWidget(desk)
            desk.deleteLater()
