"""Nodes that steer a model to what it was not trained for, by gradients of any target.

Rombach et al. (arXiv 2112.10752), appendix C; see `core.diffusion.image_guidance`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the customary name

from core.checkpoints import model_library
from core.device import select
from core.diffusion.image_guidance import ImageGuidance, classified, known_pixels, low_resolution
from core.diffusion.latent_diffusion import Autoencoder
from core.errors import InputError
from core.graph.node_spec import Setting, node
from core.imaging.image import Image
from core.imaging.mask import Mask
from training.judge import FILE, SIDE, Judge, load_judge


def _classifiers() -> tuple[str, ...]:
    return tuple(name for name, folder in model_library.folders().items() if (folder / FILE).is_file())


def _file(name: str) -> Sequence[Path]:
    folder = model_library.folders().get(name)
    return (folder / FILE,) if folder else ()


@node(id="loom.load.classifier", title="Load classifier", category="Load")
def load_classifier(
    *,
    model: Annotated[
        str, Setting(choices=_classifiers, reads=_file, shown=True, help="The model whose classes it knows.")
    ] = "stickers-24",
) -> Judge:
    """Load the network that was trained to see what the pictures of a model show."""
    return load_judge(model_library.find(model) / FILE).to(select()).requires_grad_(False)


@node(id="loom.guidance.class", title="Guide by class", category="Sample")
def guide_by_class(
    autoencoder: Autoencoder,
    classifier: Judge,
    *,
    label: Annotated[str, Setting(shown=True, help="What the picture should show, such as fox.")] = "fox",
    strength: Annotated[
        float, Setting(min=0.0, max=1000.0, step=5, shown=True, help="More shows it more surely, and less naturally.")
    ] = 20.0,
) -> ImageGuidance:
    """Steer the picture so that a classifier sees this class in it, without any training for it.

    Each step follows the gradient through classifier, decoder and UNet. Leave the prompt empty to see it at work.
    """
    if label not in classifier.classes:
        raise InputError(
            f"The classifier does not know {label!r}.",
            why=f"It knows {', '.join(classifier.classes)}.", fix="Choose one of these.", port="label",
        )  # fmt: skip

    def logits(images: Tensor) -> Tensor:
        return classifier.shares(F.interpolate(images, (SIDE, SIDE), mode="bilinear", antialias=True)).log()

    target = classified(autoencoder.decode_whole, logits, classifier.classes.index(label))
    return ImageGuidance(target, strength, label)


@node(id="loom.guidance.low_resolution", title="Guide by small picture", category="Sample")
def guide_by_small_picture(
    autoencoder: Autoencoder,
    image: Image,
    *,
    strength: Annotated[
        float, Setting(min=0.0, max=1000.0, step=5, shown=True, help="More keeps closer to it.")
    ] = 20.0,
) -> ImageGuidance:
    """Steer the picture so that, made small, it looks like this one, without any training for it.

    Each step follows the gradient through decoder and UNet, which takes about three times as long and more memory.
    """
    return ImageGuidance(low_resolution(autoencoder.decode_whole, image.pixels), strength, "small picture")


@node(id="loom.guidance.pixels", title="Guide by pixels", category="Sample")
def guide_by_pixels(
    autoencoder: Autoencoder,
    image: Image,
    mask: Mask,
    *,
    strength: Annotated[
        float, Setting(min=0.0, max=1000.0, step=5, shown=True, help="More keeps closer to it.")
    ] = 20.0,
) -> ImageGuidance:
    """Steer the picture so that it looks like this one where the mask is not painted, without any training for it.

    Softer than Keep region: the model finds a whole picture that fits, and nothing is pasted.
    """
    kept = mask.inverted().values
    return ImageGuidance(known_pixels(autoencoder.decode_whole, image.pixels, kept), strength, "pixels")
