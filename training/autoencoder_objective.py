"""What both autoencoder phases minimize, and the discriminator that learns beside them.

Rombach et al. (arXiv 2112.10752), section 3.1 and appendix G, equation 25.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from training.config import FirstStageConfig, OptimizerConfig
from training.discriminator import NLayerDiscriminator
from training.losses.first_stage import DiscriminatorConfig, FirstStageLoss
from training.losses.reconstruction import PixelWeights, psnr
from training.perceptual.metric import make_metric


class AutoencoderObjective:
    """The configured loss of reconstructions; it remembers the last ones for the discriminator.

    Raises:
        LoomError: The perceptual network's weights cannot be loaded.
        ValueError: The pictures are too small for the discriminator.

    Attributes:
        optimizer: How the discriminator's weights move.
    """

    def __init__(self, config: FirstStageConfig, device: torch.device) -> None:
        _check_size(config)
        self.optimizer: OptimizerConfig = config.discriminator_optimizer
        self._metric = make_metric(config.perceptual, config.perceptual_folder, device)
        self._loss = FirstStageLoss(
            config.discriminator,
            regularizer_weight=config.codebook if config.n_embed else config.kl,
            pixels=PixelWeights(l1=config.l1, l2=config.l2, gradient=config.gradient),
            perceptual=None if self._metric is None else self._metric.distance,
            perceptual_weight=config.perceptual_weight,
            reduction=config.reduction,
        ).to(device)
        self._regularizer = "codebook" if config.n_embed else "kl"
        self._last: tuple[Tensor, Tensor] | None = None

    @property
    def critic(self) -> AutoencoderObjective | None:
        """This, where there is a discriminator."""
        return self if self._loss.discriminator is not None else None

    @property
    def module(self) -> nn.Module:
        """The discriminator."""
        return cast(nn.Module, self._loss.discriminator)

    def reconstruction(
        self, image: Tensor, decoded: Tensor, step: int, last_layer: Tensor, regularizer: Tensor | None = None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss of decoded images [b, 3, h, w] in [-1, 1], a scalar, and its terms for the log.

        Args:
            image, decoded: The images and their reconstructions.
            step: Optimizer steps done.
            last_layer: Weight of the decoder's last layer.
            regularizer: KL divergences [b] or codebook loss; None = the encoder does not learn.
        """
        started = self._started(step)
        if started:
            # The generator's step computes no gradients for the discriminator's weights.
            self.module.requires_grad_(False)
            self._last = (image, decoded.detach())
        result = self._loss.generator(
            image,
            decoded,
            torch.zeros((), device=image.device) if regularizer is None else regularizer.float(),
            step,
            last_layer=last_layer if started else None,
        )
        terms = {**result.terms, "psnr": psnr(decoded.detach(), image).mean()}
        own = terms.pop("regularizer")
        if regularizer is not None:
            terms[self._regularizer] = own
        if self._metric is not None and "p_loss" in terms:
            terms[self._metric.name] = terms.pop("p_loss")
        return result.total, terms

    def loss(self, step: int) -> tuple[Tensor, dict[str, Tensor]] | None:
        """Return the discriminator's loss on the last reconstructions, or None before its start."""
        if self._last is None or not self._started(step):
            return None
        self.module.requires_grad_(True)
        image, decoded = self._last
        return self._loss.discriminate(image, decoded, step)

    def _started(self, step: int) -> bool:
        config: DiscriminatorConfig | None = self._loss.config
        return config is not None and config.disc_factor > 0 and step >= config.disc_start


def _check_size(config: FirstStageConfig) -> None:
    """Refuse before training what would fail only when the discriminator starts."""
    size = config.ddconfig.get("resolution")
    if config.discriminator is None or size is None:
        return
    layers = config.discriminator.disc_num_layers
    least = NLayerDiscriminator.smallest_picture(layers)
    if size < least:
        raise ValueError(
            f"discriminator.disc_num_layers is {layers}, which needs {least} pixels; resolution is {size}."
        )
