"""Nodes of the first stage: between pictures and latents."""

from __future__ import annotations

from typing import Annotated

from core.diffusion.latent_diffusion import Autoencoder, Latent
from core.errors import InputError
from core.graph.node_spec import RunContext, Setting, node
from core.imaging.image import Image
from core.models.tiling import WHEN, Tiling
from nodes.sample import Seed

Tiles = Annotated[
    str, Setting(choices=WHEN, help="Work in overlapping tiles: for large pictures and where memory runs out, or not.")
]
TileSize = Annotated[
    int,
    Setting(min=64, max=4096, step=64, unit="px", help="Side of a tile; larger ones need more memory and see more."),
]


@node(id="loom.encode.image", title="Encode image", category="First stage")
def encode_image(
    autoencoder: Autoencoder,
    image: Image,
    *,
    seed: Seed = 0,
    tiles: Tiles = "automatic",
    tile_size: TileSize = 512,
    run: RunContext,
) -> Latent:
    """Compress a picture into the latent space.

    Its width and height must be multiples of the autoencoder's factor: put a Resize image node before. The seed decides
    the noise that later nodes add. Tiles keep the memory of large pictures small, and change the result a little.
    """
    count, _, height, width = image.pixels.shape
    try:
        autoencoder.space.size(width, height)
    except InputError as error:
        f = autoencoder.space.factor
        near_width, near_height = (max(f, round(side / f) * f) for side in (width, height))
        raise InputError(
            error.what, why=error.why,
            fix=f"Put a Resize image node before it, for example {near_width} x {near_height}.", port="image",
        ) from error  # fmt: skip
    values = autoencoder.encode(image.pixels, Tiling(when=tiles, size=tile_size), run.step)
    return Latent(values, autoencoder.space, tuple(range(seed, seed + count)))


@node(id="loom.decode.latent", title="Decode latent", category="First stage")
def decode_latent(
    autoencoder: Autoencoder,
    latent: Latent,
    *,
    tiles: Tiles = "automatic",
    tile_size: TileSize = 512,
    run: RunContext,
) -> Image:
    """Turn a latent back into a picture.

    What the autoencoder's compression lost stays lost: compare a photo with its encoded and decoded self. Tiles keep
    the memory of large pictures small, and change the result a little.
    """
    if latent.space != autoencoder.space:
        raise InputError(
            f"This latent belongs to {latent.space.name}, the autoencoder to {autoencoder.space.name}.",
            why="Each autoencoder has a latent space of its own, and reads others as noise.",
            fix="Connect the autoencoder of the model that the latent comes from.", port="latent",
        )  # fmt: skip
    return Image(autoencoder.decode(latent.values, Tiling(when=tiles, size=tile_size), run.step).cpu())
