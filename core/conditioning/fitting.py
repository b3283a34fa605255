"""Whether a condition is one that a denoiser was built for: said before the network fails in its own words."""

from __future__ import annotations

from core.conditioning.conditioning import Conditioning
from core.errors import InputError
from core.models.unet import UNetModel


def check_fits(condition: Conditioning, unet: UNetModel, latent_channels: int) -> None:
    """Compare a condition with the network's inputs.

    Raises:
        InputError: The network wants a part that the condition lacks, or the other way round, or of another width.
    """
    channels = 0 if condition.concat is None else condition.concat.shape[1]
    wanted = unet.in_channels - latent_channels
    if channels != wanted:
        raise _misfit(
            f"a map of {wanted} channels beside the latent" if wanted else "no map beside the latent",
            f"one of {channels}" if channels else "none",
            "Combine the condition with the one for inpainting, semantic maps or low-resolution pictures."
            if wanted else "Connect a condition without a map.",
        )  # fmt: skip
    width, dim = None if condition.tokens is None else condition.tokens.shape[-1], unet.context_dim
    if width != dim:
        raise _misfit(
            f"tokens that are {dim} wide" if dim else "no tokens",
            f"tokens that are {width} wide" if width else "none",
            "Connect a condition that was made by the conditioner of the same model.",
        )
    if (condition.vector is None) != (unet.num_classes is None):
        raise _misfit(
            "a vector or a class" if unet.num_classes is not None else "neither a vector nor a class",
            "none" if condition.vector is None else "one",
            "Connect a condition that was made by the conditioner of the same model.",
        )


def _misfit(wanted: str, given: str, fix: str) -> InputError:
    return InputError(
        f"The condition does not fit this denoiser: it takes {wanted}, and gets {given}.",
        why="A denoiser understands only conditions of the kind that it was trained with.", fix=fix, port="positive",
    )  # fmt: skip
