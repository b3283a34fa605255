"""A small whole model, written as training leaves it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models

from core.checkpoints.model_folder import save_autoencoder, save_diffusion
from core.conditioning.text import TextEncoder
from core.diffusion.latent_diffusion import Autoencoder, Denoiser, LatentSpace
from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Parameterization
from core.models.autoencoder_kl import AutoencoderKL
from core.models.text_transformer import BERTEmbedder
from core.models.unet import UNetModel

FIRST: dict[str, Any] = {
    "ddconfig": {
        "ch": 8, "out_ch": 3, "ch_mult": [1], "num_res_blocks": 1, "attn_resolutions": [], "in_channels": 3,
        "resolution": 8, "z_channels": 2,
    },
    "embed_dim": 2,
}  # fmt: skip
UNET: dict[str, Any] = {
    "image_size": 8, "in_channels": 2, "out_channels": 2, "model_channels": 32, "num_res_blocks": 1,
    "attention_resolutions": [], "channel_mult": [1], "num_heads": 1,
}  # fmt: skip
SPACE = LatentSpace("tiny", channels=2, factor=1, scale=0.3)
SCHEDULE = NoiseSchedule(schedule="cosine", timesteps=50)
WORDS = {"[PAD]": 0, "[UNK]": 1, "fox": 2, "[CLS]": 3, "[SEP]": 4}


def write_model(folder: Path, seed: int = 2) -> Path:
    """Write a model into a folder and return it."""
    torch.manual_seed(seed)
    save_autoencoder(folder, Autoencoder(AutoencoderKL(**FIRST), SPACE), FIRST)
    tokenizer = Tokenizer(models.WordLevel(WORDS, unk_token="[UNK]"))
    text = TextEncoder(tokenizer, BERTEmbedder(16, 2, len(WORDS), 5))
    save_diffusion(folder, Denoiser(UNetModel(**UNET), SPACE, SCHEDULE, Parameterization.X0), text, UNET)
    return folder
