"""The conditioner of a loaded model: its class from its parts' kinds, its sizes from their shapes."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from torch import nn

from core.checkpoints.build import Loader
from core.checkpoints.parts import Kind, Part
from core.checkpoints.source import ModelSource
from core.conditioning.bert_tokenizer import bert_tokenizer
from core.conditioning.class_label import ClassEmbedder
from core.conditioning.clip import ClipTextEncoder, Layer
from core.conditioning.conditioner import Conditioner, ItemConditioner
from core.conditioning.layout_encoder import LayoutEncoder
from core.conditioning.layout_tokens import LayoutTokens
from core.conditioning.mixed import MixedConditioner
from core.conditioning.noisy_low_resolution import ImageConcatWithNoiseAugmentation
from core.conditioning.sdxl import SdxlTextEncoder
from core.conditioning.spatial import LowResolution, SpatialRescaler
from core.conditioning.text import TextEncoder
from core.conditioning.unconditional import Unconditional
from core.errors import ModelFileError
from core.models.clip_text import ClipTextConfig, ClipTextTransformer
from core.models.text_transformer import BERTEmbedder

HEAD_WIDTH = 64  # of all published text encoders
END, EXCLAMATION = 49407, 0  # what fills up a window in OpenAI's and in OpenCLIP's encoder
# What config.json of a text encoder tells beyond the shapes of its weights.
_NOT_IN_SHAPES = ("num_attention_heads", "hidden_act", "layer_norm_eps")
_OPENIMAGES_CLASSES = 601
_UPSCALER_LEVELS = 350  # of noise, of 1000, with which the published upscaler was trained
_OPENCLIP_H_LAYERS = 24


def load_conditioner(source: ModelSource, load: Loader) -> Conditioner:
    """Build the conditioner that a model was trained with, and load its weights.

    Raises:
        ModelFileError: Weights do not fit, or a configuration makes no sense.
    """
    told, small = _with_weights(source, load), _of_small_pictures(source)
    if told is None:
        return small or Unconditional()
    if isinstance(small, ImageConcatWithNoiseAugmentation):
        return MixedConditioner({"text": told, "low_resolution": small})
    return told


def _with_weights(source: ModelSource, load: Loader) -> ItemConditioner | None:
    text, second = source.parts.get("text"), source.parts.get("text_2")
    if text is not None and second is not None:
        said = [source.settings.get(folder, {}) for folder in ("text_encoder", "text_encoder_2")]
        return SdxlTextEncoder(_clip(text, load, said[0]), _clip(second, load, said[1]))
    if text is None:
        return None
    if text.kind is Kind.CLIP:
        return _clip_encoder(text, load, source.settings.get("text_encoder", {}))
    if text.kind is Kind.BERT:
        return _transformer(text, load)
    shapes, (_, params) = text.shapes(), source.config.part("cond_stage_config")
    if text.kind is Kind.CLASSES:
        classes, width = shapes["embedding.weight"]
        return load(ClassEmbedder, {"embed_dim": width, "n_classes": classes}, text)
    return load(SpatialRescaler, _rescaler_arguments(shapes, params), text)


def text_networks(conditioner: Conditioner) -> dict[str, nn.Module]:
    """Return the text networks of a conditioner by role, "text" and "text_2"; none where it reads no text."""
    members = conditioner.members
    return {role: each.get_submodule(name) for each in members for role, name in _network_names(each).items()}


def _network_names(conditioner: ItemConditioner) -> dict[str, str]:
    if isinstance(conditioner, SdxlTextEncoder):
        return {"text": "first", "text_2": "second"}
    return {"text": "transformer"} if isinstance(conditioner, (ClipTextEncoder, TextEncoder)) else {}


def with_text_networks(conditioner: Conditioner, networks: Mapping[str, nn.Module]) -> Conditioner:
    """Return a conditioner with other text networks, by role; the one given is not changed."""
    if isinstance(conditioner, MixedConditioner):
        parts = cast(Mapping[str, ItemConditioner], conditioner.parts)
        return MixedConditioner({name: _with_networks(part, networks) for name, part in parts.items()})
    return _with_networks(cast(ItemConditioner, conditioner), networks)


def _with_networks(conditioner: ItemConditioner, networks: Mapping[str, nn.Module]) -> ItemConditioner:
    changed = copy.copy(conditioner)
    # A module keeps its parts in a dictionary, which a shallow copy would share.
    changed._modules = dict(conditioner._modules)
    for role, name in _network_names(conditioner).items():
        changed._modules[name] = networks[role]
    return changed


def _clip(part: Part, load: Loader, said: Mapping[str, Any]) -> ClipTextTransformer:
    known = {name: said[name] for name in _NOT_IN_SHAPES if name in said}
    return load(ClipTextTransformer, {"config": replace(clip_config(part.shapes()), **known)}, part)


def clip_config(shapes: Mapping[str, tuple[int, ...]]) -> ClipTextConfig:
    """Return the sizes of a CLIP text transformer with weights of these shapes (transformers names).

    Those that shapes do not tell are the published models'.
    """
    words, width = shapes["text_model.embeddings.token_embedding.weight"]
    layers = {name.split(".")[3] for name in shapes if name.startswith("text_model.encoder.layers.")}
    projection = shapes.get("text_projection.weight")
    return ClipTextConfig(
        vocab_size=words,
        hidden_size=width,
        intermediate_size=shapes["text_model.encoder.layers.0.mlp.fc1.weight"][0],
        num_hidden_layers=len(layers),
        num_attention_heads=max(1, width // HEAD_WIDTH),
        max_position_embeddings=shapes["text_model.embeddings.position_embedding.weight"][0],
        # OpenAI trained with a cheaper form of GELU; its text encoder of these models is 768 wide.
        hidden_act="quick_gelu" if width <= 768 else "gelu",
        projection_dim=None if projection is None else projection[0],
    )


def _clip_encoder(part: Part, load: Loader, said: Mapping[str, Any]) -> ClipTextEncoder:
    transformer = _clip(part, load, said)
    config = transformer.config
    openclip = config.hidden_act == "gelu"
    # Stable Diffusion 2 conditions on the last layer but one; diffusers folders leave the last one out.
    whole = openclip and config.num_hidden_layers == _OPENCLIP_H_LAYERS
    layer = Layer.PENULTIMATE if whole else Layer.LAST
    return ClipTextEncoder(transformer, layer, pad=EXCLAMATION if openclip else END)


def _transformer(part: Part, load: Loader) -> ItemConditioner:
    shapes = part.shapes()
    words, width = shapes["transformer.token_emb.weight"]
    length = shapes["transformer.pos_emb.emb.weight"][0]
    depth = len({name.split(".")[3] for name in shapes if name.startswith("transformer.attn_layers.layers.")}) // 2
    arguments = {"n_embed": width, "n_layer": depth, "vocab_size": words, "max_seq_len": length}
    network = load(BERTEmbedder, arguments, part)
    tokenizer = bert_tokenizer()
    if words == tokenizer.get_vocab_size():
        return TextEncoder(tokenizer, network, pooled=False)
    format = LayoutTokens(no_object_classes=min(_OPENIMAGES_CLASSES, words - 1), no_tokens=words,
                          no_max_objects=(length - 2) // 3)  # fmt: skip
    return LayoutEncoder(network, format)


def _rescaler_arguments(shapes: Mapping[str, tuple[int, ...]], params: Mapping[str, Any]) -> dict[str, Any]:
    out, inputs = shapes["channel_mapper.weight"][:2]
    known = {name: params[name] for name in ("n_stages", "method", "multiplier") if name in params}
    # The published one halves twice.
    return {"n_stages": 2, **known, "in_channels": inputs, "out_channels": out, "bias": "channel_mapper.bias" in shapes}


def _of_small_pictures(source: ModelSource) -> ItemConditioner | None:
    """Return what makes conditions from small pictures, which has no weights; None = they are no part of the input."""
    arguments = source.unet_arguments or {}
    if arguments.get("in_channels", 0) - arguments.get("out_channels", 0) != 3:
        return None
    # A small picture beside the latent; the model that is also told a level of noise got it noised.
    if not isinstance(arguments.get("num_classes"), int):
        return LowResolution()
    kind, params = source.config.part("low_scale_config")
    try:
        return ImageConcatWithNoiseAugmentation(**({"max_noise_level": _UPSCALER_LEVELS} | params))
    except (ArithmeticError, AttributeError, TypeError, ValueError) as error:
        raise ModelFileError(
            f"The configuration of {source.path.name} states no noise for small pictures that can be used.",
            why=f"{kind}: {error}".rstrip(".") + ".",
            fix="Mend it or move it away; without one, the published model's is taken.",
        ) from error
