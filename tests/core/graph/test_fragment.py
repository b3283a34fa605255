"""Copies of parts of a workflow."""

from __future__ import annotations

from core.graph import workflow_file
from core.graph.edits import AddNode, Connect, PutFrame, PutNote
from core.graph.fragment import corner, fragment_of, paste
from core.graph.workflow import Frame, Link, Node, Note, Workflow


def make_workflow() -> Workflow:
    workflow = Workflow()
    for index, id in enumerate("abc"):
        workflow.apply(AddNode(Node(id=id, type="t", settings={"x": index}, position=(100.0 * index, 10.0))))
    workflow.apply(Connect(Link("a", "o", "b", "i")))
    workflow.apply(Connect(Link("b", "o", "c", "i")))
    workflow.apply(PutFrame(Frame(id="f", title="Frame", position=(-8.0, -8.0))))
    workflow.apply(PutNote(Note(id="n", text="*note*")))
    return workflow


def test_a_fragment_has_the_links_between_its_nodes_only() -> None:
    part = fragment_of(make_workflow(), {"b", "c", "f"})
    assert set(part.nodes) == {"b", "c"}
    assert list(part.links) == [("c", "i")]
    assert set(part.frames) == {"f"}
    assert not part.notes


def test_pasting_twice_adds_two_independent_copies_and_undoes_each_at_once() -> None:
    workflow = make_workflow()
    before = workflow_file.dumps(workflow)
    part = workflow_file.loads(workflow_file.dumps(fragment_of(workflow, {"a", "b", "f", "n"}))).workflow
    undos = [workflow.apply(paste(part, (8.0, 16.0)).edit) for _ in range(2)]
    assert (len(workflow.nodes), len(workflow.links), len(workflow.frames), len(workflow.notes)) == (7, 4, 3, 3)
    for undo in reversed(undos):
        workflow.apply(undo)
    assert workflow_file.dumps(workflow) == before


def test_a_copy_keeps_settings_and_moves() -> None:
    workflow = make_workflow()
    pasted = paste(fragment_of(workflow, {"b"}), (8.0, 16.0))
    workflow.apply(pasted.edit)
    twin = workflow.nodes[pasted.ids["b"]]
    assert (twin.settings, twin.position) == ({"x": 1}, (108.0, 26.0))
    assert workflow.incoming(twin.id) == ()


def test_a_duplicate_keeps_the_links_from_outside() -> None:
    workflow = make_workflow()
    pasted = paste(fragment_of(workflow, {"b", "c"}), (8.0, 8.0), workflow)
    workflow.apply(pasted.edit)
    assert workflow.links[pasted.ids["b"], "i"].source == "a"
    assert workflow.links[pasted.ids["c"], "i"].source == pasted.ids["b"]


def test_the_corner_is_that_of_everything() -> None:
    assert corner(make_workflow()) == (-8.0, -8.0)
    assert corner(Workflow()) == (0.0, 0.0)
