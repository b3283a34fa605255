"""Pictures as carriers of workflows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import InputError
from core.imaging.files import write_png
from core.imaging.picture_workflow import is_picture, read_workflow

GREY = np.full((4, 6, 3), 128, dtype=np.uint8)


def test_a_saved_picture_gives_its_workflow_back(tmp_path: Path) -> None:
    assert read_workflow(write_png(GREY, tmp_path, "fox", '{"title": "Füchse"}')) == '{"title": "Füchse"}'


def test_what_carries_no_workflow_is_refused_with_the_reason(tmp_path: Path) -> None:
    plain = write_png(GREY, tmp_path, "plain", "")
    text = tmp_path / "text.png"
    text.write_text("no picture", "utf-8")
    for path, reason in ((plain, "carry their workflow"), (text, "cannot identify"), (tmp_path / "gone.png", "moved")):
        with pytest.raises(InputError) as refused:
            read_workflow(path)
        assert reason in refused.value.why
        assert path.name in refused.value.what


def test_pictures_are_told_by_their_name() -> None:
    assert is_picture(Path("a.PNG"))
    assert is_picture(Path("photo.jpeg"))
    assert not is_picture(Path("workflow.json"))
