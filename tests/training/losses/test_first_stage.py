"""The first stage's loss: what its options change."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from training.losses.first_stage import DiscriminatorConfig, FirstStageLoss

IMAGE = torch.zeros(2, 3, 16, 16)
STREAM = torch.Generator().manual_seed(0)
LAST_LAYER = torch.randn(3, 2, 1, 1, generator=STREAM)
HIDDEN = torch.randn(2, 2, 16, 16, generator=STREAM)


def decoded() -> tuple[Tensor, Tensor]:
    """A reconstruction and the last layer that made it."""
    last = LAST_LAYER.clone().requires_grad_()
    return torch.nn.functional.conv2d(HIDDEN, last), last


def small(**settings: Any) -> DiscriminatorConfig:
    return DiscriminatorConfig(**{"disc_start": 5, "disc_ndf": 4, "disc_num_layers": 1, **settings})


def test_the_sum_is_the_mean_times_the_values_of_an_image() -> None:
    reconstruction, _ = decoded()
    totals = [
        FirstStageLoss(reduction=reduction).generator(IMAGE, reconstruction, torch.zeros(()), 0).total
        for reduction in ("sum", "mean")
    ]
    torch.testing.assert_close(totals[0], totals[1] * 3 * 16 * 16)


def test_a_larger_variance_makes_errors_cheaper_and_costs_its_logarithm() -> None:
    reconstruction, _ = decoded()
    plain, wide = (
        FirstStageLoss(logvar_init=value).generator(IMAGE, reconstruction, torch.zeros(()), 0) for value in (0, 1)
    )
    wanted = plain.total / torch.e + 3 * 16 * 16
    torch.testing.assert_close(wide.total, wanted)


def test_weights_scale_the_values_of_the_loss_but_not_the_logged_likelihood() -> None:
    reconstruction, _ = decoded()
    loss, none = FirstStageLoss(), torch.zeros(())
    plain = loss.generator(IMAGE, reconstruction, none, 0)
    doubled = loss.generator(IMAGE, reconstruction, none, 0, weights=torch.full((2, 1, 1, 1), 2.0))
    torch.testing.assert_close(doubled.total, 2 * plain.total)
    torch.testing.assert_close(doubled.terms["nll_loss"], plain.terms["nll_loss"])


def test_the_discriminator_takes_part_from_its_start() -> None:
    reconstruction, last = decoded()
    loss = FirstStageLoss(small())
    before, after = (loss.generator(IMAGE, reconstruction, torch.zeros(()), step, last_layer=last) for step in (4, 5))
    torch.testing.assert_close(before.total, before.terms["nll_loss"])
    wanted = after.terms["nll_loss"] + after.terms["d_weight"] * after.terms["g_loss"]
    torch.testing.assert_close(after.total, wanted)
    own = [float(loss.discriminate(IMAGE, reconstruction, step)[0].detach()) for step in (4, 5)]
    assert own[0] == 0
    assert own[1] > 0


def test_both_losses_pull_equally_on_the_last_layer() -> None:
    reconstruction, last = decoded()
    loss, plain = FirstStageLoss(small(), reduction="mean"), FirstStageLoss(reduction="mean")
    total = loss.generator(IMAGE, reconstruction, torch.zeros(()), 9, last_layer=last).total
    pixels = plain.generator(IMAGE, reconstruction, torch.zeros(()), 9).total
    norms = [torch.autograd.grad(part, last, retain_graph=True)[0].norm() for part in (total - pixels, pixels)]
    torch.testing.assert_close(norms[0], norms[1], rtol=0.05, atol=0)


def test_validation_without_gradients_leaves_the_adversarial_term_out() -> None:
    reconstruction, last = decoded()
    with torch.no_grad():
        result = FirstStageLoss(small()).generator(IMAGE, reconstruction.detach(), torch.zeros(()), 9, last_layer=last)
    assert float(result.terms["d_weight"]) == 0


def test_a_conditional_discriminator_needs_its_condition_and_sees_it() -> None:
    reconstruction, last = decoded()
    loss = FirstStageLoss(small(disc_conditional=True, disc_in_channels=4))
    with pytest.raises(ValueError, match="a condition is needed"):
        loss.discriminate(IMAGE, reconstruction, 9)
    losses = [loss.discriminate(IMAGE, reconstruction, 9, torch.full((2, 1, 16, 16), value))[0] for value in (0.0, 3.0)]
    assert not torch.equal(losses[0], losses[1])
    with pytest.raises(ValueError, match="cannot be used"):
        FirstStageLoss(small()).generator(
            IMAGE, reconstruction, torch.zeros(()), 9, last_layer=last, condition=torch.zeros(2, 1, 16, 16)
        )


def test_weights_are_named_as_published_and_a_perceptual_network_is_not_among_them() -> None:
    network = torch.nn.Conv2d(3, 1, 1)
    loss = FirstStageLoss(small(), perceptual=lambda a, b: (network(a) - network(b)).mean((1, 2, 3), keepdim=True))
    names = set(loss.state_dict())
    assert {"logvar", "discriminator.main.0.weight"} <= names
    assert all(name == "logvar" or name.startswith("discriminator.main.") for name in names)


def test_an_unknown_kind_of_loss_is_refused() -> None:
    with pytest.raises(ValueError, match="hinge, vanilla; got 'wasserstein'"):
        small(disc_loss="wasserstein")
