"""The fields of a configuration for a form: name, kind, default, choices, help, and what the paper's models have."""

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
from training.paper_values import paper_value
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
    "keep_checkpoints": "How many of the newest checkpoints each phase keeps, beside the best one.",
    "path": "Folder of the pictures, with captions in text files of the same names or in metadata.jsonl.",
    "scenes.pair_scale": "The same for each of two things.", "scenes.trio_scale": "The same for each of three things.",
    "ddconfig": "The network's arguments: ch channels, times ch_mult in each level; every level but the last halves "
    "the sides.",
    "decoder_config": "Where the decoder's arguments differ from those of the whole.",
    "embed_dim": "Channels of the latent.", "l1": "Weight of the absolute error of pixels.",
    "l2": "Weight of the squared error of pixels.",
    "kl": "Weight of the KL term, which keeps latents near a normal distribution.",
    "codebook": "Weight of the codebook loss, which moves entries and latents together; for VQ.",
    "perceptual": "Network that judges likeness beside the errors of pixels; none = only those judge.",
    "perceptual_weight": "Weight of the distance that this network sees.",
    "discriminator": "A network that learns to tell patches of reconstructions from real ones, and against which the "
    "decoder learns.",
    "disc_loss": "The adversarial loss: hinge, or vanilla, the logarithmic one.",
    "schedule.schedule": "How the variances of the noise rise.",
    "schedule.timesteps": "T, the number of steps, 1 to 100,000.",
    "schedule.linear_start": "Variance of the noise of the first step, the first beta.",
    "schedule.linear_end": "Variance of the noise of the last step, the last beta.",
    "schedule.zero_terminal_snr": "Whether the last step holds noise alone; not for a network that predicts eps.",
    "text.n_embed": "Width of the text transformer.", "text.n_layer": "Layers of the text transformer.",
    "text.max_seq_len": "Longest prompt, in tokens.", "layout.n_embed": "Width of the transformer over boxes.",
    "layout.n_layer": "Layers of the transformer over boxes.",
    "lora": "Train low-rank changes of the base model and leave its weights as they are.",
    "lora.rank": "Rank of each change: more can say more, and takes more memory.",
    "evaluation.steps": "Denoising steps of the generated pictures.",
    "evaluation.guidance": "How strongly the generated pictures follow what they are told; 1 = no guidance.",
    "evaluation.sampler": "Sampler of the generated pictures.",
    "evaluation.perceptual": "Network of the perceptual distance of reconstructions; none = that is left out.",
    "evaluation.perceptual_folder": "Where the weights of the perceptual distance lie, if they are not shipped.",
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
        paper: What the paper's models have, or `training.paper_values.OURS`.
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
            found.append(FieldSpec(name, "part", default, (), words, paper_value(name)))
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
    paper = paper_value(name)
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
