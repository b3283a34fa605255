"""What an edit is said to touch covers all that it changes."""

from __future__ import annotations

import pytest

from core.graph.edits import (
    AddNode,
    Connect,
    Disconnect,
    Group,
    MoveNodes,
    RemoveNode,
    Rename,
    ResetSetting,
    ResizeNode,
    SetDrawn,
    SetSetting,
    SetState,
    SetTitle,
)
from core.graph.touched import touched_nodes
from core.graph.workflow import Edit, Link, Node, Workflow


@pytest.mark.parametrize(
    "edit",
    [
        AddNode(Node(id="new", type="t")),
        RemoveNode("alone"),
        SetSetting("a", "x", 3),
        ResetSetting("a", "x"),
        MoveNodes({"a": (1.0, 1.0), "b": (2.0, 2.0)}),
        ResizeNode("a", (9.0, 9.0)),
        SetState("b", "muted"),
        SetDrawn("a", "x", True),
        Rename("b", "B"),
        SetTitle("T"),
        Group((Rename("a", "A"), Group((Rename("b", "B"),)))),
    ],
)
def test_every_node_that_changes_is_touched_and_no_other(edit: Edit) -> None:
    workflow = make_workflow()
    before = dict(workflow.nodes)
    workflow.apply(edit)
    ids = {*before, *workflow.nodes}
    assert touched_nodes(edit) == {id for id in ids if before.get(id) is not workflow.nodes.get(id)}


def test_both_ends_of_a_new_link_and_the_target_of_a_lost_one_are_touched() -> None:
    assert touched_nodes(Connect(Link("a", "o", "b", "i"))) == {"a", "b"}
    assert touched_nodes(Disconnect("b", "i")) == {"b"}


def make_workflow() -> Workflow:
    workflow = Workflow()
    for id in ("a", "b", "alone"):
        workflow.apply(AddNode(Node(id=id, type="t", settings={"x": 1})))
    workflow.apply(Connect(Link("a", "o", "b", "i")))
    return workflow
