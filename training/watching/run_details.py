"""What a watcher shows of one run beside its curves: sample grids, marks on the curves, the log's end."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from training.watching.run_state import log_end

_EVENTS_END = 2**16  # bytes


@dataclass(frozen=True)
class Mark:
    """Something that happened at a step of a phase."""

    phase: str
    step: int
    kind: str
    text: str


@dataclass(frozen=True)
class RunDetails:
    """The rest of a run.

    Attributes:
        path: The run folder.
        grids: Steps of which there are sample grids, ascending, by phase.
        marks: Checkpoints and events, the newest last.
        log: The end of the log.
        models: The parts of the model that are finished, such as "autoencoder" and "denoiser".
        stamps: When the folders were changed that this was read from.
    """

    path: Path
    grids: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    marks: tuple[Mark, ...] = ()
    log: str = ""
    models: frozenset[str] = frozenset()
    stamps: tuple[float, ...] = ()


def read_details(run: Path, known: RunDetails | None = None) -> RunDetails:
    """Read the details of a run, or give back the `known` ones where nothing changed."""
    watched = [run / "events.jsonl", run / "train.log", run / "models" / "model.json"]
    watched += [phase for part in ("samples", "checkpoints") for phase in _folders(run / part)]
    stamps = tuple(_stamp(path) for path in watched)
    if known is not None and known.path == run and known.stamps == stamps:
        return known
    grids = {phase.name: _steps(phase) for phase in _folders(run / "samples")}
    saved = [
        Mark(phase.name, step, "checkpoint", f"Checkpoint at step {step:,}")
        for phase in _folders(run / "checkpoints") for step in _steps(phase)
    ]  # fmt: skip
    marks = (*saved, *_happened(run / "events.jsonl"))
    models = frozenset(path.stem for path in (run / "models").glob("*.safetensors"))
    return RunDetails(run, grids, marks, log_end(run), models, stamps)


def _happened(file: Path) -> list[Mark]:
    try:
        with file.open("rb") as source:
            size = source.seek(0, 2)
            source.seek(max(0, size - _EVENTS_END))
            lines = source.read().split(b"\n")[1 if size > _EVENTS_END else 0 : -1]
    except OSError:
        return []
    return [mark for line in lines if (mark := _mark(line)) is not None]


def _mark(line: bytes) -> Mark | None:
    try:
        event: dict[str, Any] = json.loads(line)
        phase, step, kind = event["phase"], event["step"], event["event"]
    except (ValueError, KeyError, TypeError):
        return None
    if (
        not isinstance(step, int)
        or kind in ("phase_finished", "saved", "measured")
        or (kind == "phase_started" and step == 0)
    ):
        return None  # the ends of the axis, and the folders of checkpoints and samples, say so already
    words = {"phase_started": "Resumed", "extended": "Extended"}.get(kind, str(kind).replace("_", " ").capitalize())
    return Mark(str(phase), step, "resumed" if kind == "phase_started" else str(kind), f"{words} at step {step:,}")


def _folders(path: Path) -> list[Path]:
    try:
        return sorted(Path(entry.path) for entry in os.scandir(path) if entry.is_dir())
    except OSError:
        return []


def _steps(folder: Path) -> tuple[int, ...]:
    try:
        names = [entry.name for entry in os.scandir(folder)]
    except OSError:
        return ()
    return tuple(sorted(int(n[5:]) for n in names if n.startswith("step_") and n[5:].isdigit()))


def _stamp(path: Path) -> float:
    try:
        stat = path.stat()
        return stat.st_mtime + stat.st_size
    except OSError:
        return 0.0
