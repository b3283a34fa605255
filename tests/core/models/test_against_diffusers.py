"""The networks of Stable Diffusion agree with diffusers' and transformers' on the same weights.

Run with -m slow: importing the peers takes seconds, and the full sizes gigabytes. Tests share a pair's weights, and
let go of it before the next is made.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch

from benchmarks.peers import (
    SD15_UNET,
    SD_AUTOENCODER,
    SMALL_UNET,
    autoencoder_pair,
    picture,
    prediction,
    unet_pair,
)
from core.models.clip_text import ClipTextConfig, ClipTextTransformer

# Networks whose outputs are near 1; sums of thousands of float32 products differ by their order.
NETWORK = {"atol": 1e-4, "rtol": 0.0}

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def no_gradients() -> Any:
    with torch.no_grad():
        yield


@pytest.mark.parametrize("size", [(32, 32), (16, 24), (19, 13)])
def test_a_small_unet_agrees_at_any_size(size: tuple[int, int]) -> None:
    pair = unet_pair(SMALL_UNET)
    given = torch.randn(2, 4, *size), torch.tensor([3, 981]), torch.randn(2, 77, 128)
    torch.testing.assert_close(prediction(pair.ours, *given), prediction(pair.peer, *given), **NETWORK)


@pytest.mark.parametrize("side", [32, 64])
def test_the_unet_of_stable_diffusion_1_agrees(side: int) -> None:
    pair = unet_pair(SD15_UNET)
    given = torch.randn(1, 4, side, side), torch.tensor([500]), torch.randn(1, 77, 768)
    torch.testing.assert_close(prediction(pair.ours, *given), prediction(pair.peer, *given), **NETWORK)


def test_the_autoencoder_of_stable_diffusion_agrees() -> None:
    pair = autoencoder_pair(SD_AUTOENCODER)
    z, image = torch.randn(1, 4, 24, 32), torch.rand(1, 3, 192, 256) * 2 - 1
    torch.testing.assert_close(picture(pair.ours, z), picture(pair.peer, z), **NETWORK)
    ours, peer = pair.ours.encode(image), pair.peer.encode(image).latent_dist  # type: ignore[operator]
    torch.testing.assert_close(ours.mean, peer.mean, **NETWORK)
    torch.testing.assert_close(ours.std, peer.std, **NETWORK)


def test_the_text_encoder_of_stable_diffusion_1_agrees() -> None:
    from transformers import CLIPTextConfig, CLIPTextModel

    ours = ClipTextTransformer(ClipTextConfig()).eval()
    peer = CLIPTextModel(CLIPTextConfig(vocab_size=49408, hidden_size=768, intermediate_size=3072,
                                        num_hidden_layers=12, num_attention_heads=12)).eval()  # fmt: skip
    state = ours.state_dict()
    if not any(name.startswith("text_model.") for name in peer.state_dict()):
        state = {name.removeprefix("text_model."): weight for name, weight in state.items()}
    peer.load_state_dict(state)
    ids = torch.randint(0, 49406, (2, 77))
    ids[:, 0], ids[0, 9:], ids[1, 40:] = 49406, 49407, 49407
    torch.testing.assert_close(ours(ids).last, peer(ids).last_hidden_state, **NETWORK)
