"""Nodes of the first stage: between pictures and latents."""

from __future__ import annotations

from core.diffusion.latent_diffusion import Autoencoder, Latent
from core.errors import InputError
from core.graph.node_spec import node
from core.imaging.image import Image
from nodes.sample import Seed


@node(id="loom.encode.image", title="Encode image", category="First stage")
def encode_image(autoencoder: Autoencoder, image: Image, *, seed: Seed = 0) -> Latent:
    """Compress a picture into the latent space.

    Its width and height must be multiples of the autoencoder's factor: put a Resize node before. The seed decides
    the noise that later nodes add.
    """
    count, _, height, width = image.pixels.shape
    autoencoder.space.size(width, height)
    return Latent(autoencoder.encode(image.pixels), autoencoder.space, tuple(range(seed, seed + count)))


@node(id="loom.decode.latent", title="Decode latent", category="First stage")
def decode_latent(autoencoder: Autoencoder, latent: Latent) -> Image:
    """Turn a latent back into a picture.

    What the autoencoder's compression lost stays lost: compare a photo with its encoded and decoded self.
    """
    if latent.space != autoencoder.space:
        raise InputError(
            f"This latent belongs to {latent.space.name}, the autoencoder to {autoencoder.space.name}.",
            why="Each autoencoder has a latent space of its own, and reads others as noise.",
            fix="Connect the autoencoder of the model that the latent comes from.", port="latent",
        )  # fmt: skip
    return Image(autoencoder.decode(latent.values).cpu())
