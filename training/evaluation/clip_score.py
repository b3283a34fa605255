"""How well pictures fit their captions, as CLIP sees it; the weights are the user's own.

Hessel et al., "CLIPScore" (arXiv 2104.08718), section 3, with w = 100 and no prompt before the caption, so that the
score is 100 times the cosine. Letters: b batch, h height, w width.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the customary name

from core.conditioning.clip_tokenizer import ClipTokenizer
from core.errors import ModelFileError

SCALE = 100.0
# Of the pictures that CLIP learned from, in [0, 1].
MEAN, SPREAD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
BATCH = 32


@dataclass(frozen=True)
class ClipScore:
    """Scores of pictures and captions.

    Attributes:
        name: As it stands in the names of figures: of the folder with the weights.
        embed: From prepared pictures and token ids to their embeddings, [b, d] each.
        side: Of the pictures that the network takes, in pixels.
        length: Tokens of a caption.
    """

    name: str
    embed: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
    side: int
    length: int

    @torch.no_grad()
    def __call__(self, images: Tensor, captions: Sequence[str]) -> Tensor:
        """Score pictures [n, 3, h, w] in [-1, 1] against their captions: [n], 0 to 100."""
        ids = token_ids(captions, self.length)
        parts = zip(images.split(BATCH), ids.split(BATCH), strict=True)
        return torch.cat([clip_score(*self.embed(prepared(pixels, self.side), words)) for pixels, words in parts])


def clip_score(images: Tensor, texts: Tensor) -> Tensor:
    """Return 100 max(0, cos) of embeddings [b, d] of pictures and of texts: [b]."""
    return SCALE * F.cosine_similarity(images, texts).clamp(min=0)


def prepared(images: Tensor, side: int) -> Tensor:
    """Scale pictures [b, 3, h, w] in [-1, 1] to squares and to CLIP's mean and spread."""
    scaled = F.interpolate(images, (side, side), mode="bicubic", antialias=True).clamp(-1, 1) / 2 + 0.5
    mean, spread = (torch.tensor(values).reshape(1, 3, 1, 1) for values in (MEAN, SPREAD))
    return (scaled - mean) / spread


def token_ids(captions: Sequence[str], length: int) -> Tensor:
    """Return token ids [b, length], framed and filled with the end token; longer captions are cut."""
    tokenizer = ClipTokenizer()
    rows = []
    for caption in captions:
        content = tokenizer.encode(caption)[: length - 2]
        row = [tokenizer.start, *content, tokenizer.end]
        rows.append(row + [tokenizer.end] * (length - len(row)))
    return torch.tensor(rows)


def load_clip(folder: Path) -> ClipScore:
    """Load CLIP from a folder in the format of transformers.

    Raises:
        ModelFileError: There is no such folder, or no CLIP in it.
    """
    from transformers import CLIPModel  # slow to import

    try:
        model = CLIPModel.from_pretrained(folder, local_files_only=True).eval()
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelFileError(
            f"CLIP cannot be loaded from {folder}.", why=f"{str(error).splitlines()[0]}",
            fix="Name a folder with config.json and model.safetensors of a CLIP model, or leave clip_folder empty.",
        ) from error  # fmt: skip

    def embed(pixels: Tensor, ids: Tensor) -> tuple[Tensor, Tensor]:
        found = model(input_ids=ids, pixel_values=pixels)
        return found.image_embeds, found.text_embeds

    vision, text = model.config.vision_config, model.config.text_config
    return ClipScore(folder.resolve().name.replace("-", "_"), embed, vision.image_size, text.max_position_embeddings)
