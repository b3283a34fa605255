"""What of a picture stays as it is while the rest is sampled, for denoisers that were not trained to inpaint."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the customary name

from core.diffusion.latent_diffusion import Latent
from core.errors import InputError
from core.imaging.mask import Mask


@dataclass(frozen=True)
class KeptRegion:
    """A picture, and which part of it is kept.

    Attributes:
        latent: The clean picture.
        mask: 1 where it is kept, 0 where it is sampled, [b, 1, h/f, w/f].
    """

    latent: Latent
    mask: Tensor

    def check_fits(self, latent: Latent) -> None:
        """Compare it with the latent that is to be denoised.

        Raises:
            InputError: It is of another autoencoder, size or number of pictures.
        """
        if self.latent.space != latent.space:
            raise InputError(
                f"The kept region belongs to {self.latent.space.name}, the latent to {latent.space.name}.",
                why="Only pictures that the same autoencoder encoded can be mixed.",
                fix="Encode the picture to keep with the autoencoder of this model.", port="keep",
            )  # fmt: skip
        kept, wanted = self.latent.values.shape, latent.values.shape
        if kept[1:] != wanted[1:] or kept[0] not in (1, wanted[0]):
            raise InputError(
                f"The kept region is {self.latent.loom_summary()}, but {latent.loom_summary()} shall be denoised.",
                why="Each cell of the latent is kept or sampled.",
                fix="Make the noise in the size of the picture to keep, as many as there are pictures, or keep one.",
                port="keep",
            )

    def loom_summary(self) -> str:
        """Return a line for people."""
        return f"{float(self.mask.mean()):.0%} of the picture"


def kept_region(latent: Latent, painted: Mask) -> KeptRegion:
    """Keep what of a clean latent is not painted; a cell with any painted pixel is sampled.

    Raises:
        InputError: The mask is not of the picture's size, or the latent is noisy.
    """
    height, width = (cells * latent.space.factor for cells in latent.values.shape[-2:])
    if painted.values.shape[-2:] != (height, width):
        raise InputError(
            f"The mask is {painted.values.shape[-1]} × {painted.values.shape[-2]}, the picture {width} × {height}.",
            why="Each pixel of the mask says whether one of the picture changes.",
            fix="Paint the mask on this picture, or resize both in the same way.", port="mask",
        )  # fmt: skip
    if latent.level is not None:
        raise InputError(
            "A noisy latent cannot be kept.", why="What is kept is the picture itself.",
            fix="Connect the latent of Encode image.", port="latent",
        )  # fmt: skip
    return KeptRegion(latent, 1 - F.max_pool2d((painted.values >= 0.5).float(), latent.space.factor))
