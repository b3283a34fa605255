"""The question before documents with unsaved changes are closed: one for all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from app.panels.widgets import wrapped_label
from app.tab import Tab
from app.theme import theme

_ROWS = 8
"""More workflows than this are scrolled."""
_WIDEST = 260
"""Pixels of the longest title, so that its place is seen too."""


class LeaveDialog(QDialog):
    """Lists what is not saved, and asks which of it to save; what has no tick is lost.

    The keyboard: the arrows go through the list, Space turns a tick, Return saves, Escape cancels.

    Attributes:
        list: The workflows.
        items: A line with a tick for each: its title, and where its file is.
        save: Saves what is ticked.
        discard: Saves nothing.
        cancel: Closes nothing.
    """

    def __init__(self, names: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        """`names` are the title of each workflow and where its file is."""
        super().__init__(parent)
        self.setWindowTitle("Unsaved changes")
        self.setMinimumWidth(480)
        self.list = _list(len(names))
        self.items = [_line(self.list, title, place) for title, place in names]
        self.list.setColumnWidth(0, min(self.list.sizeHintForColumn(0), _WIDEST))
        self.list.setCurrentItem(self.items[0])
        self.list.itemChanged.connect(self._count)
        buttons = QDialogButtonBox()
        role = QDialogButtonBox.ButtonRole
        self.save = buttons.addButton("", role.AcceptRole)
        self.discard = buttons.addButton("&Discard all", role.DestructiveRole)
        self.cancel = buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self.save.setDefault(True)
        self.save.clicked.connect(self.accept)
        self.discard.clicked.connect(self._discard)
        self.cancel.clicked.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 16)
        layout.setSpacing(12)
        layout.addWidget(wrapped_label(f"<b>Save the changes to {len(names)} workflows?</b>", "fieldLabel"))
        layout.addWidget(self.list, 1)
        layout.addWidget(wrapped_label("What has no tick loses its changes.", "hint"))
        layout.addWidget(buttons)
        self._count()
        self.list.setFocus()

    @property
    def ticked(self) -> list[int]:
        """The places of what is to be saved."""
        return [row for row, item in enumerate(self.items) if item.checkState(0) == Qt.CheckState.Checked]

    def _count(self) -> None:
        count, all = len(self.ticked), len(self.items)
        self.save.setText("&Save all" if count in (0, all) else f"&Save {count} of {all}")
        self.save.setEnabled(count > 0)

    def _discard(self) -> None:
        for item in self.items:
            item.setCheckState(0, Qt.CheckState.Unchecked)
        self.accept()


def may_leave(window: QWidget, leaving: Sequence[tuple[Tab, str]], show: Callable[[Tab], None]) -> bool:
    """Whether documents, each with its title, may be closed: they are saved, or a person says so.

    A single one is brought to the front by `show` while it is asked about, as is each that needs a file, and one that
    cannot be saved, which says why.
    """
    unsaved = [(tab, title) for tab, title in leaving if not tab.document.clean]
    if len(unsaved) <= 1:
        for tab, _ in unsaved:
            show(tab)
        return all(tab.file.may_leave() for tab, _ in unsaved)
    paths = (tab.document.path for tab, _ in unsaved)
    places = [str(path.parent) if path is not None else "not in a file yet" for path in paths]
    dialog = LeaveDialog([(title, place) for (_, title), place in zip(unsaved, places, strict=True)], window)
    sure = dialog.exec() == QDialog.DialogCode.Accepted
    chosen = [unsaved[row][0] for row in dialog.ticked]
    dialog.deleteLater()
    return sure and all(_saved(tab, show) for tab in chosen)


def _saved(tab: Tab, show: Callable[[Tab], None]) -> bool:
    if tab.document.path is None:
        show(tab)
    saved = tab.file.save()
    if not saved:
        show(tab)
    return saved


def _list(count: int) -> QTreeWidget:
    """An empty list for so many workflows."""
    made = QTreeWidget()
    made.setObjectName("ticks")
    made.setHeaderHidden(True)
    made.setRootIsDecorated(False)
    made.setColumnCount(2)
    made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    made.setTextElideMode(Qt.TextElideMode.ElideMiddle)
    made.setAccessibleName("Workflows with unsaved changes")
    made.setFixedHeight(min(count, _ROWS) * 30 + 2 * theme().px("half"))
    return made


def _line(list: QTreeWidget, title: str, place: str) -> QTreeWidgetItem:
    """A ticked line of the list."""
    item = QTreeWidgetItem(list, [title, place])
    item.setCheckState(0, Qt.CheckState.Checked)
    item.setForeground(1, theme().color("text_faint"))
    for column, text in enumerate((title, place)):
        item.setToolTip(column, text)
    return item
