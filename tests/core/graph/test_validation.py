"""Everything that keeps a workflow from running is found at once, with node, port and the way out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pytest

from core.errors import InputError
from core.graph.edits import AddNode, Connect
from core.graph.node_spec import NodeRegistry, Setting, node
from core.graph.validation import InvalidWorkflowError, Problem, checked, nearest_kind, validate
from core.graph.workflow import Link, Node, Workflow


def problems(graph: Any, *targets: str) -> list[Problem]:
    found = validate(graph.workflow, graph.registry, targets or None)
    for problem in found:
        assert problem.what.endswith(".")
        assert problem.why.endswith(".")
        assert problem.fix.endswith(".")
    return found


def the_one(graph: Any, *targets: str) -> Problem:
    found = problems(graph, *targets)
    assert len(found) == 1, found
    return found[0]


def test_a_sound_workflow_has_no_problems(graph: Any) -> None:
    assert problems(graph.chain(5)) == []


def test_all_problems_are_found_at_once(graph: Any, tmp_path: Path) -> None:
    graph.add("seed", "number", value=-1).add("lonely", "add").add("alien", "alien")
    graph.add("file", "read", path=str(tmp_path / "absent.png")).add("prompt", "text", text="x" * 10_000)
    graph.add("mixed", "show").link("file.str", "mixed.value")
    graph.add("x", "add").add("y", "add").link("x.int", "y.left").link("y.int", "x.left")
    found = problems(graph)
    places = {(problem.node, problem.port) for problem in found}
    assert places == {
        ("seed", "value"),
        ("lonely", "left"),
        ("alien", None),
        ("file", "path"),
        ("prompt", "text"),
        ("mixed", "value"),
        ("x", None),
    }


def test_a_number_out_of_range_names_the_nearest(graph: Any) -> None:
    problem = the_one(graph.add("a", "number", value=-1))
    assert "-1" in problem.what
    assert "from 0 to 1000000" in problem.why
    assert "Use 0" in problem.fix


def test_a_prompt_that_is_too_long_says_by_how_much(graph: Any) -> None:
    problem = the_one(graph.add("a", "text", text="x" * 10_000))
    assert "10,000 characters" in problem.what
    assert "8,000" in problem.fix


@pytest.mark.parametrize("value", ["7", None, True, 1.5, [1], {"a": 1}, {"sweep": []}])
def test_a_setting_of_the_wrong_type_is_found(graph: Any, value: Any) -> None:
    if value is None:
        graph.add("a", "number", value=None)
        assert "not set" in the_one(graph).what
    else:
        assert the_one(graph.add("a", "number", value=value)).port == "value"


def test_each_value_of_a_sweep_is_checked(graph: Any) -> None:
    assert "-5" in the_one(graph.add("a", "number", value={"sweep": [1, -5, 2]})).what


def test_a_choice_that_is_not_there_names_the_nearest(graph: Any) -> None:
    problem = the_one(graph.add("a", "pick", kind="sqare"))
    assert '"square"' in problem.fix
    assert "round, square" in problem.why


def test_a_choice_unlike_every_other_is_not_guessed(graph: Any) -> None:
    problem = the_one(graph.add("a", "pick", kind="banana"))
    assert "round, square" in problem.why
    assert problem.fix == "Choose one of these."


@pytest.mark.parametrize("path", ["", "absent.png", "."])
def test_missing_files_are_found(graph: Any, path: str, tmp_path: Path) -> None:
    problem = the_one(graph.add("a", "read", path=path and str(tmp_path / path)))
    assert (problem.node, problem.port) == ("a", "path")


def test_a_setting_without_default_must_be_given(graph: Any) -> None:
    assert "not set" in the_one(graph.add("a", "read")).what


def test_outputs_and_inputs_that_a_node_does_not_have_are_found(graph: Any) -> None:
    graph.add("a", "number").add("b", "add").add("c", "add").link("a.int", "b.left").link("a.int", "c.left")
    graph.link("a.gone", "b.right").link("a.int", "c.gone")
    assert {(problem.node, problem.port) for problem in problems(graph)} == {("b", "right"), ("c", "gone")}


def test_an_unknown_node_is_reported_once_with_the_nearest_known(graph: Any) -> None:
    graph.add("a", "nummber").add("b", "show").link("a.int", "b.value")
    problem = the_one(graph)
    assert problem.node == "a"
    assert '"t.number"' in problem.why


def test_a_ring_without_any_sink_is_found(graph: Any) -> None:
    graph.add("a", "add").add("b", "add").link("a.int", "b.left").link("b.int", "a.left")
    problem = the_one(graph)
    assert "Add > Add > Add" in problem.what


def test_a_node_wired_to_itself_is_found(graph: Any) -> None:
    graph.add("a", "add").workflow.apply(Connect(Link("a", "int", "a", "left")))
    assert "circle" in the_one(graph).what


def test_a_ring_of_bypassed_nodes_is_an_open_input(graph: Any) -> None:
    graph.add("a", "add", "bypassed").add("b", "add", "bypassed").add("c", "show")
    graph.link("a.int", "b.left").link("b.int", "a.left").link("b.int", "c.value")
    assert the_one(graph).node == "c"


def test_a_ring_of_10_000_nodes_is_found(graph: Any) -> None:
    graph.chain(10_000).link("n9999.int", "n1.right")
    assert "circle" in the_one(graph).what


def test_what_is_muted_or_not_asked_for_does_not_matter(graph: Any) -> None:
    graph.chain(2).add("bad", "number", value=-1).add("worse", "alien", "muted")
    assert len(problems(graph)) == 1
    assert problems(graph, "n1") == []


def test_nothing_to_run_is_a_problem(graph: Any) -> None:
    assert "no nodes" in the_one(graph).why
    assert "muted" in the_one(graph.add("a", "number", "muted")).why


def test_a_target_that_is_not_there_is_a_problem(graph: Any) -> None:
    assert '"gone"' in the_one(graph.chain(2), "gone").what


def test_the_error_counts_the_further_problems(graph: Any) -> None:
    graph.add("a", "number", value=-1).add("b", "number", value=-2)
    error = InvalidWorkflowError(tuple(problems(graph)))
    assert error.node == "a"
    assert "1 more problem" in error.fix
    assert "1 more problems" not in error.fix


def test_checked_returns_what_the_workflow_should_hold(registry: Any) -> None:
    node = Node(id="a", type="t.number")
    assert checked(registry, node, "value", 3.0) == 3
    assert checked(registry, node, "value", {"sweep": [1.0, 2]}) == {"sweep": [1, 2]}
    assert checked(registry, node, "unknown", "x") == "x"
    assert checked(registry, Node(id="b", type="alien"), "value", "x") == "x"
    with pytest.raises(InputError) as raised:
        checked(registry, node, "value", -1)
    assert (raised.value.node, raised.value.port) == ("a", "value")


def test_an_unknown_kind_means_the_nearest_of_its_family_if_it_is_near() -> None:
    known = ["loom.encode.image", "loom.decode.latent", "loom.image.save"]
    assert nearest_kind("loom.decode.latents", known) == "loom.decode.latent"
    assert nearest_kind("loom.decode.magic", known) is None
    assert nearest_kind("loom.imag.save", known) == "loom.image.save"
    assert nearest_kind("somebody.else", known) is None


def test_a_folder_in_place_of_a_file_is_answered_with_a_file_in_it(tmp_path: Path) -> None:
    @node(id="test.open", title="Open", category="Test")
    def open_file(
        *, file: Annotated[Path, Setting(widget="file", file_filter="Models (*.safetensors model_index.json)")]
    ) -> int:
        """Open a file."""
        return len(file.name)

    known = NodeRegistry()
    known.register(open_file.spec)
    (tmp_path / "a.safetensors").touch()
    index = tmp_path / "model_index.json"
    index.touch()
    workflow = Workflow()
    workflow.apply(AddNode(Node(id="open", type="test.open", settings={"file": str(tmp_path)})))
    (problem,) = validate(workflow, known)
    assert problem.why == "It is a folder."
    assert str(index) in problem.fix
