"""The Gaussian posterior against closed forms and PyTorch's own distributions."""

from __future__ import annotations

import torch
from torch.distributions import Normal, kl_divergence

from core.models.distribution import DiagonalGaussian, normal_kl


def posterior(seed: int) -> DiagonalGaussian:
    return DiagonalGaussian(torch.randn(2, 6, 4, 5, generator=torch.Generator().manual_seed(seed)))


def test_the_standard_normal_is_no_distance_from_itself() -> None:
    torch.testing.assert_close(DiagonalGaussian(torch.zeros(2, 6, 4, 4)).kl(), torch.zeros(2))


def test_divergence_and_likelihood_agree_with_torch() -> None:
    one, other = posterior(1), posterior(2)
    normals = Normal(one.mean, one.std), Normal(other.mean, other.std)
    torch.testing.assert_close(one.kl(other), kl_divergence(*normals).sum((1, 2, 3)))
    torch.testing.assert_close(one.nll(other.mean), -normals[0].log_prob(other.mean).sum((1, 2, 3)))
    elementwise = normal_kl(one.mean, one.logvar, other.mean, other.logvar)
    torch.testing.assert_close(elementwise, kl_divergence(*normals))


def test_the_log_variance_is_clamped() -> None:
    clamped = DiagonalGaussian(torch.full((1, 2, 1, 1), 100.0)).logvar
    assert clamped.item() == 20
    assert DiagonalGaussian(torch.full((1, 2, 1, 1), -100.0)).logvar.item() == -30


def test_samples_have_the_mean_and_deviation() -> None:
    wide = DiagonalGaussian(
        torch.tensor([1.5, 2 * torch.tensor(0.7).log().item()]).reshape(1, 2, 1, 1).repeat(1, 1, 100, 100)
    )
    sample = wide.sample(torch.Generator().manual_seed(3))
    assert abs(sample.mean().item() - 1.5) < 0.03
    assert abs(sample.std().item() - 0.7) < 0.02


def test_a_deterministic_posterior_always_gives_its_mean() -> None:
    fixed = DiagonalGaussian(torch.randn(2, 4, 3, 3), deterministic=True)
    torch.testing.assert_close(fixed.sample(), fixed.mode())
    assert fixed.kl().item() == fixed.nll(fixed.mean).item() == 0
