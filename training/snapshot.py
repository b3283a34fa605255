"""Checkpoints: written aside, flushed, renamed, and only then called the latest; a torn one is never loaded.

`step_N/state.json` is written last and holds the size and the checksum of every other file. LATEST names the checkpoint
that a resume loads; it moves after the new one is whole, and older ones go after that. Order, augmentation, noise and
dropout are functions of the run's seed, the step and the rank, so no random state has to be kept.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from core.errors import InputError, LoomError
from training.distributed import Ranks
from training.learner import Learner
from training.run_folder import flush, write_atomically
from training.shard_files import METADATA, read_pieces, write_pieces
from training.sharding import parts_like

LATEST = "LATEST"
ALONE = Ranks()
_PIECE = 2**24  # bytes


@dataclass(frozen=True)
class Restored:
    """Where a run goes on.

    Attributes:
        step: Optimizer steps done; 0 = there was no checkpoint.
        extra: The plain values that were saved with it.
        damaged: Names of checkpoints that were passed over, as they are torn.
    """

    step: int = 0
    extra: Mapping[str, Any] = field(default_factory=dict)
    damaged: tuple[str, ...] = ()


def save_snapshot(
    folder: Path,
    step: int,
    learner: Learner,
    extra: Mapping[str, Any] | None = None,
    between: Callable[[], None] = lambda: None,
    ranks: Ranks = ALONE,
) -> Path:
    """Save everything that an exact resume needs as `folder`/step_N and call it the latest.

    Of a learner that is shared out, all ranks come here, and each writes its pieces.

    Args:
        folder: Where the phase's checkpoints are.
        step: Optimizer steps done.
        learner: What learns.
        extra: Plain values that belong to it.
        between: Called between files; what it raises leaves everything as it was.
        ranks: Those that hold the learner, where it is shared out.

    Raises:
        OSError: It cannot be written, for example on a full disk; everything is as it was.
    """
    final, aside = folder / f"step_{step}", folder / f".step_{step}"
    ranks.first(lambda: _make_empty(aside), lambda: None)
    try:
        if learner.shared_out:
            write_pieces(aside, learner)
            if not ranks.leads:
                return final
        _write(aside, step, learner, extra or {}, between)
        if final.exists():  # a torn one, or one that a rollback left behind
            shutil.rmtree(final)
        aside.rename(final)
    except BaseException:
        if ranks.leads:
            shutil.rmtree(aside, ignore_errors=True)
        raise
    flush(folder)
    write_atomically(folder / LATEST, final.name.encode())
    flush(folder)
    return final


def restore_snapshot(folder: Path, learner: Learner, step: int | None = None) -> Restored:
    """Load the checkpoint that LATEST names, or else the newest whole one; or that of `step`.

    Raises:
        InputError: There is none of that step.
        LoomError: There are checkpoints, and none is whole.
    """
    damaged = []
    for path in _candidates(folder) if step is None else [_of_step(folder, step)]:
        state = whole_state(path)
        if state is None:
            damaged.append(path.name)
            continue
        try:
            _load(path, learner, state)
        except FileNotFoundError:  # the process that trains has removed it meanwhile, as it has newer ones
            damaged.append(path.name)
            continue
        return Restored(int(state["step"]), state["extra"], tuple(damaged))
    if damaged:
        raise LoomError(
            f"No checkpoint in {folder} is whole.",
            why=f"The sizes or checksums of {', '.join(damaged)} are not those that were written.",
            fix="Copy one back from elsewhere, or remove that folder to begin the phase again.",
        )
    return Restored()


def prune(folder: Path, keep: int, also: int | None = None) -> None:
    """Remove all but the newest `keep` checkpoints, the latest, and that of step `also`."""
    found = _found(folder)
    kept = {path for _, path in found[-keep:]} | {folder / f"step_{also}", folder / _latest(folder)}
    for _, path in found:
        if path not in kept:
            gone = path.rename(path.with_name(f".{path.name}"))  # half of it is no checkpoint
            shutil.rmtree(gone)


def snapshot_bytes(learner: Learner) -> int:
    """Return about how many bytes a checkpoint takes."""
    both = [learner.optimization, *([learner.critic] if learner.critic else [])]
    weights = [*learner.ema.averages.values()]
    for one in both:
        weights += [*one.module.state_dict().values()]
        weights += [slot for slots in one.optimizer.state.values() for slot in slots.values()]
    return sum(weight.numel() * weight.element_size() for weight in weights if isinstance(weight, Tensor))


def _make_empty(aside: Path) -> None:
    for torn in aside.parent.glob(".step_*"):
        shutil.rmtree(torn)
    aside.mkdir(parents=True)


def _write(
    aside: Path, step: int, learner: Learner, extra: Mapping[str, Any], between: Callable[[], None]
) -> None:  # fmt: skip
    optimization, critic = learner.optimization, learner.critic
    state: dict[str, Any] = {"step": step, "extra": dict(extra), "optimizer": optimization.plain_state()}
    if critic is not None:
        state["critic_optimizer"] = critic.plain_state()
    for name, tensors in _whole(learner).items():
        _save(aside / f"{name}.safetensors", tensors)
        flush(aside / f"{name}.safetensors")
        between()
    state["files"] = {file.name: [file.stat().st_size, _checksum(file)] for file in aside.iterdir()}
    write_atomically(aside / "state.json", json.dumps(state).encode())
    flush(aside)


def _whole(learner: Learner) -> dict[str, Mapping[str, Tensor]]:
    """Return what is saved whole, by file; nothing of a learner that is shared out."""
    if learner.shared_out:
        return {}
    optimization, critic = learner.optimization, learner.critic
    parts: dict[str, Mapping[str, Tensor]] = {
        "weights": optimization.module.state_dict(),
        "ema": learner.ema.state_dict(),
        "optimizer": optimization.tensors(),
    }
    if critic is not None:
        parts |= {"critic": critic.module.state_dict(), "critic_optimizer": critic.tensors()}
    return parts


def _load(path: Path, learner: Learner, state: Mapping[str, Any]) -> None:
    optimization, critic, ema = learner.optimization, learner.critic, learner.ema
    if (path / METADATA).exists():
        read_pieces(path, learner, state["optimizer"])
        return
    weights, averages, moments = (load_file(path / f"{name}.safetensors") for name in ("weights", "ema", "optimizer"))
    optimization.module.load_state_dict(parts_like(weights, optimization.module.state_dict()))
    ema.load_state_dict(parts_like(averages, ema.averages))
    optimization.restore(parts_like(moments, optimization.slots()), state["optimizer"])
    if critic is not None:
        critic.module.load_state_dict(load_file(path / "critic.safetensors"))
        critic.restore(load_file(path / "critic_optimizer.safetensors"), state["critic_optimizer"])


def _found(folder: Path) -> list[tuple[int, Path]]:
    return sorted((int(path.name.removeprefix("step_")), path) for path in folder.glob("step_*"))


def _latest(folder: Path) -> str:
    file = folder / LATEST
    return file.read_text("utf-8").strip() if file.exists() else ""


def _candidates(folder: Path) -> list[Path]:
    """Return checkpoints in the order in which they should be tried."""
    newest_first = [path for _, path in reversed(_found(folder))]
    named = _latest(folder)
    return sorted(newest_first, key=lambda path: path.name != named)


def _of_step(folder: Path, step: int) -> Path:
    steps = [number for number, _ in _found(folder)]
    if step in steps:
        return folder / f"step_{step}"
    raise InputError(
        f"{folder} has no checkpoint of step {step:,}.",
        why=f"It has those of {', '.join(f'{each:,}' for each in steps) or 'no step'}; older ones are removed.",
        fix="Name one of them, or keep more with keep_checkpoints.",
    )


def whole_state(path: Path) -> dict[str, Any] | None:
    """Return the state of a checkpoint whose files are all those that were written, else None."""
    try:
        state: dict[str, Any] = json.loads((path / "state.json").read_bytes())
        for name, (size, checksum) in state["files"].items():
            if (path / name).stat().st_size != size or _checksum(path / name) != checksum:
                return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return state


def _checksum(file: Path) -> int:
    """Return the CRC-32, which tells torn files, not forged ones."""
    found = 0
    with file.open("rb") as source:
        while piece := source.read(_PIECE):
            found = zlib.crc32(piece, found)
    return found


def _save(file: Path, tensors: Mapping[str, Tensor]) -> None:
    try:
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, file)
    except SafetensorError as error:
        # It tells the system's error in words only: "... (os error 28)", "... code: 28 ...".
        number = re.search(r"(?:os error|code:) (\d+)", str(error))
        code = int(number[1]) if number else errno.EIO
        raise OSError(code, os.strerror(code), str(file)) from error
