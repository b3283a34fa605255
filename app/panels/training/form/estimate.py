"""How large the networks are, as soon as they change, and what training takes, by a trial of three steps."""

from __future__ import annotations

import json
import sys
import tempfile
import threading
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

from app.panels.training.form.draft import Draft
from app.panels.training.words import duration, phase_title
from app.theme import RESOURCES
from core.errors import InputError

_WAIT_MS = 400
_OUTDATED = "The settings are others than those of the trial: try again for an estimate"
_NAMES = {"autoencoder": "Autoencoder", "denoiser": "Denoiser"}


class Estimate(QObject):
    """Counts and tries a draft.

    Signals:
        counted(str): Parameters, in words.
        tried(str): Time and memory, or why the trial failed, in words; that it no longer holds, once the draft is
            another.
    """

    counted = Signal(str)
    tried = Signal(str)

    def __init__(self, draft: Draft, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._draft = draft
        self._soon = QTimer(self, singleShot=True, interval=_WAIT_MS)
        self._soon.timeout.connect(self._count)
        self._thread: threading.Thread | None = None
        self._process: QProcess | None = None
        self._tried_text = ""
        draft.changed.connect(self._soon.start)
        draft.changed.connect(self._compare)

    @property
    def trying(self) -> bool:
        """Whether a trial goes on."""
        return self._process is not None

    def try_out(self) -> None:
        """Train three steps of each phase in a process of its own."""
        if self._process is not None:
            return
        folder = Path(tempfile.mkdtemp(prefix="latent-loom-trial-"))
        self._tried_text = self._draft.to_toml(named=False)
        (folder / "trial.toml").write_text(self._draft.to_toml(), encoding="utf-8")
        process = self._process = QProcess(self)
        environment = QProcessEnvironment.systemEnvironment()
        environment.insert("PYTHONPATH", str(RESOURCES.parent))
        process.setProcessEnvironment(environment)
        process.finished.connect(lambda *_: self._tried())
        # Here, as relative paths in the draft count from where a run is started; nothing is imported from here.
        process.start(sys.executable, ["-P", "-m", "training.trial", str(folder / "trial.toml")])

    def close_down(self) -> None:
        """End what goes on."""
        self._soon.stop()
        if self._process is not None:
            self._process.finished.disconnect()
            self._process.kill()
            self._process.waitForFinished(2000)
            self._process = None
        if self._thread is not None:
            self._thread.join()

    def _count(self) -> None:
        if self._thread is not None and self._thread.is_alive():
            self._soon.start()
            return
        self._thread = threading.Thread(target=self._count_now, name="loom-count", daemon=True)
        self._thread.start()

    def _count_now(self) -> None:
        # Here, as it imports the trainers.
        from training.trial import count_parameters

        try:
            found = count_parameters(self._draft.config())
        except InputError:
            return  # the form says what is wrong
        except (LookupError, TypeError, ValueError, ArithmeticError, AssertionError, RuntimeError) as error:
            self.counted.emit(f"The networks cannot be built: {error}")
            return
        self.counted.emit("  ·  ".join(f"{_NAMES[name]} {millions(count)}" for name, count in found.items()))

    def _compare(self) -> None:
        """Take back what a trial of other settings told."""
        if self._tried_text and not self.trying and self._tried_text != self._draft.to_toml(named=False):
            self._tried_text = ""
            self.tried.emit(_OUTDATED)

    def _tried(self) -> None:
        process, self._process = self._process, None
        assert process is not None
        lines = bytes(process.readAllStandardOutput().data()).decode("utf-8", "replace").split("\n")
        told = bytes(process.readAllStandardError().data()).decode("utf-8", "replace").strip().split("\n")
        process.deleteLater()
        try:
            self.tried.emit(said(json.loads(lines[-2])))
        except (ValueError, IndexError, KeyError):
            self.tried.emit(f"The trial failed: {told[-1] or 'it said nothing'}")
        self._compare()


def millions(count: int) -> str:
    """A number of parameters."""
    return f"{count / 1e6:,.1f} M parameters" if count >= 1e5 else f"{count:,} parameters"


def said(found: dict[str, dict[str, float]]) -> str:
    """What a trial found, in words."""
    times = [f"{phase_title(name)} {duration(seconds)}" for name, seconds in found["seconds"].items()]
    whole = duration(sum(found["seconds"].values()))
    memory = float(str(found["peak_bytes"])) / 2**30
    return f"About {whole} in all ({', '.join(times)}), {memory:.1f} GiB of memory"
