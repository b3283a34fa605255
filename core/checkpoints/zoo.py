"""The published latent diffusion models, by what the shapes of their weights tell.

From the public configurations (Rombach et al., arXiv 2112.10752, tables 12 to 15, and the releases since). Shapes tell
nearly all of a network; how many attention heads share a width they do not tell, so that is kept here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Latents that several families share.
STABLE_DIFFUSION, SDXL = "Stable Diffusion", "Stable Diffusion XL"
STABLE_DIFFUSION_2 = "Stable Diffusion 2"


@dataclass(frozen=True, kw_only=True)
class Family:
    """A published denoiser.

    Attributes:
        name: For people.
        channels, mult: Width of the finest level, and of each level as a multiple.
        context: Width of the context's tokens, None without cross-attention.
        inputs: Channels of the input; several where variants differ in it alone.
        heads: The constructor arguments that say how attention is split.
        resolution: Of the pictures it was trained on, in pixels.
        betas: First and last beta of its schedule.
        space: The latents it shares with other models; empty = its own.
        scale: Factor that gives its latents unit variance.
    """

    name: str
    channels: int
    mult: tuple[int, ...]
    context: int | None
    inputs: tuple[int, ...]
    heads: Mapping[str, Any]
    resolution: int = 256
    betas: tuple[float, float] = (0.0015, 0.0195)
    space: str = ""
    scale: float = 1.0


_SD: dict[str, Any] = {"betas": (0.00085, 0.012), "space": STABLE_DIFFUSION, "scale": 0.18215}
_BY_32 = {"num_head_channels": 32}
FAMILIES = (
    Family(
        name="Stable Diffusion 1", channels=320, mult=(1, 2, 4, 4), context=768, inputs=(4, 5, 8, 9),
        heads={"num_heads": 8, "legacy": False}, resolution=512, **_SD,
    ),
    Family(
        name=STABLE_DIFFUSION_2, channels=320, mult=(1, 2, 4, 4), context=1024, inputs=(4, 5, 9),
        heads={"num_head_channels": 64, "legacy": False}, resolution=512, **_SD,
    ),
    Family(
        name="Stable Diffusion x4 upscaler", channels=256, mult=(1, 2, 2, 4), context=1024, inputs=(7,),
        heads={"num_heads": 8, "legacy": False}, resolution=512, betas=(0.0001, 0.02), scale=0.08333,
    ),
    Family(
        name="Stable Diffusion XL base", channels=320, mult=(1, 2, 4), context=2048, inputs=(4, 8, 9),
        heads={"num_head_channels": 64, "legacy": False}, resolution=1024, betas=(0.00085, 0.012), space=SDXL,
        scale=0.13025,
    ),
    Family(
        name="Stable Diffusion XL refiner", channels=384, mult=(1, 2, 4, 4), context=1280, inputs=(4,),
        heads={"num_head_channels": 64, "legacy": False}, resolution=1024, betas=(0.00085, 0.012), space=SDXL,
        scale=0.13025,
    ),
    Family(
        name="LDM text-to-image 1.4B", channels=320, mult=(1, 2, 4, 4), context=1280, inputs=(4,),
        heads={"num_heads": 8, "legacy": False}, betas=(0.00085, 0.012), scale=0.18215,
    ),
    Family(
        name="LDM faces or bedrooms (CelebA-HQ, FFHQ, LSUN)", channels=224, mult=(1, 2, 3, 4), context=None,
        inputs=(3,), heads=_BY_32,
    ),
    Family(
        name="LDM churches (LSUN)", channels=192, mult=(1, 2, 2, 4, 4), context=None, inputs=(4,),
        heads={"num_heads": 8}, betas=(0.0015, 0.0155),
    ),
    Family(
        name="LDM ImageNet by class (vq-f8)", channels=256, mult=(1, 2, 4), context=512, inputs=(4,), heads=_BY_32,
    ),
    Family(
        name="LDM ImageNet by class (vq-f4)", channels=192, mult=(1, 2, 3, 5), context=512, inputs=(3,),
        heads={"num_heads": 1},
    ),
    Family(
        name="LDM text-to-image 256", channels=192, mult=(1, 2, 3, 5), context=640, inputs=(3,), heads=_BY_32,
    ),
    Family(
        name="LDM layout-to-image", channels=128, mult=(1, 2, 3, 4), context=512, inputs=(3,), heads=_BY_32,
        betas=(0.0015, 0.0205),
    ),
    Family(
        name="LDM inpainting", channels=256, mult=(1, 2, 3, 4), context=None, inputs=(7,), heads={"num_heads": 8},
        betas=(0.0015, 0.0205), resolution=512,
    ),
    Family(
        name="LDM super-resolution x4", channels=160, mult=(1, 2, 2, 4), context=None, inputs=(6,), heads=_BY_32,
        betas=(0.0015, 0.0155),
    ),
    Family(
        name="LDM semantic synthesis", channels=128, mult=(1, 4, 8), context=None, inputs=(6,),
        heads={"num_heads": 8}, betas=(0.0015, 0.0205),
    ),
)  # fmt: skip


def family_of(unet: Mapping[str, Any]) -> Family | None:
    """Return the published model that has these `UNetModel` arguments (heads need not be known), or None."""
    shape = (unet["model_channels"], tuple(unet["channel_mult"]), unet.get("context_dim"))
    for family in FAMILIES:
        if shape == (family.channels, family.mult, family.context) and unet["in_channels"] in family.inputs:
            return family
    return None
