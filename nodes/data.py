"""Nodes that make pictures to try things on."""

from __future__ import annotations

from typing import Annotated

from core.graph.node_spec import Setting, node
from core.imaging.image import Image, from_uint8
from nodes.sample import Seed
from training.datasets.default_classes import EASY_12, EASY_BACKGROUNDS
from training.datasets.scenes import SceneConfig, make_scene


@node(id="loom.image.scene", title="Sticker scene", category="Image")
def sticker_scene(
    *,
    size: Annotated[int, Setting(min=16, max=1024, step=8, unit="px", widget="size", shown=True)] = 64,
    things: Annotated[int, Setting(min=1, max=3, help="How many things it shows.")] = 1,
    seed: Seed = 0,
) -> Image:
    """Make a scene of the kind that the shipped models were trained on.

    The same seed gives the same scene at any size. Put Load image in its place to use a photo of your own.
    """
    config = SceneConfig(size=size, classes=EASY_12, backgrounds=EASY_BACKGROUNDS, counts=((things, 1.0),))
    return Image(from_uint8(make_scene(seed, config).image[None]))
