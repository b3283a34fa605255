"""Vector quantization: each latent cell is replaced by the nearest entry of a learned codebook.

Van den Oord et al., "Neural Discrete Representation Learning" (arXiv 1711.00937), equations 1 to 3; used for the first
stage by Rombach et al. (arXiv 2112.10752), section 3.1. Constructor arguments, parameter names and the shapes of the
indices are those of the reference implementation (`VectorQuantizer2`).
Letters: b batch, c channels of an entry, h height, w width, n = b * h * w cells, K entries in the codebook.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from core.errors import ModelFileError

# Distances held at a time: bounds the memory that a large picture and a large codebook take together (256 MB).
DISTANCES_AT_ONCE = 2**26


@dataclass(frozen=True)
class Quantized:
    """What quantizing gives.

    Attributes:
        values: The nearest entries, [b, c, h, w]; the gradient passes straight through to what was quantized.
        loss: Codebook and commitment loss, a scalar.
        indices: Numbers of the entries, after remapping: [n], [n, 1] where remapped, [b, h, w] if sane_index_shape.
    """

    values: Tensor
    loss: Tensor
    indices: Tensor


class VectorQuantizer(nn.Module):
    """Replace each cell of a latent by the nearest entry of the codebook.

    Args (names of the reference implementation):
        n_e: Entries in the codebook, K.
        e_dim: Channels of an entry.
        beta: Weight of the commitment loss.
        remap: The entries that a later model may name, by number, or a .npy file of them; None = all.
        unknown_index: What an entry that is not among them becomes: "random", "extra" (one number more), or a number.
        sane_index_shape: Shape indices [b, h, w] rather than flat.
        legacy: Put beta on the codebook term, as the first checkpoints were trained; False = where the paper has it.
    """

    used: Tensor

    def __init__(
        self,
        n_e: int,
        e_dim: int,
        beta: float = 0.25,
        remap: str | Path | Sequence[int] | None = None,
        unknown_index: str | int = "random",
        sane_index_shape: bool = False,
        legacy: bool = True,
    ) -> None:
        super().__init__()
        self.n_e, self.e_dim, self.beta, self.legacy = n_e, e_dim, beta, legacy
        self.sane_index_shape = sane_index_shape
        self.embedding = nn.Embedding(n_e, e_dim)
        nn.init.uniform_(self.embedding.weight, -1 / n_e, 1 / n_e)
        self.remapped = remap is not None
        self.re_embed = n_e  # numbers that indices can take
        self.unknown_index = unknown_index
        if remap is not None:
            used = _used_entries(remap, n_e)
            self.register_buffer("used", used)
            self.re_embed = len(used) + (unknown_index == "extra")
            self.unknown_index = len(used) if unknown_index == "extra" else unknown_index
        if self.unknown_index != "random" and not isinstance(self.unknown_index, int):
            raise ValueError(f'unknown_index must be "random", "extra" or a number; got {unknown_index!r}.')

    def forward(self, z: Tensor) -> Quantized:
        """Quantize latents [b, c, h, w] (equations 1 to 3)."""
        cells = z.movedim(1, -1)
        b, h, w, _ = cells.shape
        entries = self.nearest(cells.reshape(-1, self.e_dim)).view(b, h, w)
        chosen = self.embedding(entries)
        codebook, commitment = (chosen - cells.detach()).square().mean(), (chosen.detach() - cells).square().mean()
        loss = commitment + self.beta * codebook if self.legacy else self.beta * commitment + codebook
        values = (cells + (chosen - cells).detach()).movedim(-1, 1).contiguous()  # straight-through
        return Quantized(values, loss, self._indices(entries))

    @torch.no_grad()
    def nearest(self, cells: Tensor) -> Tensor:
        """Return the number of the nearest entry for each of the cells [n, c]: [n], int64."""
        codebook = self.embedding.weight.float()
        squares = codebook.square().sum(dim=1)
        found = []
        for some in cells.float().split(max(1, DISTANCES_AT_ONCE // self.n_e)):
            distances = some.square().sum(dim=1, keepdim=True) + squares
            found.append(distances.addmm_(some, codebook.t(), alpha=-2).argmin(dim=1))
        return torch.cat(found)

    def get_codebook_entry(self, indices: Tensor, shape: tuple[int, int, int, int] | None = None) -> Tensor:
        """Return the entries of `indices` as [b, c, h, w] for the shape (b, h, w, c), else [..., c]."""
        chosen = self.embedding(self.unmap_to_all(indices) if self.remapped else indices)
        return cast(Tensor, chosen if shape is None else chosen.view(shape).movedim(-1, 1).contiguous())

    def remap_to_used(self, entries: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Number entries by their place among the used ones; any shape. The generator draws random numbers."""
        count = len(self.used)
        # Of an entry that is listed twice, the first place counts.
        places = self.used.new_full((self.n_e,), count)
        places.scatter_reduce_(0, self.used, torch.arange(count, device=self.used.device), "amin")
        place = places[entries]
        if self.unknown_index == "random":
            drawn = torch.randint(self.re_embed, place.shape, generator=generator).to(place.device)
            return torch.where(place == count, drawn, place)
        return place.masked_fill(place == count, cast(int, self.unknown_index))

    def unmap_to_all(self, indices: Tensor) -> Tensor:
        """Undo `remap_to_used`; the extra number becomes the first used entry."""
        return self.used[indices.masked_fill(indices >= len(self.used), 0)]

    def _indices(self, entries: Tensor) -> Tensor:
        if self.remapped:
            entries = self.remap_to_used(entries)
        if self.sane_index_shape:
            return entries
        return entries.reshape(-1, 1) if self.remapped else entries.reshape(-1)


def _used_entries(remap: str | Path | Sequence[int], n_e: int) -> Tensor:
    if isinstance(remap, str | Path):
        try:
            numbers = np.load(remap, allow_pickle=False)
        except (EOFError, OSError, ValueError) as error:
            raise ModelFileError(
                f"The list of used codebook entries {Path(remap).name} cannot be read.",
                why=f"{error}.",
                fix="Give a .npy file of whole numbers, or leave remap out.",
            ) from error
    else:
        numbers = np.asarray(remap)
    if numbers.ndim != 1 or not len(numbers) or numbers.dtype.kind not in "iu":
        raise ValueError(f"remap must list whole numbers; got {numbers.dtype} of shape {numbers.shape}.")
    if numbers.min() < 0 or numbers.max() >= n_e:
        raise ValueError(f"remap must list entries 0 to {n_e - 1}; got {numbers.min()} to {numbers.max()}.")
    return torch.from_numpy(numbers.astype(np.int64))
