"""What a picture larger than a denoiser was trained for costs: an estimate from sizes alone, without the weights.

A step's time is taken as o + n + n² / e, in units of what the UNet's convolutions and projections take for one of n
latent cells. The square is self-attention: it takes 4 n c operations a cell and the rest about 76 c² for each of the
levels, of which there are two to four, and more in the decoder's half (c channels of the first level), so that both are
even at about e = 60 c. What a step takes however small the picture is counts as o cells, fewer for wider networks.
Measured on one core with the shipped model (c = 64): 29 times the time at 512 x 512 pixels as at 64 x 64, as estimated.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LARGE = 4.0
"""So many times the trained number of pixels is worth a warning."""
_AT_ONCE, _TILE = 1024**2, 512**2
"""Larger pictures than the first (pixels) are decoded in tiles of the second (`core.models.tiling`)."""
_EVEN, _OVERHEAD = 60.0, 970.0
_UNET_BYTES, _DECODER_BYTES = 48 * 4, 12 * 4
"""float32 in about so many copies for each channel at full size, measured as peaks of memory at 512 x 512 pixels."""


@dataclass(frozen=True, kw_only=True)
class ModelSize:
    """What the cost depends on.

    Attributes:
        side: Pixels of a side of the pictures that it was trained on.
        factor: f, pixels to a latent cell.
        channels: c, of the UNet's first level.
        pixel_channels: Channels of the autoencoder's last level for each pixel.
    """

    side: int
    factor: int
    channels: int
    pixel_channels: float


STABLE_DIFFUSION = ModelSize(side=512, factor=8, channels=320, pixel_channels=128)
"""What a checkpoint file mostly holds; its header is not read here."""


def model_size(folder: Path) -> ModelSize | None:
    """Return the sizes of a model folder, or None where its description does not tell them."""
    try:
        described: Any = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        unet, stage = described["denoiser"]["arguments"], described["autoencoder"]
        factor, config = int(stage["space"]["factor"]), stage["arguments"].get("ddconfig", {})
        decoder = {**config, **stage["arguments"].get("decoder_config", {})}
        return ModelSize(
            side=int(unet["image_size"]) * factor,
            factor=factor,
            channels=int(unet["model_channels"]),
            pixel_channels=float(decoder.get("ch", 128)) / int(config.get("patch_size", 1)) ** 2,
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


@dataclass(frozen=True)
class Cost:
    """What one step costs.

    Attributes:
        pixels: How many times the pixels that the model was trained on.
        work: How many times the operations of a step at the trained size.
        memory: Bytes for what is computed at once, the weights left out.
    """

    pixels: float
    work: float
    memory: float


def cost_of(model: ModelSize, width: int, height: int, count: int = 1, window: int = 0) -> Cost:
    """Estimate a step for `count` pictures of `width` by `height` pixels.

    Args:
        model: What was trained.
        width: Pixels.
        height: Pixels.
        count: How many pictures at once.
        window: Side in pixels of what the UNet sees at once; 0 = everything.
    """

    def work_of(cells: float) -> float:
        return (_OVERHEAD / model.channels) ** 2 + cells + cells**2 / (_EVEN * model.channels)

    trained = (model.side / model.factor) ** 2
    cells = width * height / model.factor**2
    seen = min(cells, (window / model.factor) ** 2) if window else cells
    work = count * cells / seen * work_of(seen) / work_of(trained)
    unet = count * seen * model.channels * _UNET_BYTES
    decoded = width * height if width * height <= _AT_ONCE else _TILE
    decoder = count * decoded * model.pixel_channels * _DECODER_BYTES
    return Cost(cells / trained, work, max(unet, decoder))
