"""The tokens that stand for a layout.

Rombach et al. (arXiv 2112.10752), section 4.3.1 (layout-to-image); the token format is that of Esser et al.'s
transformers (arXiv 2012.09841), which the published layout models were trained with. An object is its class and its
place on a grid of sqrt(n) by sqrt(n) points, numbered row by row: the centre of its box, or the top left and bottom
right corner. Missing objects are filled up with the last token, n - 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from core.conditioning.layout import WHOLE, Box


@dataclass(frozen=True, kw_only=True)
class LayoutTokens:
    """The format of a model's layout tokens.

    Attributes:
        no_object_classes: Number of classes.
        no_max_objects: Objects in a sequence; further ones are left out.
        no_tokens: n, the number of token ids; its root, rounded down, is the grid's side.
        corners: Two tokens for a place, top left and bottom right, rather than one for the centre.
        encode_crop: Whether two more tokens say which part of the picture is shown.
        use_group_parameter: Whether classes are told apart by `is_group`.
        use_additional_parameters: Whether classes are told apart by the further remarks.
    """

    no_object_classes: int
    no_max_objects: int = 30
    no_tokens: int = 8192
    corners: bool = True
    encode_crop: bool = True
    use_group_parameter: bool = False
    use_additional_parameters: bool = False

    @property
    def none(self) -> int:
        """The token of a missing object."""
        return self.no_tokens - 1

    @property
    def plain_boxes(self) -> bool:
        """Whether an object is its class and two corners in the whole picture, and nothing else."""
        remarks = self.use_group_parameter or self.use_additional_parameters
        return self.corners and not self.encode_crop and not remarks

    @property
    def length(self) -> int:
        """Tokens in a sequence."""
        return self._object_length * self.no_max_objects + 2 * self.encode_crop

    @property
    def _object_length(self) -> int:
        return 3 if self.corners else 2

    @property
    def side(self) -> int:
        """Points along each side of the grid."""
        return math.isqrt(self.no_tokens)

    def build(
        self, boxes: Sequence[tuple[int, Box]], crop: Box | None = None, horizontal_flip: bool = False
    ) -> list[int]:
        """Return the tokens of objects, given as classes and boxes in the whole picture.

        Args:
            boxes: Classes in [0, no_object_classes), and where they are.
            crop: The part of the picture that is shown; None = all. Objects outside it are left out. Places are
                relative to it, except where the sequence itself names it.
            horizontal_flip: Whether left and right are exchanged.
        """
        shown = WHOLE if crop is None else crop
        visible = [(number, box) for number, box in boxes[: self.no_max_objects] if box.overlaps(shown)]
        frame = WHOLE if self.encode_crop else shown
        tokens: list[int] = []
        for number, box in visible:
            place = box.seen_in(frame)
            tokens += [self._class_token(number, box), *self._place(place.mirrored() if horizontal_flip else place)]
        tokens += [self.none] * (self._object_length * (self.no_max_objects - len(visible)))
        if self.encode_crop:
            tokens += self._pair(shown.mirrored() if horizontal_flip else shown)
        return tokens

    def inverse(self, tokens: Sequence[int]) -> tuple[list[tuple[int, tuple[float, ...]]], tuple[float, ...] | None]:
        """Return each object's class token and place, and the crop or None.

        A place is (x, y, width, height), or the centre's (x, y).
        """
        crop = self._box_of(*tokens[-2:]) if self.encode_crop else None
        length = self._object_length
        objects = [tokens[start : start + length] for start in range(0, length * self.no_max_objects, length)]
        places = [(kind, *place) for kind, *place in objects if kind != self.none]
        if self.corners:
            return [(kind, self._box_of(*place)) for kind, *place in places], crop
        return [(kind, self._point(place[0])) for kind, *place in places], crop

    def _class_token(self, number: int, box: Box) -> int:
        remarks = 0
        if self.use_group_parameter:
            remarks |= 1 * box.is_group
        if self.use_additional_parameters:
            remarks |= 2 * box.is_occluded | 4 * box.is_depiction | 8 * box.is_inside
        return number + self.no_object_classes * remarks

    def _place(self, box: Box) -> list[int]:
        return self._pair(box) if self.corners else [self._token(box.x + box.width / 2, box.y + box.height / 2)]

    def _pair(self, box: Box) -> list[int]:
        return [self._token(box.x, box.y), self._token(box.x + box.width, box.y + box.height)]

    def _token(self, x: float, y: float) -> int:
        column, row = (round(share * (self.side - 1)) for share in (x, y))
        return row * self.side + column

    def _point(self, token: int) -> tuple[float, float]:
        row, column = divmod(token, self.side)
        return column / (self.side - 1), row / (self.side - 1)

    def _box_of(self, first: int, second: int) -> tuple[float, float, float, float]:
        (left, top), (right, bottom) = self._point(first), self._point(second)
        return left, top, right - left, bottom - top
