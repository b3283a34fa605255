from __future__ import annotations

from pathlib import Path

import pytest
import torch

from core.errors import ModelFileError
from training.datasets.scenes import Box, SceneConfig
from training.judge import FILE, Judge, Sight, find_judge, largest_patch, load_judge, overlap, save_judge

CONFIG = SceneConfig(size=64, classes=("fox", "frog"), backgrounds=("plain red", "meadow"))


@pytest.fixture
def judge() -> Judge:
    torch.manual_seed(0)
    return Judge(CONFIG.classes, CONFIG.backgrounds).eval()


def sight(*things: tuple[int, int, int, int, int]) -> Sight:
    """Things as (class from 1, top, left, height, width) in cells."""
    cells = torch.zeros(16, 16, dtype=torch.long)
    for number, y, x, h, w in things:
        cells[y : y + h, x : x + w] = number
    return Sight(cells, "meadow")


def box(label: str, x: int, y: int, w: int, h: int) -> Box:
    return Box(label, "fluent", x / 16, y / 16, (x + w) / 16, (y + h) / 16)


def test_a_thing_is_present_from_eight_cells_on(judge: Judge) -> None:
    assert judge.present(sight((1, 0, 0, 2, 4)), "fox")
    assert not judge.present(sight((1, 0, 0, 1, 7)), "fox")
    assert not judge.present(sight((1, 0, 0, 2, 4)), "frog")


def test_the_main_object_covers_most_cells_and_is_none_on_an_empty_picture(judge: Judge) -> None:
    assert judge.main_object(sight((1, 0, 0, 3, 3), (2, 8, 8, 4, 4))) == "frog"
    assert judge.main_object(sight()) is None


def test_order_is_that_of_the_centres_along_an_axis(judge: Judge) -> None:
    seen = sight((1, 8, 0, 4, 4), (2, 0, 9, 4, 4))
    assert judge.in_order(seen, "fox", "frog", axis=1)
    assert not judge.in_order(seen, "frog", "fox", axis=1)
    assert judge.in_order(seen, "frog", "fox", axis=0)
    assert not judge.in_order(sight((1, 0, 0, 4, 4)), "fox", "frog", axis=1)


def test_a_thing_is_in_its_box_if_it_overlaps_by_half(judge: Judge) -> None:
    seen = sight((1, 4, 4, 6, 6))
    assert judge.in_box(seen, box("fox", 4, 4, 6, 6))
    assert judge.in_box(seen, box("fox", 5, 5, 6, 6))  # 25 of 47
    assert not judge.in_box(seen, box("fox", 6, 5, 6, 6))  # 20 of 52
    assert not judge.in_box(seen, box("frog", 4, 4, 6, 6))
    assert not judge.in_box(seen, box("fox", 6, 6, 2, 2)), "a thing far larger than its box is not in it"


def test_stray_cells_do_not_count_and_two_things_of_a_class_each_need_their_own(judge: Judge) -> None:
    stray = sight((1, 4, 4, 6, 6), (1, 15, 15, 1, 1))
    assert judge.in_box(stray, box("fox", 4, 4, 6, 6))
    left, right = box("fox", 1, 4, 6, 6), box("fox", 8, 4, 6, 6)
    touching = sight((1, 4, 1, 6, 13))
    assert judge.in_box(touching, left, (left, right))
    assert judge.in_box(touching, right, (left, right))
    only_left = sight((1, 4, 1, 6, 6))
    assert judge.in_box(only_left, left, (left, right))
    assert not judge.in_box(only_left, right, (left, right))


def test_the_largest_patch_hangs_together_by_corners_too() -> None:
    cells = torch.zeros(6, 6, dtype=torch.bool)
    cells[0, 0] = cells[1, 1] = cells[2, 2] = True
    cells[5, 4] = cells[5, 5] = True
    assert largest_patch(cells).nonzero().tolist() == [[0, 0], [1, 1], [2, 2]]
    assert not largest_patch(torch.zeros(6, 6, dtype=torch.bool)).any()


def test_overlap_is_intersection_over_union() -> None:
    assert overlap((0, 0, 2, 2), (1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 1, 1), (2, 2, 3, 3)) == 0


def test_a_saved_judge_sees_the_same_and_knows_its_names(judge: Judge, tmp_path: Path) -> None:
    save_judge(judge, tmp_path / FILE)
    loaded = load_judge(tmp_path / FILE)
    images = torch.rand(3, 3, 64, 64) * 2 - 1
    assert (loaded.classes, loaded.backgrounds) == (CONFIG.classes, CONFIG.backgrounds)
    assert all(torch.equal(a.cells, b.cells) for a, b in zip(judge.look(images), loaded.look(images), strict=True))


def test_a_judge_is_found_for_what_it_knows_only(judge: Judge, tmp_path: Path) -> None:
    save_judge(judge, tmp_path / FILE)
    known = SceneConfig(classes=("frog",), backgrounds=("meadow",))
    assert find_judge(known, [tmp_path / "none", tmp_path]) == tmp_path / FILE
    assert find_judge(SceneConfig(classes=("whale",), backgrounds=("meadow",)), [tmp_path]) is None
    assert find_judge(SceneConfig(size=32, classes=("frog",), backgrounds=("meadow",)), [tmp_path]) is None


def test_a_file_without_names_is_no_judge(judge: Judge, tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file(judge.state_dict(), tmp_path / FILE)
    with pytest.raises(ModelFileError):
        load_judge(tmp_path / FILE)
