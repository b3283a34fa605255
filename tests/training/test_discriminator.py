"""The patch discriminator: its shapes, its initial weights, and data-dependent normalization."""

from __future__ import annotations

import pytest
import torch

from training.discriminator import ActNorm, NLayerDiscriminator, init_weights


@pytest.mark.parametrize(("layers", "size", "patches"), [(1, 16, 6), (2, 32, 6), (3, 64, 6), (4, 128, 6), (3, 40, 3)])
def test_each_layer_halves_the_patches(layers: int, size: int, patches: int) -> None:
    model = NLayerDiscriminator(ndf=2, n_layers=layers).eval()
    assert model(torch.zeros(1, 3, size, size)).shape == (1, 1, patches, patches)


@pytest.mark.parametrize("layers", [1, 2, 3, 4])
def test_the_smallest_picture_gives_one_patch_and_a_smaller_one_none(layers: int) -> None:
    model, least = NLayerDiscriminator(ndf=2, n_layers=layers).eval(), NLayerDiscriminator.smallest_picture(layers)
    assert model(torch.zeros(1, 3, least, least)).shape == (1, 1, 1, 1)
    with pytest.raises(RuntimeError):
        model(torch.zeros(1, 3, least - 1, least - 1))


def test_three_layers_see_70_pixels() -> None:
    model = NLayerDiscriminator(ndf=2, n_layers=3).eval()
    image = torch.randn(1, 3, 256, 256, generator=torch.Generator().manual_seed(0)).requires_grad_()
    model(image)[0, 0, 15, 15].backward()
    assert image.grad is not None
    seen = image.grad.abs().sum(dim=1)[0].nonzero()
    assert (seen.max(dim=0).values - seen.min(dim=0).values + 1).tolist() == [70, 70]


def test_the_width_stops_growing_at_eight_times_the_first() -> None:
    model = NLayerDiscriminator(ndf=2, n_layers=5)
    widths = [layer.out_channels for layer in model.main if isinstance(layer, torch.nn.Conv2d)]
    assert widths == [2, 4, 8, 16, 16, 16, 1]


def test_actnorm_normalizes_its_first_batch_and_then_stays() -> None:
    norm = ActNorm(3)
    batch = 4 + 7 * torch.randn(8, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(norm.eval()(batch), batch)
    made = norm.train()(batch)
    torch.testing.assert_close(made.mean(dim=(0, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(made.std(dim=(0, 2, 3)), torch.ones(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(norm(2 * batch), norm.eval()(2 * batch))


def test_first_weights_are_small_and_normal() -> None:
    torch.manual_seed(0)
    model = NLayerDiscriminator(ndf=32).apply(init_weights)
    kernel, scale = model.main[5].weight.detach(), model.main[6].weight.detach()
    assert float(kernel.std()) == pytest.approx(0.02, rel=0.05)
    assert (float(scale.mean()), float(scale.std())) == pytest.approx((1.0, 0.02), abs=0.01)
    assert not model.main[6].bias.any()
