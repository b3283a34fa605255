"""The tidy layout: nothing overlaps, links lead to the right, and large graphs take no longer than their size asks."""

from __future__ import annotations

import gc
import random
import time

import pytest

from core.graph.edits import AddNode, Connect
from core.graph.layered_layout import tidy
from core.graph.workflow import Link, Node, Point, Workflow


def make_graph(count: int, links: int, seed: int) -> tuple[Workflow, dict[str, Point]]:
    pick, workflow = random.Random(seed), Workflow()
    for index in range(count):
        workflow.apply(AddNode(Node(id=f"n{index}", type="t", position=(pick.random() * 900, pick.random() * 900))))
    for index in range(links):
        first, second = sorted(pick.sample(range(count), 2))
        workflow.apply(Connect(Link(f"n{first}", "o", f"n{second}", f"i{index}")))
    return workflow, {id: (184.0, 60.0 + 200 * pick.random()) for id in workflow.nodes}


@pytest.mark.parametrize("seed", range(4))
def test_no_two_nodes_overlap_and_links_lead_to_the_right(seed: int) -> None:
    workflow, sizes = make_graph(40, 60, seed)
    places = tidy(workflow, sizes)
    assert set(places) == set(workflow.nodes)
    for link in workflow.links.values():
        assert places[link.source][0] + sizes[link.source][0] < places[link.target][0]
    ids = sorted(places)
    for index, one in enumerate(ids):
        for other in ids[:index]:
            apart_x = abs(places[one][0] - places[other][0]) >= 184
            upper, lower = sorted((one, other), key=lambda id: places[id][1])
            assert apart_x or places[upper][1] + sizes[upper][1] <= places[lower][1]


def test_the_corner_stays_and_a_second_time_changes_nothing() -> None:
    workflow, sizes = make_graph(20, 25, 1)
    places = tidy(workflow, sizes)
    assert min(x for x, _ in places.values()) == round(min(node.position[0] for node in workflow.nodes.values()))
    for id, place in places.items():
        workflow.put_node(Node(id=id, type="t", position=place))
    assert tidy(workflow, sizes) == places


def test_only_the_chosen_nodes_are_placed() -> None:
    workflow, sizes = make_graph(10, 12, 2)
    assert set(tidy(workflow, sizes, {"n3", "n4"})) == {"n3", "n4"}
    assert tidy(Workflow(), {}) == {}


def test_a_circle_is_laid_out_all_the_same() -> None:
    workflow, sizes = make_graph(3, 0, 0)
    for source, target in (("n0", "n1"), ("n1", "n2"), ("n2", "n0")):
        workflow.apply(Connect(Link(source, "o", target, "i")))
    assert len(set(tidy(workflow, sizes).values())) == 3


def test_time_grows_with_the_size_alone() -> None:
    seconds = []
    gc.disable()  # a collection of all that other tests have left would be counted
    try:
        for count in (2000, 16_000):
            workflow, sizes = make_graph(count, 3 * count // 2, 5)
            seconds.append(min(timed(workflow, sizes) for _ in range(3)))
    finally:
        gc.enable()
    assert seconds[1] < 8 * 3 * seconds[0]


def timed(workflow: Workflow, sizes: dict[str, Point]) -> float:
    start = time.process_time()
    tidy(workflow, sizes)
    return time.process_time() - start
