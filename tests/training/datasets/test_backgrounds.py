"""Backgrounds: valid regions, one layout at every size, colours that tell them apart."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from core.errors import InputError
from training.datasets.backgrounds import BACKGROUNDS, PLAIN_COLOURS, SEMANTIC_CLASSES, SETTINGS, paint

REGIONS = {
    "meadow": {"sky", "hills", "grass"},
    "beach": {"sky", "water", "sand"},
    "snow": {"sky", "hills", "snow"},
    "desert": {"sky", "hills", "sand"},
    "night": {"night sky", "grass"},
    "sea": {"sky", "water"},
    "space": {"space"},
}


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_background_has_the_regions_of_its_name(background: str) -> None:
    backdrop = paint(background, np.random.default_rng(3), 96)
    found = {SEMANTIC_CLASSES[i] for i in np.unique(backdrop.semantic)}
    assert found == REGIONS.get(background, {"wall"})
    assert backdrop.image.shape == (96, 96, 3)
    assert backdrop.image.dtype == np.float32
    assert backdrop.image.min() > -16
    assert backdrop.image.max() < 271


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_background_is_the_same_scene_at_another_size(background: str) -> None:
    small = paint(background, np.random.default_rng(5), 48)
    large = paint(background, np.random.default_rng(5), 96)
    halved = large.image.reshape(48, 2, 48, 2, 3).mean(axis=(1, 3))
    assert np.abs(halved - small.image).mean() < 1.5
    assert (large.semantic[::2, ::2] == small.semantic).mean() > 0.97


@pytest.mark.parametrize("background", [name for name in BACKGROUNDS if SETTINGS[name].standing])
def test_the_highest_foot_is_on_the_ground(background: str) -> None:
    ground = {"grass", "sand", "snow", "water"}
    for seed in range(40):
        semantic = paint(background, np.random.default_rng(seed), 64).semantic
        row = semantic[int(SETTINGS[background].ground * 64)]
        assert {SEMANTIC_CLASSES[i] for i in np.unique(row)} <= ground


def test_backgrounds_differ_clearly_from_one_another() -> None:
    thumbnails = {
        name: np.mean([paint(name, np.random.default_rng(s), 16).image for s in range(6)], axis=0)
        for name in BACKGROUNDS
    }
    for first, second in itertools.combinations(BACKGROUNDS, 2):
        distance = np.sqrt(((thumbnails[first] - thumbnails[second]) ** 2).sum(axis=-1)).mean()
        assert distance > 30, (first, second)


def test_plain_backgrounds_stay_close_to_their_colour() -> None:
    for colour, rgb in PLAIN_COLOURS.items():
        pixels = paint(f"plain {colour}", np.random.default_rng(1), 32).image.reshape(-1, 3).mean(axis=0)
        assert np.abs(pixels - np.asarray(rgb)).max() < 30


def test_unknown_background_is_refused_with_the_choices() -> None:
    with pytest.raises(InputError, match="meadow"):
        paint("moor", np.random.default_rng(0), 32)
