"""Painted pixels as text, and what is done to them."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from core.errors import InputError
from core.graph import tiled_text
from core.graph.edit_json import edit_from_json
from core.graph.edits import AddNode
from core.graph.history import History
from core.graph.paint_edit import PaintTiles
from core.graph.workflow import Node, Workflow
from core.imaging import painted
from core.imaging.brush import Brush, Dab, Stroke, blend, stamp


def masks() -> list[painted.Painted]:
    random = np.random.default_rng(0)
    sides = [(1, 1), (1, 700), (256, 256), (257, 255), (513, 300)]
    return [random.integers(0, 256, side).astype(np.uint8) for side in sides] + [np.zeros((300, 9), np.uint8)]


def test_pixels_round_trip_bit_for_bit_and_have_one_text() -> None:
    for mask in masks():
        text = painted.pack(mask)
        assert np.array_equal(painted.unpack(text), mask)
        assert painted.pack(painted.unpack(text)) == text
        assert str(tiled_text.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", "64", "64x", "0x4", "64x64 1,1", "64x64 0,0:AAAA", "64x64 0,0:!!", "64x64 4,0:AAAA", "64x64  ", "99999x1"],
)
def test_damaged_texts_are_told(text: str) -> None:
    with pytest.raises(InputError):
        painted.unpack(text)


def test_a_square_that_swells_is_refused() -> None:
    bomb = painted.pack(np.full((256, 256), 7, np.uint8)).partition(":")[2]
    with pytest.raises(InputError, match="instead of"):
        painted.unpack(f"16x16 0,0:{bomb}")


def test_growing_agrees_with_the_definition() -> None:
    random = np.random.default_rng(1)
    values = (random.random((20, 23)) < 0.1).astype(np.uint8) * 255
    for radius in (1, 2, 5):
        wide = np.pad(values, radius)
        windows = np.lib.stride_tricks.sliding_window_view(wide, (2 * radius + 1,) * 2)
        assert np.array_equal(painted.grown(values, radius), windows.max((-1, -2)))
    assert np.array_equal(painted.grown(255 - values, -3), 255 - painted.grown(values, 3))
    assert np.array_equal(painted.grown(values, 0), values)


def test_flooding_agrees_with_a_search_pixel_by_pixel() -> None:
    random = np.random.default_rng(2)
    for _ in range(40):
        pixels = random.integers(0, 3, (9, 11, 1)).astype(np.uint8) * 40
        y, x = int(random.integers(9)), int(random.integers(11))
        found, waiting = np.zeros((9, 11), bool), [(y, x)]
        while waiting:
            i, j = waiting.pop()
            inside = 0 <= i < 9 and 0 <= j < 11 and not found[i, j]
            if inside and abs(int(pixels[i, j, 0]) - int(pixels[y, x, 0])) <= 40:
                found[i, j] = True
                waiting += [(i + 1, j), (i - 1, j), (i, j + 1), (i, j - 1)]
        assert np.array_equal(painted.flooded(pixels, y, x, 40), found)


def test_a_stroke_edit_is_undone_exactly_and_reads_back_from_json() -> None:
    workflow = Workflow()
    workflow.apply(AddNode(Node(id="mask", type="loom.mask.paint")))
    history = History(workflow)
    texts = [None]
    for index in range(4):
        tile = painted.pack_tile(np.full((256, 256), index, np.uint8))
        edit = PaintTiles("mask", "mask", 512, 300, {f"{index % 2},0": tile})
        assert edit_from_json(edit.to_json()) == edit
        history.do(edit)
        texts.append(workflow.nodes["mask"].settings["mask"])
    for text in reversed(texts[:-1]):
        history.undo()
        assert workflow.nodes["mask"].settings.get("mask") == text
    for text in texts[1:]:
        history.redo()
        assert workflow.nodes["mask"].settings["mask"] == text


def test_strokes_of_half_opacity_do_not_add_up_and_erase_to_nothing() -> None:
    pixels = np.zeros((40, 40), np.uint8)
    for _ in range(2):
        area, values = stamp(Brush(size=20, hardness=1, opacity=0.5), Dab(20, 20), 40, 40)
        blend(pixels[area.box], values)
        assert pixels.max() == 128
    area, values = stamp(Brush(size=30, hardness=1), Dab(20, 20), 40, 40)
    blend(pixels[area.box], values, erase=True)
    assert not pixels.any()


def test_a_pencil_of_one_pixel_fills_just_that_pixel() -> None:
    area, values = stamp(Brush(size=1, hardness=1), Dab(4.9, 4.1), 9, 9)
    pixels = np.zeros((9, 9), np.uint8)
    blend(pixels[area.box], values)
    assert pixels[4, 4] == 255
    assert int((pixels > 0).sum()) == 1


def test_stamps_off_the_picture_are_cut_or_left_out() -> None:
    for place in ((-3.0, 4.0), (8.9, 12.0), (-100.0, -100.0)):
        area, values = stamp(Brush(size=9), Dab(*place), 9, 9)
        assert area.empty or values.shape == (area.bottom - area.top, area.right - area.left)


def test_a_coarse_stroke_is_round_meets_each_point_and_is_evenly_spaced() -> None:
    places = [(100 + 80 * math.cos(t), 100 + 80 * math.sin(t)) for t in np.linspace(0, 5.5, 9)]
    stroke = Stroke(Brush(size=10, spacing=0.2), Dab(*places[0]))
    dabs = [dab for place in places[1:] for dab in stroke.to(Dab(*place))] + stroke.finish()
    radii = [math.hypot(dab.x - 100, dab.y - 100) for dab in dabs]
    assert max(abs(radius - 80) for radius in radii) < 1.5, "straight lines would be off by 4.7"
    for x, y in places:
        assert min(math.hypot(dab.x - x, dab.y - y) for dab in dabs) <= 1.0
    gaps = [math.hypot(b.x - a.x, b.y - a.y) for a, b in itertools.pairwise(dabs[1:-1])]
    assert max(gaps) < 2.05
    assert min(gaps) > 1.9
