"""The JSON configurations that diffusers reads beside the weights of a folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.checkpoints.conditioners import clip_config
from core.checkpoints.diffusion_settings import schedule_of, space_scale
from core.checkpoints.loading import known_prediction
from core.checkpoints.source import INDEX, ModelSource, open_model
from core.checkpoints.structure import autoencoder_arguments

_PREDICTIONS = {"eps": "epsilon", "v": "v_prediction", "x0": "sample"}
_SCHEDULES = {
    "linear": "scaled_linear", "sqrt_linear": "linear", "cosine": "squaredcos_cap_v2",
    "squared_cosine": "squaredcos_cap_v2",
}  # fmt: skip
Configuration = dict[str, Any]


def configurations(single_file: Path) -> dict[str, Configuration]:
    """Return the configurations of a single file's model, by their path in the folder.

    Raises:
        ModelFileError: The file holds no model that is known.
    """
    source = open_model(single_file, ema=False)
    found: dict[str, Configuration] = {INDEX: _index(source), "scheduler/scheduler_config.json": _scheduler(source)}
    arguments = source.unet_arguments
    if arguments is not None:
        found["unet/config.json"] = _unet(arguments)
    if "autoencoder" in source.parts:
        found["vae/config.json"] = _autoencoder(source)
    for role, folder in (("text", "text_encoder"), ("text_2", "text_encoder_2")):
        if role in source.parts:
            found[f"{folder}/config.json"] = _text(source, role)
    return found


def _index(source: ModelSource) -> Configuration:
    """Return the list of parts; tokenizers, which are the same everywhere, are left out."""
    xl = "text_2" in source.parts
    index: Configuration = {
        "_class_name": "StableDiffusionXLPipeline" if xl else "StableDiffusionPipeline",
        "scheduler": ["diffusers", "DDIMScheduler"],
        "unet": ["diffusers", "UNet2DConditionModel"],
    }
    if "autoencoder" in source.parts:
        quantized = "quantize.embedding.weight" in source.parts["autoencoder"].shapes()
        index["vae"] = ["diffusers", "VQModel" if quantized else "AutoencoderKL"]
    if "text" in source.parts:
        index["text_encoder"] = ["transformers", "CLIPTextModel"]
    if xl:
        index["text_encoder_2"] = ["transformers", "CLIPTextModelWithProjection"]
    return index


def _unet(arguments: Mapping[str, Any]) -> Configuration:
    mult, levels = arguments["channel_mult"], len(arguments["channel_mult"])
    attends = [2**level in arguments["attention_resolutions"] for level in range(levels)]
    widths = [arguments["model_channels"] * factor for factor in mult]
    # diffusers calls the number of heads "attention_head_dim", for historical reasons.
    by_width = arguments.get("num_head_channels", -1)
    heads = arguments["num_heads"] if by_width == -1 else [width // by_width for width in widths]
    configuration: Configuration = {
        "_class_name": "UNet2DConditionModel",
        "sample_size": arguments["image_size"],
        "in_channels": arguments["in_channels"],
        "out_channels": arguments["out_channels"],
        "down_block_types": ["CrossAttnDownBlock2D" if here else "DownBlock2D" for here in attends],
        "up_block_types": ["CrossAttnUpBlock2D" if here else "UpBlock2D" for here in reversed(attends)],
        "block_out_channels": widths,
        "layers_per_block": arguments["num_res_blocks"][0],
        "cross_attention_dim": arguments.get("context_dim"),
        "attention_head_dim": heads,
        "transformer_layers_per_block": arguments.get("transformer_depth", 1),
        "use_linear_projection": bool(arguments.get("use_linear_in_transformer")),
        "only_cross_attention": arguments.get("disable_self_attentions", False),
    }
    classes = arguments.get("num_classes")
    if isinstance(classes, int):
        configuration["num_class_embeds"] = classes
    elif classes == "sequential" and not attends[0]:
        # Six sizes and crops, each in an embedding of 256, and the pooled text.
        configuration |= {
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 256,
            "projection_class_embeddings_input_dim": arguments["adm_in_channels"],
        }
    elif classes == "sequential":
        width = arguments["adm_in_channels"]
        configuration |= {"class_embed_type": "projection", "projection_class_embeddings_input_dim": width}
    return configuration


def _autoencoder(source: ModelSource) -> Configuration:
    arguments = autoencoder_arguments(source.parts["autoencoder"].shapes())
    config = arguments["ddconfig"]
    levels = len(config["ch_mult"])
    kind = "VQModel" if "n_embed" in arguments else "AutoencoderKL"
    configuration: Configuration = {
        "_class_name": kind,
        "in_channels": config["in_channels"],
        "out_channels": config["out_ch"],
        "down_block_types": ["DownEncoderBlock2D"] * levels,
        "up_block_types": ["UpDecoderBlock2D"] * levels,
        "block_out_channels": [config["ch"] * factor for factor in config["ch_mult"]],
        "layers_per_block": config["num_res_blocks"],
        "latent_channels": config["z_channels"],
        "scaling_factor": space_scale(source),
        "sample_size": config["resolution"],
    }
    if kind == "VQModel":
        configuration |= {"num_vq_embeddings": arguments["n_embed"], "vq_embed_dim": arguments["embed_dim"]}
    return configuration


def _text(source: ModelSource, role: str) -> Configuration:
    config = clip_config(source.parts[role].shapes())
    sizes = {name: value for name, value in asdict(config).items() if name != "projection_dim"}
    if config.hidden_size == 1024 and role == "text":
        # The last layer, which is not used, stays out of the folder.
        sizes["num_hidden_layers"] = 23
    projected = role == "text_2"
    name = "CLIPTextModelWithProjection" if projected else "CLIPTextModel"
    projection = {"projection_dim": config.projection_dim} if projected else {}
    return {"architectures": [name], "model_type": "clip_text_model", **sizes, **projection}


def _scheduler(source: ModelSource) -> Configuration:
    schedule = schedule_of(source)
    return {
        "_class_name": "DDIMScheduler",
        "num_train_timesteps": schedule.timesteps,
        "beta_start": schedule.linear_start,
        "beta_end": schedule.linear_end,
        "beta_schedule": _SCHEDULES.get(schedule.schedule, schedule.schedule),
        "prediction_type": _PREDICTIONS[known_prediction(source).kind],
        "rescale_betas_zero_snr": schedule.zero_terminal_snr,
        "clip_sample": False,
        "set_alpha_to_one": False,
        "steps_offset": 1,
    }
