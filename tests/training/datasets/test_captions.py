"""Captions: grammar, truth, and the canonical wording being the commonest."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest

from training.datasets.backgrounds import BACKGROUNDS
from training.datasets.captions import canonical_caption, describe, places, with_article
from training.datasets.stickers import class_names, sticker_classes

COLOURS = {kind.colour for kind in sticker_classes().values()} - {""}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("fox", "a fox"),
        ("orange", "an orange"),
        ("ice cream", "an ice cream"),
        ("umbrella", "an umbrella"),
        ("orange carrot", "an orange carrot"),
        ("yellow banana", "a yellow banana"),
    ],
)
def test_article_fits_the_word_that_follows(words: str, expected: str) -> None:
    assert with_article(words) == expected


@pytest.mark.parametrize(
    ("names", "background", "arrangement", "expected"),
    [
        (["fox"], "snow", "single", "a fox in the snow"),
        (["apple"], "beach", "single", "an apple at the beach"),
        (["pizza", "pizza"], "plain blue", "row", "two pizzas on a blue background"),
        (["fox", "pizza"], "snow", "row", "a fox left of a pizza in the snow"),
        (["owl", "bus"], "space", "column", "an owl above a bus in space"),
        (["car", "owl", "tree"], "plain orange", "row", "a car, an owl and a tree on an orange background"),
        (["strawberry"] * 3, "night", "row", "three strawberries at night"),
    ],
)
def test_canonical_caption(names: list[str], background: str, arrangement: str, expected: str) -> None:
    assert canonical_caption(names, background, arrangement) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "plural"),
    [
        ("fox", "foxes"),
        ("bus", "buses"),
        ("butterfly", "butterflies"),
        ("cactus", "cactuses"),
        ("ice cream", "ice creams"),
    ],
)
def test_plurals(name: str, plural: str) -> None:
    assert sticker_classes()[name].plural == plural


def test_every_background_has_three_different_places() -> None:
    wordings = [words for background in BACKGROUNDS for words in places(background)]
    assert len(set(wordings)) == 3 * len(BACKGROUNDS)


def things_in(text: str) -> list[str]:
    """Return the classes that a text names, in order, after checking each one's article, number and colour."""
    words = {kind.name: kind.name for kind in sticker_classes().values()}
    words |= {kind.plural: kind.name for kind in sticker_classes().values()}
    nouns = "|".join(sorted(map(re.escape, words), key=len, reverse=True))
    found = []
    for match in re.finditer(
        rf"\b(an?|one|two|three) (?:({'|'.join(COLOURS)}) )?({nouns})\b(?! background| wall)", text
    ):
        counter, colour, noun = match.groups()
        kind = sticker_classes()[words[noun]]
        count = {"two": 2, "three": 3}.get(counter, 1)
        assert noun == (kind.name if count == 1 else kind.plural), text
        assert colour in (None, kind.colour), text
        if counter in ("a", "an"):
            assert counter == ("an" if (colour or noun)[0] in "aeiou" else "a"), text
        found += [kind.name] * count
    return found


@pytest.mark.parametrize("arrangement", ["row", "column"])
def test_relations_are_true_in_every_wording(arrangement: str) -> None:
    before = {"row": ("left of", "to the left of"), "column": ("above", "over")}[arrangement]
    after = {"row": ("right of", "to the right of"), "column": ("below", "under")}[arrangement]
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(800):
        names = [str(n) for n in rng.choice(class_names(), 2, replace=False)]
        caption = describe(names, "plain red", arrangement, rng)  # type: ignore[arg-type]
        found = things_in(caption)
        assert sorted(found) == sorted(names), caption
        relation = re.search(r" (to the left of|to the right of|left of|right of|above|over|below|under) ", caption)
        if relation:
            seen.add(relation[1])
            assert relation[1] in before + after, caption
            assert found == (names if relation[1] in before else names[::-1]), caption
    assert seen == {*before, *after}


def test_things_and_place_are_named_in_every_wording() -> None:
    rng = np.random.default_rng(1)
    for index in range(1500):
        count = index % 3 + 1
        if index % 2:
            names = [str(rng.choice(class_names()))] * count
        else:
            names = [str(n) for n in rng.choice(class_names(), count, replace=False)]
        background = str(rng.choice(BACKGROUNDS))
        arrangement = "single" if count == 1 else "row"
        caption = describe(names, background, arrangement, rng, style="noto")  # type: ignore[arg-type]
        assert sorted(things_in(caption)) == sorted(names), caption
        assert any(place in caption for place in places(background)), caption
        assert "glossy" not in caption


def test_canonical_wording_is_the_commonest() -> None:
    rng = np.random.default_rng(2)
    heard = Counter(describe(["fox"], "snow", "single", rng) for _ in range(600))
    assert heard.most_common(1)[0][0] == "a fox in the snow"
    assert heard["a fox in the snow"] > 0.35 * 600
    assert len(heard) > 8


def test_canonical_detail_leaves_the_generator_untouched() -> None:
    rng = np.random.default_rng(3)
    describe(["fox"], "snow", "single", rng, detail="canonical")
    assert rng.random() == np.random.default_rng(3).random()


def test_captions_are_short_enough_for_small_text_encoders() -> None:
    rng = np.random.default_rng(4)
    for _ in range(500):
        names = [str(n) for n in rng.choice(class_names(), 3, replace=False)]
        assert len(describe(names, "plain turquoise", "row", rng, style="fluent").split()) <= 24
