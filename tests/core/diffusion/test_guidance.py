"""Classifier-free guidance on a model whose answer is its condition."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from core.conditioning.conditioning import Conditioning
from core.diffusion.guidance import guided, rescaled
from core.errors import InputError

X, T = torch.zeros(2, 1, 2, 2), torch.tensor([7, 7])
POSITIVE, NULL = (Conditioning(vector=torch.full((2, 1), value)) for value in (3.0, 1.0))


class EchoModel:
    """Answers with its condition, and counts its calls."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def __call__(self, x_t: Tensor, t: Tensor, condition: Conditioning) -> Tensor:
        assert condition.vector is not None
        assert len(x_t) == len(t) == len(condition.vector)
        self.batches.append(len(x_t))
        return x_t + condition.vector[:, :, None, None]


@pytest.mark.parametrize(("scale", "answer"), [(0.0, 1.0), (0.5, 2.0), (1.0, 3.0), (7.5, 16.0)])
def test_guidance_extrapolates_from_the_null_condition(scale: float, answer: float) -> None:
    eps = guided(EchoModel(), POSITIVE, NULL, scale)(X, T)
    torch.testing.assert_close(eps, torch.full_like(X, answer))


@pytest.mark.parametrize(("null", "scale"), [(None, 7.5), (NULL, 1.0)])
def test_no_guidance_costs_no_second_evaluation(null: Conditioning | None, scale: float) -> None:
    model = EchoModel()
    torch.testing.assert_close(guided(model, POSITIVE, null, scale)(X, T), torch.full_like(X, 3.0))
    assert model.batches == [2]


def test_both_conditions_share_one_evaluation() -> None:
    model = EchoModel()
    guided(model, POSITIVE, NULL, 2.0)(X, T)
    assert model.batches == [4]


def test_conditions_of_different_kinds_are_refused() -> None:
    with pytest.raises(InputError, match="cannot be put into one batch") as caught:
        guided(EchoModel(), POSITIVE, Conditioning(tokens=torch.zeros(2, 3, 4)), 2.0)
    assert caught.value.port == "negative"


def test_rescaled_guidance_has_the_contrast_of_the_condition_alone() -> None:
    stream = torch.Generator().manual_seed(1)
    mixed, alone = (torch.randn(3, 2, 8, 8, generator=stream) * scale for scale in (5.0, 1.0))
    full, half = rescaled(mixed, alone, 1.0), rescaled(mixed, alone, 0.5)
    torch.testing.assert_close(full.std((1, 2, 3)), alone.std((1, 2, 3)))
    torch.testing.assert_close(half, (full + mixed) / 2)


def test_outside_its_interval_there_is_no_guidance_and_half_the_work() -> None:
    model = EchoModel()
    output = guided(model, POSITIVE, NULL, 7.5, interval=(100.0, 500.0))
    answers = [float(output(X, torch.tensor([t, t])).max()) for t in (99, 100, 500, 501)]
    assert answers == [3.0, 16.0, 16.0, 3.0]
    assert model.batches == [2, 4, 4, 2]
