"""Whether pictures show what was asked for, and where, as a judge sees them on the shipped scenes.

After the object accuracies of Ghosh et al., "GenEval" (arXiv 2310.11513), section 3, and, for layouts, the intersection
over union of at least 0.5 that detection customarily asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from training.datasets.scenes import Scene
from training.judge import Judge, Sight, cell_classes

ORDER_WORDS = (" left of ", " right of ", " above ", " below ", " over ", " under ")


@dataclass(frozen=True)
class Share:
    """A share from 0 to 1 of `n` cases."""

    value: float
    n: int


def agreement(judge: Judge, images: Tensor, scenes: Sequence[Scene], *, told_order: bool = False) -> dict[str, Share]:
    """Compare pictures [n, 3, h, w] in [-1, 1] with the scenes that they should show.

    Args:
        judge: Sees them.
        images: The pictures.
        scenes: One for each.
        told_order: Only captions tell where things are, so those that do not name an order do not ask for one.

    Returns:
        named_object: In pictures of one thing, it is the thing that was asked for.
        both_objects: In pictures of two different things, both are there.
        named_order: They are there, and lie to one another as asked for.
        object_in_box: Of all boxes, those with their thing in place.
        background_right: The background is the one asked for.
        Shares without a case are left out.
    """
    pairs = list(zip(judge.look(images), scenes, strict=True))
    checks: Mapping[str, Callable[[Sight, Scene], list[bool]]] = {
        "named_object": lambda sight, scene: _named_object(judge, sight, scene),
        "both_objects": lambda sight, scene: _both_objects(judge, sight, scene),
        "named_order": lambda sight, scene: _named_order(judge, sight, scene, told_order),
        "object_in_box": lambda sight, scene: [judge.in_box(sight, box, scene.boxes) for box in scene.boxes],
        "background_right": lambda sight, scene: [sight.background == scene.background],
    }
    found = {}
    for name, check in checks.items():
        answers = [answer for sight, scene in pairs for answer in check(sight, scene)]
        if answers:
            found[name] = Share(sum(answers) / len(answers), len(answers))
    return found


def map_agreement(judge: Judge, images: Tensor, scenes: Sequence[Scene]) -> Share:
    """Compare where things are, cell by cell, with scenes whose semantic maps the pictures [n, 3, h, w] are made of.

    Returns:
        Of the cells where the picture or the scene shows a thing, the share where both show the same: the intersection
        over union of all pictures together.
    """
    wanted = torch.stack([cell_classes(scene, judge.classes) for scene in scenes])
    seen = torch.stack([sight.cells for sight in judge.look(images)])
    things = (wanted > 0) | (seen > 0)
    return Share(float((things & (wanted == seen)).sum() / things.sum().clamp(min=1)), len(scenes))


def _named_object(judge: Judge, sight: Sight, scene: Scene) -> list[bool]:
    return [judge.main_object(sight) == scene.boxes[0].label] if len(scene.boxes) == 1 else []


def _both_objects(judge: Judge, sight: Sight, scene: Scene) -> list[bool]:
    labels = {box.label for box in scene.boxes}
    return [all(judge.present(sight, label) for label in labels)] if len(labels) == len(scene.boxes) == 2 else []


def _named_order(judge: Judge, sight: Sight, scene: Scene, told: bool) -> list[bool]:
    labels = [box.label for box in scene.boxes]
    if len(labels) != 2 or labels[0] == labels[1] or (told and not any(word in scene.caption for word in ORDER_WORDS)):
        return []
    return [judge.in_order(sight, labels[0], labels[1], axis=0 if scene.arrangement == "column" else 1)]
