"""The loss of the first stage: pixels, perception, a regularizer, and a discriminator that learns beside.

Rombach et al. (arXiv 2112.10752), section 3.1 and appendix G, equation 25; Esser et al. (arXiv 2012.09841),
equations 4 to 7. One class serves KL and VQ autoencoders: they differ in how the error is summed and in the
regularizer, the KL divergence or the codebook loss. Parameter names are those of the reference.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, cast

import torch
from torch import Tensor, nn

from training.discriminator import NLayerDiscriminator, init_weights
from training.losses.adversarial import DISCRIMINATOR_LOSSES, adaptive_weight, adopt_weight, generator_loss
from training.losses.reconstruction import ABSOLUTE_ERROR, PixelWeights, pixel_error

Perceptual = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True, kw_only=True)
class DiscriminatorConfig:
    """The discriminator and its part in the loss; names of the reference.

    Attributes:
        disc_start: Step from which it takes part.
        disc_num_layers: Its layers that halve the sides.
        disc_in_channels: Channels of what it judges.
        disc_ndf: Channels of its first layer.
        use_actnorm: Whether it normalizes by ActNorm in place of batches.
        disc_factor: Factor of both adversarial losses; 0 = no discriminator.
        disc_weight: Factor of the generator's, on top of the adaptive weight.
        disc_conditional: Whether it is shown a condition beside the image.
        disc_loss: hinge or vanilla.
    """

    disc_start: int = 50001
    disc_num_layers: int = 3
    disc_in_channels: int = 3
    disc_ndf: int = 64
    use_actnorm: bool = False
    disc_factor: float = 1.0
    disc_weight: float = 1.0
    disc_conditional: bool = False
    disc_loss: Literal["hinge", "vanilla"] = "hinge"

    def __post_init__(self) -> None:
        if self.disc_loss not in DISCRIMINATOR_LOSSES:
            raise ValueError(f"disc_loss must be among {', '.join(DISCRIMINATOR_LOSSES)}; got {self.disc_loss!r}.")
        for name in ("disc_num_layers", "disc_ndf"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be 1 or more; got {getattr(self, name)!r}.")


@dataclass(frozen=True)
class GeneratorLoss:
    """What the autoencoder minimizes, a scalar, with its terms for the log, detached scalars."""

    total: Tensor
    terms: dict[str, Tensor]


class FirstStageLoss(nn.Module):
    """The autoencoder's loss and, where there is a discriminator, that one's own.

    Attributes:
        logvar: Logarithm of the variance of the pixels' errors, a scalar parameter; 0 = unit variance.
        discriminator: The patch discriminator, or None.
        perceptual: Distance of two batches of images [b, 3, h, w], [b, 1, 1, 1]; None = none.
        reduction: "sum" adds the error up over each image, as KL models do; "mean" averages it, as VQ models do.
    """

    def __init__(
        self,
        config: DiscriminatorConfig | None = None,
        *,
        regularizer_weight: float = 1.0,
        pixels: PixelWeights = ABSOLUTE_ERROR,
        perceptual: Perceptual | None = None,
        perceptual_weight: float = 1.0,
        logvar_init: float = 0.0,
        reduction: Literal["sum", "mean"] = "sum",
    ) -> None:
        super().__init__()
        self.config, self.reduction = config, reduction
        self.regularizer_weight, self.pixels = regularizer_weight, pixels
        # In a closure, so that a frozen backbone is no part of the loss's weights.
        self.perceptual = None if perceptual is None else lambda a, b: perceptual(a, b)
        self.perceptual_weight = perceptual_weight
        self.logvar = nn.Parameter(torch.tensor(float(logvar_init)))
        self.discriminator: NLayerDiscriminator | None = None
        if config is not None:
            sizes = (config.disc_in_channels, config.disc_ndf, config.disc_num_layers, config.use_actnorm)
            self.discriminator = NLayerDiscriminator(*sizes)
            self.discriminator.apply(init_weights)

    def generator(
        self,
        image: Tensor,
        reconstruction: Tensor,
        regularizer: Tensor,
        step: int,
        *,
        last_layer: Tensor | None = None,
        condition: Tensor | None = None,
        weights: Tensor | None = None,
    ) -> GeneratorLoss:
        """Return the autoencoder's loss.

        Args:
            image, reconstruction: [b, c, h, w] in [-1, 1].
            regularizer: KL divergence of each image [b] in nats, or codebook loss, a scalar; its mean counts.
            step: Optimizer steps done.
            last_layer: Weight of the decoder's last layer; None leaves the discriminator out.
            condition: What a conditional discriminator sees beside the image, [b, k, h, w].
            weights: Of each value's error, broadcast to [b, c, h, w]; the adaptive weight leaves them out.
        """
        error, terms = pixel_error(reconstruction, image, self.pixels)
        if self.perceptual is not None and self.perceptual_weight:
            distance = self.perceptual(image, reconstruction)
            error = error + self.perceptual_weight * distance
            terms["p_loss"] = distance.mean()
        # A Gaussian of variance exp(logvar) around the reconstruction, up to constants.
        values = error / self.logvar.exp() + self.logvar if self.reduction == "sum" else error
        nll = self._reduced(values)
        total = nll if weights is None else self._reduced(weights * values)
        total = total + self.regularizer_weight * regularizer.mean()
        terms |= {"rec_loss": error.mean(), "nll_loss": nll, "regularizer": regularizer.mean()}
        if self.discriminator is not None and last_layer is not None:
            adversarial, more = self._adversarial(reconstruction, nll, step, last_layer, condition)
            total, terms = total + adversarial, terms | more
        return GeneratorLoss(total, {name: term.detach() for name, term in terms.items()})

    def discriminate(
        self, image: Tensor, reconstruction: Tensor, step: int, condition: Tensor | None = None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the discriminator's own loss on images [b, c, h, w], a scalar, and its terms for the log."""
        config = cast(DiscriminatorConfig, self.config)
        real, fake = self._logits(image.detach(), condition), self._logits(reconstruction.detach(), condition)
        factor = adopt_weight(config.disc_factor, step, config.disc_start)
        loss = factor * DISCRIMINATOR_LOSSES[config.disc_loss](real, fake)
        terms = {"disc_loss": loss, "logits_real": real.mean(), "logits_fake": fake.mean()}
        return loss, {name: term.detach() for name, term in terms.items()}

    def _adversarial(
        self, reconstruction: Tensor, nll: Tensor, step: int, last_layer: Tensor, condition: Tensor | None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        config = cast(DiscriminatorConfig, self.config)
        g_loss = generator_loss(self._logits(reconstruction, condition))
        ratio = torch.zeros_like(g_loss)
        # Without gradients, as in validation, there is nothing to balance.
        if reconstruction.requires_grad:
            ratio = adaptive_weight(nll, g_loss, last_layer)
        weight = config.disc_weight * ratio
        factor = adopt_weight(config.disc_factor, step, config.disc_start)
        terms = {
            "g_loss": g_loss, "gradient_ratio": ratio, "d_weight": weight, "disc_factor": torch.tensor(factor),
        }  # fmt: skip
        return weight * factor * g_loss, terms

    def _reduced(self, values: Tensor) -> Tensor:
        return values.sum() / len(values) if self.reduction == "sum" else values.mean()

    def _logits(self, image: Tensor, condition: Tensor | None) -> Tensor:
        config = cast(DiscriminatorConfig, self.config)
        if config.disc_conditional != (condition is not None):
            raise ValueError(f"disc_conditional is {config.disc_conditional}, so a condition "
                             f"{'is needed' if config.disc_conditional else 'cannot be used'}.")  # fmt: skip
        shown = image if condition is None else torch.cat([image, condition], dim=1)
        return cast(Tensor, cast(NLayerDiscriminator, self.discriminator)(shown))
