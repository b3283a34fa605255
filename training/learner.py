"""What learns in a phase: the module, its average, how its weights move, and the same of what learns against it."""

from __future__ import annotations

from dataclasses import dataclass

from training.config import HALF
from training.ema import Ema
from training.optimization import Optimization
from training.phase import Phase


@dataclass(frozen=True)
class Learner:
    """Everything whose state a checkpoint holds.

    Attributes:
        ema: Averages of the module's weights.
        optimization: The module and its optimizer.
        critic: The network that learns against it, such as a discriminator.
    """

    ema: Ema
    optimization: Optimization
    critic: Optimization | None = None


def make_learner(phase: Phase) -> Learner:
    """Give a phase's networks their averages and optimizers."""
    critic = phase.critic
    return Learner(
        Ema(phase.module, phase.ema_decay),
        Optimization(phase.module, phase.optimizer, phase.steps, scaled=phase.precision == HALF),
        None if critic is None else Optimization(critic.module, critic.optimizer, phase.steps),
    )
