"""Captions that say what a scene shows: things, counts, colours, places, and who stands where.

Every sentence is true of the scene it is made for. With detail "canonical" there is one sentence a scene; with
"varied" the canonical one stays the commonest and other wordings join it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from training.datasets.stickers import sticker_classes

Detail = Literal["canonical", "varied"]
Arrangement = Literal["single", "row", "column"]
_NUMBERS = {1: "one", 2: "two", 3: "three"}
_STYLE_WORDS = {"fluent": "glossy style", "noto": "flat style"}

# The first place of each background is the canonical one.
PLACES: dict[str, tuple[str, ...]] = {
    "meadow": ("on a meadow", "on a green meadow", "on the grass"),
    "beach": ("at the beach", "on a beach", "by the seaside"),
    "snow": ("in the snow", "on a snowy field", "in a snowy landscape"),
    "desert": ("in the desert", "in a sandy desert", "among desert dunes"),
    "night": ("at night", "under the moon", "on a starry night"),
    "sea": ("in the sea", "on the water", "in the blue sea"),
    "space": ("in space", "in outer space", "among the stars in space"),
}


def article(words: str) -> str:
    """Return "a" or "an" for words that begin with a thing's name or a colour."""
    known = sticker_classes().get(words)
    if known is not None:
        return known.article
    return "an" if words[:1] in "aeiou" else "a"


def with_article(words: str) -> str:
    """Return the words behind the article that fits them."""
    return f"{article(words)} {words}"


def places(background: str) -> tuple[str, ...]:
    """Return the wordings for a background, the canonical one first."""
    if background.startswith("plain "):
        colour = background.removeprefix("plain ")
        return (
            f"on {with_article(colour)} background",
            f"in front of {with_article(colour)} wall",
            f"against {with_article(colour)} background",
        )
    return PLACES[background]


def _noun(name: str, rng: np.random.Generator | None) -> str:
    """Return the thing's name, at times behind its colour; the canonical form where `rng` is None."""
    colour = sticker_classes()[name].colour
    return f"{colour} {name}" if rng is not None and colour and rng.random() < 0.2 else name


def _thing(name: str, rng: np.random.Generator | None) -> str:
    return with_article(_noun(name, rng))


def listed(parts: Sequence[str]) -> str:
    """Join parts as a list in a sentence: "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def canonical_caption(names: Sequence[str], background: str, arrangement: Arrangement = "row") -> str:
    """Return the one plain sentence for things in reading order: left to right in a row, top down in a column."""
    place = places(background)[0]
    if len(names) > 1 and len(set(names)) == 1:
        return f"{_NUMBERS[len(names)]} {sticker_classes()[names[0]].plural} {place}"
    if len(names) == 2:
        relation = "left of" if arrangement == "row" else "above"
        return f"{_thing(names[0], None)} {relation} {_thing(names[1], None)} {place}"
    return f"{listed([_thing(name, None) for name in names])} {place}"


def _same_things(names: Sequence[str], place: str, rng: np.random.Generator) -> str:
    count, kind = _NUMBERS[len(names)], sticker_classes()[names[0]]
    plural = f"{kind.colour} {kind.plural}" if kind.colour and rng.random() < 0.2 else kind.plural
    forms = (
        f"{count} {plural} {place}",
        f"a picture of {count} {plural} {place}",
        f"there are {count} {plural} {place}",
    )
    return forms[int(rng.choice(3, p=(0.7, 0.15, 0.15)))]


def _pair(names: Sequence[str], place: str, arrangement: Arrangement, rng: np.random.Generator) -> str:
    first, second = (_thing(name, rng) for name in names)
    before, after = ("left of", "right of") if arrangement == "row" else ("above", "below")
    long_before = "to the left of" if arrangement == "row" else "over"
    long_after = "to the right of" if arrangement == "row" else "under"
    forms = (
        f"{first} {before} {second} {place}",
        f"{second} {after} {first} {place}",
        f"{first} {long_before} {second} {place}",
        f"{second} {long_after} {first} {place}",
        f"{first} and {second} {place}",
        f"{second} and {first} {place}",
    )
    return forms[int(rng.choice(6, p=(0.35, 0.25, 0.1, 0.1, 0.1, 0.1)))]


def _single(name: str, place: str, rng: np.random.Generator) -> str:
    thing = _thing(name, rng)
    forms = (
        f"{thing} {place}",
        f"a picture of {thing} {place}",
        f"there is {thing} {place}",
        f"one {thing.split(' ', 1)[1]} {place}",
        f"{place}, {thing}",
    )
    return forms[int(rng.choice(5, p=(0.72, 0.1, 0.08, 0.05, 0.05)))]


def describe(
    names: Sequence[str],
    background: str,
    arrangement: Arrangement,
    rng: np.random.Generator,
    *,
    detail: Detail = "varied",
    style: str | None = None,
) -> str:
    """Return a true caption.

    Args:
        names: One to three things, left to right in a row or top down in a column; all equal or all different.
        background: One of the known backgrounds.
        arrangement: How the things lie to one another.
        rng: Chooses the wording; not used for "canonical".
        detail: "canonical" or "varied".
        style: A style to name at times, or None to keep silent on it.
    """
    if detail == "canonical":
        return canonical_caption(names, background, arrangement)
    wordings = places(background)
    place = wordings[int(rng.choice(3, p=(0.7, 0.15, 0.15)))]
    if len(names) == 1:
        caption = _single(names[0], place, rng)
    elif len(set(names)) == 1:
        caption = _same_things(names, place, rng)
    elif len(names) == 2:
        caption = _pair(names, place, arrangement, rng)
    else:
        caption = f"{listed([_thing(name, rng) for name in names])} {place}"
    return f"{caption}, {_STYLE_WORDS[style]}" if style is not None and rng.random() < 0.5 else caption
