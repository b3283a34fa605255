"""The loop around what is painted: which picture comes of it, which seeds vary, and keeping a candidate."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.catalogue import Catalogue, shipped_catalogue
from app.document import TEMPLATES
from app.painting.inpainting_loop import (
    loop_of,
    painted_in_loops,
    picture_replaced,
    seeds_kept,
    variant,
)
from app.painting.loop_builder import LoopBuilder
from app.seeds import SEED_LIMIT
from core.graph import workflow_file
from core.graph.edits import AddNode, Connect, RemoveNode, SetSetting
from core.graph.workflow import Link, Node, Workflow


@pytest.fixture
def inpainting() -> Workflow:
    return workflow_file.load(TEMPLATES / "inpainting.json").workflow


@pytest.fixture
def catalogue() -> Catalogue:
    return shipped_catalogue()


def test_the_result_is_the_last_picture_and_the_seed_of_what_is_painted_on_stays(
    inpainting: Workflow, catalogue: Catalogue
) -> None:
    loop = loop_of(inpainting, "mask", catalogue)
    assert loop is not None
    assert loop.result == "composite"
    assert loop.seeds == {("noise", "seed"): 3}, "the scene has a seed too"


def test_nothing_that_makes_no_picture_is_a_loop(inpainting: Workflow, catalogue: Catalogue) -> None:
    for id in ("decode", "composite"):
        inpainting.apply(RemoveNode(id))
    assert loop_of(inpainting, "mask", catalogue) is None
    assert not list(painted_in_loops(inpainting, catalogue))


def test_variants_differ_by_their_seeds_alone(inpainting: Workflow, catalogue: Catalogue) -> None:
    loop = loop_of(inpainting, "mask", catalogue)
    assert loop is not None
    first, third = variant(inpainting, loop, 0), variant(inpainting, loop, 2)
    assert workflow_file.dumps(first) == workflow_file.dumps(inpainting)
    assert third.nodes["noise"].settings["seed"] == 5
    inpainting.apply(seeds_kept(loop, 2))
    assert workflow_file.dumps(third) == workflow_file.dumps(inpainting)


def test_a_seed_at_its_end_begins_again(inpainting: Workflow, catalogue: Catalogue) -> None:
    inpainting.apply(SetSetting("noise", "seed", SEED_LIMIT))
    loop = loop_of(inpainting, "mask", catalogue)
    assert loop is not None
    assert variant(inpainting, loop, 1).nodes["noise"].settings["seed"] == 0


def test_keeping_puts_a_file_where_the_picture_went_and_clears_the_mask(
    inpainting: Workflow, tmp_path: Path, catalogue: Catalogue
) -> None:
    before = workflow_file.dumps(inpainting)
    inverse = inpainting.apply(picture_replaced(inpainting, "mask", "mask", tmp_path / "a.png", (0.0, 0.0)))
    loaded = inpainting.links["mask", "image"].source
    assert inpainting.nodes[loaded].settings["path"] == str(tmp_path / "a.png")
    assert {(link.target, link.input) for link in inpainting.outgoing(loaded)} == {
        ("mask", "image"), ("encode", "image"), ("composite", "source"),
    }  # fmt: skip
    assert "mask" not in inpainting.nodes["mask"].settings
    count = len(inpainting.nodes)
    again = inpainting.apply(picture_replaced(inpainting, "mask", "mask", tmp_path / "b.png", (0.0, 0.0)))
    assert len(inpainting.nodes) == count, "a node that loads a picture is used again"
    inpainting.apply(again)
    inpainting.apply(inverse)
    assert workflow_file.dumps(inpainting) == before


def painted_alone() -> Workflow:
    workflow = Workflow()
    for node in (Node(id="load", type="loom.image.load"), Node(id="mask", type="loom.mask.paint")):
        workflow.apply(AddNode(node))
    workflow.apply(Connect(Link("load", "image", "mask", "image")))
    return workflow


@pytest.mark.parametrize(("size", "crops"), [((64, 64), 0), ((300, 200), 1)])
def test_a_loop_is_built_around_a_picture(catalogue: Catalogue, size: tuple[int, int], crops: int) -> None:
    workflow = painted_alone()
    inverse = workflow.apply(LoopBuilder(workflow, catalogue).build(("load", "image"), "mask", size, (0.0, 300.0)))
    loop = loop_of(workflow, "mask", catalogue)
    assert loop is not None
    assert len(loop.seeds) == 1
    kinds = [node.type for node in workflow.nodes.values()]
    assert kinds.count("loom.image.crop_to_mask") == kinds.count("loom.image.stitch") == crops
    assert "loom.image.save" not in kinds, "candidates are looked at first"
    workflow.apply(inverse)
    assert len(workflow.nodes) == 2


def test_a_built_loop_takes_the_model_and_the_words_that_are_there(catalogue: Catalogue) -> None:
    workflow = workflow_file.load(TEMPLATES / "text_to_image.json").workflow
    workflow.apply(SetSetting("prompt", "text", "a fox in the snow"))
    own = set(workflow.nodes)
    workflow.apply(AddNode(Node(id="paint", type="loom.mask.paint")))
    picture = next(link for link in workflow.links.values() if link.output == "image")
    workflow.apply(Connect(Link(picture.source, "image", "paint", "image")))
    workflow.apply(LoopBuilder(workflow, catalogue).build((picture.source, "image"), "paint", (64, 64), (0.0, 0.0)))
    new = [node for id, node in workflow.nodes.items() if id not in own]
    assert not [node for node in new if node.type == "loom.load.model"]
    assert [node.settings["text"] for node in new if node.type == "loom.condition.text"].count("a fox in the snow") == 1


def test_a_picture_brings_its_model_where_none_is_there(catalogue: Catalogue) -> None:
    before = workflow_file.load(TEMPLATES / "text_to_image.json").workflow
    before.apply(SetSetting("model", "model", "another-one"))
    workflow = painted_alone()
    workflow.apply(LoopBuilder(workflow, catalogue, before).build(("load", "image"), "mask", (64, 64), (0.0, 0.0)))
    (model,) = [node for node in workflow.nodes.values() if node.type == "loom.load.model"]
    assert model.settings["model"] == "another-one"
