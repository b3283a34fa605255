"""The row of open documents above the canvas."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QIcon, QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QTabBar, QWidget

from app.panels.widgets import small_button
from app.theme import icon, theme

_MARKS = {"running": ("run", "accent"), "waiting": ("run", "text_faint"), "notice": ("warning", "warning")}
"""Icon and colour of each mark."""


@dataclass(frozen=True)
class Label:
    """What a tab says: a title, whether there are unsaved changes, what the tooltip tells, and its mark.

    The mark is "running", "waiting", "notice" (a question waits in the document) or "" for none.
    """

    title: str
    modified: bool = False
    tip: str = ""
    mark: str = ""


class TabBar(QTabBar):
    """The tabs: clicked to show, dragged to reorder, closed by their cross or the middle button.

    Signals:
        new_asked(): A person wants another document.
        menu_asked(int, QPoint): The context menu of the tab at this place (-1 = beside all) was asked for, at this
            place on the screen.
    """

    new_asked = Signal()
    menu_asked = Signal(int, QPoint)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("documents")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the keyboard belongs to the canvas
        self.setMovable(True)
        self.setTabsClosable(True)
        self.setExpanding(False)
        self.setUsesScrollButtons(True)
        self.setElideMode(Qt.TextElideMode.ElideMiddle)
        self.setIconSize(QSize(12, 12))
        self.setSelectionBehaviorOnRemove(QTabBar.SelectionBehavior.SelectRightTab)
        self._pressed = -1
        self._labels: list[Label] = []
        self.tabMoved.connect(lambda start, end: self._labels.insert(end, self._labels.pop(start)))

    def insert_label(self, place: int, label: Label) -> None:
        """Add a tab at a place."""
        self._labels.insert(place, Label(""))
        self.insertTab(place, "")
        self.show_label(place, label)

    def remove(self, place: int) -> None:
        """Take a tab away."""
        self._labels.pop(place)
        self.removeTab(place)

    def show_label(self, place: int, label: Label) -> None:
        """Let a tab say something else; nothing is painted anew where it says so already."""
        if self._labels[place] == label:
            return
        self._labels[place] = label
        self.setTabText(place, f"{'• ' if label.modified else ''}{label.title}".replace("&", "&&"))
        self.setTabToolTip(place, label.tip)
        self.setTabIcon(place, icon(*_MARKS[label.mark]) if label.mark else QIcon())

    def label(self, place: int) -> Label:
        """What a tab says."""
        return self._labels[place]

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.MiddleButton:
            self._pressed = self.tabAt(event.position().toPoint())
            return
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Close the tab on which the middle button went down and up."""
        if event.button() != Qt.MouseButton.MiddleButton:
            super().mouseReleaseEvent(event)
            return
        pressed, self._pressed = self._pressed, -1
        if pressed >= 0 and pressed == self.tabAt(event.position().toPoint()):
            self.tabCloseRequested.emit(pressed)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.tabAt(event.position().toPoint()) < 0:
            self.new_asked.emit()
            return
        super().mouseDoubleClickEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_asked.emit(self.tabAt(event.pos()), event.globalPos())


class TabLine(QWidget):
    """The tabs with the button for one more, as one line.

    Attributes:
        bar: The tabs.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("documentLine")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        self.setFixedHeight(theme().px("tab_line"))
        self.bar = TabBar()
        more = small_button("plus", "New workflow (Ctrl+T)", self.bar.new_asked.emit)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, theme().px("half"), 0)
        line.setSpacing(theme().px("half"))
        line.addWidget(self.bar, 0, Qt.AlignmentFlag.AlignBottom)
        line.addWidget(more, 0, Qt.AlignmentFlag.AlignVCenter)
        line.addStretch(1)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.bar.new_asked.emit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.bar.menu_asked.emit(-1, event.globalPos())
