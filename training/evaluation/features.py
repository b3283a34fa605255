"""Features of whole pictures for distances between sets of them, always under the name of the network.

Figures of different networks cannot be compared with one another, nor with published ones, which are Inception's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from core.errors import InputError
from training.evaluation.inception import InceptionFeatures
from training.perceptual.efficientnet_lite import EfficientNetDistance
from training.perceptual.metric import SHIPPED
from training.perceptual.weights import load_perceptual_weights

BACKBONES = ("efficientnet-lite0", "inception-v3")


@dataclass(frozen=True)
class Backbone:
    """A network that sums pictures up.

    Attributes:
        name: As it stands in the names of figures.
        extract: From pictures [b, 3, h, w] in [-1, 1] to features [b, d].
    """

    name: str
    extract: Callable[[Tensor], Tensor]

    @property
    def frechet_name(self) -> str:
        """What the Fréchet distance of these features is called."""
        return "fid" if self.name == "inception_v3" else f"frechet_{self.name}"

    @torch.no_grad()
    def features(self, images: Tensor, batch: int = 50) -> Tensor:
        """Return the features of pictures [n, 3, h, w], [n, d]."""
        return torch.cat([self.extract(part) for part in images.split(batch)])


def make_backbone(kind: str, folder: str = "") -> Backbone:
    """Load a network of `BACKBONES`.

    The weights of efficientnet-lite0 are shipped. Those of inception-v3 are the user's own: `folder` holds the file of
    the network that FID is defined by (pt_inception-2015-12-05).

    Raises:
        InputError: The kind is unknown, or needs a folder of weights.
        ModelFileError: The weights cannot be read or do not fit.
    """
    if kind not in BACKBONES:
        raise InputError(
            f"There is no feature network called {kind!r}.",
            why=f"There are {', '.join(BACKBONES)}.", fix="Choose one of these.",
        )  # fmt: skip
    place = Path(folder) if folder else SHIPPED / kind
    if not place.is_dir():
        raise InputError(
            f"The weights of {kind} are not at hand.", why=f"There is no folder {place}.",
            fix="Set evaluation.features_folder to the folder of its weight file, or evaluation.features to "
            "efficientnet-lite0.",
        )  # fmt: skip
    network: EfficientNetDistance | InceptionFeatures
    network = InceptionFeatures() if kind == "inception-v3" else EfficientNetDistance()
    load_perceptual_weights(network, place)
    network.requires_grad_(False).eval()
    name = kind.replace("-", "_")
    if isinstance(network, InceptionFeatures):
        return Backbone(name, network)
    lite = network
    return Backbone(name, lambda images: lite.features(images)[-1].mean(dim=(2, 3)))
