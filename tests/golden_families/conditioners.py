"""Conditioners: class labels, CLIP's text encoders, rescaled maps, noised pictures; tokens of text and layouts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the customary name

from core.checkpoints.text_names import links_from_openclip
from core.conditioning.bert_tokenizer import bert_tokenizer
from core.conditioning.class_label import ClassEmbedder
from core.conditioning.clip import ClipTextEncoder, Layer
from core.conditioning.clip_tokenizer import ClipTokenizer
from core.conditioning.layout import Box
from core.conditioning.layout_tokens import LayoutTokens
from core.conditioning.noisy_low_resolution import ImageConcatWithNoiseAugmentation
from core.conditioning.spatial import SpatialRescaler
from core.models.clip_text import ClipTextConfig, ClipTextTransformer
from tests.golden_families.fixture import Fixture


@torch.no_grad()
def class_label(fixture: Fixture) -> dict[str, Tensor]:
    model = ClassEmbedder(**fixture.about["kwargs"])
    model.load_state_dict(fixture.weights)
    tokens = model(fixture.inputs["y"]).tokens
    assert tokens is not None
    return {"c": tokens}


@torch.no_grad()
def rescaler(fixture: Fixture) -> dict[str, Tensor]:
    model = SpatialRescaler(**fixture.about["kwargs"])
    model.load_state_dict(fixture.weights)
    given = fixture.inputs
    x = given["x"] if "x" in given else F.one_hot(given["labels"], model.in_channels).permute(0, 3, 1, 2).float()
    made = model(x).concat
    assert made is not None
    return {"y": made}


def noised_picture(fixture: Fixture) -> dict[str, Tensor]:
    model = ImageConcatWithNoiseAugmentation(**fixture.about["kwargs"])
    given = fixture.inputs
    return {"z": model.noised(given["x"], given["noise_level"], given["noise"])}


def clip_text(fixture: Fixture) -> dict[str, Tensor]:
    weights = {name: tensor for name, tensor in fixture.weights.items() if not name.endswith("position_ids")}
    sizes = {name: value for name, value in fixture.about["kwargs"].items() if name in ClipTextConfig.__annotations__}
    if "text_projection.weight" not in weights:
        sizes.pop("projection_dim", None)
    return _clip_outputs(ClipTextConfig(**sizes), weights, fixture)


def openclip_text(fixture: Fixture) -> dict[str, Tensor]:
    given = fixture.about["kwargs"]
    weights = {name.removeprefix("model."): tensor for name, tensor in fixture.weights.items()}
    links = links_from_openclip(weights)
    assert set(links.unknown) <= {"logit_scale"}
    config = ClipTextConfig(
        vocab_size=given["vocab_size"],
        hidden_size=given["width"],
        intermediate_size=len(weights["transformer.resblocks.0.mlp.c_fc.bias"]),
        num_hidden_layers=given["layers"],
        num_attention_heads=given["heads"],
        max_position_embeddings=given["context_length"],
        hidden_act="quick_gelu" if "quick" in given["act"] else "gelu",
        projection_dim=weights["text_projection"].shape[1] if "text_projection" in weights else None,
    )
    return _clip_outputs(config, links.to_diffusers(weights), fixture)


@torch.no_grad()
def _clip_outputs(config: ClipTextConfig, weights: dict[str, Tensor], fixture: Fixture) -> dict[str, Tensor]:
    model = ClipTextTransformer(config)
    model.load_state_dict(weights)
    found = {}
    for name in fixture.outputs:
        kind = name.removeprefix("z_") if name != "z" else "last"
        layer, _, index = kind.partition("_")
        chosen = Layer.PENULTIMATE if layer.startswith("penult") else Layer(layer)
        tokens = ClipTextEncoder(model, chosen, int(index) if index else None)(fixture.inputs["tokens"]).tokens
        assert tokens is not None
        found[name] = tokens.reshape(fixture.outputs[name].shape)
    return found


def tokenizers(fixture: Fixture) -> dict[str, Tensor]:
    clip, bert, found = ClipTokenizer(), bert_tokenizer(), {}
    for number, case in enumerate(fixture.about["cases"]):
        ids = clip.encode(case["text"])
        framed = [clip.start, *ids[:75], clip.end]
        wordpieces = [101, *bert.encode(case["text"], add_special_tokens=False).ids[:75], 102]
        lists = {
            "clip_bpe": ids,
            "clip_tokenize_pad0": framed + [0] * (77 - len(framed)),
            "clip_hf_pad_eot": framed + [clip.end] * (77 - len(framed)),
            "bert_77": wordpieces + [0] * (77 - len(wordpieces)),
        }
        found |= {f"{number}.{name}": torch.tensor(values) for name, values in lists.items() if name in case}
    return found


def listed_tokens(fixture: Fixture) -> dict[str, Tensor]:
    cases = enumerate(fixture.about["cases"])
    return {f"{n}.{name}": torch.tensor(ids) for n, case in cases for name, ids in case.items() if name != "text"}


def layout_tokens(fixture: Fixture) -> dict[str, Tensor]:
    found = {}
    for number, case in enumerate(fixture.about["cases"]):
        form = LayoutTokens(corners=case["builder"] == "bbox", **case["kwargs"])
        boxes = [(object["category_no"], _box(object["bbox"], object)) for object in case["annotations"]]
        crop = _box(case["crop"], {}) if case["crop"] else None
        found[f"{number}.tokens"] = torch.tensor(form.build(boxes, crop, case["horizontal_flip"]))
        objects, shown = form.inverse(case["tokens"])
        found[f"{number}.inverse"] = _rows(objects)
        found[f"{number}.inverse_crop"] = torch.tensor(shown or (), dtype=torch.float64)
    return found


def listed_layouts(fixture: Fixture) -> dict[str, Tensor]:
    found = {}
    for number, case in enumerate(fixture.about["cases"]):
        found[f"{number}.tokens"] = torch.tensor(case["tokens"])
        found[f"{number}.inverse"] = _rows(case["inverse"])
        found[f"{number}.inverse_crop"] = torch.tensor(case["inverse_crop"] or (), dtype=torch.float64)
    return found


def _box(bounds: Sequence[float], remarks: dict[str, Any]) -> Box:
    x, y, width, height = bounds
    names = {"is_group": "is_group_of"} | {f"is_{name}": f"is_{name}" for name in ("occluded", "depiction", "inside")}
    flags = {ours: bool(remarks.get(theirs)) for ours, theirs in names.items()}
    return Box(x=x, y=y, width=width, height=height, **flags)


def _rows(objects: Sequence[Any]) -> Tensor:
    return torch.tensor([[kind, *place] for kind, place in objects], dtype=torch.float64)
