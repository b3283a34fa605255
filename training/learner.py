"""What learns in a phase: the module, its average, how its weights move, and the same of what learns against it."""

from __future__ import annotations

from dataclasses import dataclass

from training.config import HALF
from training.distributed import Ranks
from training.ema import Ema
from training.optimization import Optimization
from training.phase import Phase
from training.sharding import is_part, share_out


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

    @property
    def shared_out(self) -> bool:
        """Whether each rank holds only a part of it."""
        return any(is_part(parameter) for parameter in self.optimization.module.parameters())


def make_learner(phase: Phase, ranks: Ranks, *, shard: bool = False) -> Learner:
    """Give a phase's networks, which all `ranks` train, their averages and optimizers.

    With `shard`, each rank keeps its part of the phase's large networks.
    """
    if shard:
        share_out(phase, ranks)
    share = ranks.add_gradients
    critic = phase.critic
    return Learner(
        Ema(phase.module, phase.ema_decay),
        Optimization(phase.module, phase.optimizer, phase.steps, scaled=phase.precision == HALF, share=share),
        None if critic is None else Optimization(critic.module, critic.optimizer, phase.steps, share=share),
    )
