"""Putting a finished model among the installed ones, on a thread: reading its weights takes seconds."""

from __future__ import annotations

import threading
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.catalogue import catalogue_of
from core.errors import LoomError


class Promotion(QObject):
    """Installs models.

    Signals:
        done(str, object): The model of this name is there; the catalogue lists it.
        failed(LoomError): It could not be installed.
    """

    done = Signal(str, object)
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread: threading.Thread | None = None

    def begin(self, run: Path, name: str, replace: bool = False) -> None:
        """Install the model of a run under a name, or in place of the person's own of this name; one at a time."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._work, args=(run, name, replace), name="loom-promotion")
            self._thread.start()

    def close(self) -> None:
        """Wait for what is being installed."""
        if self._thread is not None:
            self._thread.join()

    def _work(self, run: Path, name: str, replace: bool) -> None:
        # Here, because they import torch, and a person may never promote a model.
        import nodes
        from core.checkpoints.install import install

        try:
            install(run / "models", name, replace=replace)
        except LoomError as error:
            self.failed.emit(error)
        except OSError as error:
            self.failed.emit(
                LoomError(
                    f"The model of {run.name} could not be installed as {name}.",
                    why=f"{error.strerror or error}.",
                    fix="Make room on the disk, or the models folder writable, and try again.",
                )
            )
        else:
            self.done.emit(name, catalogue_of(nodes.registry()))
