"""Sampling with a VQ first stage: each prediction of the clean latent moved to the nearest entries of the codebook.

An option of the reference implementation's samplers ("quantize_x0", "quantize_denoised"); Rombach et al.
(arXiv 2112.10752), section 3.1, where quantization belongs to the decoder.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from torch import Tensor

from core.diffusion.latent_diffusion import Autoencoder
from core.diffusion.parameterization import Model, Prediction
from core.errors import InputError
from core.models.vector_quantizer import Quantized
from core.models.vq_model import VQModel


def with_quantized_x0(model: Model, autoencoder: Autoencoder) -> Model:
    """Wrap a model so that its x_0 lies on the codebook; eps stays as it is.

    Raises:
        InputError: The autoencoder has no codebook.
    """
    module, scale = autoencoder.module, autoencoder.space.scale
    if not isinstance(module, VQModel):
        raise InputError(
            f"Predictions cannot be quantized: {autoencoder.space.name} has no codebook.",
            why="Only VQ autoencoders have one.",
            fix="Switch quantization off, or use a model with a VQ autoencoder.",
        )

    def quantized(x_t: Tensor, t: Tensor) -> Prediction:
        predicted = model(x_t, t)
        nearest = cast(Quantized, module.quantize(predicted.x0 / scale))
        return replace(predicted, x0=nearest.values * scale)

    return quantized
