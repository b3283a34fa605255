"""The vector-quantized autoencoder: the other first stage of an LDM.

Esser et al., "Taming Transformers" (arXiv 2012.09841), section 3.1; Rombach et al. (arXiv 2112.10752), section 3.1,
where the quantizer belongs to the decoder: the diffusion model sees latents before quantization. Constructor arguments
and parameter names are those of the reference implementation, whose `VQModel` and `VQModelInterface` differ only in
whether `encode` or `decode` quantizes; here `decode` does, unless it is told that its latents are entries already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from torch import Tensor

from core.models.first_stage import ConvolutionalFirstStage
from core.models.vector_quantizer import Quantized, VectorQuantizer


class VQModel(ConvolutionalFirstStage):
    """Encode images [b, 3, h, w] in [-1, 1] to latents [b, embed_dim, h/f, w/f]; quantize and decode these.

    Args (names of the reference implementation; the others as in `ConvolutionalFirstStage` and `VectorQuantizer`):
        n_embed: Entries in the codebook.
        beta, legacy: Weight of the commitment loss, and whether it stands on the codebook term instead.
    """

    def __init__(
        self,
        ddconfig: Mapping[str, Any],
        n_embed: int,
        embed_dim: int,
        *,
        remap: str | Path | Sequence[int] | None = None,
        unknown_index: str | int = "random",
        sane_index_shape: bool = False,
        beta: float = 0.25,
        legacy: bool = True,
        decoder_config: Mapping[str, Any] | None = None,
        colorize_nlabels: int | None = None,
    ) -> None:
        super().__init__(
            ddconfig, embed_dim, moments=1, colorize_nlabels=colorize_nlabels, decoder_config=decoder_config
        )
        self.quantize = VectorQuantizer(n_embed, embed_dim, beta, remap, unknown_index, sane_index_shape, legacy)

    def encode(self, x: Tensor) -> Tensor:
        """Return latents before quantization, [b, embed_dim, h/f, w/f], for images [b, 3, h, w] in [-1, 1]."""
        return self.features(x)

    def latent(self, x: Tensor) -> Tensor:
        """Return the same as `encode`."""
        return self.encode(x)

    def decode(self, z: Tensor, force_not_quantize: bool = False) -> Tensor:
        """Quantize latents [b, embed_dim, h/f, w/f] unless told not to, and return images [b, 3, h, w]."""
        return super().decode(z if force_not_quantize else cast(Quantized, self.quantize(z)).values)

    def decode_code(self, indices: Tensor, shape: tuple[int, int, int]) -> Tensor:
        """Return images [b, 3, h, w] for numbers of entries that make latents of the shape (b, h/f, w/f)."""
        return super().decode(self.quantize.get_codebook_entry(indices, (*shape, self.embed_dim)))

    def forward(self, x: Tensor) -> tuple[Tensor, Quantized]:
        """Reconstruct images [b, 3, h, w], and return with them what the training loss needs."""
        quantized = cast(Quantized, self.quantize(self.encode(x)))
        return super().decode(quantized.values), quantized
