"""First stages: the KL and VQ autoencoders, and the vector quantizer with its gradients."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from core.models.autoencoder_kl import AutoencoderKL
from core.models.vector_quantizer import VectorQuantizer
from core.models.vq_model import VQModel
from tests.golden_families.fixture import Fixture

# Arguments of the reference's autoencoders that say how to train or load them, not what they compute.
NOT_OF_THE_NETWORK = {
    "lossconfig", "ckpt_path", "ignore_keys", "image_key", "monitor", "batch_resize_range", "scheduler_config",
    "lr_g_factor", "use_ema", "ema_decay", "learn_logvar",
}  # fmt: skip


def _arguments(kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments under this project's names."""
    found = {name: value for name, value in kwargs.items() if name not in NOT_OF_THE_NETWORK}
    if "remap_used" in found:
        found["remap"] = found.pop("remap_used")
    return found


@torch.no_grad()
def autoencoder_kl(fixture: Fixture) -> dict[str, Tensor]:
    model = AutoencoderKL(**_arguments(fixture.about["kwargs"])).eval()
    model.load_state_dict(fixture.weights)
    posterior = model.encode(fixture.inputs["x"])
    z = posterior.mean + posterior.std * fixture.inputs["noise"]
    return {
        "moments": model.features(fixture.inputs["x"]),
        "mean": posterior.mean,
        "logvar": posterior.logvar,
        "std": posterior.std,
        "z": z,
        "dec_z": model.decode(z),
        "dec_mode": model.decode(posterior.mode()),
        "kl": posterior.kl(),
        "nll": posterior.nll(z),
    }


@torch.no_grad()
def autoencoder_vq(fixture: Fixture) -> dict[str, Tensor]:
    model = VQModel(**_arguments(fixture.about["kwargs"])).eval()
    model.load_state_dict(fixture.weights)
    h = model.encode(fixture.inputs["x"])
    quantized = model.quantize(h)
    b, c, height, width = h.shape
    return {
        "h": h,
        "quant": quantized.values,
        "emb_loss": quantized.loss,
        "indices": quantized.indices,
        "dec": model.decode(h),
        "dec_noquant": model.decode(h, force_not_quantize=True),
        "codebook_entry": model.quantize.get_codebook_entry(quantized.indices, (b, height, width, c)),
    }


def vector_quantizer(fixture: Fixture) -> dict[str, Tensor]:
    quantizer = VectorQuantizer(**_arguments(fixture.about["kwargs"]))
    quantizer.load_state_dict(fixture.weights)
    z = fixture.inputs["z"].clone().requires_grad_()
    quantized = quantizer(z)
    (quantized.loss + (quantized.values * fixture.inputs["up"]).sum()).backward()
    b, c, height, width = z.shape
    assert z.grad is not None
    return {
        "z_q": quantized.values.detach(),
        "loss": quantized.loss.detach(),
        "indices": quantized.indices,
        "grad_z": z.grad,
        "grad_embedding": quantizer.embedding.weight.grad,
        "codebook_entry": quantizer.get_codebook_entry(quantized.indices, (b, height, width, c)).detach(),
    }
