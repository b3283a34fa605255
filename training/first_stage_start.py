"""A first stage that begins with the weights of another: other pictures, other losses, or a codebook in the KL's place.

A fresh codebook lies near zero while the encoder's values spread, so that a few entries take them all and the others
are never chosen again; it therefore begins with latents of the data (Łańcucki et al., arXiv 2005.08520).
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.diffusion.latent_diffusion import Autoencoder
from core.errors import InputError
from core.imaging.image import from_uint8
from core.models.autoencoder_kl import AutoencoderKL
from core.models.first_stage import ConvolutionalFirstStage
from core.models.vq_model import VQModel
from training.control import Poll, nothing
from training.data.latent_cache import batch_for
from training.data.training_set import TrainingSet

PICTURES = 256  # whose latents a codebook begins with
_CODEBOOK = "quantize.embedding.weight"


@torch.no_grad()
def begin_with(module: ConvolutionalFirstStage, other: Autoencoder, data: TrainingSet, poll: Poll = nothing) -> None:
    """Give a first stage on the CPU another's weights where names and shapes are the same.

    A VQ model that begins with a KL model's takes the mean of its latents. Its codebook begins with latents of `data`,
    unless the other has one of that size; `poll` is called between batches of them.

    Raises:
        InputError: The two have no decoder in common.
    """
    theirs = dict(other.module.state_dict())
    if isinstance(module, VQModel) and isinstance(other.module, AutoencoderKL):
        theirs |= _mean_alone(other.module)
    mine = module.state_dict()
    fitting = {name for name in mine if name in theirs and theirs[name].shape == mine[name].shape}
    if not {name for name in mine if name.startswith("decoder.")} <= fitting:
        raise InputError(
            f"A first stage cannot begin with {other.space.name}.",
            why="Its decoder has layers of other sizes.",
            fix="Give ddconfig and decoder_config the values of that model, or leave begins_from empty.",
        )
    for name in fitting:
        mine[name].copy_(theirs[name])
    if isinstance(module, VQModel) and _CODEBOOK not in fitting:
        _begin_codebook(module, data, poll)


def _mean_alone(model: AutoencoderKL) -> dict[str, Tensor]:
    """Return weights of layers that give a KL model's mean: what quant_conv does joins the layer before it.

    The features have as many channels as the latent or more; more than it has are zero.
    """
    last, mix = model.encoder.conv_out, model.quant_conv
    assert mix.bias is not None, "the reference's layers have one"
    assert last.bias is not None, "the reference's layers have one"
    chosen = torch.zeros(len(last.weight) // 2, len(last.weight))
    chosen[: model.embed_dim] = mix.weight[: model.embed_dim, :, 0, 0]
    bias = chosen @ last.bias
    bias[: model.embed_dim] += mix.bias[: model.embed_dim]
    return {
        "encoder.conv_out.weight": torch.einsum("om,mikl->oikl", chosen, last.weight),
        "encoder.conv_out.bias": bias,
        "quant_conv.weight": torch.eye(model.embed_dim, len(chosen))[:, :, None, None],
        "quant_conv.bias": torch.zeros(model.embed_dim),
    }


def _begin_codebook(module: VQModel, data: TrainingSet, poll: Poll) -> None:
    """Make latent cells of the first pictures the entries; drawn from torch's global stream, with repeats if few."""
    pictures = data.shown(PICTURES)
    rows, batch = range(len(pictures)), batch_for(pictures.sizes[0])
    latents = []
    for start in rows[::batch]:
        poll()
        latents.append(module.encode(from_uint8(pictures.images(rows[start : start + batch]))))
    cells = torch.cat(latents).movedim(1, -1).flatten(0, 2)
    entries = module.quantize.embedding.weight
    order = torch.randperm(len(cells)).repeat(1 + len(entries) // len(cells))
    entries.copy_(cells[order[: len(entries)]])
