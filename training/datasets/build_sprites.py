"""Build the sticker pack in `resources/datasets/stickers/` from two unpacked npm packages.

The Fluent stickers come from `@lobehub/fluent-emoji-3d` (webp, 256 pixels), the Noto stickers from
`@iconify-json/noto` (vector drawings), which need `pip install resvg_py` to be rendered::

    npm pack @lobehub/fluent-emoji-3d @iconify-json/noto      # then unpack both
    python -m training.datasets.build_sprites FLUENT_FOLDER NOTO_FOLDER

The pack is shipped; only a change of the classes needs this script.
"""

from __future__ import annotations

import argparse
import importlib
import io
import json
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from training.datasets.stickers import PACK, STYLES

SIDE = 160  # pixels of a stored sticker, its transparent margin cropped away
QUALITY = 90


class _Row(NamedTuple):
    name: str
    code: str  # Unicode code point of the emoji, hexadecimal
    colour: str = ""  # a colour word that is true in every style, or nothing
    plural: str = ""  # where it is not name + "s"


_CLASSES = (
    _Row("fox", "1f98a", "orange", "foxes"),
    _Row("cat", "1f431", "yellow"),
    _Row("dog", "1f436"),
    _Row("frog", "1f438", "green"),
    _Row("pig", "1f437", "pink"),
    _Row("panda", "1f43c"),
    _Row("lion", "1f981"),
    _Row("monkey", "1f412"),
    _Row("elephant", "1f418", "gray"),
    _Row("penguin", "1f427"),
    _Row("owl", "1f989", "brown"),
    _Row("duck", "1f986"),
    _Row("octopus", "1f419", "", "octopuses"),
    _Row("crab", "1f980"),
    _Row("turtle", "1f422", "green"),
    _Row("butterfly", "1f98b", "", "butterflies"),
    _Row("ladybug", "1f41e", "red"),
    _Row("bee", "1f41d"),
    _Row("whale", "1f433", "blue"),
    _Row("dinosaur", "1f995", "green"),
    _Row("rabbit", "1f430", "white"),
    _Row("chick", "1f424", "yellow"),
    _Row("apple", "1f34e", "red"),
    _Row("banana", "1f34c", "yellow"),
    _Row("orange", "1f34a"),
    _Row("strawberry", "1f353", "red", "strawberries"),
    _Row("watermelon", "1f349"),
    _Row("pumpkin", "1f383", "orange"),
    _Row("pineapple", "1f34d", "yellow"),
    _Row("carrot", "1f955", "orange"),
    _Row("pizza", "1f355"),
    _Row("hamburger", "1f354"),
    _Row("donut", "1f369", "brown"),
    _Row("cupcake", "1f9c1"),
    _Row("ice cream", "1f366"),
    _Row("car", "1f697", "red"),
    _Row("bus", "1f68c", "", "buses"),
    _Row("rocket", "1f680"),
    _Row("balloon", "1f388", "red"),
    _Row("umbrella", "2602"),
    _Row("guitar", "1f3b8", "red"),
    _Row("cactus", "1f335", "green", "cactuses"),
    _Row("sunflower", "1f33b", "yellow"),
    _Row("tulip", "1f337", "pink"),
    _Row("mushroom", "1f344", "red"),
    _Row("house", "1f3e0"),
    _Row("star", "2b50", "yellow"),
    _Row("heart", "2764", "red"),
    _Row("teapot", "1fad6"),
    _Row("tree", "1f333", "green"),
)


def read_fluent(folder: Path, code: str) -> Image.Image:
    """Return the Fluent sticker of a code point from the unpacked package as RGBA, 256 pixels."""
    assets = folder / "assets"
    path = assets / f"{code}.webp"
    return Image.open(path if path.exists() else assets / f"{code}-fe0f.webp").convert("RGBA")


def read_noto(folder: Path, code: str) -> Image.Image:
    """Return the Noto sticker of a code point, drawn from the package's vectors as RGBA, 512 pixels."""
    names = json.loads((folder / "chars.json").read_text(encoding="utf-8"))
    icons = json.loads((folder / "icons.json").read_text(encoding="utf-8"))["icons"]
    body = icons[names.get(code) or names[f"{code}-fe0f"]]["body"]
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="512" height="512" viewBox="0 0 128 128">{body}</svg>'
    )
    renderer = importlib.import_module("resvg_py")  # wanted by this script only, so no requirement of the project
    return Image.open(io.BytesIO(bytes(renderer.svg_to_bytes(svg_string=svg)))).convert("RGBA")


def fitted(picture: Image.Image) -> Image.Image:
    """Crop the transparent margin and fit the rest, centred, into a square of SIDE pixels with a pixel of margin."""
    box = picture.getchannel("A").point(lambda a: 255 if a > 8 else 0).getbbox()
    cut = picture.crop(box)
    inner = SIDE - 2
    factor = inner / max(cut.size)
    size = (max(1, round(cut.width * factor)), max(1, round(cut.height * factor)))
    square = Image.new("RGBA", (SIDE, SIDE), (0, 0, 0, 0))
    square.paste(cut.resize(size, Image.Resampling.LANCZOS), ((SIDE - size[0]) // 2, (SIDE - size[1]) // 2))
    return square


def build(fluent: Path, noto: Path, pack: Path = PACK) -> None:
    """Write every sticker and `index.json` into `pack`; the unpacked packages must hold every class."""
    readers = {"fluent": (read_fluent, fluent), "noto": (read_noto, noto)}
    for style in STYLES:
        (pack / style).mkdir(parents=True, exist_ok=True)
        read, folder = readers[style]
        for row in _CLASSES:
            target = pack / style / f"{row.name.replace(' ', '_')}.webp"
            fitted(read(folder, row.code)).save(target, quality=QUALITY, method=6)
    classes = [
        {
            "name": row.name,
            "article": "an" if row.name[0] in "aeiou" else "a",
            "plural": row.plural or f"{row.name}s",
            "colour": row.colour,
            "code": row.code,
        }
        for row in _CLASSES
    ]
    index = {"format": "latent-loom-stickers", "version": 1, "styles": list(STYLES), "classes": classes}
    (pack / "index.json").write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Read the two folders from the command line and build the shipped pack."""
    parser = argparse.ArgumentParser(description="Build the sticker pack from two unpacked npm packages.")
    parser.add_argument("fluent", type=Path, help="unpacked @lobehub/fluent-emoji-3d (the folder with assets/)")
    parser.add_argument("noto", type=Path, help="unpacked @iconify-json/noto (the folder with icons.json)")
    arguments = parser.parse_args()
    build(arguments.fluent, arguments.noto)


if __name__ == "__main__":
    main()
