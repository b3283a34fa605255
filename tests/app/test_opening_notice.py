"""What could not be opened is said once, with the nodes, and saved back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.catalogue import Catalogue
from app.main_window import MainWindow
from app.opening_notice import opening_notice
from core.graph import workflow_file

OpenWindow = Callable[..., MainWindow]


@pytest.fixture
def path(save_workflow: Callable[..., Path]) -> Path:
    """A workflow that is not open."""
    saved = save_workflow()
    return saved.rename(saved.with_name("strange.json"))


def damage(path: Path, change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Change a workflow file as another program might."""
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")
    return document


def node(document: dict[str, Any], id: str) -> dict[str, Any]:
    return next(each for each in document["nodes"] if each["id"] == id)


def test_a_whole_workflow_needs_no_notice(open_window: OpenWindow, catalogue: Catalogue) -> None:
    assert opening_notice(open_window().document, catalogue) is None


def test_all_that_cannot_be_used_is_one_notice_and_saved_back(open_window: OpenWindow, path: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        document["nodes"] += [{"id": "half"}, {"id": "new", "type": "elsewhere.thing"}]
        node(document, "steps")["position"] = "left"
        node(document, "prompt")["settings"]["mood"] = "grim"
        document["links"] += [{"from": ["amount", "weight"], "to": ["new", "x"]}, {"from": ["gone", "a"], "to": "b"}]

    window = open_window()
    written = damage(path, change)
    window.files.open(path)
    said = window.banner.text
    assert said.startswith('"strange" was opened, but a part of it cannot be used here.')
    for part in ('Not installed: "elsewhere.thing".', 'Node "steps" (test.steps): "position" must be', "And 3 more"):
        assert part in said
    assert "saved back as it was" in said
    window.document.save(path)
    saved = json.loads(path.read_text(encoding="utf-8"))
    for name in ("nodes", "links"):
        assert len(saved[name]) == len(written[name])
        for each in written[name]:
            assert any(all(kept.get(field) == each[field] for field in each) for kept in saved[name])
    assert node(saved, "steps")["position"] == "left"


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ({"from": ["steps", "volume"], "to": ["paint", "amount"]}, '"Steps" has no output "volume"'),
        ({"from": ["steps", "amount"], "to": ["paint", "brush"]}, '"Paint" has no input "brush"'),
    ],
)
def test_a_link_to_a_port_that_is_not_there_is_named_with_its_node(
    open_window: OpenWindow, path: Path, link: dict[str, Any], said: str
) -> None:
    def change(document: dict[str, Any]) -> None:
        document["links"] = [each for each in document["links"] if each["to"][0] != "paint"] + [link]

    window = open_window()
    damage(path, change)
    window.files.open(path)
    assert said in window.banner.text
    assert window.banner.text.startswith('"strange" was opened, but a part of "')
    assert not window.banner._show.isHidden()


def test_a_cut_off_file_opens_as_a_copy_and_stays_as_it_is(open_window: OpenWindow, path: Path) -> None:
    window = open_window()
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index('"id": "steps"')], encoding="utf-8")
    window.files.open(path)
    assert 0 < len(window.document.workflow.nodes) < 5
    assert window.document.path is None
    assert "saving asks where to put this copy" in window.banner.text
    assert not workflow_file.load(path).whole


def test_another_workflow_takes_the_notice_away(open_window: OpenWindow, path: Path) -> None:
    window = open_window()
    damage(path, lambda document: document["nodes"].append(3))
    window.files.open(path)
    assert not window.banner.isHidden()
    window.document.new()
    assert window.banner.isHidden()
