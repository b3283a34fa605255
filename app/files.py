"""Opening, saving and closing the document, with the questions that a person must answer."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QMenu, QMessageBox, QWidget

from app.autosave import Autosave, Left
from app.disk_watch import DiskWatch
from app.document import Document, is_template, read
from app.panels.offer import Offer
from app.panels.templates import TemplateDialog
from app.settings import Settings
from core.errors import LoomError

_OPEN = "Workflows and pictures that carry one (*.json *.png);;All files (*)"
_SAVE = "Workflows (*.json)"


class Files(QObject):
    """The document's way to the disk and back.

    Attributes:
        autosave: Keeps unsaved edits safe from a crash.
        offer: Asks what can wait, above the canvas.

    Signals:
        failed(LoomError): A file could not be read or written.
        told(str): Something worth a line in the log.
    """

    failed = Signal(object)
    told = Signal(str)

    def __init__(self, window: QWidget, document: Document, settings: Settings) -> None:
        super().__init__(window)
        self._window, self._document, self._settings = window, document, settings
        self.autosave = Autosave(document, settings.data_folder / "unsaved")
        self.autosave.failed.connect(self.failed)
        self.offer = Offer()
        self._watch = DiskWatch(document)
        self._watch.changed.connect(self._tell_changed)

    def new(self) -> None:
        """Start an empty workflow."""
        if self.may_leave():
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
            if not self.may_leave():
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
        left = self.autosave.left_behind()
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
        if loaded is not None and self.may_leave():
            self._document.restore(loaded.workflow, left.file)
            left.discard()  # the new journal holds it by now
            for text in (f'Restored the unsaved changes of "{self._document.title}"', *loaded.warnings):
                self.told.emit(text)
            self.offer_unsaved()

    def _discard(self, left: Left) -> None:
        left.discard()
        self.offer_unsaved()

    def _tell_changed(self, path: object) -> None:
        assert isinstance(path, Path)
        lost = "" if self._document.clean else " Your unsaved changes would be lost by loading it."
        answers = {"Keep mine": self._keep_mine, "Load it": lambda: self._reload(path)}
        self.offer.ask(f'"{path.name}" was changed by another program.{lost}', answers)

    def _keep_mine(self) -> None:
        self._document.history.mark_dirty()
        self._document.named.emit()

    def _reload(self, path: Path) -> None:
        self._document.history.mark_clean()
        self.open(path)

    def save(self) -> bool:
        """Save to the document's file, asking for one where it has none; returns whether it was saved."""
        return self._write(self._document.path) if self._document.path else self.save_as()

    def save_as(self) -> bool:
        """Ask for a file and save there; returns whether it was saved."""
        start = self._document.path or self._settings.folder / f"{_plain(self._document.title)}.json"
        path, _ = QFileDialog.getSaveFileName(self._window, "Save the workflow", str(start), _SAVE)
        if not path:
            return False
        return self._write(Path(path) if Path(path).suffix else Path(path).with_suffix(".json"))

    def may_leave(self) -> bool:
        """Whether the present workflow may be closed: it is saved, or a person says so."""
        if self._document.clean:
            return True
        kind = QMessageBox.StandardButton
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.NoIcon)
        box.setWindowTitle("Unsaved changes")
        box.setText(f'<b>Save the changes to "{self._document.title}"?</b>')
        box.setInformativeText("They are lost if you do not save them.")
        box.setStandardButtons(kind.Save | kind.Discard | kind.Cancel)
        box.setDefaultButton(kind.Save)
        answer = box.exec()
        if answer == kind.Save:
            return self.save()
        return answer == kind.Discard

    def _write(self, path: Path) -> bool:
        try:
            self._document.save(path)
        except LoomError as error:
            self.failed.emit(error)
            return False
        self._settings.remember_file(path)
        self.told.emit(f"Saved {path}")
        return True


def _plain(title: str) -> str:
    """A file name made of a title."""
    kept = "".join(character if character.isalnum() or character in " -_" else " " for character in title)
    return "_".join(kept.lower().split()) or "workflow"
