"""The open documents: their row of tabs, and one in front, of which the window shows every part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QStackedWidget, QWidget

from app.catalogue import Catalogue
from app.document import Document
from app.document_file import DocumentFile
from app.document_view import DocumentView
from app.leaving import may_leave
from app.panels.tab_bar import TabLine
from app.runtime.run_queue import RunQueue
from app.settings import Settings
from app.tab import Tab


class Tabs(QObject):
    """The open documents, of which there is always at least one; the window gives the widgets their places.

    Attributes:
        line: The row.
        canvases: The views, one above the other.
        settings: The panels of settings, likewise.
        pictures: The panels of pictures, likewise.

    Signals:
        shown(): Another document is in front.
        changed(): What is said of a document is other than it was, or their order is.
        closed(Tab, int): This document is not open any more; where its tab was.
        told(str, str): Something worth a line in the log, and its colour.
        file_asked(Path), painting_asked(object), menu_asked(QPoint), picture_made(QImage, dict): As of `DocumentView`.
    """

    shown = Signal()
    changed = Signal()
    closed = Signal(object, int)
    told = Signal(str, str)
    file_asked = Signal(object)
    painting_asked = Signal(object)
    menu_asked = Signal(QPoint)
    picture_made = Signal(QImage, dict)

    def __init__(self, window: QWidget, settings: Settings, queue: RunQueue, catalogue: Catalogue) -> None:
        super().__init__(window)
        self._window, self._settings, self._queue, self._catalogue = window, settings, queue, catalogue
        self._tabs: list[Tab] = []
        self._hint = ""
        self.line = TabLine()
        self.canvases, self.settings, self.pictures = QStackedWidget(), QStackedWidget(), QStackedWidget()
        bar = self.line.bar
        bar.currentChanged.connect(self._show_front)
        bar.tabMoved.connect(self._move)
        bar.tabCloseRequested.connect(lambda place: self.close(self._tabs[place]))
        bar.new_asked.connect(self.add)
        self.add().spare = True

    @property
    def front(self) -> Tab:
        """The document that is looked at."""
        return self._tabs[self.line.bar.currentIndex()]

    @property
    def all(self) -> tuple[Tab, ...]:
        """Every open document, from left to right."""
        return tuple(self._tabs)

    def of_file(self, path: Path) -> Tab | None:
        """The tab of a file, if it is open."""
        wanted = path.resolve()
        files = ((tab, tab.document.path) for tab in self._tabs)
        return next((tab for tab, file in files if file is not None and file.resolve() == wanted), None)

    def title(self, tab: Tab) -> str:
        """What the row calls a document: no other one is called so."""
        return _titles(self._tabs)[self._tabs.index(tab)]

    def add(self, document: Document | None = None, *, show: bool = True, place: int | None = None) -> Tab:
        """Open a document, else an empty one, in a tab of its own at a place (None = right of the others)."""
        document = document or blank_document(self._settings)
        file = DocumentFile(self._window, document, self._settings, self._taken)
        tab = Tab(document, file, self._make_view, self)
        tab.changed.connect(self._refresh)
        tab.told.connect(lambda text, color: self._tell(tab, text, color))
        place = len(self._tabs) if place is None else min(place, len(self._tabs))
        self._tabs.insert(place, tab)
        self.line.bar.insert_label(place, tab.label(document.title))  # the first one is shown by this
        file.begin()
        self._refresh()
        if show and tab is not self.front:
            self.show_tab(tab)
        return tab

    def show_tab(self, tab: Tab) -> None:
        """Bring a document to the front, also from behind another page."""
        if tab is self.front:
            self._show_front()
        else:
            self.line.bar.setCurrentIndex(self._tabs.index(tab))

    def turn(self, steps: int) -> None:
        """Bring the document so many places to the right to the front, round and round."""
        self.line.bar.setCurrentIndex((self.line.bar.currentIndex() + steps) % len(self._tabs))

    def close(self, *closing: Tab) -> bool:
        """Close documents, if a person does not want to keep one; an empty one comes after the last."""
        if not self.may_leave(*closing):
            return False
        for tab in closing:
            if len(self._tabs) == 1:
                self.add()
            place = self._tabs.index(tab)
            self._tabs.pop(place)  # first, so that what the bar then shows is found at its place
            self.line.bar.remove(place)
            for widget in tab.close_down():
                widget.setParent(None)
                widget.deleteLater()
            self.closed.emit(tab, place)
            tab.deleteLater()
            self._refresh()
        return True

    def may_leave(self, *leaving: Tab) -> bool:
        """Whether documents may be closed: they are saved, or a person, who is asked once, says so."""
        return may_leave(self._window, [(tab, self.title(tab)) for tab in leaving], self.show_tab)

    def close_down(self) -> None:
        """Let go of everything: the program ends."""
        for tab in self._tabs:
            tab.close_down()

    def set_catalogue(self, catalogue: Catalogue) -> None:
        """Take the engine's catalogue in place of the shipped one."""
        self._catalogue = catalogue
        for view in filter(None, (tab.shown_view for tab in self._tabs)):
            view.set_catalogue(catalogue)

    def show_hint(self, hint: str = "") -> None:
        """Say something else where there is no picture, or again what was said first."""
        self._hint = hint
        for view in filter(None, (tab.shown_view for tab in self._tabs)):
            view.preview.view.show_hint(hint)

    def _make_view(self, document: Document) -> DocumentView:
        view = DocumentView(document, self._catalogue, self._queue)
        view.preview.folder = self._settings.folder
        view.preview.view.show_hint(self._hint)
        view.file_asked.connect(self.file_asked)
        view.painting_asked.connect(self.painting_asked)
        view.menu_asked.connect(self.menu_asked)
        view.picture_made.connect(self.picture_made)
        for stack, part in _places(self, view):
            stack.addWidget(part)
        if len(self._tabs) > 1:  # the first one is about to hold the default workflow
            view.empty.refresh()
        view.name_unknown_kinds()
        return view

    def _show_front(self) -> None:
        for stack, part in _places(self, self.front.view):
            stack.setCurrentWidget(part)
        self.front.view.canvas.viewer.setFocus()
        self.shown.emit()
        self.changed.emit()

    def _move(self, start: int, end: int) -> None:
        self._tabs.insert(end, self._tabs.pop(start))
        self.changed.emit()

    def _refresh(self) -> None:
        """Let the row say what is so, and tell that something is other than it was."""
        for place, (tab, title) in enumerate(zip(self._tabs, _titles(self._tabs), strict=True)):
            self.line.bar.show_label(place, tab.label(title))
        self.changed.emit()

    def _tell(self, tab: Tab, text: str, color: str) -> None:
        self.told.emit(text if tab is self.front else f"{self.title(tab)}: {text}", color)

    def _taken(self, document: Document, path: Path) -> bool:
        """Whether a file is open in another tab."""
        tab = self.of_file(path)
        return tab is not None and tab.document is not document


def blank_document(settings: Settings) -> Document:
    """Return an empty document, in no tab yet, with the chosen memory of undo."""
    return Document(undo_bytes=settings.undo_megabytes * 2**20)


def _places(tabs: Tabs, view: DocumentView) -> tuple[tuple[QStackedWidget, QWidget], ...]:
    """Where each widget of a document goes."""
    return (tabs.canvases, view), (tabs.settings, view.properties), (tabs.pictures, view.preview)


def _titles(tabs: Sequence[Tab]) -> list[str]:
    """A title for each: where two are alike, with the folder, or counted where there is none."""
    alike = Counter(tab.document.title for tab in tabs)
    seen: Counter[str] = Counter()
    titles = []
    for tab in tabs:
        title, path = tab.document.title, tab.document.path
        if alike[title] > 1 and path is not None:
            title = f"{title} – {path.parent.name}"
        seen[title] += 1
        titles.append(f"{title} ({seen[title]})" if seen[title] > 1 else title)
    return titles
