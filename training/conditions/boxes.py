"""Conditions from boxes: layouts."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from core.conditioning.build import build_item_conditioner
from core.conditioning.conditioner import ItemConditioner
from core.conditioning.layout import Layout
from core.conditioning.layout_encoder import LayoutEncoder
from core.imaging.class_colors import class_color
from core.imaging.image import Pixels
from training.conditions.batch import Batch
from training.conditions.condition import Condition
from training.conditions.config import LayoutConfig
from training.data.item import Item
from training.data.training_set import TrainingSet

_GROUND = (24, 24, 24)


class LayoutCondition(Condition):
    """Where things are; their order is random, as nobody who draws boxes knows one."""

    def __init__(self, encoder: LayoutEncoder) -> None:
        super().__init__(encoder)
        self._encoder = encoder

    def items(self, batch: Batch) -> Tensor:
        """Return token ids, [b, n]."""
        return self._encoder.token_ids([self._layout(batch, index) for index in range(len(batch))])

    def pictures(self, batch: Batch) -> Pixels:
        """Draw the boxes, a colour for each class."""
        numbers = self._encoder.class_number
        return np.stack([draw_boxes(item, [numbers(box.label) for box in item.boxes]) for item in batch.items])

    def _layout(self, batch: Batch, index: int) -> Layout:
        boxes = batch.items[index].boxes
        order = torch.randperm(len(boxes), generator=batch.generator(index, "boxes")).tolist()
        return Layout(tuple(boxes[place] for place in order[: self._encoder.format.no_max_objects]))


def layout_condition(config: LayoutConfig, data: TrainingSet, factor: int) -> LayoutCondition:
    """Return a fresh transformer over the boxes of the data's classes; latents are smaller by `factor`."""
    classes = box_labels(data)
    # One token for each point of the grid, or class, and one for a missing object.
    grid = max(config.grid, int(np.ceil(np.sqrt(len(classes)))))
    form = {
        "no_object_classes": len(classes), "no_max_objects": config.max_objects, "no_tokens": grid**2 + 1,
        "encode_crop": False,
    }  # fmt: skip
    sizes = {
        "n_embed": config.n_embed, "n_layer": config.n_layer, "vocab_size": grid**2 + 1,
        "max_seq_len": 3 * config.max_objects,
    }  # fmt: skip
    map_size = _latent_size(data, factor) if config.on_map else None
    arguments = {"transformer": sizes, "format": form, "classes": classes, "map_size": map_size}
    return LayoutCondition(_encoder(build_item_conditioner("layout", arguments)))


def _latent_size(data: TrainingSet, factor: int) -> tuple[int, int]:
    if len(data.sizes) > 1:
        raise ValueError("conditioning.layout.on_map needs pictures of one shape; data.buckets.widest must be 1.")
    width, height = data.sizes[0]
    return height // factor, width // factor


def box_labels(data: TrainingSet) -> list[str]:
    """Return the labels of all boxes, in alphabetical order."""
    return sorted({box.label for record in data.source.records for box in record.boxes})


def draw_boxes(item: Item, numbers: list[int]) -> Pixels:
    """Draw an item's boxes on a dark ground, uint8 [h, w, 3]; `numbers` decide their colours."""
    height, width = item.image.shape[:2]
    sheet = Image.new("RGB", (width, height), _GROUND)
    draw = ImageDraw.Draw(sheet)
    for box, number in sorted(zip(item.boxes, numbers, strict=True), key=lambda pair: -pair[0].width * pair[0].height):
        left, top = box.x * width, box.y * height
        corners = (left, top, min(left + box.width * width, width - 1), min(top + box.height * height, height - 1))
        draw.rectangle(corners, outline=class_color(number), width=max(1, width // 64))
        draw.text((left + 3, top + 1), box.label, fill=class_color(number), font_size=max(8, width // 8))
    return np.asarray(sheet)


def _encoder(conditioner: ItemConditioner) -> LayoutEncoder:
    assert isinstance(conditioner, LayoutEncoder)
    return conditioner
