"""Nodes for pictures: load, resize, look, save."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from torch.nn import functional as F  # noqa: N812 - the customary name

from core.graph.node_spec import RunContext, Setting, node
from core.imaging import files
from core.imaging.image import Image

FILTER = "Pictures (*.png *.jpg *.jpeg *.webp *.bmp)"
Side = Annotated[int, Setting(min=8, max=8192, step=8, unit="px", widget="size", shown=True)]


@node(id="loom.image.load", title="Load image", category="Image")
def load_image(
    *, path: Annotated[Path, Setting(widget="file", file_filter=FILTER, shown=True, help="A PNG, JPEG or WebP file.")]
) -> Image:
    """Read a picture from a file, turned upright; transparency becomes white."""
    return files.read_image(path)


@node(id="loom.image.resize", title="Resize image", category="Image")
def resize_image(
    image: Image,
    *,
    width: Side = 64,
    height: Side = 64,
    fit: Annotated[str, Setting(choices=("crop", "stretch"), help="Cut off what sticks out, or distort.")] = "crop",
) -> Image:
    """Scale a picture to a width and height, smoothly; crop keeps its middle and its proportions."""
    pixels = image.pixels
    if fit == "crop":
        h, w = pixels.shape[-2:]
        crop_w, crop_h = min(w, max(1, round(h * width / height))), min(h, max(1, round(w * height / width)))
        top, left = (h - crop_h) // 2, (w - crop_w) // 2
        pixels = pixels[..., top : top + crop_h, left : left + crop_w]
    scaled = F.interpolate(pixels, (height, width), mode="bicubic", antialias=True, align_corners=False)
    return Image(scaled.clamp(-1, 1))


@node(id="loom.image.preview", title="Preview image", category="Image")
def preview_image(image: Image) -> Image:
    """Show a picture, and pass it on."""
    return image


@node(id="loom.image.save", title="Save image", category="Image", writes_files=True)
def save_image(
    image: Image,
    *,
    name: Annotated[
        str, Setting(max_length=100, shown=True, help="File names begin with this; a number follows.")
    ] = "picture",
    folder: Annotated[Path, Setting(widget="folder", help="Empty = the folder called output.")] = Path(),
    run: RunContext,
) -> None:
    """Save each picture as a PNG that carries this workflow: open the file to get the workflow back."""
    target, stem, workflow = run.output_folder / folder, Path(name).name or "picture", run.workflow_text()
    for pixels in image.to_uint8():
        run.wrote(files.write_png(pixels, target, stem, workflow))
