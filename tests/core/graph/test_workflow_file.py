"""The file: round trips, atomic saving, damage, other versions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import InputError, LoomError
from core.graph import workflow_file
from core.graph.edits import AddNode, Connect, PutFrame, PutNote
from core.graph.workflow import Frame, Link, Node, Note, Workflow
from core.graph.workflow_file import dumps, load, loads, save, to_json


@pytest.fixture
def workflow() -> Workflow:
    made = Workflow("A cat, 猫 \ud83d")
    made.apply(AddNode(Node(id="prompt", type="t.text", settings={"text": 'a "cat"\n猫'}, position=(1.5, -2.0))))
    made.apply(AddNode(Node(id="show", type="t.show", title="Mine", state="muted", size=(10.0, 20.0))))
    made.apply(Connect(Link("prompt", "str", "show", "value")))
    made.apply(PutFrame(Frame(id="f", title="Load", color="#123456")))
    made.apply(PutNote(Note(id="o", text="Look here")))
    return made


def document(**changes: Any) -> str:
    return json.dumps({"format": workflow_file.FORMAT, "version": 1, "nodes": [], "links": [], **changes})


def test_a_saved_file_reads_back_equal(workflow: Workflow, tmp_path: Path) -> None:
    save(workflow, tmp_path / "w.json")
    loaded = load(tmp_path / "w.json")
    assert loaded.warnings == ()
    assert to_json(loaded.workflow) == to_json(workflow)
    assert loaded.workflow.nodes == workflow.nodes
    assert loaded.workflow.links == workflow.links


def test_equal_workflows_give_equal_files_whatever_the_order() -> None:
    nodes = [Node(id=id, type="t.number") for id in "abc"]
    forth, back = Workflow(), Workflow()
    for node in nodes:
        forth.apply(AddNode(node))
    for node in reversed(nodes):
        back.apply(AddNode(node))
    assert dumps(forth) == dumps(back)


def test_the_file_has_the_documented_shape(workflow: Workflow) -> None:
    read = json.loads(dumps(workflow))
    assert read["format"] == "latent-loom-workflow"
    assert read["version"] == 1
    assert read["links"] == [{"from": ["prompt", "str"], "to": ["show", "value"]}]
    assert read["nodes"][0] == {
        "id": "prompt",
        "type": "t.text",
        "title": None,
        "position": [1.5, -2.0],
        "state": "on",
        "settings": {"text": 'a "cat"\n猫'},
    }


def test_a_short_hand_written_file_is_enough() -> None:
    loaded = loads(document(nodes=[{"id": "a", "type": "t.number"}]))
    assert loaded.workflow.nodes["a"] == Node(id="a", type="t.number")


def test_unknown_nodes_and_fields_are_kept_unharmed() -> None:
    node = {"id": "x", "type": "other.thing", "settings": {"deep": {"a": [1]}}, "badge": {"color": "red"}}
    text = document(nodes=[node, {"id": "y", "type": "t.show"}], links=[{"from": ["x", "o"], "to": ["y", "value"]}])
    text = text[:-1] + ', "view": {"zoom": 2}}'
    saved = json.loads(dumps(loads(text).workflow))
    assert saved["nodes"][0]["settings"] == {"deep": {"a": [1]}}
    assert saved["nodes"][0]["badge"] == {"color": "red"}
    assert saved["links"] == [{"from": ["x", "o"], "to": ["y", "value"]}]
    assert saved["view"] == {"zoom": 2}


def test_a_failing_write_leaves_the_old_file_and_no_litter(workflow: Workflow, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="limits on file sizes are POSIX only")
    path = tmp_path / "w.json"
    save(Workflow("old"), path)
    before = path.read_bytes()
    workflow.apply(AddNode(Node(id="big", type="t.text", settings={"text": "x" * 100_000})))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        with pytest.raises(LoomError) as raised:
            save(workflow, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert str(path) in raised.value.what
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_saving_where_no_file_can_be_is_said_in_words(workflow: Workflow, tmp_path: Path) -> None:
    for path in (tmp_path / "absent" / "w.json", tmp_path):
        with pytest.raises(LoomError, match="could not be saved"):
            save(workflow, path)
    assert list(tmp_path.iterdir()) == []
    assert not list(tmp_path.parent.glob(".*.tmp"))


def test_saving_through_a_link_replaces_what_it_points_to(workflow: Workflow, tmp_path: Path) -> None:
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    save(Workflow("old"), real)
    link.symlink_to(real)
    save(workflow, link)
    assert link.is_symlink()
    assert to_json(load(real).workflow) == to_json(workflow)


def test_every_truncation_is_refused_in_three_parts(workflow: Workflow, tmp_path: Path) -> None:
    save(workflow, tmp_path / "w.json")
    whole = (tmp_path / "w.json").read_bytes().rstrip()
    for length in range(0, len(whole), 37):
        (tmp_path / "cut.json").write_bytes(whole[:length])
        with pytest.raises(InputError) as raised:
            load(tmp_path / "cut.json")
        assert raised.value.what
        assert raised.value.why
        assert raised.value.fix


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "null",
        "{}",
        '{"format": "other"}',
        "[" * 100_000,
        '{"format": NaN}',
        document()[:-1] + ', "zoom": 1e999}',
        "1" * 10_000,
        document(version="1"),
        document(version=0),
        document(version=True),
        document(nodes={}),
        document(nodes=[3]),
        document(nodes=[{"id": "a"}]),
        document(nodes=[{"id": "", "type": "t"}]),
        document(nodes=[{"id": ["a"], "type": "t"}]),
        document(nodes=[{"id": "a", "type": "t"}, {"id": "a", "type": "t"}]),
        document(nodes=[{"id": "a", "type": "t", "position": [1]}]),
        document(nodes=[{"id": "a", "type": "t", "position": ["1", True]}]),
        document(nodes=[{"id": "a", "type": "t", "settings": []}]),
        document(nodes=[{"id": "a", "type": "t", "state": "asleep"}]),
        document(nodes=[{"id": "a", "type": "t", "state": []}]),
        document(links=[{"from": ["a", "b"], "to": "c"}]),
        document(links=[["a", "b"]]),
        document(frames=[{"id": "f"}]),
        document(notes=[{"text": "x"}]),
    ],
)
def test_damaged_files_are_refused_in_three_parts(text: str) -> None:
    with pytest.raises(InputError) as raised:
        loads(text)
    assert raised.value.what
    assert raised.value.why
    assert raised.value.fix


def test_bytes_that_are_no_text_and_missing_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "w.json").write_bytes(b'{"format": "\xff\xfe"}')
    with pytest.raises(InputError, match="damaged"):
        load(tmp_path / "w.json")
    with pytest.raises(InputError, match="cannot be opened"):
        load(tmp_path / "absent.json")


def test_links_to_absent_nodes_are_left_out_with_a_warning() -> None:
    loaded = loads(document(nodes=[{"id": "a", "type": "t"}], links=[{"from": ["a", "o"], "to": ["gone", "i"]}]))
    assert not loaded.workflow.links
    assert '"gone"' in loaded.warnings[0]


def test_a_newer_file_opens_as_far_as_possible() -> None:
    nodes = [{"id": "a", "type": "t.number", "settings": {"value": 7}}, {"id": "b", "kind": "new"}]
    loaded = loads(document(version=99, nodes=nodes))
    assert loaded.workflow.nodes.keys() == {"a"}
    assert "newer" in loaded.warnings[0]
    assert len(loaded.warnings) == 2


def test_a_newer_file_that_is_saved_here_keeps_what_could_not_be_read() -> None:
    nodes = [{"id": "a", "type": "t.number"}, {"id": "b", "kind": "new"}]
    links = [{"from": ["a", "o"], "to": ["b", "i"]}, {"from": "new"}]
    loaded = loads(document(version=99, nodes=nodes, links=links, lanes=[1]))
    loaded.workflow.apply(AddNode(Node(id="c", type="t.number")))
    saved = json.loads(dumps(loaded.workflow.copy()))
    assert saved["version"] == 99
    assert {node["id"] for node in saved["nodes"]} == {"a", "b", "c"}
    assert nodes[1] in saved["nodes"]
    assert [link for link in links if link not in saved["links"]] == []
    assert saved["lanes"] == [1]
    assert dumps(loads(dumps(loaded.workflow)).workflow) == dumps(loaded.workflow)


def test_older_files_pass_through_every_migration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflow_file, "VERSION", 3)
    monkeypatch.setitem(workflow_file.MIGRATIONS, 1, lambda old: {**old, "title": old["title"] + " one"})
    monkeypatch.setitem(workflow_file.MIGRATIONS, 2, lambda old: {**old, "title": old["title"] + " two"})
    loaded = loads(document(title="old"))
    assert loaded.workflow.title == "old one two"
    assert json.loads(dumps(loaded.workflow))["version"] == 3


@pytest.mark.parametrize(("text", "said"), [("", "is empty"), (" \n", "is empty"), ("a note to myself", "is not JSON")])
def test_a_file_of_another_kind_is_called_what_it_is(text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        loads(text, source="notes.json")
    assert caught.value.what.startswith(f'"notes.json" {said}')
    assert "damaged" not in str(caught.value)
