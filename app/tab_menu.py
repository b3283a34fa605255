"""What can be done with one tab: the context menu of the row."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QMenu

from app.tab import Tab

if TYPE_CHECKING:
    from app.main_window import MainWindow


class TabMenu(QObject):
    """Asks what to do with a tab.

    Attributes:
        last: The menu as it was last shown, or None.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.last: QMenu | None = None
        window.tabs.line.bar.menu_asked.connect(self.ask)

    def ask(self, place: int, at: QPoint) -> None:
        """Show the menu of the tab at `place`, or of the empty part of the row (-1), at a place on the screen."""
        if self.last is not None:
            self.last.deleteLater()
        self.last = self._make(self._window.tabs.all[place] if place >= 0 else None)
        self.last.popup(at)

    def close_others(self, kept: Tab, _checked: bool = False) -> None:
        """Close every other document, unless a person wants to keep one."""
        tabs = self._window.tabs
        tabs.show_tab(kept)
        tabs.close(*(tab for tab in tabs.all if tab is not kept))

    def _make(self, tab: Tab | None) -> QMenu:
        tabs, actions = self._window.tabs, self._window.actions_by_name
        menu = QMenu(self._window)
        if tab is None:
            menu.addActions([actions["new"], actions["reopen"]])
            return menu
        path = tab.document.path
        menu.addAction("Close", lambda: tabs.close(tab))
        others = menu.addAction("Close others")
        others.triggered.connect(partial(self.close_others, tab))
        others.setEnabled(len(tabs.all) > 1)
        menu.addAction(actions["reopen"])
        menu.addSeparator()
        for words, do in (("Copy path", _copy_path), ("Show in folder", _show_folder)):
            action = menu.addAction(words)
            action.setEnabled(path is not None)
            if path is not None:
                action.triggered.connect(partial(do, path))
        return menu


def _copy_path(path: Path, _checked: bool = False) -> None:
    QGuiApplication.clipboard().setText(str(path))


def _show_folder(path: Path, _checked: bool = False) -> None:
    """Let the system's file manager show where a file lies."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))
