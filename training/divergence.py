"""Stopping before a step that would harm the weights: a term is no finite number, or the loss runs away."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from core.errors import LoomError

TIMES = 100.0  # a loss this many times its own average has run away; discriminators and early steps vary by far less
STEPS = 5  # so many steps in a row, so that one odd batch ends no run
_MEMORY = 0.98
_LEAST_STEPS = 50  # before, the average says little


class DivergenceGuard:
    """Watches the losses of a phase. Its state goes into checkpoints, so that a resumed run judges alike."""

    def __init__(self, phase: str, lr: float, checkpoints: Path) -> None:
        self._phase, self._lr, self._checkpoints = phase, lr, checkpoints
        self._average, self._steps, self._high = 0.0, 0, 0

    def check(self, step: int, terms: Mapping[str, Tensor]) -> None:
        """Look at scalars before the optimizer's step.

        Raises:
            LoomError: One of them is not finite; it is named.
        """
        bad = [name for name, term in terms.items() if not torch.isfinite(term).all()]
        if bad:
            raise self._diverged(step, f"{', '.join(bad)} is not a finite number")

    def follow(self, step: int, loss: Tensor, terms: Mapping[str, Tensor]) -> None:
        """Compare the loss, a scalar, with its average over the last steps, before the optimizer's step.

        Raises:
            LoomError: It has run away; the term that did is named.
        """
        size = abs(float(loss))
        self._high = self._high + 1 if self._steps >= _LEAST_STEPS and size > TIMES * self._average else 0
        if self._high >= STEPS:
            largest = max(terms, key=lambda name: float(terms[name].abs().max()), default="the loss")
            told = f"the loss, {size:.3g}, has been over {TIMES:g} times its average for {STEPS} steps"
            raise self._diverged(step, f"{told} (its largest term is {largest})")
        if not self._high:
            self._steps += 1
            self._average += max(1 - _MEMORY, 1 / self._steps) * (size - self._average)

    def state(self) -> list[float]:
        """Return what a checkpoint has to hold."""
        return [self._average, self._steps, self._high]

    def restore(self, state: list[float]) -> None:
        """Take over what `state` gave."""
        self._average, self._steps, self._high = float(state[0]), int(state[1]), int(state[2])

    def _diverged(self, step: int, told: str) -> LoomError:
        return LoomError(
            f"Training stopped at step {step} of {self._phase}: {told}.",
            why="The weights diverged, usually from a learning rate that is too high for this batch size.",
            fix=f"Begin a run of another name with a lower {self._phase}.optimizer.lr than "
            f"{self._lr:g}; {self._checkpoints} keeps the last checkpoint from before.",
        )
