"""How the weights of one network move: AdamW, the learning rate's course, the limit of the gradient.

Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (arXiv 1711.05101), algorithm 2.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from training.config import OptimizerConfig
from training.lr_schedules import make_multiplier
from training.sharding import by_holder, clip_gradients

MOMENTS = ("exp_avg", "exp_avg_sq")  # the names that torch gives them


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
        steps: Steps in all, for the rate's course.
        optimizer: Its AdamW; the state belongs into checkpoints.
        scaler: Scales losses whose gradients are too small for float16 (Micikevicius et al., arXiv 1710.03740,
            section 3.2); its state belongs into checkpoints.
        skipped: Whether the last step was left out, because its scaled gradient was too large for float16.
    """

    def __init__(
        self, module: nn.Module, config: OptimizerConfig, steps: int, *, scaled: bool = False,
        share: Callable[[Sequence[nn.Parameter]], None] = lambda parameters: None,
    ) -> None:  # fmt: skip
        """Move the weights of `module`; `share` adds up the gradients of the weights that every rank holds."""
        self._share = share
        self.module, self.config, self.steps = module, config, steps
        self._parameters = [p for p in module.parameters() if p.requires_grad]
        groups = [{"params": group} for group in by_holder(self._parameters) if group]
        self.optimizer = torch.optim.AdamW(
            groups, lr=config.lr, betas=config.betas, weight_decay=config.weight_decay,
            fused=True,  # one pass over weights and moments, where torch else makes several
        )  # fmt: skip
        device = next((parameter.device.type for parameter in self._parameters), "cpu")
        self.scaler, self.skipped = torch.amp.GradScaler(device, enabled=scaled), False

    @property
    def rate(self) -> float:
        """The learning rate of the last step."""
        return float(self.optimizer.param_groups[0]["lr"])

    def descend(self, loss: Tensor | Iterable[Tensor], step: int) -> Tensor:
        """Take the step, unless the gradient is not finite; return its norm before the limit, a scalar.

        Of several losses, whose sum counts, one is asked for when the gradients of those before are there, so that only
        one takes memory at a time.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(step, self.steps, self.config)
        self.optimizer.zero_grad(set_to_none=True)
        for part in [loss] if isinstance(loss, Tensor) else loss:
            self.scaler.scale(part).backward()
        self._share(by_holder(self._parameters)[0])
        self.scaler.unscale_(self.optimizer)
        norm = clip_gradients(self._parameters, self.config.clip_norm or math.inf)
        finite = bool(torch.isfinite(norm))
        # A gradient that is too large without being scaled up is another matter.
        self.skipped = not finite and self.scaler.is_enabled() and self.scaler.get_scale() > 1
        if finite or self.skipped:
            self.scaler.step(self.optimizer)
            self.scaler.update()
        self.optimizer.zero_grad(set_to_none=True)  # their memory is free for the next step, sampling and measuring
        return norm

    def slots(self) -> dict[str, Tensor]:
        """Return something of the same shape, cut in the same way, for every name that `tensors` may give."""
        likes = {f"{index}.{name}": p.detach() for index, p in enumerate(self._parameters) for name in MOMENTS}
        return likes | {f"{index}.step": torch.zeros(()) for index in range(len(self._parameters))}

    def tensors(self) -> dict[str, Tensor]:
        """Return the optimizer's state as tensors named PARAMETER.SLOT, parameters by their number in the module."""
        states = [self.optimizer.state.get(parameter, {}) for parameter in self._parameters]
        return {f"{index}.{name}": value for index, slots in enumerate(states) for name, value in slots.items()}

    def plain_state(self) -> dict[str, Any]:
        """Return the scaler's state, plain values; the optimizer's settings are those of the run."""
        return {"scaler": self.scaler.state_dict()}

    def restore(self, tensors: Mapping[str, Tensor], plain: Mapping[str, Any]) -> None:
        """Take over what `tensors` and `plain_state` gave."""
        groups = self.optimizer.state_dict()["param_groups"]
        listed = [parameter for group in self.optimizer.param_groups for parameter in group["params"]]
        number = {parameter: place for place, parameter in enumerate(listed)}
        state: dict[int, dict[str, Tensor]] = {}
        for key, value in tensors.items():
            index, name = key.split(".", 1)
            state.setdefault(number[self._parameters[int(index)]], {})[name] = value
        self.optimizer.load_state_dict({"state": state, "param_groups": groups})
        self.scaler.load_state_dict(plain["scaler"])
