"""The order of a run, and where each input really comes from."""

from __future__ import annotations

from typing import Any

from core.graph.edits import SetState
from core.graph.plan import Source, make_plan


def test_every_source_stands_before_its_users(graph: Any) -> None:
    graph.chain(6).add("side", "add").link("n4.int", "side.left").link("n1.int", "side.right")
    plan = make_plan(graph.workflow, graph.registry)
    place = {node: index for index, node in enumerate(plan.order)}
    assert set(plan.order) == set(graph.workflow.nodes)
    for link in graph.workflow.links.values():
        assert place[link.source] < place[link.target]
    assert plan.targets == ("n5", "side")


def test_the_order_does_not_depend_on_how_the_workflow_was_made(graph: Any, new_graph: Any) -> None:
    graph.add("a", "number").add("b", "number").add("c", "add").link("a.int", "c.left").link("b.int", "c.right")
    other = new_graph().add("c", "add").add("b", "number").add("a", "number")
    other.link("b.int", "c.right").link("a.int", "c.left")
    assert make_plan(graph.workflow, graph.registry).order == make_plan(other.workflow, other.registry).order


def test_a_bypassed_node_gives_what_its_first_connected_fitting_input_gets(graph: Any) -> None:
    graph.add("a", "number").add("b", "add", "bypassed").add("c", "show")
    graph.link("a.int", "b.right").link("b.int", "c.value")
    assert make_plan(graph.workflow, graph.registry).inputs["c"] == {"value": Source("a", "int")}


def test_a_bypassed_node_without_a_fitting_input_gives_nothing(graph: Any) -> None:
    graph.add("a", "number", "bypassed").add("c", "show").link("a.int", "c.value")
    assert make_plan(graph.workflow, graph.registry).inputs["c"] == {}


def test_cycles_are_told_downstream_from_the_smallest_id(graph: Any) -> None:
    graph.add("c", "add").add("a", "add").add("b", "add")
    graph.link("a.int", "b.left").link("b.int", "c.left").link("c.int", "a.left")
    assert make_plan(graph.workflow, graph.registry).cycles == (("a", "b", "c"),)


def test_muting_takes_everything_downstream_along(graph: Any) -> None:
    graph.chain(4).add("other", "number")
    graph.workflow.apply(SetState("n1", "muted"))
    plan = make_plan(graph.workflow, graph.registry)
    assert plan.order == ("other",)
    assert make_plan(graph.workflow, graph.registry, ["n0", "n3"]).order == ("n0",)
