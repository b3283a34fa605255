"""The fields of a configuration for a form: name, kind, default, choices, help, and what the paper used."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from core.conditioning.build import KINDS
from core.diffusion.noise_schedule import SCHEDULES
from training.config import PHASES, PRECISIONS
from training.perceptual.metric import METRICS

# What the type does not say; by the field's name.
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "perceptual": tuple(METRICS), "precision": PRECISIONS, "schedule.schedule": tuple(SCHEDULES),
    "conditioning.kinds": tuple(KINDS), "phases": PHASES,
}  # fmt: skip
# What the docstrings leave to the name.
_HELP: Mapping[str, str] = {
    "steps": "Optimizer steps of this phase.", "batch_size": "Samples in a step.",
    "ema_decay": "Limit of the decay of the averaged weights, which become the model.",
    "log_every": "Steps between two lines of the curves.", "sample_every": "Steps between two sample grids.",
    "checkpoint_every": "Steps between two checkpoints; a run that dies goes on from the last one.",
    "ddconfig": "The network's arguments: ch channels, times ch_mult in each level; every level but the last halves "
    "the sides.",
    "decoder_config": "Where the decoder's arguments differ from those of the whole.",
    "embed_dim": "Channels of the latent.", "schedule.schedule": "How the variances of the noise rise.",
    "schedule.timesteps": "T, the number of steps, 1 to 100,000.",
    "schedule.linear_start": "First beta.", "schedule.linear_end": "Last beta.",
    "text.n_embed": "Width of the text transformer.", "text.n_layer": "Its layers.",
    "text.max_seq_len": "Longest prompt, in tokens.",
}  # fmt: skip
# arXiv 2112.10752: sections 3.1 and 3.2, appendix D.1 (tables 12 to 15), E and G, and the published configurations.
_PAPER: Mapping[str, str] = {
    "first_stage.ddconfig": "ch = 128, two blocks a level; ch_mult = [1, 2, 4] for f = 4, [1, 2, 4, 4] for f = 8",
    "first_stage.embed_dim": "3 for f = 4, 4 for f = 8",
    "first_stage.n_embed": "8192 for VQ with f = 4, 0 for KL",
    "first_stage.l1": "1", "first_stage.l2": "0", "first_stage.gradient": "0",
    "first_stage.kl": "1e-6", "first_stage.codebook": "1", "first_stage.reduction": "sum for KL, mean for VQ",
    "first_stage.perceptual": "lpips-vgg16, weight 1", "first_stage.perceptual_weight": "1",
    "first_stage.discriminator.disc_start": "50001 for KL, 0 or 1 for VQ",
    "first_stage.discriminator.disc_weight": "0.5 for KL, 0.6 to 0.75 for VQ",
    "first_stage.discriminator.disc_num_layers": "3", "first_stage.discriminator.disc_ndf": "64",
    "first_stage.batch_size": "12 for f = 8 in 256² pixels", "first_stage.optimizer.lr": "4.5e-6 times the batch size",
    "first_stage.optimizer.betas": "0.5, 0.9", "first_stage.scale_images": "one batch",
    "second_stage.unet": "model_channels = 224 for LDM-4 on faces, 192 with context; channel_mult = [1, 2, 3, 4]",
    "second_stage.text.n_embed": "1280, in 32 layers, of 77 tokens",
    "second_stage.schedule.schedule": "linear in the square root of beta", "second_stage.schedule.timesteps": "1000",
    "second_stage.schedule.linear_start": "0.0015", "second_stage.schedule.linear_end": "0.0195",
    "second_stage.parameterization": "eps", "second_stage.min_snr_gamma": "0: the plain loss",
    "second_stage.objective.loss_type": "l2; l1 for inpainting", "second_stage.condition_dropout": "0.1 for text",
    "second_stage.batch_size": "48 for LDM-4 on faces, 680 for text", "second_stage.ema_decay": "0.9999",
    "second_stage.optimizer.lr": "2e-6 times the batch size for LDM-4; 1e-4 for text",
    "second_stage.optimizer.weight_decay": "0.01", "second_stage.optimizer.warmup_steps": "10000 for text, else 0",
    "data.size": "256", "data.flip": "yes, but for text", "data.scenes.size": "256",
}  # fmt: skip


@dataclass(frozen=True)
class FieldSpec:
    """One field.

    Attributes:
        name: Dotted, as in the file and in overrides.
        kind: switch, choice, text, number, list (with choices: any of them), table, or part, which may be left out.
        default: The value where the file names none; None for a part that is left out.
        choices: What may be chosen.
        help: What it means.
        paper: What the paper's models have, or "".
    """

    name: str
    kind: str
    default: Any
    choices: tuple[str, ...] = ()
    help: str = ""
    paper: str = ""


def fields_of(config: type, prefix: str = "", given: Any = None) -> tuple[FieldSpec, ...]:
    """The fields of a configuration dataclass and of those within it, in their order.

    Args:
        config: The dataclass.
        prefix: Goes before their names.
        given: An instance of `config` whose values are the defaults; None = those of the class.
    """
    hints, told = get_type_hints(config), _helps(config)
    found: list[FieldSpec] = []
    for each in dataclasses.fields(config):
        kind, name = hints[each.name], f"{prefix}{each.name}"
        default = _default(each) if given is None else getattr(given, each.name)
        inner, words = _dataclass_in(kind), _ending(_HELP, name) or told.get(each.name, "")
        if inner is None:
            found.append(_leaf(name, kind, default, words))
            continue
        if type(None) in get_args(kind):
            found.append(FieldSpec(name, "part", default, (), words))
        found += fields_of(inner, f"{name}.", default)
    return tuple(found)


def _default(each: dataclasses.Field[Any]) -> Any:
    if each.default_factory is not dataclasses.MISSING:
        return each.default_factory()
    return None if each.default is dataclasses.MISSING else each.default


def _ending(table: Mapping[str, Any], name: str) -> Any:
    """The entry whose key is the end of a dotted name; the longest one holds."""
    keys = [key for key in table if f".{name}".endswith(f".{key}")]
    return table[max(keys, key=len)] if keys else None


def _leaf(name: str, kind: Any, default: Any, told: str) -> FieldSpec:
    known: tuple[str, ...] = _ending(_CHOICES, name) or ()
    shown: Any = default.value if isinstance(default, Enum) else default
    paper = _PAPER.get(name, "")
    if get_origin(kind) is Literal or (isinstance(kind, type) and issubclass(kind, Enum)):
        choices = get_args(kind) if get_origin(kind) is Literal else tuple(member.value for member in kind)
        return FieldSpec(name, "choice", shown, tuple(map(str, choices)), told, paper)
    if known and kind is str:
        return FieldSpec(name, "choice", shown, known, told, paper)
    if kind is bool:
        return FieldSpec(name, "switch", shown, (), told, paper)
    if _is_table(kind):
        return FieldSpec(name, "table", dict(default) if default else default, (), told, paper)
    if get_origin(kind) is tuple:
        return FieldSpec(name, "list", list(default or ()), known, told, paper)
    return FieldSpec(name, "text" if kind is str else "number", shown, (), told, paper)


def _dataclass_in(kind: Any) -> type | None:
    options = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    return next((o for o in options if isinstance(o, type) and dataclasses.is_dataclass(o)), None)


def _is_table(kind: Any) -> bool:
    options = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    return any(get_origin(option) is Mapping for option in options)


def _helps(config: type) -> dict[str, str]:
    """What the class's docstring says of each attribute; its first sentence where it lists none."""
    text = inspect.getdoc(config) or ""
    summary = text.split("\n\n")[0].replace("\n", " ")
    found = {each.name: summary for each in dataclasses.fields(config)}
    part = text.partition("Attributes:\n")[2]
    for block in re.split(r"\n(?=    \S)", "\n" + part)[1:]:
        names, _, words = " ".join(block.split()).partition(": ")
        told = words[:1].upper() + words[1:]
        found |= {name: told for name in names.split(", ") if name in found}
    return found
