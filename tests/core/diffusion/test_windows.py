"""Large canvases through overlapping windows."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import Tensor

from core.conditioning.conditioning import Conditioning
from core.diffusion.windows import Windows, windowed

T = torch.tensor([5])
NOTHING = Conditioning()


def x_t(h: int, w: int) -> Tensor:
    return torch.randn(1, 2, h, w, generator=torch.Generator().manual_seed(h * w))


def norm_over_place(x: Tensor, t: Tensor, condition: Conditioning) -> Tensor:
    """A network whose every value depends on all that it sees."""
    return x - x.mean((2, 3), keepdim=True) + condition.concat if condition.concat is not None else x / x.std()


@pytest.mark.parametrize(("h", "w"), [(8, 8), (5, 8), (1, 1)])
def test_one_window_changes_nothing(h: int, w: int) -> None:
    x = x_t(h, w)
    assert torch.equal(windowed(norm_over_place, Windows(8))(x, T, NOTHING), norm_over_place(x, T, NOTHING))


@pytest.mark.parametrize("overlap", [0.0, 0.25, 0.5, 0.9])
@pytest.mark.parametrize("length", [8, 9, 15, 16, 17, 100])
def test_windows_cover_a_side_and_overlap_as_asked(length: int, overlap: float) -> None:
    starts = Windows(8, overlap).starts(length)
    assert starts[0] == 0
    assert starts[-1] + 8 == length
    for one, next_one in pairwise(starts):
        assert 0 < next_one - one <= max(1, int(8 * (1 - overlap)))


@pytest.mark.parametrize(("h", "w"), [(8, 20), (20, 8), (19, 23)])
def test_a_network_that_looks_at_each_place_alone_sees_no_seams(h: int, w: int) -> None:
    x = x_t(h, w)
    torch.testing.assert_close(windowed(lambda x, t, c: x.tanh() * 3, Windows(8, 0.4))(x, T, NOTHING), x.tanh() * 3)


def test_the_network_never_sees_more_than_a_window() -> None:
    seen: list[tuple[int, ...]] = []

    def network(x: Tensor, t: Tensor, condition: Conditioning) -> Tensor:
        seen.append(tuple(x.shape))
        return x

    windowed(network, Windows(8))(x_t(64, 40), T, NOTHING)
    assert set(seen) == {(1, 2, 8, 8)}
    assert len(seen) == 15 * 9


def test_a_window_sees_its_part_of_a_conditions_map() -> None:
    x, place = x_t(12, 20), torch.arange(240.0).reshape(1, 1, 12, 20)
    seen = windowed(lambda x, t, c: x * 0 + c.concat, Windows(8))(x, T, Conditioning(concat=place))
    torch.testing.assert_close(seen, place.expand(1, 2, 12, 20))


def test_where_windows_meet_there_is_no_step() -> None:
    counter = iter(range(100))
    blended = windowed(lambda x, t, c: x * 0 + next(counter), Windows(16, 0.5))(x_t(16, 64), T, NOTHING)
    assert float(blended.diff(dim=3).abs().max()) < 0.25  # a seam would be 1


def test_each_window_can_be_stopped() -> None:
    def stop() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        windowed(norm_over_place, Windows(8, on_window=stop))(x_t(16, 16), T, NOTHING)


@pytest.mark.parametrize(("size", "overlap", "what"), [(0, 0.5, "size"), (8, 1.0, "overlap"), (8, -0.1, "overlap")])
def test_windows_that_make_no_sense_are_refused(size: int, overlap: float, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        Windows(size, overlap)
