"""The kinds of first stage, told apart by their constructor arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.models.autoencoder_kl import AutoencoderKL
from core.models.first_stage import FirstStageModel, IdentityFirstStage
from core.models.vq_model import VQModel


def make_first_stage(arguments: Mapping[str, Any]) -> FirstStageModel:
    """Build a `VQModel` for arguments with n_embed, an `AutoencoderKL` for others with ddconfig, else the identity."""
    if "n_embed" in arguments:
        return VQModel(**arguments)
    return AutoencoderKL(**arguments) if "ddconfig" in arguments else IdentityFirstStage(**arguments)
