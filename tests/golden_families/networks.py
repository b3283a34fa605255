"""Networks: the UNet, the Gaussian of an autoencoder, and the text transformer."""

from __future__ import annotations

import torch
from torch import Tensor

from core.models.distribution import DiagonalGaussian, normal_kl
from core.models.text_transformer import BERTEmbedder
from core.models.unet import UNetModel
from tests.golden_families.fixture import Fixture


@torch.no_grad()
def unet(fixture: Fixture) -> dict[str, Tensor]:
    model = UNetModel(**fixture.about["kwargs"]).eval()
    model.load_state_dict(fixture.weights)
    given = fixture.inputs
    x, t, context, y = given["x"], given["t"], given.get("context"), given.get("y")
    calls = {
        "y": lambda: model(x, t, context, y),
        "y_tconst": lambda: model(x, torch.zeros_like(t), context, y),
        "y_tfrac": lambda: model(x, t + 0.37, context, y),
        "y_zero_context": lambda: model(x, t, torch.zeros_like(given["context"]), y),
    }
    return {name: calls[name]() for name in fixture.outputs}


def diagonal_gaussian(fixture: Fixture) -> dict[str, Tensor]:
    one, other = (DiagonalGaussian(fixture.inputs[name]) for name in ("params", "params_other"))
    return {
        "mean": one.mean,
        "logvar": one.logvar,
        "std": one.std,
        "var": one.var,
        "kl": one.kl(),
        "kl_other": one.kl(other),
        "nll": one.nll(other.mean),
        "mode": one.mode(),
        "det_std": DiagonalGaussian(fixture.inputs["params"], deterministic=True).std,
        "normal_kl": normal_kl(one.mean, one.logvar, other.mean, other.logvar),
    }


@torch.no_grad()
def text_transformer(fixture: Fixture) -> dict[str, Tensor]:
    elsewhere = ("use_tokenizer", "device")  # decided outside the network
    kwargs = {name: value for name, value in fixture.about["kwargs"].items() if name not in elsewhere}
    model = BERTEmbedder(**kwargs).eval()
    model.load_state_dict(fixture.weights)
    z, found = model(fixture.inputs["tokens"]), {}
    if "tokens_short" in fixture.inputs:
        found["z_short"] = model(fixture.inputs["tokens_short"])
    return found | {"z": z, "logits": model.transformer.to_logits(z)}
