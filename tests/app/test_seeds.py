"""Which seeds a run draws, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image as Pillow
from PIL.PngImagePlugin import PngInfo
from pytestqt.qtbot import QtBot

from app.catalogue import Catalogue, shipped_catalogue
from app.document import read
from app.main_window import MainWindow
from app.panels.controls import SeedControl
from app.seeds import SEED_LIMIT, drawn_anew, seeds_of
from core.graph import workflow_file
from core.graph.edits import AddNode, Group, SetDrawn, SetSetting, SetState
from core.graph.workflow import Node, Workflow
from core.imaging.picture_workflow import WORKFLOW_KEY

OpenWindow = Callable[..., MainWindow]


@pytest.fixture
def workflow() -> Workflow:
    """Two nodes with seeds, "other" linked to nothing."""
    made = Workflow()
    for id in ("prompt", "other"):
        made.apply(AddNode(Node(id=id, type="test.words", settings={"seed": 5})))
    return made


def drawn(edit: object) -> list[str]:
    """The nodes whose seeds are drawn."""
    if edit is None:
        return []
    assert isinstance(edit, Group)
    for each in edit.edits:
        assert isinstance(each, SetSetting)
        assert isinstance(each.value, int)
        assert 0 <= each.value <= SEED_LIMIT
    return [each.node for each in edit.edits if isinstance(each, SetSetting)]


def test_only_unlocked_seeds_are_drawn_unless_all_are_asked_for(workflow: Workflow, catalogue: Catalogue) -> None:
    assert drawn(drawn_anew(workflow, catalogue)) == []
    assert drawn(drawn_anew(workflow, catalogue, locked=True)) == ["prompt", "other"]
    workflow.apply(SetDrawn("other", "seed", True))
    assert drawn(drawn_anew(workflow, catalogue)) == ["other"]
    assert drawn(drawn_anew(workflow, catalogue, locked=True)) == ["other", "prompt"]


def test_what_does_not_run_keeps_its_seed(workflow: Workflow, catalogue: Catalogue) -> None:
    for id in workflow.nodes:
        workflow.apply(SetDrawn(id, "seed", True))
    assert drawn(drawn_anew(workflow, catalogue, ("other",))) == ["other"]
    workflow.apply(SetState("other", "muted"))
    assert drawn(drawn_anew(workflow, catalogue, locked=True)) == ["prompt"]


def test_sweeps_and_settings_that_are_no_seeds_are_left_alone(workflow: Workflow, catalogue: Catalogue) -> None:
    workflow.apply(SetSetting("prompt", "seed", {"sweep": [1, 2]}))
    for id, name in (("prompt", "seed"), ("other", "text"), ("other", "gone")):
        workflow.apply(SetDrawn(id, name, True))
    assert drawn(drawn_anew(workflow, catalogue)) == []
    assert seeds_of(workflow.nodes.values(), catalogue) == {("other", "seed"): 5}


@pytest.mark.parametrize(
    ("kinds", "wanted"),
    [
        (("loom.image.scene", "loom.encode.image", "loom.latent.noise"), "loom.latent.noise"),
        (("loom.image.scene", "loom.encode.image"), "loom.encode.image"),
        (("loom.image.scene",), "loom.image.scene"),
    ],
)
def test_noise_is_drawn_before_encoding_and_that_before_another_source(kinds: tuple[str, ...], wanted: str) -> None:
    nodes = [Node(id=kind, type=kind) for kind in kinds]
    assert list(seeds_of(nodes, shipped_catalogue())) == [(wanted, "seed")]


def finish(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not window.monitor.running)
    assert window.monitor.outcome == "finished"


def seed(window: MainWindow) -> object:
    return window.document.workflow.nodes["prompt"].settings.get("seed")


def test_each_run_shows_the_seed_that_it_draws_and_one_undo_takes_all_draws_back(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window()
    window.run()
    finish(window, qtbot)
    assert seed(window) is None, "a locked seed stays"
    control = window.properties.rows["seed"].control
    assert isinstance(control, SeedControl)
    control.lock.click()
    shown = []
    for _ in range(3):
        window.run()
        finish(window, qtbot)
        assert not window.canvas.view.cards["paint"].state.stale
        assert control.field.text() == str(seed(window))
        shown.append(seed(window))
    assert len(set(shown)) == 3
    window.document.undo()
    assert seed(window) is None
    assert window.document.workflow.nodes["prompt"].drawn == ("seed",)
    window.document.undo()
    assert window.document.clean


def test_another_seed_is_drawn_for_each_run_though_it_is_locked(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(count=20)
    again = window.actions_by_name["another_seed"]
    again.trigger()
    first = seed(window)
    again.trigger()
    assert window.monitor.waiting == 1
    assert first != seed(window) is not None
    finish(window, qtbot)
    assert window.document.workflow.nodes["prompt"].drawn == ()


def test_live_mode_keeps_the_seed_that_is_unlocked(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window()
    window.document.do(SetDrawn("prompt", "seed", True))
    window.actions_by_name["live"].trigger()
    qtbot.waitUntil(lambda: window.monitor.outcome == "finished")
    assert seed(window) is None
    window.run()
    assert seed(window) is not None, "a run that a person starts draws"
    finish(window, qtbot)
    assert not window.running._pause.isActive(), "and what it drew is no change to follow"


def test_the_workflow_of_a_picture_has_its_seeds_locked(workflow: Workflow, tmp_path: Path) -> None:
    workflow.apply(SetDrawn("prompt", "seed", True))
    texts = PngInfo()
    texts.add_text(WORKFLOW_KEY, workflow_file.dumps(workflow))
    Pillow.new("RGB", (4, 4)).save(tmp_path / "made.png", pnginfo=texts)
    assert read(tmp_path / "made.png").workflow.nodes["prompt"] == Node(
        id="prompt", type="test.words", settings={"seed": 5}
    )
    workflow_file.save(workflow, tmp_path / "made.json")
    assert read(tmp_path / "made.json").workflow.nodes["prompt"].drawn == ("seed",)
