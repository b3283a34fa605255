"""What learns in a phase: the module, its average, how its weights move, and the same of what learns against it."""

from __future__ import annotations

from dataclasses import dataclass

from training.config import HALF
from training.distributed import Ranks
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


def make_learner(phase: Phase, ranks: Ranks) -> Learner:
    """Give a phase's networks, which all `ranks` train, their averages and optimizers."""
    share = ranks.add_gradients
    critic = phase.critic
    return Learner(
        Ema(phase.module, phase.ema_decay),
        Optimization(phase.module, phase.optimizer, phase.steps, scaled=phase.precision == HALF, share=share),
        None if critic is None else Optimization(critic.module, critic.optimizer, phase.steps, share=share),
    )
