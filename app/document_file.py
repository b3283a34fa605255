"""One document's way to its file: saving, the question before it is closed, its journal, and what others write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from app.autosave import Autosave
from app.disk_watch import DiskWatch
from app.document import Document
from app.settings import Settings
from core.errors import InputError, LoomError

_SAVE = "Workflows (*.json)"
Taken = Callable[[Document, Path], bool]
"""Whether another document than this one is kept in that file."""


class DocumentFile(QObject):
    """Keeps one document on the disk.

    Attributes:
        autosave: Keeps unsaved edits safe from a crash.

    Signals:
        failed(LoomError): The file could not be read or written.
        told(str): Something worth a line in the log.
        asked(str, dict): A question that can wait, with its answers as `Offer` takes them.
    """

    failed = Signal(object)
    told = Signal(str)
    asked = Signal(str, dict)

    def __init__(self, window: QWidget, document: Document, settings: Settings, taken: Taken) -> None:
        super().__init__(document)
        self._window, self._document, self._settings, self._taken = window, document, settings, taken
        self.autosave = Autosave(document, settings.unsaved_folder)
        self.autosave.failed.connect(self.failed)
        self._watch = DiskWatch(document)
        self._watch.changed.connect(self._tell_changed)

    def begin(self) -> None:
        """Keep what the document holds already; once those who listen are connected."""
        self._watch.renew()
        self.autosave.begin()

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
        """Whether the document may be closed: it is saved, or a person says so."""
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
            if self._taken(self._document, path):
                raise InputError(
                    f'The workflow was not saved: "{path.name}" is open in another tab.',
                    why="Two tabs would write the same file, and each would undo what the other saved.",
                    fix="Choose another name, or close the other tab first.",
                )
            self._document.save(path)
        except LoomError as error:
            self.failed.emit(error)
            return False
        self._settings.remember_file(path)
        self.told.emit(f"Saved {path}")
        return True

    def _tell_changed(self, path: object) -> None:
        assert isinstance(path, Path)
        lost = "" if self._document.clean else " Your unsaved changes would be lost by loading it."
        answers = {"Keep mine": self._keep_mine, "Load it": lambda: self._reload(path)}
        self.asked.emit(f'"{path.name}" was changed by another program.{lost}', answers)

    def _keep_mine(self) -> None:
        self._document.history.mark_dirty()
        self._document.named.emit()

    def _reload(self, path: Path) -> None:
        try:
            warnings = self._document.open(path)
        except LoomError as error:
            self.failed.emit(error)
            return
        for text in (f"Opened {path}", *warnings):
            self.told.emit(text)


def _plain(title: str) -> str:
    """A file name made of a title."""
    kept = "".join(character if character.isalnum() or character in " -_" else " " for character in title)
    return "_".join(kept.lower().split()) or "workflow"
