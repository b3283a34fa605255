"""Sampling as people see it, with a small real network."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from core.conditioning.conditioning import Conditioning
from core.diffusion.latent_diffusion import PURE_NOISE, Denoiser, Latent, LatentSpace
from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Parameterization
from core.diffusion.sampling import Guidance, TimeGrid, add_noise, denoise, make_time_grid, pure_noise
from core.errors import Cancelled, InputError
from core.models.unet import UNetModel
from core.samplers.step_record import StepRecord

SPACE = LatentSpace("test", channels=2, factor=8)
SCHEDULE = NoiseSchedule()
PROMPT, NOTHING = (Conditioning(tokens=torch.full((1, 3, 8), value)) for value in (1.0, 0.0))


@pytest.fixture(scope="module")
def denoiser() -> Denoiser:
    """A small UNet with random weights."""
    module = UNetModel(4, 2, 32, 2, 1, [1], channel_mult=[1], num_heads=2, use_spatial_transformer=True, context_dim=8)
    stream = torch.Generator().manual_seed(3)
    for parameter in module.parameters():
        parameter.data.normal_(0, 0.05, generator=stream)
    return Denoiser(module.eval(), SPACE, SCHEDULE, Parameterization.V)


def blank(*seeds: int) -> Latent:
    return Latent(torch.zeros(len(seeds), 2, 4, 4), SPACE, seeds)


def grid(steps: int = 4, strength: float = 1.0) -> TimeGrid:
    return make_time_grid(SCHEDULE, steps, strength=strength)


@pytest.mark.parametrize(("strength", "steps"), [(1.0, 20), (0.75, 15), (0.5, 10), (0.01, 1)])
def test_strength_keeps_a_share_of_the_steps(strength: float, steps: int) -> None:
    assert len(grid(20, strength).steps) == steps


def test_noise_belongs_to_its_seed_and_not_to_the_batch() -> None:
    together, alone = pure_noise(blank(1, 2)), pure_noise(blank(2))
    assert together.level == PURE_NOISE
    torch.testing.assert_close(together.values[1:], alone.values, atol=0, rtol=0)
    assert not torch.equal(together.values[0], together.values[1])


def test_added_noise_reaches_the_start_of_the_grid() -> None:
    clean, half = replace(blank(5), values=torch.ones(1, 2, 4, 4)), grid(10, 0.5)
    noisy, t = add_noise(clean, half), int(half.steps[-1])
    assert noisy.level == t
    wanted = SCHEDULE.add_noise(clean.values, pure_noise(blank(5)).values, torch.tensor([t]))
    torch.testing.assert_close(noisy.values, wanted)


def test_noise_is_not_added_twice() -> None:
    with pytest.raises(InputError, match="noisy already") as caught:
        add_noise(pure_noise(blank(1)), grid())
    assert caught.value.port == "latent"


@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_a_picture_does_not_depend_on_its_batch(denoiser: Denoiser, eta: float) -> None:
    wish = Guidance(positive=PROMPT, negative=NOTHING, scale=3.0)
    together = denoise(denoiser, pure_noise(blank(8, 9)), grid(), wish, eta=eta)
    alone = denoise(denoiser, pure_noise(blank(9)), grid(), wish, eta=eta)
    assert together.level is None
    torch.testing.assert_close(together.values[1:], alone.values, atol=1e-4, rtol=1e-4)


def test_the_same_seed_gives_the_same_picture(denoiser: Denoiser) -> None:
    one, two = (denoise(denoiser, pure_noise(blank(4)), grid(), Guidance(positive=PROMPT), eta=1.0) for _ in range(2))
    assert torch.equal(one.values, two.values)


def test_the_prompt_changes_the_picture(denoiser: Denoiser) -> None:
    start = pure_noise(blank(4))
    one, other = (denoise(denoiser, start, grid(), Guidance(positive=wish)) for wish in (PROMPT, NOTHING))
    assert not torch.allclose(one.values, other.values)


def test_the_input_latent_is_left_alone(denoiser: Denoiser) -> None:
    start = pure_noise(blank(4))
    before = start.values.clone()
    denoise(denoiser, start, grid(), Guidance(positive=PROMPT), eta=1.0)
    assert torch.equal(start.values, before)


def test_cancelling_stops_within_one_step(denoiser: Denoiser) -> None:
    seen: list[int] = []

    def stop_at_second(record: StepRecord) -> None:
        seen.append(record.index)
        if record.index == 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        denoise(denoiser, pure_noise(blank(1)), grid(20), Guidance(positive=PROMPT), callback=stop_at_second)
    assert seen == [0, 1]


@pytest.mark.parametrize(
    ("latent", "used", "what", "port"),
    [
        (replace(pure_noise(blank(1)), space=replace(SPACE, name="other")), grid(), "belongs to other", "latent"),
        (blank(1), grid(), "holds no noise", "latent"),
        (pure_noise(blank(1)), grid(4, 0.5), "from pure noise", "time_grid"),
        (add_noise(blank(1), grid(4, 0.5)), grid(4, 0.75), "step 251, but the time grid starts at 501", "time_grid"),
    ],
)  # fmt: skip
def test_latents_that_do_not_fit_are_refused(
    denoiser: Denoiser, latent: Latent, used: TimeGrid, what: str, port: str
) -> None:
    with pytest.raises(InputError) as caught:
        denoise(denoiser, latent, used, Guidance(positive=PROMPT))
    assert what in caught.value.what
    assert caught.value.why
    assert caught.value.fix
    assert caught.value.port == port
