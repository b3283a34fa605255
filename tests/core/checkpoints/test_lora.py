"""LoRA: read in each spelling, added to weights or beside them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from core.checkpoints.lora import apply_lora
from core.checkpoints.lora_file import open_lora
from core.checkpoints.structure import unet_arguments
from core.errors import ModelFileError
from core.models.clip_text import ClipTextTransformer
from core.models.unet import UNetModel
from tests.core.checkpoints import files, published

QUERY = "input_blocks.1.1.transformer_blocks.0.attn1.to_q"
SPELLINGS = {
    "kohya": ("lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q", "lora_down", "lora_up"),
    "kohya, CompVis names": ("lora_unet_input_blocks_1_1_transformer_blocks_0_attn1_to_q", "lora_down", "lora_up"),
    "peft": ("unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q", "lora_A", "lora_B"),
    "peft, bare": (
        "base_model.model.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q", "lora_A.default",
        "lora_B.default",
    ),
    "diffusers": ("unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q", "lora.down", "lora.up"),
}  # fmt: skip


@pytest.fixture
def unet() -> UNetModel:
    network = files.randomized(UNetModel(**files.UNET))
    assert isinstance(network, UNetModel)
    return network


def random(*shape: int, seed: int = 4) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def write(path: Path, tensors: Mapping[str, Tensor]) -> Path:
    save_file(dict(tensors), path)
    return path


def weight(network: nn.Module, layer: str) -> Tensor:
    return network.get_submodule(layer).weight.detach()  # type: ignore[union-attr, return-value, operator]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_each_spelling_finds_its_layer(tmp_path: Path, unet: UNetModel, spelling: str) -> None:
    layer, down_name, up_name = SPELLINGS[spelling]
    down, up = random(2, 32), random(32, 2)
    path = write(tmp_path / "l.safetensors", {f"{layer}.{down_name}.weight": down, f"{layer}.{up_name}.weight": up})
    changed = apply_lora({"unet": unet}, open_lora(path), {"unet": 0.5})["unet"]
    torch.testing.assert_close(weight(changed, QUERY), weight(unet, QUERY) + 0.5 * up @ down)


def test_early_diffusers_processors_find_their_layer(tmp_path: Path, unet: UNetModel) -> None:
    stem = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.processor.to_q_lora"
    down, up = random(2, 32), random(32, 2)
    path = write(tmp_path / "l.safetensors", {f"{stem}.down.weight": down, f"{stem}.up.weight": up})
    changed = apply_lora({"unet": unet}, open_lora(path), {"unet": 1.0})["unet"]
    torch.testing.assert_close(weight(changed, QUERY), weight(unet, QUERY) + up @ down)


def test_alpha_over_rank_scales_it_and_what_is_given_stays(tmp_path: Path, unet: UNetModel) -> None:
    layer = SPELLINGS["kohya"][0]
    down, up = random(4, 32), random(32, 4)
    tensors = {f"{layer}.lora_down.weight": down, f"{layer}.lora_up.weight": up, f"{layer}.alpha": torch.tensor(1.0)}
    before = weight(unet, QUERY).clone()
    lora = open_lora(write(tmp_path / "l.safetensors", tensors))
    changed = apply_lora({"unet": unet}, lora, {"unet": 1.0})["unet"]
    torch.testing.assert_close(weight(changed, QUERY), before + 0.25 * up @ down)
    assert torch.equal(weight(unet, QUERY), before)
    assert weight(changed, "out.2").data_ptr() == weight(unet, "out.2").data_ptr(), "untouched weights are shared"


CONVOLUTIONS = {
    "3x3": {"lora_down": (2, 32, 3, 3), "lora_up": (32, 2, 1, 1)},
    "three factors": {"lora_down": (2, 32, 1, 1), "lora_mid": (2, 2, 3, 3), "lora_up": (32, 2, 1, 1)},
}
RESNET = ("lora_unet_down_blocks_0_resnets_0_conv1", "input_blocks.1.0.in_layers.2")
STRIDED = ("lora_unet_down_blocks_0_downsamplers_0_conv", "input_blocks.2.0.op")


@pytest.mark.parametrize("place", [RESNET, STRIDED])
@pytest.mark.parametrize("kind", CONVOLUTIONS)
def test_live_and_merged_convolutions_give_the_same(
    tmp_path: Path, unet: UNetModel, kind: str, place: tuple[str, str]
) -> None:
    layer, module = place
    tensors = {
        f"{layer}.{part}.weight": random(*shape, seed=i) for i, (part, shape) in enumerate(CONVOLUTIONS[kind].items())
    }
    assert_live_equals_merged(unet, write(tmp_path / "l.safetensors", tensors), module)


def test_live_and_merged_linear_layers_give_the_same(tmp_path: Path, unet: UNetModel) -> None:
    layer = SPELLINGS["kohya"][0]
    tensors = {f"{layer}.lora_down.weight": random(2, 32), f"{layer}.lora_up.weight": random(32, 2)}
    assert_live_equals_merged(unet, write(tmp_path / "l.safetensors", tensors), QUERY)


def assert_live_equals_merged(unet: UNetModel, path: Path, module: str) -> None:
    lora, given = open_lora(path), {"unet": unet}
    merged, live = (apply_lora(given, lora, {"unet": 0.8}, live=live)["unet"] for live in (False, True))
    assert torch.equal(weight(live, module), weight(unet, module))
    assert not torch.equal(weight(merged, module), weight(unet, module))
    x, t, context = random(1, 4, 8, 8), torch.tensor([7]), random(1, 5, 64)
    with torch.no_grad():
        plain, one, other = (network(x, t, context) for network in (unet, merged, live))
    torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)
    assert not torch.allclose(plain, one)


def test_several_add_up_and_the_opposite_undoes_one(tmp_path: Path, unet: UNetModel) -> None:
    layer = SPELLINGS["kohya"][0]
    loras = [
        open_lora(
            write(
                tmp_path / f"{seed}.safetensors",
                {f"{layer}.lora_down.weight": random(2, 32, seed=seed), f"{layer}.lora_up.weight": random(32, 2)},
            )
        )
        for seed in (1, 2)
    ]
    networks: dict[str, nn.Module] = {"unet": unet}
    both = apply_lora(apply_lora(networks, loras[0], {"unet": 1.0}), loras[1], {"unet": 0.3})
    other = apply_lora(apply_lora(networks, loras[1], {"unet": 0.3}), loras[0], {"unet": 1.0})
    torch.testing.assert_close(weight(both["unet"], QUERY), weight(other["unet"], QUERY))
    undone = apply_lora(apply_lora(both, loras[1], {"unet": -0.3}), loras[0], {"unet": -1.0})
    torch.testing.assert_close(weight(undone["unet"], QUERY), weight(unet, QUERY), atol=1e-5, rtol=1e-5)


def test_the_text_encoder_has_a_strength_of_its_own(tmp_path: Path, unet: UNetModel) -> None:
    text = files.randomized(ClipTextTransformer(files.CLIP))
    layer = "lora_te_text_model_encoder_layers_0_self_attn_q_proj"
    down, up = random(2, 64), random(64, 2)
    lora = open_lora(
        write(tmp_path / "l.safetensors", {f"{layer}.lora_down.weight": down, f"{layer}.lora_up.weight": up})
    )
    assert lora.roles == ("text",)
    name = "text_model.encoder.layers.0.self_attn.q_proj"
    changed = apply_lora({"unet": unet, "text": text}, lora, {"unet": 1.0, "text": 0.5})
    torch.testing.assert_close(weight(changed["text"], name), weight(text, name) + 0.5 * up @ down)
    left = apply_lora({"unet": unet, "text": text}, lora, {"unet": 1.0, "text": 0.0})
    assert left["text"] is text


def test_every_layer_of_stable_diffusion_can_be_spelled_by_kohya(tmp_path: Path) -> None:
    names = published.folder("sd15")["unet"]
    layers = [n.removesuffix(".weight") for n, t in names.items() if n.endswith(".weight") and t.ndim > 1]
    shapes = {f"lora_unet_{layer.replace('.', '_')}": names[f"{layer}.weight"].shape for layer in layers}
    tensors = {}
    for layer, shape in shapes.items():
        tensors[f"{layer}.lora_down.weight"] = torch.zeros(1, *shape[1:])
        tensors[f"{layer}.lora_up.weight"] = torch.zeros(shape[0], 1, *[1] * (len(shape) - 2))
    single = {
        n.removeprefix("model.diffusion_model."): tuple(t.shape) for n, t in published.single_file("sd15").items()
    }
    unet = UNetModel(**files.UNET)
    with torch.device("meta"):
        unet = UNetModel(**unet_arguments(single))
    lora = open_lora(write(tmp_path / "l.safetensors", tensors))
    live = apply_lora({"unet": unet}, lora, {"unet": 1.0}, live=True)["unet"]
    assert sum(bool(module._forward_hooks) for module in live.modules()) == len(layers) == len(lora.layers)


@pytest.mark.parametrize(
    ("tensors", "what"),
    [
        ({"lora_unet_nowhere.lora_down.weight": (2, 32), "lora_unet_nowhere.lora_up.weight": (32, 2)}, "another model"),
        ({f"{SPELLINGS['kohya'][0]}.lora_down.weight": (2, 768), f"{SPELLINGS['kohya'][0]}.lora_up.weight": (320, 2)},
         "another model"),
        ({f"{SPELLINGS['kohya'][0]}.lora_down.weight": (2, 32)}, "no LoRA"),
        ({f"{SPELLINGS['kohya'][0]}.lora_down.weight": (2, 32), f"{SPELLINGS['kohya'][0]}.lora_up.weight": (32, 3)},
         "no LoRA"),
        ({"lora_unet_x.hada_w1_a": (2, 2)}, "LoHa"),
        ({"something": (2, 2)}, "no LoRA"),
    ],
)  # fmt: skip
def test_what_cannot_be_applied_is_told(
    tmp_path: Path, unet: UNetModel, tensors: dict[str, tuple[int, ...]], what: str
) -> None:
    path = write(tmp_path / "l.safetensors", {name: torch.ones(shape) for name, shape in tensors.items()})
    with pytest.raises(ModelFileError, match=what):
        apply_lora({"unet": unet}, open_lora(path), {"unet": 1.0})


def test_values_that_are_not_finite_are_refused(tmp_path: Path, unet: UNetModel) -> None:
    layer = SPELLINGS["kohya"][0]
    tensors = {f"{layer}.lora_down.weight": torch.full((2, 32), torch.inf), f"{layer}.lora_up.weight": random(32, 2)}
    with pytest.raises(ModelFileError, match="not finite"):
        apply_lora({"unet": unet}, open_lora(write(tmp_path / "l.safetensors", tensors)), {"unet": 1.0})
