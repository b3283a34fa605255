"""Every edit has an exact inverse and a JSON form that means the same."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

import pytest

from core.errors import InputError
from core.graph.edit_json import edit_from_json
from core.graph.edits import (
    AddNode,
    Connect,
    Disconnect,
    Group,
    MoveNodes,
    PutFrame,
    PutNote,
    RemoveFrame,
    RemoveNode,
    RemoveNote,
    Rename,
    ResetSetting,
    ResizeNode,
    SetDrawn,
    SetSetting,
    SetState,
    SetTitle,
)
from core.graph.workflow import Edit, Frame, Link, Node, Note, Workflow
from core.graph.workflow_file import dumps

IDS = [f"n{index}" for index in range(8)]
VALUES = [0, -1, 2.5, "a cat", True, None, [1, [2]], {"sweep": [1, 2]}]

MAKERS: list[Callable[[random.Random], Edit]] = [
    lambda r: AddNode(Node(id=r.choice(IDS), type="t.add", settings={"amount": r.choice(VALUES)})),
    lambda r: RemoveNode(r.choice(IDS)),
    lambda r: SetSetting(r.choice(IDS), r.choice("ab"), r.choice(VALUES)),
    lambda r: ResetSetting(r.choice(IDS), r.choice("ab")),
    lambda r: MoveNodes({id: (r.uniform(-9, 9), r.uniform(-9, 9)) for id in r.sample(IDS, 2)}),
    lambda r: ResizeNode(r.choice(IDS), r.choice([None, (100.0, 50.0)])),
    lambda r: SetState(r.choice(IDS), r.choice(["on", "muted", "bypassed"])),
    lambda r: SetDrawn(r.choice(IDS), r.choice("ab"), r.choice([True, False])),
    lambda r: Rename(r.choice(IDS), r.choice([None, "Mine"])),
    lambda r: SetTitle(r.choice(["", "A title"])),
    lambda r: Connect(Link(r.choice(IDS), "int", r.choice(IDS), r.choice(["left", "right"]))),
    lambda r: Disconnect(r.choice(IDS), r.choice(["left", "right"])),
    lambda r: PutFrame(Frame(id=r.choice("fg"), title=r.choice(["", "Load"]), color="#334455")),
    lambda r: RemoveFrame(r.choice("fg")),
    lambda r: PutNote(Note(id=r.choice("op"), text=r.choice(["", "Look"]))),
    lambda r: RemoveNote(r.choice("op")),
    lambda r: Group(tuple(r.choice(MAKERS)(r) for _ in range(3))),
]


def random_edits(seed: int, workflow: Workflow, count: int = 150) -> list[tuple[Edit, Edit]]:
    """Apply random edits; a refused one must change nothing. Returns the applied ones with their inverses."""
    r = random.Random(seed)
    done: list[tuple[Edit, Edit]] = []
    for _ in range(count):
        edit = r.choice(MAKERS)(r)
        before = dumps(workflow)
        try:
            done.append((edit, workflow.apply(edit)))
        except InputError:
            assert dumps(workflow) == before
    return done


@pytest.mark.parametrize("seed", range(8))
def test_undoing_everything_restores_the_start_and_redoing_the_end(seed: int) -> None:
    workflow = Workflow()
    states = [dumps(workflow)]
    done = random_edits(seed, workflow)
    end = dumps(workflow)
    for _, inverse in reversed(done):
        workflow.apply(inverse)
    assert dumps(workflow) == states[0]
    assert not workflow.links
    for edit, _ in done:
        workflow.apply(edit)
    assert dumps(workflow) == end


@pytest.mark.parametrize("seed", range(4))
def test_edits_and_inverses_mean_the_same_after_json(seed: int) -> None:
    workflow, twin = Workflow(), Workflow()
    done = random_edits(seed, workflow)
    for edit, inverse in done:
        twin.apply(edit_from_json(json.loads(json.dumps(edit.to_json()))))
        assert edit_from_json(json.loads(json.dumps(inverse.to_json()))).to_json() == inverse.to_json()
    assert dumps(twin) == dumps(workflow)


@pytest.mark.parametrize("seed", range(4))
def test_indices_agree_with_the_links(seed: int) -> None:
    workflow = Workflow()
    random_edits(seed, workflow)
    links = set(workflow.links.values())
    assert {link for id in workflow.nodes for link in workflow.incoming(id)} == links
    assert {link for id in workflow.nodes for link in workflow.outgoing(id)} == links


def test_upstream_is_what_feeds_a_node_and_downstream_what_it_feeds() -> None:
    workflow = Workflow()
    for id in "abcd":
        workflow.apply(AddNode(Node(id=id, type="t.add")))
    for source, target in ("ab", "bc", "dc", "ca"):  # a circle too must end
        workflow.apply(Connect(Link(source, "int", target, source)))
    assert workflow.upstream(["d"]) == {"d"}
    assert workflow.upstream(["b"]) == set("abcd") == workflow.upstream(["b", "d"])
    workflow.apply(Disconnect("a", "c"))
    assert workflow.upstream(["b"]) == {"a", "b"}
    assert workflow.downstream(["b"]) == {"b", "c"}


def test_a_copy_is_independent() -> None:
    workflow = Workflow()
    random_edits(1, workflow)
    twin = workflow.copy()
    before = dumps(twin)
    random_edits(2, workflow)
    assert dumps(twin) == before != dumps(workflow)


def test_connecting_replaces_and_undo_restores_the_earlier_link() -> None:
    workflow = Workflow()
    for id in "abc":
        workflow.apply(AddNode(Node(id=id, type="t.add")))
    first, second = Link("a", "int", "c", "left"), Link("b", "int", "c", "left")
    workflow.apply(Connect(first))
    inverse = workflow.apply(Connect(second))
    assert workflow.incoming("c") == (second,)
    assert not workflow.has_outgoing("a")
    workflow.apply(inverse)
    assert workflow.incoming("c") == (first,)


def test_removing_a_node_takes_its_links_and_undo_brings_them_back() -> None:
    workflow = Workflow()
    for id in "abc":
        workflow.apply(AddNode(Node(id=id, type="t.add")))
    workflow.apply(Connect(Link("a", "int", "b", "left")))
    workflow.apply(Connect(Link("b", "int", "c", "left")))
    workflow.apply(Connect(Link("b", "int", "b", "right")))
    before = dumps(workflow)
    inverse = workflow.apply(RemoveNode("b"))
    assert not workflow.links
    workflow.apply(inverse)
    assert dumps(workflow) == before


def test_a_group_that_fails_halfway_changes_nothing() -> None:
    workflow = Workflow()
    before = dumps(workflow)
    with pytest.raises(InputError):
        workflow.apply(Group((SetTitle("x"), AddNode(Node(id="a", type="t.add")), RemoveNode("absent"))))
    assert dumps(workflow) == before


def test_an_id_is_there_once() -> None:
    workflow = Workflow()
    workflow.apply(AddNode(Node(id="a", type="t.add")))
    with pytest.raises(InputError, match='"a"'):
        workflow.apply(AddNode(Node(id="a", type="t.number")))


def test_closing_a_circle_is_foreseen() -> None:
    workflow = Workflow()
    for id in "abc":
        workflow.apply(AddNode(Node(id=id, type="t.add")))
    workflow.apply(Connect(Link("a", "int", "b", "left")))
    workflow.apply(Connect(Link("b", "int", "c", "left")))
    assert workflow.would_close_cycle("c", "a")
    assert workflow.would_close_cycle("a", "a")
    assert not workflow.would_close_cycle("a", "c")
