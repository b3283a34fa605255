"""What a run of scenes shows, checked field by field."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.errors import InputError
from training.datasets.backgrounds import BACKGROUNDS
from training.datasets.captions import Detail
from training.datasets.stickers import STYLES, class_names


@dataclass(frozen=True, kw_only=True)
class SceneConfig:
    """What scenes show; checked when made, InputError names the field.

    Attributes:
        size: Side of the square picture in pixels, 16 to 1024.
        classes: Things to choose from, names of the sticker pack.
        styles: Styles to choose from, one for each scene; with several, captions name the style at times.
        backgrounds: Backgrounds to choose from.
        plain_share: Probability in [0, 1] of a plain background; None draws from all backgrounds alike.
        counts: Pairs of (number of things 1 to 3, weight of that number).
        scale: Smallest and largest side of a lone thing as a fraction of the picture.
        pair_scale: The same for each of two.
        trio_scale: The same for each of three.
        same: Probability in [0, 1] that several things are of one class.
        mirror: Whether half of the scenes show their stickers mirrored; captions stay true.
        shadow: Whether things cast a soft shadow, or light in the dark.
        detail: "canonical" for one wording a scene, "varied" for several.
    """

    size: int = 64
    classes: tuple[str, ...] = field(default_factory=class_names)
    styles: tuple[str, ...] = ("fluent",)
    backgrounds: tuple[str, ...] = BACKGROUNDS
    plain_share: float | None = None
    counts: tuple[tuple[int, float], ...] = ((1, 0.6), (2, 0.4))
    scale: tuple[float, float] = (0.55, 0.75)
    pair_scale: tuple[float, float] = (0.38, 0.46)
    trio_scale: tuple[float, float] = (0.26, 0.3)
    same: float = 0.2
    mirror: bool = True
    shadow: bool = True
    detail: Detail = "varied"

    def __post_init__(self) -> None:
        _check_number("size", self.size, 16, 1024)
        _check_names("classes", self.classes, class_names())
        _check_names("styles", self.styles, STYLES)
        _check_names("backgrounds", self.backgrounds, BACKGROUNDS)
        _check_names("detail", (self.detail,), ("canonical", "varied"))
        _check_number("same", self.same, 0, 1)
        _check_plain_share(self.plain_share, self.backgrounds)
        if not self.counts or any(n not in (1, 2, 3) or w < 0 for n, w in self.counts) or not self.weight:
            _refuse("counts", self.counts, "pairs of 1 to 3 things and a weight, at least one weight above 0")
        for name in ("scale", "pair_scale", "trio_scale"):
            low, high = getattr(self, name)
            if not 0.05 <= low <= high <= 0.9:
                _refuse(name, (low, high), "a smaller and a larger number in 0.05 to 0.9")

    @property
    def weight(self) -> float:
        """The sum of the weights of `counts`."""
        return float(sum(weight for _, weight in self.counts))

    def scale_for(self, count: int) -> tuple[float, float]:
        """Return the range of sides for scenes with `count` things."""
        return (self.scale, self.pair_scale, self.trio_scale)[count - 1]


def _refuse(name: str, value: object, wanted: str) -> None:
    raise InputError(
        f"The scene setting {name} cannot be {value!r}.",
        why=f"It has to be {wanted}.",
        fix=f"Give {name} a value within that range.",
    )


def _check_number(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        _refuse(name, value, f"a number from {low} to {high}")


def _check_names(name: str, values: tuple[str, ...], known: tuple[str, ...]) -> None:
    strange = [value for value in values if value not in known]
    if strange or not values:
        _refuse(name, strange[0] if strange else values, f"chosen from: {', '.join(known)}")


def _check_plain_share(share: float | None, backgrounds: tuple[str, ...]) -> None:
    if share is None:
        return
    _check_number("plain_share", share, 0, 1)
    plain = sum(name.startswith("plain ") for name in backgrounds)
    if (share > 0 and plain == 0) or (share < 1 and plain == len(backgrounds)):
        _refuse("plain_share", share, "None, 0 or 1 where the backgrounds are of one kind only")
