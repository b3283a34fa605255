"""Nodes that make pictures to try things on."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import torch

from core.conditioning.layout import Box, Layout
from core.graph.node_spec import Setting, node
from core.imaging.image import Image, from_uint8
from core.imaging.mask import Mask
from core.imaging.semantic_map import SemanticMap
from nodes.sample import Seed
from training.datasets.default_classes import EASY_12, EASY_BACKGROUNDS
from training.datasets.scenes import SceneConfig, make_scene


class SceneParts(NamedTuple):
    """A scene, and what is known of it."""

    image: Image
    mask: Mask
    semantic_map: SemanticMap
    layout: Layout


@node(id="loom.image.scene", title="Sticker scene", category="Image")
def sticker_scene(
    *,
    size: Annotated[int, Setting(min=16, max=1024, step=8, unit="px", widget="size", shown=True)] = 64,
    things: Annotated[int, Setting(min=1, max=3, help="How many things it shows.")] = 1,
    seed: Seed = 0,
) -> SceneParts:
    """Make a scene of the kind that the shipped models were trained on, and tell what is where.

    The mask covers the things; the semantic map says what each pixel belongs to; the layout holds a box for each thing.
    The same seed gives the same scene at any size. Put Load image in its place to use a photo of your own.
    """
    config = SceneConfig(size=size, classes=EASY_12, backgrounds=EASY_BACKGROUNDS, counts=((things, 1.0),))
    scene = make_scene(seed, config)
    return SceneParts(
        Image(from_uint8(scene.image[None])),
        Mask(torch.from_numpy(scene.masks.any(axis=0))[None, None].float()),
        SemanticMap(torch.from_numpy(scene.semantic)[None].long()),
        Layout(
            tuple(
                Box(label=box.label, x=box.x0, y=box.y0, width=box.x1 - box.x0, height=box.y1 - box.y0)
                for box in scene.boxes
            )
        ),
    )
