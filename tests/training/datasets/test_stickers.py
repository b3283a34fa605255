"""The shipped sticker pack: whole, small, licensed, and scaled without fringes."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import InputError
from training.datasets import stickers
from training.datasets.backgrounds import BACKGROUNDS
from training.datasets.default_classes import EASY_12, EASY_24, EASY_BACKGROUNDS


def test_fifty_classes_exist_in_every_style() -> None:
    assert len(stickers.class_names()) == len(set(stickers.class_names())) == 50
    for style in stickers.STYLES:
        for name in stickers.class_names():
            assert stickers.sticker(name, style).size == (160, 160)


def test_pack_holds_nothing_but_its_classes() -> None:
    for style in stickers.STYLES:
        assert {file.stem for file in (stickers.PACK / style).iterdir()} == {
            name.replace(" ", "_") for name in stickers.class_names()
        }


def test_pack_stays_below_six_megabytes() -> None:
    assert sum(file.stat().st_size for file in stickers.PACK.rglob("*") if file.is_file()) < 6_000_000


def test_licences_of_both_sources_lie_beside_the_pictures() -> None:
    apache = (stickers.PACK / "LICENSE-noto-emoji.txt").read_text(encoding="utf-8")
    mit = (stickers.PACK / "LICENSE-fluent-emoji.txt").read_text(encoding="utf-8")
    assert "Apache License" in apache
    assert "END OF TERMS AND CONDITIONS" in apache
    assert "Copyright (c) Microsoft Corporation" in mit
    assert "Permission is hereby granted" in mit


@pytest.mark.parametrize("side", [16, 42, 96, 200])
def test_sprite_has_the_side_asked_for_and_keeps_its_colour(side: int) -> None:
    pixels = stickers.sprite("heart", "noto", side).astype(np.float64)
    assert pixels.shape == (side, side, 4)
    solid = pixels[..., 3] > 200
    red, green, blue = pixels[solid][:, :3].mean(axis=0)
    assert red > 200
    assert max(green, blue) < 100


def test_soft_edges_carry_the_colour_of_the_sticker_not_of_the_emptiness() -> None:
    pixels = stickers.sprite("star", "noto", 48).astype(np.float64)
    edge = (pixels[..., 3] > 100) & (pixels[..., 3] < 200)
    assert edge.sum() > 10
    assert pixels[edge][:, 0].mean() > 200  # yellow; a fringe of black would pull it down


def test_extent_is_the_box_of_what_is_visible() -> None:
    for name in EASY_12:
        x0, y0, x1, y1 = stickers.extent(name, "fluent")
        assert 0 <= x0 < x1 <= 1
        assert 0 <= y0 < y1 <= 1
        assert max(x1 - x0, y1 - y0) > 0.95


def test_placed_sprite_moves_by_fractions_of_a_pixel() -> None:
    def middle(left: float) -> float:
        cut, column, _ = stickers.placed_sprite("apple", "fluent", left, 3.0, 20.0)
        alpha = cut[..., 3].sum(axis=0).astype(np.float64)
        return float((alpha * (np.arange(len(alpha)) + column)).sum() / alpha.sum())

    moved = [middle(5.0 + step / 4) - middle(5.0) for step in range(5)]
    assert moved == pytest.approx([0.0, 0.25, 0.5, 0.75, 1.0], abs=0.03)


def test_mirrored_sprite_is_the_flipped_one() -> None:
    plain, *_ = stickers.placed_sprite("car", "noto", 0.0, 0.0, 40.0)
    mirrored, *_ = stickers.placed_sprite("car", "noto", 0.0, 0.0, 40.0, mirrored=True)
    np.testing.assert_allclose(mirrored[:, ::-1].astype(int), plain.astype(int), atol=2)


@pytest.mark.parametrize(("name", "style"), [("dragon", "fluent"), ("fox", "oil")])
def test_unknown_class_or_style_is_refused_with_the_choices(name: str, style: str) -> None:
    with pytest.raises(InputError, match="Choose one of: fox, cat"):
        stickers.sticker(name, style)


def test_missing_index_is_reported_with_its_path(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stickers, "PACK", tmp_path)
    stickers.sticker_classes.cache_clear()
    try:
        with pytest.raises(InputError, match="index"):
            stickers.sticker_classes()
    finally:
        stickers.sticker_classes.cache_clear()


def test_easy_presets_are_known_names() -> None:
    assert len(set(EASY_12)) == 12
    assert len(set(EASY_24)) == 24
    assert set(EASY_12) <= set(EASY_24) <= set(stickers.class_names())
    assert len(set(EASY_BACKGROUNDS)) == 10
    assert set(EASY_BACKGROUNDS) <= set(BACKGROUNDS)
