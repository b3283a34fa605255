"""CLIP's tokenizer and text encoders; their numbers are compared with the reference in tests/test_golden.py."""

from __future__ import annotations

import pytest
import torch

from core.conditioning.clip import ClipTextEncoder, Layer
from core.conditioning.clip_tokenizer import ClipTokenizer, clean
from core.conditioning.conditioning import Conditioning
from core.conditioning.sdxl import PictureSize, SdxlTextEncoder, with_size
from core.errors import InputError
from core.models.clip_text import ClipTextConfig, ClipTextTransformer

TINY = ClipTextConfig(hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2)
BIG = ClipTextConfig(
    hidden_size=24, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, hidden_act="gelu",
    projection_dim=20,
)  # fmt: skip


@pytest.fixture(scope="module")
def transformer() -> ClipTextTransformer:
    torch.manual_seed(1)
    return ClipTextTransformer(TINY).requires_grad_(False)


@pytest.fixture(scope="module")
def sdxl(transformer: ClipTextTransformer) -> SdxlTextEncoder:
    torch.manual_seed(2)
    return SdxlTextEncoder(transformer, ClipTextTransformer(BIG).requires_grad_(False))


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  A\n Red\tFOX ", "a red fox"),
        ("fox &amp;amp; frog", "fox & frog"),
        ("don’t", "don't"),
        ("fox", "fox"),
    ],
)
def test_text_is_mended_before_it_is_split(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_words_are_read_alone_as_in_a_sentence() -> None:
    tokenizer, text = ClipTokenizer(), "Two foxes, a (small) house: 3.14!"
    assert [token for word in text.split() for token in tokenizer.encode(word)] == tokenizer.encode(text)


@pytest.mark.parametrize("pad", [49407, 0])
def test_windows_are_padded_as_the_checkpoint_was_trained(transformer: ClipTextTransformer, pad: int) -> None:
    encoder = ClipTextEncoder(transformer, pad=pad)
    ids, _ = encoder.windows("a photograph")
    assert ids.tolist() == [[49406, 320, 8853, 49407, *[pad] * 73]]


@pytest.mark.parametrize(
    ("layer", "index", "shape"),
    [
        (Layer.LAST, None, (1, 77, 16)),
        (Layer.PENULTIMATE, None, (1, 77, 16)),
        (Layer.HIDDEN, 1, (1, 77, 16)),
        (Layer.HIDDEN, -2, (1, 77, 16)),
        (Layer.POOLED, None, (1, 1, 16)),
    ],
)
def test_every_layer_can_be_the_condition(
    transformer: ClipTextTransformer, layer: Layer, index: int | None, shape: tuple[int, ...]
) -> None:
    made = ClipTextEncoder(transformer, layer, index).encode(["a fox"])
    assert made.tokens is not None
    assert made.tokens.shape == shape


def test_the_layers_relate_as_they_are_defined(transformer: ClipTextTransformer) -> None:
    ids, _ = ClipTextEncoder(transformer).windows("a fox")
    made = transformer(ids)
    torch.testing.assert_close(transformer.final_norm(made.hidden[-1]), made.last)
    torch.testing.assert_close(made.pooled, made.last[:, 3])
    assert made.projected is None
    hidden = ClipTextEncoder(transformer, Layer.HIDDEN, 1)(ids).tokens
    penultimate = ClipTextEncoder(transformer, Layer.PENULTIMATE)(ids).tokens
    assert hidden is not None
    torch.testing.assert_close(transformer.final_norm(hidden), penultimate)


def test_a_layer_that_is_not_there_is_refused(transformer: ClipTextTransformer) -> None:
    for index in (None, 3, -3):
        with pytest.raises(ValueError, match="layer_idx"):
            ClipTextEncoder(transformer, Layer.HIDDEN, index)


def test_words_see_only_what_stands_before_them(transformer: ClipTextTransformer) -> None:
    encoder = ClipTextEncoder(transformer)
    fox, frog = (encoder.encode([f"a red {thing}"]).tokens for thing in ("fox", "frog"))
    assert fox is not None
    assert frog is not None
    torch.testing.assert_close(fox[:, :3], frog[:, :3])
    assert not torch.allclose(fox[:, 3], frog[:, 3])


def test_a_network_without_weights_keeps_its_positions() -> None:
    with torch.device("meta"):
        made = ClipTextTransformer(TINY)
    assert {parameter.device.type for parameter in made.parameters()} == {"meta"}
    assert [buffer.device.type for buffer in made.buffers()] == ["cpu"]
    assert all(name.startswith("text_model.") for name in made.state_dict())


def test_sdxl_lays_two_encoders_side_by_side(sdxl: SdxlTextEncoder, transformer: ClipTextTransformer) -> None:
    made = sdxl.encode(["a fox"])
    assert made.tokens is not None
    assert made.vector is not None
    assert made.tokens.shape == (1, 77, 16 + 24)
    assert made.vector.shape == (1, 20)
    alone = ClipTextEncoder(transformer, Layer.HIDDEN, -2).encode(["a fox"]).tokens
    torch.testing.assert_close(made.tokens[..., :16], alone)
    second = ClipTextEncoder(sdxl.second, Layer.HIDDEN, -2, pad=0).encode(["a fox"]).tokens
    torch.testing.assert_close(made.tokens[..., 16:], second)


def test_sizes_join_the_pooled_text(sdxl: SdxlTextEncoder) -> None:
    prompt = sdxl.encode(["a fox", "a frog"])
    size = PictureSize(original_height=512, original_width=768, crop_top=8, target_height=1024, target_width=1024)
    made = with_size(prompt, size).vector
    assert made is not None
    assert prompt.vector is not None
    assert made.shape == (2, 20 + 6 * 256)
    torch.testing.assert_close(made[:, :20], prompt.vector)
    numbers = made[0, 20:].reshape(6, 256)
    torch.testing.assert_close(numbers[4], numbers[5])
    assert torch.equal(numbers[3], torch.cat([torch.ones(128), torch.zeros(128)]))  # cosines and sines of 0
    torch.testing.assert_close(numbers[0, 0], torch.tensor(512.0).cos())


def test_sizes_need_a_pooled_text() -> None:
    size = PictureSize(original_height=512, original_width=768, target_height=1024, target_width=1024)
    for condition in (Conditioning(), Conditioning(vector=torch.tensor([3]))):
        with pytest.raises(InputError, match="no pooled text"):
            with_size(condition, size)
