"""Latents of every look of every item, computed once and kept on disk.

They are kept under a hash of all that decides them: the encoder's weights and build, the data, and how it is cut and
mirrored. So a cache is never stale: what changed has another name. It grows batch by batch, goes on after a crash
where it was, and is read through memory maps.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from core.diffusion.latent_diffusion import Autoencoder
from core.imaging.image import from_uint8
from training.data.buckets import Size
from training.data.row_store import Array, fill
from training.data.training_set import TrainingSet
from training.data.watch import Watch

FORMAT = 1
BATCH_PIXELS = 64 * 64 * 64  # encoded at a time: 64 pictures of 64 × 64, one of 512 × 512
DECODING = ("decoder.", "post_quant_conv.", "loss.")  # parts of a first stage that latents do not depend on


class Latents:
    """Latents by row, of unit variance.

    Attributes:
        shape: [rows, z, h, w] as if all were square; those of other buckets have other sides.
    """

    def __init__(self, arrays: Sequence[Array], array_of: Array, place_of: Array, square: tuple[int, ...]) -> None:
        """Look row r up in `arrays[array_of[r]]`, at `place_of[r]`; a square latent is [z, h, w]."""
        self._arrays, self._array_of, self._place_of = arrays, array_of, place_of
        self.shape = torch.Size((len(array_of), *square))

    def __len__(self) -> int:
        return int(self.shape[0])

    def __getitem__(self, rows: Tensor) -> Tensor:
        """Return the latents of rows of one bucket, [b, z, h/f, w/f], float32."""
        index = rows.numpy()
        array = self._arrays[int(self._array_of[index[0]])]
        return torch.from_numpy(np.array(array[self._place_of[index]]))


def cached_latents(data: TrainingSet, autoencoder: Autoencoder, cache: Path, watch: Watch) -> Latents:
    """Return the latents of the rows of all `data.views`; encode those that `cache` does not hold yet.

    Raises:
        InputError: A picture cannot be read any more, or no shape of `data` can be encoded.
        LoomError: The cache cannot be written.
        Cancelled: The watch asked for it; what was encoded is kept.
    """
    data.check_factor(autoencoder.space.factor)
    folder = cache / f"latents-{latents_key(data, autoencoder)}"
    count, views = len(data), data.views
    array_of = np.zeros(count * views, np.int64)
    place_of = np.zeros(count * views, np.int64)
    arrays: list[Array] = []
    for bucket in sorted(set(data.bucket_of)):
        items = np.flatnonzero(np.array(data.bucket_of) == bucket)
        rows = np.concatenate([items + view * count for view in range(views)])
        array_of[rows], place_of[rows] = len(arrays), np.arange(len(rows))
        arrays.append(_encoded(data, bucket, rows, autoencoder, folder, watch))
    side = data.config.side // autoencoder.space.factor
    return Latents(arrays, array_of, place_of, (autoencoder.space.channels, side, side))


def batch_for(size: Size) -> int:
    """Return how many pictures of (width, height) are encoded at a time."""
    return max(1, min(64, BATCH_PIXELS // (size[0] * size[1])))


def latents_key(data: TrainingSet, autoencoder: Autoencoder) -> str:
    """Return a hash of everything that the latents of `data` depend on."""
    parts = [
        FORMAT, BATCH_PIXELS, data.fingerprint, encoder_digest(autoencoder.module), asdict(autoencoder.space),
        torch.__version__,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def encoder_digest(module: nn.Module) -> str:
    """Return a hash of a first stage's build and of the weights that it encodes with."""
    digest = hashlib.sha256(repr(module).encode())
    for name, tensor in sorted(module.state_dict().items()):
        if not name.startswith(DECODING):
            values = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
            digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
            digest.update(values.numpy().tobytes())
    return digest.hexdigest()


def _encoded(
    data: TrainingSet, bucket: int, rows: Array, autoencoder: Autoencoder, folder: Path, watch: Watch
) -> Array:
    (width, height), space = data.sizes[bucket], autoencoder.space

    def make(start: int, stop: int) -> Array:
        images = from_uint8(data.images(int(row) for row in rows[start:stop]))
        encoded: Array = autoencoder.encode(images).float().cpu().numpy()
        return encoded

    return fill(
        folder / f"{width}x{height}.npy",
        (len(rows), space.channels, height // space.factor, width // space.factor), np.float32, make,
        chunk=batch_for((width, height)), watch=watch, what="encoding latents",
    )  # fmt: skip
