"""Nodes for painting and for the loop around it: mask, fill, composite, crop and stitch, extend."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import torch

from core.errors import InputError
from core.graph.node_spec import Setting, node
from core.imaging import inpainting
from core.imaging.image import Image
from core.imaging.inpainting import FILLS, Region
from core.imaging.mask import Mask, expect_size, painted_mask
from core.imaging.semantic_map import SemanticMap, painted_map
from core.imaging.sketch import sketched
from nodes.image import Side
from nodes.sample import Seed
from training.datasets.backgrounds import SEMANTIC_CLASSES

DEFAULT_COLORS = "#1c1c22, #ffffff, #d94a3d, #f0913a, #f5d04c, #58a846, #3a9fbf, #2f5fb3, #7d4fa8, #8a5a3c, #e8b894"
Extension = Annotated[int, Setting(min=0, max=4096, step=8, unit="px", widget="size", shown=True)]


class ImageWithMask(NamedTuple):
    """A picture, and which part of it is to be made."""

    image: Image
    mask: Mask


class Crop(NamedTuple):
    """A part of a picture with its mask, and where it was."""

    image: Image
    mask: Mask
    region: Region


@node(id="loom.mask.paint", title="Paint mask", category="Mask")
def paint_mask(
    image: Image | None = None,
    *,
    mask: Annotated[str, Setting(widget="mask", help="What is painted will be changed, the rest kept.")] = "",
) -> Mask:
    """Paint over a picture what shall change. Select the node and press P to open the painter.

    The mask is kept in the workflow. It must have the picture's size: a mask of another size is refused, never scaled.
    """
    if mask:
        painted = painted_mask(mask)
        if image is not None:
            expect_size(painted, image)
        return painted
    if image is None:
        raise InputError(
            "Nothing is painted.", why="Without a picture an empty mask has no size.",
            fix="Open the painter and paint, or connect a picture.", port="mask",
        )  # fmt: skip
    return Mask(torch.zeros(1, 1, *image.pixels.shape[-2:]))


@node(id="loom.map.paint", title="Paint semantic map", category="Mask")
def paint_map(
    image: Image | None = None,
    *,
    semantic_map: Annotated[str, Setting(widget="semantic_map", help="What each part of the picture should be.")] = "",
    classes: Annotated[
        str, Setting(max_length=20000, help="The classes that the model was trained with, in their order.")
    ] = ", ".join(SEMANTIC_CLASSES),
) -> SemanticMap:
    """Paint what each part of a picture should be. Select the node and press P to open the painter.

    A picture lies below as a guide only. Where nothing is painted is the first class.
    """
    if not semantic_map:
        raise InputError(
            "Nothing is painted.", why="An empty map has no size.", fix="Open the painter and paint the classes.",
            port="semantic_map",
        )  # fmt: skip
    return painted_map(semantic_map, tuple(name.strip() for name in classes.split(",")))


@node(id="loom.image.sketch", title="Colour sketch", category="Mask")
def color_sketch(
    image: Image | None = None,
    *,
    sketch: Annotated[str, Setting(widget="sketch", help="What is painted over the picture.")] = "",
    colors: Annotated[str, Setting(max_length=4000, help="The colours it is painted with.")] = DEFAULT_COLORS,
) -> ImageWithMask:
    """Paint with colours over a picture, or on white. Select the node and press P to open the painter.

    The result is what image-to-image begins with: at a strength of 0.5 to 0.8 the model makes a picture of the sketch.
    The mask says where it was painted, to make only that anew.
    """
    if sketch:
        return ImageWithMask(*sketched(sketch, colors, image))
    if image is None:
        raise InputError(
            "Nothing is painted.", why="Without a picture an empty sketch has no size.",
            fix="Open the painter and paint, or connect a picture.", port="sketch",
        )  # fmt: skip
    return ImageWithMask(image, Mask(torch.zeros(1, 1, *image.pixels.shape[-2:])))


@node(id="loom.mask.edge", title="Mask edge", category="Mask")
def mask_edge(
    mask: Mask,
    *,
    grow: Annotated[
        int, Setting(min=-512, max=512, unit="px", shown=True, help="Wider on each side; negative is narrower.")
    ] = 0,
    feather: Annotated[
        float, Setting(min=0.0, max=256.0, step=1, unit="px", shown=True, help="How softly it ends.")
    ] = 0.0,
    inverted: Annotated[bool, Setting(help="Exchange painted and unpainted, first.")] = False,
) -> Mask:
    """Grow and soften a mask. Sample with a grown one, and composite with a soft one, for seams that nobody sees."""
    return (mask.inverted() if inverted else mask).grown(grow).feathered(feather)


@node(id="loom.mask.resize", title="Resize mask", category="Mask")
def resize_mask(mask: Mask, *, width: Side = 64, height: Side = 64) -> Mask:
    """Give a mask another size, each pixel that of the nearest one."""
    return mask.resized(height, width)


@node(id="loom.image.fill_masked", title="Fill masked", category="Mask")
def fill_masked(
    image: Image,
    mask: Mask,
    *,
    fill: Annotated[
        str,
        Setting(
            choices=FILLS,
            shown=True,
            help="original: as it is; neutral: grey; blur: what lies around, continued; noise; "
            "border: the nearest pixels that are kept.",
        ),
    ] = "blur",
    seed: Seed = 0,
) -> Image:
    """Put something in place of what is painted, for the denoiser to begin with where its strength is below 1."""
    return inpainting.filled(image, mask, fill, seed)


@node(id="loom.image.composite", title="Composite", category="Mask")
def composite(source: Image, changed: Image, mask: Mask) -> Image:
    """Lay a changed picture over its source where the mask is painted; every other pixel stays the source's."""
    return inpainting.composite(source, changed, mask)


@node(id="loom.image.crop_to_mask", title="Crop around mask", category="Mask")
def crop_to_mask(
    image: Image,
    mask: Mask,
    *,
    width: Side = 64,
    height: Side = 64,
    padding: Annotated[
        int, Setting(min=0, max=2048, unit="px", shown=True, help="How much around it the model sees.")
    ] = 32,
) -> Crop:
    """Cut out what is painted with its surroundings, at the size that the model works at.

    Stitch puts the changed crop back: so small parts of large pictures are made with all of the model's detail.
    """
    expect_size(mask, image)
    region = inpainting.region_around(mask, padding, width / height)
    pixels = inpainting.resized(region.of(image.pixels), height, width)
    return Crop(Image(pixels), Mask(region.of(mask.values)).resized(height, width), region)


@node(id="loom.image.stitch", title="Stitch", category="Mask")
def stitch(source: Image, changed: Image, region: Region, mask: Mask) -> Image:
    """Put a changed crop back into its picture where the mask of the whole picture is painted."""
    return inpainting.stitched(source, changed, region, mask)


@node(id="loom.image.extend", title="Extend canvas", category="Mask")
def extend_canvas(
    image: Image, *, left: Extension = 0, top: Extension = 0, right: Extension = 0, bottom: Extension = 0
) -> ImageWithMask:
    """Make a picture larger; what is new repeats its edge and is painted, to be made by the model (outpainting)."""
    return ImageWithMask(*inpainting.extended(image, left, top, right, bottom))
