from __future__ import annotations

import pytest
import torch
from torch import Tensor

from training.evaluation.frechet import Gaussian, frechet_distance, gaussian_of, symmetric_root


def drawn(n: int, d: int, seed: int = 0) -> Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_gaussians_of_diagonal_covariance_have_their_closed_form() -> None:
    mean_a, mean_b = torch.tensor([0.0, 1.0, 2.0]), torch.tensor([1.0, -1.0, 2.0])
    deviation_a, deviation_b = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 2.0, 0.5])
    a = Gaussian(mean_a.double(), deviation_a.double().square().diag())
    b = Gaussian(mean_b.double(), deviation_b.double().square().diag())
    expected = (mean_a - mean_b).square().sum() + (deviation_a - deviation_b).square().sum()
    assert frechet_distance(a, b) == pytest.approx(float(expected), rel=1e-12)


def test_a_gaussian_is_at_distance_0_from_itself_and_rotation_of_both_changes_nothing() -> None:
    x, y = drawn(50, 6), 1.5 * drawn(60, 6, 1) + 0.3
    turn = torch.linalg.qr(drawn(6, 6, 2)).Q
    assert frechet_distance(gaussian_of(x), gaussian_of(x)) == pytest.approx(0, abs=1e-9)
    turned = frechet_distance(gaussian_of(x @ turn), gaussian_of(y @ turn))
    assert turned == pytest.approx(frechet_distance(gaussian_of(x), gaussian_of(y)), rel=1e-9)


def test_the_distance_is_symmetric_and_that_of_a_shift_is_its_square() -> None:
    x, shift = drawn(40, 5), torch.tensor([3.0, 0.0, 0.0, 4.0, 0.0], dtype=torch.float64)
    assert frechet_distance(gaussian_of(x), gaussian_of(x + shift)) == pytest.approx(25, rel=1e-9)
    a, b = gaussian_of(x), gaussian_of(drawn(40, 5, 3) * 2)
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), rel=1e-9)


def test_fewer_samples_than_features_give_a_finite_distance() -> None:
    a, b = gaussian_of(drawn(5, 30)), gaussian_of(drawn(5, 30, 1))
    assert 0 < frechet_distance(a, b) < 200
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-6)


def test_the_root_of_a_matrix_squares_to_it() -> None:
    matrix = gaussian_of(drawn(20, 4)).covariance
    assert torch.allclose(symmetric_root(matrix) @ symmetric_root(matrix), matrix)


def test_one_sample_has_no_covariance() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        gaussian_of(torch.zeros(1, 3))
