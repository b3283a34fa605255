"""What conditions read from data: classes, boxes, maps with things, masks and small pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from core.conditioning.class_label import ClassEmbedder
from core.conditioning.inpainting import Inpainting
from core.conditioning.layout import Box
from core.conditioning.layout_encoder import LayoutEncoder
from core.conditioning.noisy_low_resolution import ImageConcatWithNoiseAugmentation
from core.conditioning.spatial import SpatialRescaler
from core.errors import InputError
from training.conditions.batch import Batch
from training.conditions.boxes import layout_condition
from training.conditions.config import (
    ClassConfig,
    InpaintingConfig,
    LayoutConfig,
    LowResolutionConfig,
    SemanticMapConfig,
)
from training.conditions.maps import (
    NoisyLowResolutionCondition,
    low_resolution_condition,
    semantic_map_condition,
)
from training.conditions.painted import InpaintingCondition
from training.conditions.words import class_condition
from training.data.config import DataConfig
from training.data.item import Item, Record
from training.data.training_set import TrainingSet

SIDE = 16
FOX = Box(x=0.0, y=0.0, width=0.5, height=0.5, label="fox")
PIG = Box(x=0.5, y=0.5, width=0.25, height=0.25, label="pig")


class Items:
    """A source of items that are in memory."""

    cheap, fingerprint = True, "test"

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = items
        self.records = tuple(
            Record(
                name=f"item {index}", width=SIDE, height=SIDE, caption=item.caption, class_name=item.class_name,
                boxes=item.boxes,
            )
            for index, item in enumerate(items)
        )  # fmt: skip

    def read(self, index: int) -> Item:
        return self._items[index]


def item(**known: Any) -> Item:
    image = np.zeros((SIDE, SIDE, 3), np.uint8)
    image[: SIDE // 2] = 255
    mask = np.zeros((SIDE, SIDE), np.bool_)
    mask[1:4, 1:4] = mask[8:12, 8:12] = True
    semantic = np.zeros((SIDE, SIDE), np.uint8)
    semantic[8:] = 1
    return replace(Item(image=image, mask=mask, semantic=semantic, boxes=(FOX, PIG)), **known)


def data(*items: Item) -> TrainingSet:
    return TrainingSet(Items(items), DataConfig(kind="folder", path="none", size=SIDE, smallest=8))


def batch(training: TrainingSet, *stream: int | str) -> Batch:
    return Batch(training, torch.arange(len(training)), *stream)


def test_classes_are_numbered_by_name_and_one_more_means_none() -> None:
    training = data(item(class_name="pig"), item(class_name="fox"), item(class_name="pig"))
    condition = class_condition(ClassConfig(n_embed=4), training)
    assert condition.items(batch(training)).tolist() == [1, 0, 1]
    embedder = condition.conditioner
    assert isinstance(embedder, ClassEmbedder)
    assert (embedder.names, embedder.n_classes) == (("fox", "pig"), 3)
    made = condition.made(batch(training), torch.tensor([True, False, False]), torch.device("cpu")).tokens
    assert made is not None
    assert torch.equal(made[0, 0], embedder.embedding.weight[2])


def test_a_picture_without_its_class_is_named() -> None:
    training = data(item(class_name="fox"), item())
    with pytest.raises(InputError, match="item 1 has no class"):
        class_condition(ClassConfig(), training).items(batch(training))


def test_boxes_become_tokens_in_an_order_that_changes() -> None:
    training = data(item())
    condition = layout_condition(LayoutConfig(n_embed=8, n_layer=1, max_objects=2, grid=8), training, 4)
    encoder = condition.conditioner
    assert isinstance(encoder, LayoutEncoder)
    found = [condition.items(batch(training, step))[0].tolist() for step in range(8)]
    objects = {tuple(kind for kind, _ in encoder.format.inverse(tokens)[0]) for tokens in found}
    assert objects == {(0, 1), (1, 0)}
    assert encoder.classes == ("fox", "pig")
    drawn = condition.pictures(batch(training))
    assert drawn.shape == (1, SIDE, SIDE, 3)
    assert len(np.unique(drawn.reshape(-1, 3), axis=0)) >= 3


def test_boxes_are_laid_on_the_latent_where_the_configuration_says_so() -> None:
    training = data(item())
    config = LayoutConfig(n_embed=8, n_layer=1, max_objects=2, grid=8, on_map=True)
    made = layout_condition(config, training, 4).made(batch(training), None, torch.device("cpu")).concat
    assert made is not None
    assert made.shape == (1, 2, SIDE // 4, SIDE // 4)
    assert made.amax(dim=(2, 3)).min() > 0


def test_boxes_beyond_the_most_are_left_out() -> None:
    training = data(item(boxes=(FOX, PIG, FOX)))
    condition = layout_condition(LayoutConfig(n_embed=8, n_layer=1, max_objects=2, grid=8), training, 4)
    assert condition.items(batch(training)).shape == (1, 6)


def test_things_have_classes_of_their_own_after_those_of_the_map() -> None:
    training = data(item())
    condition = semantic_map_condition(SemanticMapConfig(classes=2, things=True), training, training.config, 4)
    labels = condition.items(batch(training)).argmax(1)[0]
    assert int(labels[2, 2]) == 2
    assert int(labels[9, 9]) == 3
    assert (int(labels[0, 0]), int(labels[15, 0])) == (0, 1)
    made = condition.made(batch(training), None, torch.device("cpu")).concat
    assert made is not None
    assert made.shape == (1, 4, 4, 4)
    assert torch.allclose(made.sum(1), torch.ones(1, 4, 4))
    assert isinstance(condition.conditioner, SpatialRescaler)


@pytest.mark.parametrize(("known", "told"), [({"semantic": None}, "item 0 has no semantic map"), ({}, "holds class 1")])
def test_a_map_that_is_missing_or_knows_more_is_named(known: dict[str, Any], told: str) -> None:
    training = data(item(**known))
    condition = semantic_map_condition(SemanticMapConfig(classes=1), training, training.config, 4)
    with pytest.raises(InputError, match=told):
        condition.items(batch(training))


def test_small_pictures_are_smaller_by_the_scale_and_fill_the_latents_cells() -> None:
    training = data(item(), item())
    condition = low_resolution_condition(LowResolutionConfig(scale=2), 4)
    assert condition.items(batch(training)).shape == (2, 3, 8, 8)
    made = condition.made(batch(training), torch.tensor([True, False]), torch.device("cpu")).concat
    assert made is not None
    assert made.shape == (2, 12, 4, 4)
    assert torch.equal(made[0], made[1])
    assert float(made[0, :, 0].mean()) == pytest.approx(1, abs=0.02)
    assert condition.pictures(batch(training)).shape == (2, SIDE, SIDE, 3)


def test_noise_on_small_pictures_is_a_samples_own() -> None:
    training = data(item(), item())
    condition = NoisyLowResolutionCondition(ImageConcatWithNoiseAugmentation(max_noise_level=500), 4)
    whole = condition.made(batch(training, 7), None, torch.device("cpu"))
    last = condition.made(Batch(training, torch.tensor([1]), 7, first=1), None, torch.device("cpu"))
    assert whole.vector is not None
    assert last.vector is not None
    assert whole.concat is not None
    assert last.concat is not None
    assert torch.equal(whole.vector[1:], last.vector)
    assert torch.equal(whole.concat[1:], last.concat)
    assert not torch.equal(whole.concat[0], whole.concat[1])


def test_masks_cover_the_thing_of_interest_as_often_as_said() -> None:
    training = data(*[item() for _ in range(6)])

    def masks(share: float) -> torch.Tensor:
        condition = InpaintingCondition(Inpainting(lambda pixels: pixels), InpaintingConfig(thing_share=share))
        return condition.items(batch(training, 3))[:, 3]

    thing = torch.from_numpy(item().mask)
    assert bool(masks(1.0)[:, thing].all())
    assert torch.equal(masks(1.0)[0], masks(1.0)[1])
    assert not bool(masks(0.0)[:, thing].all())
