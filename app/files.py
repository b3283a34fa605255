"""Opening workflows: new ones, from files, and what a crash left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from app.closed_tabs import ClosedTabs
from app.document import Document, is_template
from app.panels.offer import Offer
from app.panels.templates import TemplateDialog
from app.session import Remains, WasOpen, find_remains
from app.settings import Settings
from app.tab import Tab
from app.tabs import Tabs, blank_document
from core.errors import LoomError

_OPEN = "Workflows and pictures that carry one (*.json *.png);;All files (*)"
_NAMED = 3
"""So many workflows are named in one question."""


class Files(QObject):
    """Opens workflows in tabs.

    Attributes:
        offer: Asks about what a crash left.
        closed: What was closed since the start.

    Signals:
        failed(LoomError): A file could not be read.
        told(str): Something worth a line in the log.
    """

    failed = Signal(object)
    told = Signal(str)

    def __init__(self, window: QWidget, tabs: Tabs, settings: Settings) -> None:
        super().__init__(window)
        self._window, self._tabs, self._settings = window, tabs, settings
        self.offer, self.closed = Offer(), ClosedTabs()
        tabs.closed.connect(self.closed.note)

    def new(self) -> None:
        """Start an empty workflow."""
        self._tabs.add()

    def ask_template(self) -> None:
        """Ask which template to start from."""
        dialog = TemplateDialog(self._window)
        if dialog.exec() and dialog.path is not None:
            self.open(dialog.path)
        dialog.deleteLater()

    def fill_recent(self, menu: QMenu) -> None:
        """List the files used last in `menu`."""
        menu.clear()
        for path in self._settings.recent:
            action = menu.addAction(f"{path.name.replace('&', '&&')}    {path.parent.name}")
            action.setToolTip(str(path))
            action.triggered.connect(partial(self._open_recent, path))
        if menu.isEmpty():
            menu.addAction("No files yet").setEnabled(False)

    def _open_recent(self, path: Path, _checked: bool = False) -> None:
        self.open(path)

    def ask_open(self) -> None:
        """Ask for a file and open it."""
        path, _ = QFileDialog.getOpenFileName(self._window, "Open a workflow", str(self._settings.folder), _OPEN)
        if path:
            self.open(Path(path))

    def open(self, path: Path) -> None:
        """Show a workflow file in a tab of its own, or in that in which it is open; the others stay as they are."""
        open_already = self._tabs.of_file(path)
        if open_already is not None:
            self._tabs.show_tab(open_already)
            self._settings.remember_file(path)
            return
        try:
            _, warnings = self._fill(lambda document: document.open(path))
        except LoomError as error:
            self.failed.emit(error)
            return
        if not is_template(path):  # its folder is no place to save to
            self._settings.remember_file(path)
        for text in (f"Opened {path}", *warnings):
            self.told.emit(text)

    def reopen(self) -> None:
        """Open again what was closed last, where it was, with what was not saved of it."""
        try:
            closed = self.closed.take()
            # What was not saved is nowhere else, so that it is shown even beside the file as it is now.
            saved = closed.file if closed.text is None else None
            open_already = self._tabs.of_file(saved) if saved is not None else None
            if open_already is not None:
                self._tabs.show_tab(open_already)
                return
            _, warnings = self._fill(closed.reopen, place=closed.place)
        except LoomError as error:
            self.failed.emit(error)
            return
        for text in (f'Opened "{closed.title}" again', *warnings):
            self.told.emit(text)

    def offer_unsaved(self) -> None:
        """Offer what was open when a process died."""
        remains = find_remains(self._settings)
        if not remains.documents:
            remains.forget_sessions()
            return
        unsaved, count = remains.unsaved, len(remains.documents)
        named = _listed(_told_apart(unsaved or remains.documents))
        text = f"Latent Loom ended before the last changes of {named} were saved."
        if not unsaved:
            text = f"Latent Loom ended unexpectedly while {named} {'were' if count > 1 else 'was'} open."
        elif count > len(unsaved):
            text += f" {count} workflows were open."
        restore, discard = ("Restore all", "Discard all") if count > 1 else ("Restore", "Discard")
        if not unsaved:
            restore, discard = "Open again", "No"
        answers = {restore: lambda: self._restore(remains), discard: remains.discard}
        self.offer.ask(text, answers)

    def _restore(self, remains: Remains) -> None:
        front = None
        for each in remains.documents:
            open_already = self._tabs.of_file(each.file) if each.file is not None and each.left is None else None
            try:
                tab, warnings = (open_already, ()) if open_already else self._fill(each.reopen, show=False)
            except LoomError as error:
                self.failed.emit(error)
                continue
            front = tab if each.front or front is None else front
            if each.left is not None and tab.file.autosave.path is not None:
                each.left.discard()  # the new journal holds it by now
            for text in (f'Restored "{each.name}"', *warnings):
                self.told.emit(text)
        remains.forget_sessions()
        if front is not None:
            self._tabs.show_tab(front)

    def _fill(
        self, fill: Callable[[Document], tuple[str, ...]], *, show: bool = True, place: int | None = None
    ) -> tuple[Tab, tuple[str, ...]]:
        """Let `fill` open a workflow: in front where nobody would miss what is there, else in a new tab at `place`.

        Returns:
            The tab, and warnings for people.
        """
        front = self._tabs.front
        if front.untouched:
            warnings = fill(front.document)
            front.spare = False
            if show:
                self._tabs.show_tab(front)
            return front, warnings
        document = blank_document(self._settings)
        warnings = fill(document)
        return self._tabs.add(document, show=show, place=place), warnings


def _told_apart(documents: Sequence[WasOpen]) -> list[str]:
    """The name of each, with its folder where two are called the same."""
    alike = Counter(each.name for each in documents)
    return [
        f"{each.file.parent.name}/{each.name}" if each.file is not None and alike[each.name] > 1 else each.name
        for each in documents
    ]


def _listed(names: Sequence[str]) -> str:
    """Names in quotes, as a sentence lists them; of many only the first ones."""
    shown = [f'"{name}"' for name in names[:_NAMED]]
    more = len(names) - len(shown)
    shown += [f"{more} more"] if more else []
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
