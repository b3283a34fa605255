"""The catalogue as text and as JSON."""

from __future__ import annotations

import json

from app.commands.nodes import as_json, as_text
from core.graph.node_spec import NodeRegistry


def test_the_text_names_each_node_with_its_ports_and_settings(registry: NodeRegistry) -> None:
    text = as_text(registry.all())
    assert "Shout  [test.shout]" in text
    assert "(text: Text) -> (text: Text)" in text
    assert ".times = 1" in text


def test_a_node_as_json_tells_everything_that_a_workflow_file_needs(registry: NodeRegistry) -> None:
    spec = registry.get("test.word")
    assert spec is not None
    told = json.loads(json.dumps(as_json(spec)))
    assert told["id"] == "test.word"
    assert told["outputs"] == [{"name": "text", "type": "Text"}]
    times = next(setting for setting in told["settings"] if setting["name"] == "times")
    assert (times["default"], times["min"], times["max"]) == (1, 1, 9)
