"""What the fields of the form are called."""

from __future__ import annotations

_TITLES = {
    "ddconfig": "network", "decoder_config": "decoder's network", "unet": "network", "embed_dim": "latent channels",
    "n_embed": "codebook entries", "kl": "KL weight", "l1": "L1 weight", "l2": "L2 weight", "lr": "learning rate",
    "gradient": "edge weight",
    "codebook": "codebook weight", "ema_decay": "EMA decay", "min_snr_gamma": "min-SNR gamma",
    "lora": "LoRA", "kinds": "told by", "kind": "source", "path": "folder", "initial": "models of an earlier run",
}  # fmt: skip


def title(name: str) -> str:
    """The label of a field."""
    last = name.rpartition(".")[2]
    words = "width" if name.endswith((".text.n_embed", ".class_label.n_embed", ".layout.n_embed")) else last
    words = _TITLES.get(words, words.replace("_", " "))
    return words[:1].upper() + words[1:]
