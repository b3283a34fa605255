"""Layout conditioning: boxes as tokens, read by a jointly trained transformer.

Rombach et al. (arXiv 2112.10752), section 4.3.1 and table 17: 30 objects of 3 tokens and 2 for the crop, 92 in all,
of 8192 ids, and a transformer of 16 layers, 512 wide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from core.conditioning.box_map import class_map
from core.conditioning.conditioner import ItemConditioner
from core.conditioning.conditioning import Conditioning
from core.conditioning.layout import Layout
from core.conditioning.layout_tokens import LayoutTokens
from core.errors import InputError
from core.models.text_transformer import BERTEmbedder


class LayoutEncoder(ItemConditioner):
    """The format of the tokens and the transformer over them; its items are token ids, [b, n].

    Attributes:
        transformer: The network.
        format: How a layout becomes tokens.
        classes: Names of the classes, by number; may be empty, then labels are numbers.
        map_size: Height and width of the latent, on which the boxes are laid as well; None = tokens alone, as in the
            paper.
    """

    takes = "layouts"
    has_null = True

    def __init__(
        self, transformer: BERTEmbedder, format: LayoutTokens, classes: Sequence[str] = (),
        map_size: tuple[int, int] | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if transformer.max_seq_len < format.length or transformer.vocab_size < format.no_tokens:
            raise ValueError(
                f"The transformer reads {transformer.max_seq_len} tokens of {transformer.vocab_size} ids; "
                f"the layouts have {format.length} of {format.no_tokens}."
            )
        if map_size is not None and not format.plain_boxes:
            raise ValueError("Boxes on a map need a format with corners, and without crops and remarks.")
        self.transformer, self.format, self.classes = transformer, format, tuple(classes)
        self.map_size = map_size

    def forward(self, items: Tensor) -> Conditioning:
        """Map ids [b, n] to tokens [b, n, d] and, with `map_size`, to a map of the classes [b, k, h, w]."""
        concat = None if self.map_size is None else class_map(items, self.format, *self.map_size)
        return Conditioning(self.transformer(items), concat=concat, stretches=True)

    def null_items(self, items: Tensor) -> Tensor:
        """Return the tokens of layouts without objects, [b, n]."""
        return torch.tensor(self.format.build([]), device=items.device).expand(len(items), -1)

    def token_ids(self, layouts: Sequence[Layout]) -> Tensor:
        """Return the tokens of layouts, [b, n].

        Raises:
            InputError: A box has a class that the model does not know, or there are too many boxes.
        """
        rows = []
        for layout in layouts:
            if len(layout.boxes) > self.format.no_max_objects:
                raise InputError(
                    f"The layout has {len(layout.boxes)} boxes.",
                    why=f"This model reads at most {self.format.no_max_objects}.",
                    fix=f"Remove {len(layout.boxes) - self.format.no_max_objects} boxes.", port="layout",
                )  # fmt: skip
            rows.append(self.format.build([(self.class_number(box.label), box) for box in layout.boxes]))
        return torch.tensor(rows)

    def class_number(self, label: str) -> int:
        """Return the number of a class, given by its name or as digits.

        Raises:
            InputError: There is no such class.
        """
        if label in self.classes:
            return self.classes.index(label)
        if label.isdecimal() and int(label) < self.format.no_object_classes:
            return int(label)
        known = ", ".join(self.classes[:20]) or f"the numbers 0 to {self.format.no_object_classes - 1}"
        raise InputError(
            f"There is no class {label!r}.", why=f"This model knows {known}.", fix="Use one of these.", port="layout"
        )

    def encode(self, layouts: Sequence[Layout]) -> Conditioning:
        """Encode layouts; the one without boxes is the null condition."""
        made: Conditioning = self(self.token_ids(layouts).to(self.device))
        words = layouts[0].loom_summary() if len(layouts) == 1 else f"{len(layouts)} layouts"
        return replace(made, summary=words)

    def null(self, count: int = 1) -> Conditioning:
        """Return the null condition, a batch of `count`."""
        return self.encode([Layout()] * count)
