"""Opening workflows: new ones, from files, and what a crash left."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from app.autosave import Left
from app.document import Document, is_template, read
from app.document_file import DocumentFile
from app.panels.offer import Offer
from app.panels.templates import TemplateDialog
from app.settings import Settings
from core.errors import LoomError

_OPEN = "Workflows and pictures that carry one (*.json *.png);;All files (*)"


class Files(QObject):
    """Opens workflows.

    Attributes:
        offer: Asks about what a crash left.

    Signals:
        failed(LoomError): A file could not be read.
        told(str): Something worth a line in the log.
    """

    failed = Signal(object)
    told = Signal(str)

    def __init__(self, window: QWidget, document: Document, file: DocumentFile, settings: Settings) -> None:
        super().__init__(window)
        self._window, self._document, self._file, self._settings = window, document, file, settings
        self.offer = Offer()

    def new(self) -> None:
        """Start an empty workflow."""
        if self._file.may_leave():
            self._document.new()

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
        """Open a workflow file; one that cannot be read leaves the present workflow, and asks nothing about it."""
        try:
            read(path)  # before a person is asked for the sake of a file that does not open
            if not self._file.may_leave():
                return
            warnings = self._document.open(path)  # read anew: the answer may have saved this very file
        except LoomError as error:
            self.failed.emit(error)
            return
        if not is_template(path):  # its folder is no place to save to
            self._settings.remember_file(path)
        self.told.emit(f"Opened {path}")
        for warning in warnings:
            self.told.emit(warning)

    def offer_unsaved(self) -> None:
        """Offer what a crash left, the newest first."""
        left = self._file.autosave.left_behind()
        if not left:
            return
        first = left[0]
        name = first.file.name if first.file else first.title
        text = f'Latent Loom ended before the last changes of "{name}" were saved.'
        self.offer.ask(text, {"Restore": lambda: self._restore(first), "Discard": lambda: self._discard(first)})

    def _restore(self, left: Left) -> None:
        try:
            loaded = left.recover()
        except LoomError as error:
            self.failed.emit(error)
            return
        if loaded is not None and self._file.may_leave():
            self._document.restore(loaded.workflow, left.file)
            left.discard()  # the new journal holds it by now
            for text in (f'Restored the unsaved changes of "{self._document.title}"', *loaded.warnings):
                self.told.emit(text)
            self.offer_unsaved()

    def _discard(self, left: Left) -> None:
        left.discard()
        self.offer_unsaved()
