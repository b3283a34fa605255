"""Whether a condition is one that a denoiser was built for: said before the network fails in its own words."""

from __future__ import annotations

from torch import Tensor, nn

from core.conditioning.conditioning import Conditioning
from core.errors import InputError
from core.models.unet import UNetModel

ADM_XL = 2816  # the vector of Stable Diffusion XL base: pooled text, 1280, and six numbers in 256 each
NOTHING = "neither a vector nor a class"


def check_fits(condition: Conditioning, unet: UNetModel, x_t: Tensor) -> None:
    """Compare a condition with the network's inputs, and its map with the latent [b, z, h, w].

    Raises:
        InputError: The network wants a part that the condition lacks, or the other way round, or of another width.
    """
    channels = 0 if condition.concat is None else condition.concat.shape[1]
    wanted = unet.in_channels - x_t.shape[1]
    if channels != wanted:
        raise _misfit(
            f"a map of {wanted} channels beside the latent" if wanted else "no map beside the latent",
            f"one of {channels}" if channels else "none",
            "Combine the condition with the one for inpainting, semantic maps or low-resolution pictures."
            if wanted else "Connect a condition without a map.",
        )  # fmt: skip
    if condition.concat is not None and condition.concat.shape[-2:] != x_t.shape[-2:]:
        (h, w), (latent_h, latent_w) = condition.concat.shape[-2:], x_t.shape[-2:]
        raise InputError(
            f"The condition's map is {w} × {h}, the latent {latent_w} × {latent_h}.",
            why="They are laid on one another, cell by cell.",
            fix="Make the condition from a picture of the same size as the one to be made.", port="positive",
        )  # fmt: skip
    width, dim = None if condition.tokens is None else condition.tokens.shape[-1], unet.context_dim
    if width != dim:
        raise _misfit(
            f"tokens that are {dim} wide" if dim else "no tokens",
            f"tokens that are {width} wide" if width else "none",
            "Connect a condition that was made by the conditioner of the same model.",
        )
    wanted_vector, given_vector = _wanted_vector(unet), _given_vector(condition.vector)
    if wanted_vector != given_vector:
        sized = wanted_vector == f"a vector of {ADM_XL}"
        raise _misfit(
            wanted_vector, given_vector,
            "Put Picture size (SDXL) between the prompt and the denoiser."
            if sized else "Connect a condition that was made by the conditioner of the same model.",
        )  # fmt: skip


def _wanted_vector(unet: UNetModel) -> str:
    if unet.num_classes is None:
        return NOTHING
    if isinstance(unet.num_classes, int):
        return "a class"
    widths = [layer.in_features for layer in unet.label_emb.modules() if isinstance(layer, nn.Linear)]
    return f"a vector of {widths[0]}"


def _given_vector(vector: Tensor | None) -> str:
    if vector is None:
        return NOTHING
    return f"a vector of {vector.shape[-1]}" if vector.is_floating_point() else "a class"


def _misfit(wanted: str, given: str, fix: str) -> InputError:
    return InputError(
        f"The condition does not fit this denoiser: it takes {wanted}, and gets {given}.",
        why="A denoiser understands only conditions of the kind that it was trained with.", fix=fix, port="positive",
    )  # fmt: skip
