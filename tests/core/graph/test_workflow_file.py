"""The file: round trips, atomic saving, damage, other versions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import InputError, LoomError
from core.graph import workflow_file
from core.graph.edits import AddNode, Connect, MoveNodes, PutFrame, PutNote
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


def test_unlocked_seeds_are_kept_and_others_take_no_room() -> None:
    text = dumps(loads(document(nodes=[{"id": "a", "type": "t", "drawn": ["seed", "noise"]}])).workflow)
    assert json.loads(text)["nodes"][0]["drawn"] == ["noise", "seed"]
    assert loads(text).workflow.nodes["a"].drawn == ("noise", "seed")
    assert "drawn" not in dumps(loads(document(nodes=[{"id": "a", "type": "t", "drawn": []}])).workflow)


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


def test_a_cut_off_file_opens_with_its_whole_nodes_or_is_refused_in_three_parts(
    workflow: Workflow, tmp_path: Path
) -> None:
    save(workflow, tmp_path / "w.json")
    whole = (tmp_path / "w.json").read_bytes().rstrip()
    seen = set()
    for length in range(0, len(whole), 37):
        (tmp_path / "cut.json").write_bytes(whole[:length])
        try:
            loaded = load(tmp_path / "cut.json")
        except InputError as error:
            seen.add(f"{len([part for part in (error.what, error.why, error.fix) if part])} parts")
            continue
        assert not loaded.whole
        assert loaded.warnings
        assert all(node == workflow.nodes[id] for id, node in loaded.workflow.nodes.items())
        seen.add(f"{len(loaded.workflow.nodes)} nodes")
    assert seen == {"3 parts", "1 nodes", "2 nodes"}


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "null",
        "{}",
        '{"format": "other"}',
        "[" * 100_000,
        '{"format": NaN}',
        "1" * 10_000,
        document()[:-1] + ', "zoom": 1e999}',
        document()[:40],
    ],
)
def test_what_holds_nothing_of_a_workflow_is_refused_in_three_parts(text: str) -> None:
    with pytest.raises(InputError) as raised:
        loads(text)
    assert raised.value.what
    assert raised.value.why
    assert raised.value.fix


@pytest.mark.parametrize("version", ["1", 0, True, None, [1]])
def test_a_strange_version_is_read_as_this_one_but_not_written_over(version: Any) -> None:
    loaded = loads(document(version=version, nodes=[{"id": "a", "type": "t"}]))
    assert loaded.workflow.nodes.keys() == {"a"}
    assert not loaded.whole
    assert '"version"' in loaded.warnings[0]


@pytest.mark.parametrize(
    ("name", "item", "said"),
    [
        ("nodes", 3, "Node (3)"),
        ("nodes", {"id": "a"}, 'Node "a": "type" must be'),
        ("nodes", {"id": "", "type": "t"}, '"id" must be'),
        ("nodes", {"id": ["a"], "type": "t"}, '"id" must be'),
        ("links", {"from": ["good", "b"], "to": "c"}, '"to" must be'),
        ("links", ["a", "b"], "Link (['a', 'b'])"),
        ("links", {"from": ["good", "b"], "to": ["gone", "c"]}, 'There is no node "gone"'),
        ("frames", {"title": "no id"}, '"id" must be'),
        ("notes", {"id": "good", "text": "the id of a node"}, "has the same id"),
        ("nodes", {"id": "good", "type": "other"}, "has the same id"),
    ],
)
def test_an_item_that_cannot_be_read_is_named_set_aside_and_saved_back(name: str, item: Any, said: str) -> None:
    parts: dict[str, Any] = {"nodes": [{"id": "good", "type": "t"}]}
    parts[name] = [*parts.get(name, []), item]
    loaded = loads(document(**parts))
    assert loaded.workflow.nodes.keys() == {"good"}
    assert loaded.workflow.nodes["good"].type == "t"
    assert said in loaded.warnings[0]
    assert loaded.whole
    text = dumps(loaded.workflow)
    assert item in json.loads(text)[name]
    assert dumps(loads(text).workflow) == text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("position", [1]),
        ("position", ["1", True]),
        ("settings", []),
        ("state", "asleep"),
        ("state", []),
        ("title", 5),
        ("size", "large"),
        ("drawn", "seed"),
        ("drawn", [3]),
    ],
)
def test_a_field_that_cannot_be_read_is_saved_back_until_it_has_another_value(field: str, value: Any) -> None:
    loaded = loads(document(nodes=[{"id": "a", "type": "t", field: value}]))
    assert f'"a" (t): "{field}" must be' in loaded.warnings[0]
    assert json.loads(dumps(loaded.workflow))["nodes"][0][field] == value
    loaded.workflow.apply(MoveNodes({"a": (7.0, 8.0)}))
    (saved,) = json.loads(dumps(loaded.workflow))["nodes"]
    assert saved["position"] == [7.0, 8.0]
    assert field == "position" or saved[field] == value


def test_unknown_fields_of_links_frames_and_notes_are_kept() -> None:
    parts: dict[str, Any] = {
        "nodes": [{"id": "a", "type": "t"}, {"id": "b", "type": "t"}],
        "links": [{"from": ["a", "o"], "to": ["b", "i"], "curve": 3}],
        "frames": [{"id": "f", "locked": True}],
        "notes": [{"id": "n", "position": "left", "font": "large"}],
    }
    saved = json.loads(dumps(loads(document(**parts)).workflow))
    assert saved["links"] == parts["links"]
    assert saved["frames"][0]["locked"] is True
    assert saved["notes"][0]["font"] == "large"
    assert saved["notes"][0]["position"] == "left"


def test_a_list_that_is_none_leaves_the_file_alone() -> None:
    loaded = loads(document(nodes={}, notes=[{"id": "n"}]))
    assert loaded.workflow.notes.keys() == {"n"}
    assert not loaded.whole


def test_bytes_that_are_no_text_and_missing_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "w.json").write_bytes(b'{"format": "\xff\xfe"}')
    with pytest.raises(InputError, match="is not a Latent Loom workflow"):
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


def test_a_sign_that_is_no_text_costs_a_sign_and_not_the_workflow(tmp_path: Path) -> None:
    data = document(nodes=[{"id": "a", "type": "t", "title": "Sky"}]).encode().replace(b"Sky", b"S\xffy")
    (tmp_path / "w.json").write_bytes(data)
    loaded = load(tmp_path / "w.json")
    assert loaded.workflow.nodes["a"].title == "S\N{REPLACEMENT CHARACTER}y"
    assert not loaded.whole


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
