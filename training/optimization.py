"""How the weights of one network move: AdamW, the learning rate's course, the limit of the gradient.

Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (arXiv 1711.05101), algorithm 2.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from training.config import OptimizerConfig
from training.lr_schedules import make_multiplier


def learning_rate(step: int, steps: int, config: OptimizerConfig) -> float:
    """Return the rate at a step of `steps`: by the configured schedule, else warm-up, constant, and a cosine fall."""
    if config.schedule is not None:
        return config.lr * make_multiplier(config.schedule)(step)
    warm = min(1.0, (step + 1) / max(1, config.warmup_steps))
    fall_from = config.decay_from * steps
    if step <= fall_from:
        return config.lr * warm
    return config.lr * warm * 0.5 * (1 + math.cos(math.pi * (step - fall_from) / (steps - fall_from)))


class Optimization:
    """Moves a network's trainable weights.

    Attributes:
        module: The network.
        optimizer: Its AdamW; the state belongs into checkpoints.
    """

    def __init__(self, module: nn.Module, config: OptimizerConfig, steps: int) -> None:
        self.module, self.config, self.steps = module, config, steps
        self._parameters = [p for p in module.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(
            self._parameters, lr=config.lr, betas=config.betas, weight_decay=config.weight_decay
        )

    @property
    def rate(self) -> float:
        """The learning rate of the last step."""
        return float(self.optimizer.param_groups[0]["lr"])

    def descend(self, loss: Tensor, step: int) -> Tensor:
        """Take the step, unless the gradient is not finite; return its norm before the limit, a scalar."""
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(step, self.steps, self.config)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self._parameters, self.config.clip_norm or math.inf)
        if torch.isfinite(norm):
            self.optimizer.step()
        return norm
