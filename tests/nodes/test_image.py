"""Pictures: read, resized, saved with their workflow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from core.errors import InputError
from core.graph import workflow_file
from core.graph.edits import AddNode, Connect
from core.graph.execution import Executor
from core.graph.run_context import RunContext
from core.graph.workflow import Link, Node, Workflow
from core.imaging.image import Image
from core.imaging.picture_workflow import read_workflow
from nodes import registry
from nodes.image import load_image, preview_image, resize_image, save_image


def stripes(width: int, height: int) -> Image:
    """Three columns: red, green, blue, each a third."""
    pixels = torch.full((1, 3, height, width), -1.0)
    for channel in range(3):
        pixels[:, channel, :, channel * width // 3 : (channel + 1) * width // 3] = 1
    return Image(pixels)


def test_a_saved_picture_reads_back_the_same(tmp_path: Path) -> None:
    run = RunContext(output_folder=tmp_path)
    save_image(stripes(12, 8), run=run)
    assert run.written == [tmp_path / "picture_0001.png"]
    assert np.array_equal(load_image(path=run.written[0]).to_uint8(), stripes(12, 8).to_uint8())


def test_each_picture_of_a_batch_gets_the_next_free_number(tmp_path: Path) -> None:
    batch = Image(torch.cat([stripes(12, 8).pixels] * 2))
    run = RunContext(output_folder=tmp_path)
    for _ in range(2):
        save_image(batch, name="fox", folder=Path("inner"), run=run)
    assert [path.name for path in run.written] == [f"fox_000{number}.png" for number in (1, 2, 3, 4)]
    assert sorted(path.name for path in (tmp_path / "inner").iterdir()) == [path.name for path in run.written]


@pytest.mark.parametrize(("name", "stem"), [("../../out", "out"), ("", "picture"), ("a/b", "b")])
def test_a_name_cannot_leave_the_folder(tmp_path: Path, name: str, stem: str) -> None:
    run = RunContext(output_folder=tmp_path)
    save_image(stripes(12, 8), name=name, run=run)
    assert run.written == [tmp_path / f"{stem}_0001.png"]


def test_a_picture_of_a_run_carries_its_workflow(tmp_path: Path) -> None:
    Pillow.new("RGB", (30, 20), "orange").save(tmp_path / "in.png")
    workflow = Workflow()
    for id, type, settings in (
        ("load", "loom.image.load", {"path": str(tmp_path / "in.png")}),
        ("resize", "loom.image.resize", {"width": 16, "height": 16}),
        ("look", "loom.image.preview", {}),
        ("save", "loom.image.save", {"name": "made"}),
    ):
        workflow.apply(AddNode(Node(id=id, type=type, settings=settings)))
    for source, target in (("load", "resize"), ("resize", "look"), ("look", "save")):
        workflow.apply(Connect(Link(source, "image", target, "image")))
    result = Executor(registry()).run(workflow, output_folder=tmp_path / "out")
    (path,) = result.written
    with Pillow.open(path) as opened:
        assert opened.size == (16, 16)
    text = read_workflow(path)
    assert workflow_file.dumps(workflow_file.loads(text).workflow) == workflow_file.dumps(workflow)


def test_cropping_keeps_the_middle_and_its_proportions() -> None:
    cropped = resize_image(stripes(60, 20), width=20, height=20, fit="crop").to_uint8()[0]
    assert (cropped[:, 4:16] == [0, 255, 0]).all()


def test_stretching_keeps_everything() -> None:
    stretched = resize_image(stripes(60, 20), width=24, height=40, fit="stretch").to_uint8()[0]
    assert stretched.shape == (40, 24, 3)
    assert stretched[20, [2, 12, 21]].tolist() == [[255, 0, 0], [0, 255, 0], [0, 0, 255]]


@pytest.mark.parametrize("fit", ["crop", "stretch"])
@pytest.mark.parametrize(("width", "height"), [(8, 512), (512, 8), (16, 16), (3, 1)])
def test_any_picture_can_be_resized_within_its_range_and_stays_as_it_was(width: int, height: int, fit: str) -> None:
    image = stripes(width, height)
    before = image.pixels.clone()
    resized = resize_image(image, width=24, height=16, fit=fit)
    assert resized.pixels.shape == (1, 3, 16, 24)
    assert float(resized.pixels.abs().max()) <= 1
    assert torch.equal(image.pixels, before)


def test_preview_passes_a_picture_on() -> None:
    image = stripes(12, 8)
    assert preview_image(image) is image


def test_transparency_becomes_white(tmp_path: Path) -> None:
    Pillow.new("RGBA", (4, 4), (200, 0, 0, 0)).save(tmp_path / "clear.png")
    assert (load_image(path=tmp_path / "clear.png").to_uint8() == 255).all()


def test_files_that_are_no_pictures_are_told(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no picture")
    Pillow.new("RGB", (64, 64), "red").save(tmp_path / "whole.png")
    (tmp_path / "torn.png").write_bytes((tmp_path / "whole.png").read_bytes()[:60])
    for name, said in (("none.png", "does not exist"), ("text.png", "cannot be read"), ("torn.png", "cannot be read")):
        with pytest.raises(InputError, match=said) as refused:
            load_image(path=tmp_path / name)
        assert refused.value.port == "path"


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="cannot be saved") as refused:
        save_image(stripes(12, 8), run=RunContext(output_folder=tmp_path / "file"))
    assert refused.value.port == "folder"
