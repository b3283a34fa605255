"""Opens the form for a new run: its fields come with torch, which takes seconds to import, so a thread does it."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from app.panels.training.form.form_page import FormPage

_CACHE = ".cache"  # training.worker.CACHE, which comes with torch
_MODULE = "app.panels.training.form.form_page"


class FormOpener(QObject):
    """Makes the form when it is first wanted.

    Attributes:
        form: The form, or None before.

    Signals:
        loading(bool): It is being loaded, or that has ended.
        opened(): It is there and prepared.
    """

    loading = Signal(bool)
    opened = Signal()
    _loaded = Signal()

    def __init__(self, runs: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runs = runs
        self.form: FormPage | None = None
        self._wanted: tuple[frozenset[str], Mapping[str, Any] | None] = (frozenset(), None)
        self._thread: threading.Thread | None = None
        self._loaded.connect(self._make)

    def open(self, taken: frozenset[str], table: Mapping[str, Any] | None = None) -> None:
        """Prepare the form for a run whose name is not among `taken`, filled from `table` if there is one."""
        self._wanted = taken, table
        if self.form is not None:
            self.form.prepare(taken, table)
            self.opened.emit()
        elif self._thread is None:
            self.loading.emit(True)
            self._thread = threading.Thread(target=self._load, name="loom-form", daemon=True)
            self._thread.start()

    def close_down(self) -> None:
        """End what the form does in the background."""
        if self.form is not None:
            self.form.close_down()
        elif self._thread is not None:
            self._thread.join()

    def _load(self) -> None:
        importlib.import_module(_MODULE)
        self._loaded.emit()

    def _make(self) -> None:
        self.form = importlib.import_module(_MODULE).FormPage(self._runs / _CACHE)
        self.loading.emit(False)
        self.open(*self._wanted)
