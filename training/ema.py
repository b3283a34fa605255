"""Exponential moving average of weights, with the reference implementation's warm-up.

Rombach et al. (arXiv 2112.10752), appendix E; decay_n = min(decay, (1 + n) / (10 + n)) at update n.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from training.sharding import own


class Ema:
    """Averages of the trained parameters of modules.

    Attributes:
        decay: Limit of the decay, in [0, 1).
        warm_up: Whether the decay starts lower; without, it is `decay` from the first update.
        updates: Updates so far.
        averages: Parameter name to average.
    """

    def __init__(self, module: nn.Module, decay: float, *, warm_up: bool = True) -> None:
        self.decay, self.warm_up, self.updates = decay, warm_up, 0
        self.averages = {
            name: parameter.detach().clone() for name, parameter in module.named_parameters() if parameter.requires_grad
        }

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        """Move every average towards the module's present weights."""
        self.updates += 1
        weight = 1 - (min(self.decay, (1 + self.updates) / (10 + self.updates)) if self.warm_up else self.decay)
        parameters = dict(module.named_parameters())
        averages = [own(average) for average in self.averages.values()]
        torch._foreach_lerp_(averages, [own(parameters[name].data) for name in self.averages], weight)

    def state_dict(self) -> dict[str, Tensor]:
        """Return averages and the number of updates as tensors."""
        return {**self.averages, "updates": torch.tensor(self.updates)}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Restore what `state_dict` gave."""
        self.updates = int(state["updates"])
        for name, average in self.averages.items():
            average.copy_(state[name])

    @contextmanager
    def applied(self, module: nn.Module) -> Iterator[None]:
        """Let the module hold the averages inside the block, and its own weights after it, whatever happens there."""
        self.swap(module)
        try:
            yield
        finally:
            self.swap(module)

    @torch.no_grad()
    def swap(self, module: nn.Module) -> None:
        """Exchange averages and weights; call twice to sample with the averages and go on training."""
        parameters = dict(module.named_parameters())
        for name, average in self.averages.items():
            held = average.clone()
            average.copy_(parameters[name].data)
            parameters[name].data.copy_(held)
