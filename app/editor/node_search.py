"""The small search window on the canvas: type a few letters, Enter adds the node."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from app.catalogue import NodeCard, PortCard, fits
from app.theme import category_dot, icon, theme

_KIND = Qt.ItemDataRole.UserRole
_SIZE = (260, 320)


class NodeSearch(QFrame):
    """A popup with a search field and the kinds that match.

    Attributes:
        field: What to search for.
        list: The kinds that match, by title.

    Signals:
        chosen(str): A person took this kind.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("search_popup")
        self.setFixedSize(*_SIZE)
        self._cards: Sequence[NodeCard] = ()
        self.field = QLineEdit()
        self.field.setObjectName("search")
        self.field.setPlaceholderText("Add a node")
        self.field.addAction(icon("search", "text_faint"), QLineEdit.ActionPosition.LeadingPosition)
        self.field.textChanged.connect(self._filter)
        self.field.installEventFilter(self)
        self.list = QListWidget()
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.itemClicked.connect(self._take)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(self.field)
        layout.addWidget(self.list, 1)

    def ask(self, cards: Sequence[NodeCard], at: QPoint) -> None:
        """Offer these kinds, at a place on the screen."""
        self._cards = cards
        self.field.clear()
        self._filter("")
        screen = QApplication.screenAt(at) or QApplication.primaryScreen()
        room = screen.availableGeometry()
        left = min(at.x(), room.right() - self.width())
        top = min(at.y(), room.bottom() - self.height())
        self.move(max(left, room.left()), max(top, room.top()))
        self.show()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def kinds(self) -> list[str]:
        """The kinds in sight, in order."""
        return [str(self.list.item(row).data(_KIND)) for row in range(self.list.count())]

    def _filter(self, text: str) -> None:
        self.list.clear()
        for card in self._cards:
            if card.answers(text):
                item = QListWidgetItem(category_dot(theme().category(card.category)), card.title)
                item.setData(_KIND, card.id)
                item.setToolTip(card.summary)
                self.list.addItem(item)
        self.list.setCurrentRow(0)

    def _take(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.hide()
            self.chosen.emit(str(item.data(_KIND)))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
        if step is not None:
            self.list.setCurrentRow(min(max(self.list.currentRow() + step, 0), self.list.count() - 1))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take(self.list.currentItem())
        else:
            return False
        return True


def fitting_port(port: PortCard, card: NodeCard, *, outgoing: bool) -> PortCard | None:
    """The port of a `card` that a link from `port` (an output, if `outgoing`) would best end at, or None."""
    if outgoing:
        fitting = [each for each in card.inputs if fits(port, each)]
    else:
        fitting = [each for each in card.outputs if fits(each, port)]
    exact = [each for each in fitting if each.kinds[0] == port.kinds[0]]
    return next(iter([each for each in exact if not each.optional] + exact + fitting), None)
