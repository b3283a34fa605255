"""Nodes of the reverse process: a scheduler, noise, and the denoiser."""

from __future__ import annotations

from typing import Annotated

import torch

from core.conditioning.conditioning import Conditioning
from core.diffusion import sampling
from core.diffusion.latent_diffusion import Autoencoder, Denoiser, Latent
from core.diffusion.sampling import Guidance, TimeGrid
from core.graph.node_spec import RunContext, Setting, node
from core.imaging.image import to_uint8
from core.randomness import MAX_SEED
from core.samplers.step_record import StepRecord

Seed = Annotated[
    int, Setting(min=0, max=MAX_SEED - 1000, widget="seed", shown=True, help="The same seed gives the same noise.")
]


@node(id="loom.sample.scheduler", title="Scheduler", category="Sample")
def scheduler(
    denoiser: Denoiser,
    *,
    steps: Annotated[
        int, Setting(min=2, max=1000, unit="steps", shown=True, help="More steps are finer and slower.")
    ] = 25,
    spacing: Annotated[
        str, Setting(choices=("uniform", "quad"), help="How steps are spread: evenly, or denser near the picture.")
    ] = "uniform",
    strength: Annotated[
        float, Setting(min=0.01, max=1.0, step=0.05, help="1 starts from noise alone; less keeps more of a picture.")
    ] = 1.0,
) -> TimeGrid:
    """Choose which steps of the noise schedule the sampler visits.

    With a strength below 1, only the last part of the way is taken: add noise to an encoded picture with the same
    time grid, and denoising changes it rather than making it anew.
    """
    return sampling.make_time_grid(denoiser.schedule, steps, spacing, strength)


@node(id="loom.latent.noise", title="Noise", category="Sample")
def noise(
    autoencoder: Autoencoder,
    *,
    width: Annotated[int, Setting(min=8, max=4096, step=8, unit="px", widget="size", shown=True)] = 64,
    height: Annotated[int, Setting(min=8, max=4096, step=8, unit="px", widget="size", shown=True)] = 64,
    count: Annotated[int, Setting(min=1, max=64, help="How many pictures at once.")] = 1,
    seed: Seed = 0,
) -> Latent:
    """Draw the pure noise that a new picture starts from.

    Each of several pictures has its own seed, counted up from the one given, so any of them can be made alone.
    Width and height are the picture's; they must be multiples of the autoencoder's factor.
    """
    h, w = autoencoder.space.size(width, height)
    empty = torch.zeros(count, autoencoder.space.channels, h, w)
    return sampling.pure_noise(Latent(empty, autoencoder.space, tuple(range(seed, seed + count))))


@node(id="loom.latent.add_noise", title="Add noise", category="Sample")
def add_noise(latent: Latent, time_grid: TimeGrid) -> Latent:
    """Noise an encoded picture up to where the time grid starts.

    The forward process in one step, equation 4 of arXiv 2006.11239. How much of the picture is left is the
    scheduler's strength.
    """
    return sampling.add_noise(latent, time_grid)


@node(id="loom.sample.denoise", title="Denoise", category="Sample")
def denoise(
    denoiser: Denoiser,
    latent: Latent,
    time_grid: TimeGrid,
    positive: Conditioning,
    negative: Conditioning | None = None,
    preview: Autoencoder | None = None,
    *,
    guidance: Annotated[
        float,
        Setting(min=1.0, max=30.0, step=0.5, shown=True, help="How strongly the prompt is followed; 1 = no guidance."),
    ] = 2.0,
    eta: Annotated[
        float, Setting(min=0.0, max=1.0, step=0.1, help="Fresh noise at each step: 0 none (DDIM), 1 as much as DDPM.")
    ] = 0.0,
    run: RunContext,
) -> Latent:
    """Turn noise into a latent picture, step by step, with the UNet (DDIM sampling).

    Guidance compares what the UNet sees with the positive and with the negative condition; without a negative one
    there is no guidance. Connect the autoencoder to preview to watch the picture form.
    """

    def report(record: StepRecord) -> None:
        picture = None if preview is None else to_uint8(preview.decode(record.pred_x0[:1]))[0]
        run.step(record.index + 1, record.total, picture)

    wanted = Guidance(positive=positive, negative=negative, scale=guidance)
    return sampling.denoise(denoiser, latent, time_grid, wanted, eta=eta, callback=report)
