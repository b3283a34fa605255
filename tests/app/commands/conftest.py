"""A small real catalogue and a workflow file for it: words are joined, shouted, and written to a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import pytest

from core.graph.node_spec import NodeRegistry, RunContext, Setting, node


class Text(str):
    """A text that passes between nodes."""


@node(id="test.word", title="Word", category="Test")
def word(
    *, text: Annotated[str, Setting(max_length=20)] = "loom", times: Annotated[int, Setting(min=1, max=9)] = 1
) -> Text:
    """Repeat a word."""
    return Text(" ".join([text] * times))


@node(id="test.shout", title="Shout", category="Test")
def shout(text: Text, *, run: RunContext) -> Text:
    """Turn a text into capitals, a letter a step."""
    if "Q" in text:
        run.note("A rare letter.")
    for done in range(len(text)):
        run.step(done + 1, len(text))
    return Text(text.upper())


@node(id="test.write", title="Write", category="Test", writes_files=True)
def write(
    text: Text, *, folder: Annotated[Path, Setting(widget="folder")] = Path(), name: str = "text.txt", run: RunContext
) -> None:
    """Write a text to a file."""
    target = run.output_folder / folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    run.wrote(target)


@pytest.fixture
def registry() -> NodeRegistry:
    known = NodeRegistry()
    for function in (word, shout, write):
        known.register(function.spec)
    return known


@pytest.fixture
def document(tmp_path: Path) -> dict[str, Any]:
    """The workflow as JSON: word -> shout -> write, into a folder of its own."""
    nodes: dict[str, dict[str, object]] = {
        "word": {"type": "test.word", "settings": {}},
        "shout": {"type": "test.shout", "settings": {}},
        "write": {"type": "test.write", "settings": {"folder": str(tmp_path / "own")}},
    }
    return {
        "format": "latent-loom-workflow",
        "version": 1,
        "title": "",
        "nodes": [{"id": id, "title": None, "position": [0, 0], "state": "on", **rest} for id, rest in nodes.items()],
        "links": [
            {"from": ["word", "text"], "to": ["shout", "text"]},
            {"from": ["shout", "text"], "to": ["write", "text"]},
        ],
        "frames": [],
        "notes": [],
    }


@pytest.fixture
def saved(document: dict[str, Any], tmp_path: Path) -> Callable[[], Path]:
    """Writes the document, as it is by then, to a file."""

    def save() -> Path:
        path = tmp_path / "workflow.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        return path

    return save
