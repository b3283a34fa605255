"""Nodes of the reverse process: a scheduler, noise, and the denoiser."""

from __future__ import annotations

from typing import Annotated

import torch

from core.conditioning.conditioning import Conditioning
from core.diffusion import sampling
from core.diffusion.image_guidance import ImageGuidance
from core.diffusion.kept_region import KeptRegion, kept_region
from core.diffusion.latent_diffusion import Autoencoder, Denoiser, Latent
from core.diffusion.sampling import Guidance, TimeGrid, windows_of
from core.graph.node_spec import RunContext, Setting, node
from core.imaging.image import to_uint8
from core.imaging.mask import Mask
from core.randomness import MAX_SEED
from core.samplers.catalogue import SAMPLERS
from core.samplers.step_record import StepRecord
from core.samplers.time_grid import SPACINGS

Seed = Annotated[
    int, Setting(min=0, max=MAX_SEED - 1000, widget="seed", shown=True, help="The same seed gives the same noise.")
]


@node(id="loom.sample.scheduler", title="Scheduler", category="Sample")
def scheduler(
    denoiser: Denoiser,
    *,
    steps: Annotated[
        int, Setting(min=1, max=1000, unit="steps", shown=True, help="More steps are finer and slower.")
    ] = 25,
    spacing: Annotated[
        str,
        Setting(
            choices=SPACINGS,
            help="How steps are spread: uniform takes as many as asked for; published and quad are the grids of "
            "published models, the first with a few more where their number does not divide 1000; trailing is for "
            "few steps; karras and exponential are denser near the picture.",
        ),
    ] = "uniform",
    strength: Annotated[
        float,
        Setting(
            min=0.01, max=1.0, step=0.05, shown=True, help="1 starts from noise alone; less keeps more of a picture."
        ),
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


@node(id="loom.latent.interpolate", title="Interpolate noise", category="Sample")
def interpolate_noise(
    first: Latent,
    second: Latent,
    *,
    share: Annotated[
        float, Setting(min=0.0, max=1.0, step=0.05, shown=True, help="0 = the first, 1 = the second.")
    ] = 0.5,
) -> Latent:
    """Go from one seed to another on the arc between their noise, which is noise everywhere.

    A sweep over the share shows one picture turn into another. For prompts, use Blend conditions.
    """
    return sampling.interpolate(first, second, share)


@node(id="loom.sample.invert", title="Invert", category="Sample")
def invert(
    denoiser: Denoiser,
    latent: Latent,
    time_grid: TimeGrid,
    condition: Conditioning,
    *,
    run: RunContext,
) -> Latent:
    """Find the noise that Denoise would make this picture from (DDIM inversion).

    Denoise it with the same time grid, no guidance and another prompt, and the picture changes but keeps its layout.
    More steps bring it closer to the original.
    """
    return sampling.invert(
        denoiser, latent, time_grid, Guidance(positive=condition), callback=lambda record: run.step(
            record.index + 1, record.total
        ),
    )  # fmt: skip


@node(id="loom.latent.keep", title="Keep region", category="Sample")
def keep_region(latent: Latent, mask: Mask) -> KeptRegion:
    """Keep what of an encoded picture is not painted, while Denoise makes the rest anew.

    For models that were not trained to inpaint: at each step the kept part is put back, noised as much as the rest.
    """
    return kept_region(latent, mask)


@node(id="loom.sample.denoise", title="Denoise", category="Sample", version=2)
def denoise(
    denoiser: Denoiser,
    latent: Latent,
    time_grid: TimeGrid,
    positive: Conditioning,
    negative: Conditioning | None = None,
    preview: Autoencoder | None = None,
    keep: KeptRegion | None = None,
    image_guidance: ImageGuidance | None = None,
    *,
    sampler: Annotated[
        str,
        Setting(
            choices=tuple(SAMPLERS),
            shown=True,
            help="; ".join(f"{name}: {sampler.help}" for name, sampler in SAMPLERS.items()),
        ),
    ] = "ddim",
    guidance: Annotated[
        float,
        Setting(min=1.0, max=30.0, step=0.5, shown=True, help="How strongly the prompt is followed; 1 = no guidance."),
    ] = 2.0,
    rescale: Annotated[
        float, Setting(min=0.0, max=1.0, step=0.1, help="Takes back the contrast that guidance adds; 0.7 is usual.")
    ] = 0.0,
    guide_from: Annotated[
        float, Setting(min=0.0, max=1.0, step=0.05, help="Guidance begins at this share of noise; 1 = at the start.")
    ] = 1.0,
    guide_to: Annotated[
        float, Setting(min=0.0, max=1.0, step=0.05, help="Guidance ends at this share of noise; 0 = never.")
    ] = 0.0,
    eta: Annotated[
        float,
        Setting(min=0.0, max=1.0, step=0.1, help="Fresh noise at each step of ddim: 0 none, 1 as much as DDPM."),
    ] = 0.0,
    window: Annotated[
        int,
        Setting(
            min=0, max=4096, step=8, unit="px", help="Looks at large pictures through windows of this size; 0 = whole."
        ),
    ] = 0,
    overlap: Annotated[
        float, Setting(min=0.0, max=0.9, step=0.05, help="Share of a window that it has in common with the next.")
    ] = 0.5,
    run: RunContext,
) -> Latent:
    """Turn noise into a latent picture, step by step, with the UNet.

    Guidance compares what the UNet sees with the positive and with the negative condition; without a negative one
    there is no guidance. Connect the autoencoder to preview to watch the picture form.

    The UNet takes pictures larger than it was trained for. Far beyond, objects repeat or memory runs out: set the
    window to the size that the model was trained for.
    """

    least, steps = SAMPLERS[sampler].least, round(len(time_grid.steps) / time_grid.strength)
    if steps < least:
        run.note(
            f'{sampler} takes {steps} steps here and needs about {least}: use more, or ddim with "trailing" steps.'
        )

    def report(record: StepRecord) -> None:
        picture = None if preview is None else to_uint8(preview.decode(record.pred_x0[:1]))[0]
        run.step(record.index + 1, record.total, picture)

    return sampling.denoise(
        denoiser, latent, time_grid,
        Guidance(
            positive=positive, negative=negative, scale=guidance, rescale=rescale, interval=(guide_to, guide_from)
        ),
        sampler=sampler, eta=eta, keep=keep, image_guidance=image_guidance,
        windows=windows_of(denoiser.space, window, overlap, run.cancel.check), callback=report,
    )  # fmt: skip
