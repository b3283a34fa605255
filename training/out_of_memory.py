"""What a run says when memory is not enough: what it held, and a way to the same result with less."""

from __future__ import annotations

import torch
from torch import Tensor

from core.errors import DeviceMemoryError
from training.disk_space import megabytes
from training.learner import Learner
from training.phase import Phase
from training.sharding import own

_WORDS = ("out of memory", "can't allocate memory", "cannot allocate memory", "not enough memory")


def is_out_of_memory(error: BaseException) -> bool:
    """Say whether an error means that memory was not enough; torch has a class for it on some devices only."""
    known = isinstance(error, MemoryError | torch.OutOfMemoryError)
    return known or (isinstance(error, RuntimeError) and any(word in str(error).lower() for word in _WORDS))


def explained(phase: Phase, learner: Learner, step: int, *, in_parts: bool) -> DeviceMemoryError:
    """Return the error that people see; `in_parts` says whether the phase can compute a batch part by part."""
    return DeviceMemoryError(
        f"Step {step} of {phase.name} did not fit into memory: {phase.batch_size // phase.parts} samples at a time.",
        why=f"It held {_held(learner)}; the rest was what the samples needed to compute their gradients.",
        fix=_way_out(phase, in_parts),
    )


def explained_beside(doing: str) -> DeviceMemoryError:
    """Return the error that people see where no step was under way; `doing` is what the status says."""
    return DeviceMemoryError(
        f"Memory was not enough while {doing}.",
        why="No step was under way: what was loaded and prepared was too large already.",
        fix="Close other programs and resume, or begin a run of another name with smaller networks or pictures.",
    )


def _held(learner: Learner) -> str:
    both = [one for one in (learner.optimization, learner.critic) if one is not None]
    weights = [weight for one in both for weight in one.module.parameters()]
    slots: list[Tensor] = [slot for one in both for slots in one.optimizer.state.values() for slot in slots.values()]
    parts: dict[str, list[Tensor]] = {
        "weights": [weight.data for weight in weights],
        "their averages": [*learner.ema.averages.values()],
        "gradients": [weight.grad for weight in weights if weight.grad is not None],
        "the optimizer's state": slots,
    }
    sizes = {name: sum(own(t).numel() * t.element_size() for t in tensors) for name, tensors in parts.items()}
    return ", ".join(f"{megabytes(size)} of {name}" for name, size in sizes.items() if size)


def _way_out(phase: Phase, in_parts: bool) -> str:
    """Offer the next smaller number of samples at a time, at the same effective batch where that can be."""
    size, now = phase.batch_size, phase.parts
    more = next((parts for parts in range(now + 1, size + 1) if size % parts == 0 and parts >= 2 * now), 0)
    if not more:
        return "Train smaller networks or pictures in a run of another name: it was one sample at a time already."
    if not in_parts:
        return f"Begin a run of another name with {phase.name}.batch_size={size // more}."
    return (
        f"Begin a run of another name with {phase.name}.accumulate={more}: the same {size} samples a step, "
        f"{size // more} at a time."
    )
