"""Losses of the first stage with their gradients, the discriminator, the perceptual head, and learning rates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the customary name

from core.models.distribution import DiagonalGaussian
from tests.golden_families.fixture import Fixture
from training.discriminator import NLayerDiscriminator
from training.losses.adversarial import DISCRIMINATOR_LOSSES, generator_loss
from training.losses.codebook_usage import codebook_usage
from training.losses.first_stage import DiscriminatorConfig, FirstStageLoss
from training.losses.reconstruction import PixelWeights
from training.lr_schedules import WarmUpCosine, WarmUpCycles
from training.perceptual.lpips import LPIPS

PIXELS = {"l1": PixelWeights(), "l2": PixelWeights(l1=0, l2=1)}


def first_stage_kl(fixture: Fixture) -> dict[str, Tensor]:
    kwargs = fixture.about["kwargs"]
    posterior = DiagonalGaussian(fixture.inputs["moments"])
    loss = _loss(
        fixture, reduction="sum", regularizer_weight=kwargs.get("kl_weight", 1.0),
        logvar_init=kwargs.get("logvar_init", 0.0),
    )  # fmt: skip
    loss.load_state_dict(fixture.weights)
    found = _first_stage(fixture, loss, posterior.kl())
    found["log.kl_loss"], found["log.logvar"] = found["log.regularizer"], loss.logvar.detach()
    if kwargs.get("disc_factor", 1.0) == 0:  # The KL model's code then logs no weight; the VQ model's does.
        found["log.d_weight"] = torch.zeros(())
    return {name: found[name] for name in fixture.outputs}


def first_stage_vq(fixture: Fixture) -> dict[str, Tensor]:
    kwargs = fixture.about["kwargs"]
    loss = _loss(
        fixture, reduction="mean", regularizer_weight=kwargs.get("codebook_weight", 1.0),
        pixels=PIXELS[kwargs.get("pixel_loss", "l1")],
    )  # fmt: skip
    loss.load_state_dict({"logvar": torch.zeros(()), **fixture.weights})
    found = _first_stage(fixture, loss, fixture.inputs["codebook_loss"])
    found["log.quant_loss"] = found["log.regularizer"]
    found.setdefault("log.p_loss", torch.zeros(()))
    if (indices := fixture.inputs.get("predicted_indices")) is not None:
        usage = codebook_usage(indices, kwargs["n_classes"])
        found["log.perplexity"], found["log.cluster_usage"] = usage.perplexity, usage.clusters
    return {name: found[name] for name in fixture.outputs}


def _loss(fixture: Fixture, **own: Any) -> FirstStageLoss:
    kwargs: Mapping[str, Any] = {"disc_ndf": fixture.about["disc_ndf"], **fixture.about["kwargs"]}
    known = {field.name for field in fields(DiscriminatorConfig)}
    config = DiscriminatorConfig(**{name: value for name, value in kwargs.items() if name in known})
    return FirstStageLoss(
        config, perceptual=_stand_in, perceptual_weight=kwargs.get("perceptual_weight", 1.0), **own
    ).train()  # fmt: skip


def _stand_in(a: Tensor, b: Tensor) -> Tensor:
    """The fixtures' perceptual distance."""
    return 2 * (a - b).square().mean(dim=(1, 2, 3), keepdim=True)


def _first_stage(fixture: Fixture, loss: FirstStageLoss, regularizer: Tensor) -> dict[str, Tensor]:
    given, step = fixture.inputs, fixture.about["global_step"]
    last = given["last_weight"].clone().requires_grad_()
    reconstruction = F.conv2d(given["h_last"], last, given["last_bias"], padding=1)
    image, condition, weights = given["x"], given.get("cond"), given.get("weights")
    result = loss.generator(
        image, reconstruction, regularizer, step, last_layer=last, condition=condition, weights=weights
    )  # fmt: skip
    found = {f"log.{name}": term for name, term in result.terms.items()}
    found["g_loss_total"] = found["log.total_loss"] = result.total.detach()
    found["grad_last_weight"] = torch.autograd.grad(result.total, last)[0]
    d_loss, terms = loss.discriminate(image, reconstruction, step, condition)
    first = loss.get_parameter("discriminator.main.0.weight")
    found |= {f"dlog.{name}": term for name, term in terms.items()}
    found["d_loss_total"] = d_loss.detach()
    found["grad_disc_main0_weight"] = torch.autograd.grad(d_loss, first)[0]
    return found


@torch.no_grad()
def discriminator(fixture: Fixture) -> dict[str, Tensor]:
    model = NLayerDiscriminator(**fixture.about["kwargs"])
    model.load_state_dict(fixture.weights)
    found = {
        "logits_eval": model.eval()(fixture.inputs["x"]),
        "logits_train": model.train()(fixture.inputs["x"]),
    }
    found |= {f"bn.{name}": value for name, value in model.named_buffers()}
    found |= {f"an.{name}": value for name, value in model.named_parameters()}
    return {name: found[name] for name in fixture.outputs}


def gan(fixture: Fixture) -> dict[str, Tensor]:
    real, fake = fixture.inputs["logits_real"], fixture.inputs["logits_fake"]
    made = {kind: loss(real, fake) for kind, loss in DISCRIMINATOR_LOSSES.items()}
    return {**made, "g": generator_loss(fake)}


@torch.no_grad()
def lpips_head(fixture: Fixture) -> dict[str, Tensor]:
    model = LPIPS()
    missing = model.load_state_dict(fixture.weights, strict=False)
    assert not missing.unexpected_keys
    assert all(name.startswith("net.") for name in missing.missing_keys)
    a, b = ([fixture.inputs[f"f{which}{index}"] for index in range(5)] for which in "ab")
    shape = fixture.outputs["scaled"].shape
    picture = torch.linspace(-1, 1, shape.numel()).reshape(shape)
    return {"lpips": model.compare(a, b), "scaled": model.scaling_layer(picture)}


MULTIPLIERS: dict[str, Callable[..., Callable[[int], float]]] = {
    "LambdaWarmUpCosineScheduler": WarmUpCosine,
    "LambdaWarmUpCosineScheduler2": WarmUpCycles,
    "LambdaLinearScheduler": lambda **kwargs: WarmUpCycles(fall="linear", **kwargs),
}


def lr_schedules(fixture: Fixture) -> dict[str, Tensor]:
    found = {}
    for name, about in fixture.about["schedules"].items():
        kwargs = {key: value for key, value in about["kwargs"].items() if key != "verbosity_interval"}
        multiplier = MULTIPLIERS[about["target"].rsplit(".", 1)[-1]](**kwargs)
        steps = fixture.outputs[f"{name}_steps"]
        found[f"{name}_steps"] = steps
        found[name] = torch.tensor([multiplier(int(step)) for step in steps], dtype=torch.float64)
    return found
