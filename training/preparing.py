"""What happens between opening a run and its first step: looking at data, encoding it, loading models."""

from __future__ import annotations

import json
import time
from pathlib import Path

from core.errors import InputError
from training.config import RunConfig
from training.data.opening import Opened, open_data
from training.data.watch import Watch
from training.logbook import Tell
from training.run_folder import RunFolder, write_atomically
from training.status import Status

_EVERY_S = 0.5
_TOLD_EVERY_S = 5.0


class Preparing:
    """Tells how far the preparation is; a `Watch.tell`."""

    def __init__(self, folder: RunFolder, status: Status, tell: Tell) -> None:
        self._folder, self._status, self._tell = folder, status, tell
        self._seen_at, self._told_at, self._doing = 0.0, 0.0, ""

    def __call__(self, what: str, done: int, total: int) -> None:
        """Report at most twice a second."""
        now, new = time.monotonic(), what != self._doing
        if new:
            self._doing = what
            self._folder.event("preparing", doing=what, done=done, total=total)
        if new or now - self._seen_at > _EVERY_S:
            self._seen_at = now
            self._status.update(state="preparing", doing=what, step=done, steps=total)
        if new or now - self._told_at > _TOLD_EVERY_S or done == total > 0:
            self._told_at = now
            self._tell(f"preparing: {what} {done:,} of {total:,}" if total else f"preparing: {what}")


def open_run_data(config: RunConfig, folder: RunFolder, cache: Path, watch: Watch) -> Opened:
    """Open the data of a run; what it holds goes to data.json while it is looked at.

    Raises:
        InputError: The data cannot be used, or is not what the run began with.
    """
    report_file, environment_file = folder.path / "data.json", folder.path / "environment.json"
    data = open_data(config.data, cache, watch, lambda report: report.write(report_file))
    data.report.write(report_file)
    folder.event("data_opened", count=len(data.train), held_out=data.report.held_out, bad=len(data.report.bad))
    known = json.loads(environment_file.read_text("utf-8"))
    began_with = known.setdefault("dataset", data.report.fingerprint)
    if began_with != data.report.fingerprint:
        raise InputError(
            f"The data of {folder.path} has changed since the run began.",
            why=f"Its fingerprint was {began_with} and is {data.report.fingerprint}: a resumed run would not be exact.",
            fix="Restore the files, or begin a run of another name, from these models with: initial.",
        )
    write_atomically(environment_file, json.dumps(known, indent=1).encode())
    return data
