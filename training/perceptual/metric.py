"""The perceptual distances to choose from, each under the name of its network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from core.errors import InputError
from training.perceptual.efficientnet_lite import EfficientNetDistance
from training.perceptual.lpips import LPIPS
from training.perceptual.weights import load_perceptual_weights

SHIPPED = Path(__file__).parents[2] / "resources" / "perceptual"
METRICS: dict[str, Callable[[], nn.Module] | None] = {
    "none": None,
    "efficientnet-lite0": EfficientNetDistance,
    "lpips-vgg16": LPIPS,
}


@dataclass(frozen=True)
class PerceptualMetric:
    """A distance of pictures [b, 3, h, w] in [-1, 1]: [b, 1, 1, 1], 0 = alike; differentiable, its weights frozen.

    Attributes:
        name: What the distance is called in logs; figures of different networks cannot be compared.
    """

    name: str
    distance: Callable[[Tensor, Tensor], Tensor]


def make_metric(kind: str, folder: str = "", device: torch.device | None = None) -> PerceptualMetric | None:
    """Load a distance of `METRICS` to a device, the CPU if none is given; None for "none".

    The weights of efficientnet-lite0 are shipped. Those of lpips-vgg16 are files of the user's own: `folder` holds
    torchvision's VGG16 and the linear heads of LPIPS 0.1, or one file with both.

    Raises:
        InputError: The kind is unknown, or needs a folder of weights.
        ModelFileError: The weights cannot be read or do not fit.
    """
    if kind not in METRICS:
        raise InputError(
            f"There is no perceptual distance called {kind!r}.",
            why=f"There are {', '.join(METRICS)}.", fix="Choose one of these.",
        )  # fmt: skip
    make = METRICS[kind]
    if make is None:
        return None
    place = Path(folder) if folder else SHIPPED / kind
    if not place.is_dir():
        raise InputError(
            f"The weights of {kind} are not at hand.", why=f"There is no folder {place}.",
            fix="Set perceptual_folder to the folder of its weight files, or perceptual to efficientnet-lite0 or none.",
        )  # fmt: skip
    module = make()
    load_perceptual_weights(module, place)
    module.requires_grad_(False).eval().to(device)
    return PerceptualMetric(kind.replace("-", "_"), lambda a, b: module(a, b))
