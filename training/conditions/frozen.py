"""Captions under a frozen text encoder: encoded once, kept on disk, read through a memory map.

Rombach et al. (arXiv 2112.10752) train tau_theta with the denoiser; Stable Diffusion keeps CLIP's fixed, so that its
output for each caption is a constant of the run.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.conditioning.conditioning import Conditioning
from core.conditioning.prompt_encoder import PromptEncoder
from training.conditions.batch import Batch
from training.conditions.condition import Condition
from training.conditions.words import TextCondition
from training.data.latent_cache import encoder_digest
from training.data.row_store import Array, fill
from training.data.training_set import TrainingSet
from training.data.watch import Watch

CHUNK = 32  # captions encoded at a time
STORED = np.float16  # precision of the stored tokens, that of the published weights


class FrozenTextCondition(Condition):
    """Captions whose tokens are known; the encoder is no longer asked, except for captions that are new."""

    trained = False

    def __init__(self, encoder: PromptEncoder, data: TrainingSet, cache: Path, watch: Watch) -> None:
        """Encode the captions that `cache` does not hold yet.

        Raises:
            LoomError: The cache cannot be written.
            Cancelled: The watch asked for it; what was encoded is kept.
        """
        super().__init__(encoder.eval().requires_grad_(False))
        self._text = TextCondition(encoder, data)
        captions = ["", *dict.fromkeys(data.captions)]
        self._places = {caption: place for place, caption in enumerate(captions)}
        self._ids = self._text.windows(captions)
        digest = hashlib.sha256(json.dumps([encoder_digest(encoder), captions]).encode()).hexdigest()[:16]
        self._tokens = fill(
            cache / f"texts-{digest}.npy", (len(captions), *self._encoded(0, 1).shape[1:]), STORED, self._encoded,
            chunk=CHUNK, watch=watch, what="encoding captions",
        )  # fmt: skip

    def items(self, batch: Batch) -> Tensor:
        """Return token ids, [b, n]."""
        return self._text.items(batch)

    def made(self, batch: Batch, drop: Tensor | None, device: torch.device) -> Conditioning:
        """Look the tokens up; those of the empty caption where `drop` is true."""
        captions = batch.captions
        if any(caption not in self._places for caption in captions):
            with torch.no_grad():
                return super().made(batch, drop, device)
        places = np.array([self._places[caption] for caption in captions])
        if drop is not None:
            places[drop.cpu().numpy()] = self._places[""]
        return Conditioning(torch.from_numpy(np.array(self._tokens[places])).float().to(device))

    @torch.no_grad()
    def _encoded(self, start: int, stop: int) -> Array:
        ids = self._ids[start:stop].to(self.conditioner.device)
        tokens = self.conditioner(ids).tokens
        assert tokens is not None, "a text encoder makes tokens"
        array: Array = tokens.float().cpu().numpy().astype(STORED)
        return array
