"""From a configuration, or from a trained model, to the conditions of a run."""

from __future__ import annotations

from pathlib import Path

from core.conditioning.class_label import ClassEmbedder
from core.conditioning.clip import ClipTextEncoder
from core.conditioning.conditioner import Conditioner, ItemConditioner
from core.conditioning.inpainting import Inpainting
from core.conditioning.layout_encoder import LayoutEncoder
from core.conditioning.noisy_low_resolution import ImageConcatWithNoiseAugmentation
from core.conditioning.spatial import LowResolution, SpatialRescaler
from core.conditioning.text import TextEncoder
from core.conditioning.unconditional import Unconditional
from core.diffusion.latent_diffusion import Autoencoder
from core.errors import InputError
from training.conditions.boxes import LayoutCondition, box_labels, layout_condition
from training.conditions.condition import Condition
from training.conditions.config import ConditioningConfig, InpaintingConfig, TextConfig
from training.conditions.frozen import FrozenTextCondition
from training.conditions.maps import (
    LowResolutionCondition,
    NoisyLowResolutionCondition,
    SemanticMapCondition,
    low_resolution_condition,
    noisy_low_resolution_condition,
    semantic_map_condition,
)
from training.conditions.painted import InpaintingCondition, inpainting_condition
from training.conditions.told import Told
from training.conditions.words import ClassCondition, TextCondition, class_condition, known_classes, text_condition
from training.data.training_set import TrainingSet
from training.data.watch import Watch


def fresh_conditions(
    config: ConditioningConfig, text: TextConfig, data: TrainingSet, autoencoder: Autoencoder,
    begins_from: Conditioner | None = None,
) -> Told:  # fmt: skip
    """Return conditioners for the data of a run: with first weights, but for the kinds that `begins_from` has.

    Raises:
        InputError: The data does not tell what they need.
        ValueError: The sizes do not go together.
    """
    members = begins_from.members if begins_from is not None else ()
    known = dict(
        _known(one, config.inpainting, data, autoencoder) for one in members if not isinstance(one, Unconditional)
    )
    return Told({
        kind: known.get(kind) or _fresh(kind, config, text, data, autoencoder)
        for kind in config.kinds if kind != "none"
    })  # fmt: skip


def known_conditions(
    conditioner: Conditioner, inpainting: InpaintingConfig, data: TrainingSet, autoencoder: Autoencoder,
    cache: Path, watch: Watch, *, text_learns: bool,
) -> Told:  # fmt: skip
    """Return the conditions of a model that is trained further.

    Args:
        conditioner: The model's.
        inpainting: How masks are made.
        data: What is learned from.
        autoencoder: The model's first stage.
        cache: Where the output of a frozen text encoder is kept.
        watch: Is told how far that is.
        text_learns: Whether CLIP's weights change as well; other conditioners always learn with the denoiser.

    Raises:
        InputError: It cannot be trained further here.
    """
    parts: dict[str, Condition] = {}
    for member in conditioner.members:
        if isinstance(member, ClipTextEncoder) and not text_learns:
            parts["text"] = FrozenTextCondition(member, data, cache, watch)
        elif not isinstance(member, Unconditional):
            kind, condition = _known(member, inpainting, data, autoencoder)
            parts[kind] = condition
    return Told(parts, conditioner)


def _fresh(
    kind: str, config: ConditioningConfig, text: TextConfig, data: TrainingSet, autoencoder: Autoencoder
) -> Condition:
    factor = autoencoder.space.factor
    if kind == "text":
        return text_condition(text, data)
    if kind == "class":
        return class_condition(config.class_label, data)
    if kind == "layout":
        return layout_condition(config.layout, data, factor)
    if kind == "semantic_map":
        return semantic_map_condition(config.semantic_map, data, data.config, factor)
    if kind == "low_resolution":
        return low_resolution_condition(config.low_resolution, factor)
    if kind == "noisy_low_resolution":
        return noisy_low_resolution_condition(config.low_resolution, factor)
    return inpainting_condition(config.inpainting, autoencoder)


def _known(
    member: ItemConditioner, inpainting: InpaintingConfig, data: TrainingSet, autoencoder: Autoencoder
) -> tuple[str, Condition]:
    factor = autoencoder.space.factor
    if isinstance(member, (TextEncoder, ClipTextEncoder)):
        return "text", TextCondition(member, data)
    if isinstance(member, ClassEmbedder):
        return "class", ClassCondition(member, known_classes(member))
    if isinstance(member, LayoutEncoder):
        return "layout", LayoutCondition(member)
    if isinstance(member, SpatialRescaler):
        labels = set(box_labels(data))
        things = {name: number for number, name in enumerate(member.names) if name in labels}
        return "semantic_map", SemanticMapCondition(member, things)
    if isinstance(member, LowResolution):
        return "low_resolution", LowResolutionCondition(member, factor // member.cell)
    if isinstance(member, ImageConcatWithNoiseAugmentation):
        return "noisy_low_resolution", NoisyLowResolutionCondition(member, factor)
    if isinstance(member, Inpainting):
        return "inpainting", InpaintingCondition(member, inpainting)
    raise InputError(
        f"A model that takes {member.takes} by {type(member).__name__} cannot be trained here.",
        why="It is told the size and the cut of each picture, which this program's training does not know.",
        fix="Choose a model of Stable Diffusion 1 or 2, or one that was trained by this program.",
    )
