"""The canvas itself: NodeGraphQt's viewer with its own navigation, drops and look."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QPointF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QGraphicsView

from app.catalogue import SettingCard
from app.editor.area_items import AreaItem
from app.editor.card_layout import Hit
from app.editor.node_item import CardItem
from app.editor.port_item import LoomPort
from app.editor.scaled_viewer import ScaledViewer

NODE_MIME = "application/x-latent-loom-node"


class LoomViewer(ScaledViewer):
    """The canvas.

    Beside the signals of its bases:

    Signals:
        node_dropped(str, QPointF): A kind of node was dropped at a scene position.
        files_dropped(list, QPointF): Local files, by their names, were dropped at a scene position.
        files_over(list, QPointF): Local files hover over a scene position, and may be dropped; none = they left.
        menu_asked(QPoint, QPointF): The context menu, at a global and a scene position.
        setting_asked(CardItem, SettingCard): A shown setting was double-clicked.
        button_clicked(CardItem, Hit): The dice or the lock of a seed was clicked.
        text_clicked(str, str): The text of a node's setting was clicked: ids of node and setting.
        entered(): Enter was pressed on the canvas.
        search_asked(QPointF): The empty canvas was double-clicked, at this scene position.
        area_asked(str): The frame or note with this id was double-clicked.
        dragging(): Selected things may have moved with the pointer.
        dragged(): The left button was let go; selected things may have moved.
    """

    node_dropped = Signal(str, QPointF)
    files_dropped = Signal(list, QPointF)
    files_over = Signal(list, QPointF)
    menu_asked = Signal(object, QPointF)
    setting_asked = Signal(CardItem, SettingCard)
    button_clicked = Signal(CardItem, Hit)
    text_clicked = Signal(str, str)
    entered = Signal()
    search_asked = Signal(QPointF)
    area_asked = Signal(str)
    dragging = Signal()
    dragged = Signal()

    def __init__(self) -> None:
        self._double = False
        super().__init__()
        self.setObjectName("viewer")
        self.setMouseTracking(True)

    def wheelEvent(self, event: QWheelEvent) -> None:
        delta = event.angleDelta().y() or event.angleDelta().x()
        self.zoom(1.0015**delta, self.mapToScene(event.position().toPoint()))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Ctrl extends the selection as Shift does; the middle button pans also from on top of a card."""
        both = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier
        self.ALT_state = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        self.SHIFT_state, self.CTRL_state = bool(event.modifiers() & both), False
        if event.button() == Qt.MouseButton.MiddleButton:
            self._origin_pos = self._previous_pos = event.position().toPoint()
            self.MMB_state = True
            self.fitted = False
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            return
        super().mousePressEvent(event)
        if self.scene().mouseGrabberItem() is not None:
            self._rubber_band.isActive = False  # far out, NodeGraphQt would draw a selection and move a card at once

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if self.LMB_state and not self._rubber_band.isActive and not self._LIVE_PIPE.isVisible():
            self.dragging.emit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.unsetCursor()
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton:
            self.dragged.emit()
        double, self._double = self._double, False
        moved = (event.position().toPoint() - self._origin_pos).manhattanLength() > 3
        if event.button() == Qt.MouseButton.LeftButton and not event.modifiers() and not moved and not double:
            card, hit = self._hit(event)
            if card is not None and hit is not None and hit.part != "value":
                self.button_clicked.emit(card, hit)
            elif card is not None and hit is not None and hit.setting.widget == "multiline":
                self.text_clicked.emit(card.id, hit.setting.name)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Edit a setting in its place, or search for a node where the canvas is empty."""
        if event.button() != Qt.MouseButton.LeftButton or event.modifiers():
            super().mouseDoubleClickEvent(event)
            return
        self._double = True
        place = event.position().toPoint()
        card, hit = self._hit(event)
        if card is not None and hit is not None and hit.part != "value":
            self.button_clicked.emit(card, hit)  # dice are thrown quickly, one throw after the other
        elif card is not None and hit is not None:
            self.setting_asked.emit(card, hit.setting)
        elif area := next((item for item in self.items(place) if isinstance(item, AreaItem)), None):
            self.area_asked.emit(area.id)
        elif not self.items(place):
            self.search_asked.emit(self.mapToScene(place))

    def _hit(self, event: QMouseEvent) -> tuple[CardItem | None, Hit | None]:
        place = event.position().toPoint()
        top = next((item for item in self.items(place) if isinstance(item, (CardItem, LoomPort))), None)
        card = top if isinstance(top, CardItem) else None
        return card, card.hit(self.mapToScene(place)) if card else None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Without NodeGraphQt's hint texts on the canvas."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.entered.emit()
            return
        QGraphicsView.keyPressEvent(self, event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        QGraphicsView.keyReleaseEvent(self, event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        QGraphicsView.focusInEvent(self, event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.RMB_state = False
        self.menu_asked.emit(event.globalPos(), self.mapToScene(event.pos()))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _droppable(event.mimeData()):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if _droppable(event.mimeData()):
            event.acceptProposedAction()
            self.files_over.emit(_files(event.mimeData()), self.mapToScene(event.position().toPoint()))

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.files_over.emit([], QPointF())

    def dropEvent(self, event: QDropEvent) -> None:
        mime = event.mimeData()
        if mime.hasFormat(NODE_MIME):
            kind = bytes(mime.data(NODE_MIME).data()).decode()
            self.node_dropped.emit(kind, self.mapToScene(event.position().toPoint()))
        elif names := _files(mime):
            self.files_dropped.emit(names, self.mapToScene(event.position().toPoint()))
        event.acceptProposedAction()


def _droppable(mime: QMimeData) -> bool:
    return mime.hasFormat(NODE_MIME) or bool(_files(mime))


def _files(mime: QMimeData) -> list[str]:
    """The local files among what is dragged."""
    return [url.toLocalFile() for url in mime.urls() if url.isLocalFile()]
