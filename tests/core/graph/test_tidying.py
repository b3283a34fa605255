"""The tidy layout: nothing overlaps, links lead to the right, and large graphs take no longer than their size asks."""

from __future__ import annotations

import gc
import random
import time
from dataclasses import replace
from itertools import combinations, pairwise

import pytest

from core.graph.edits import AddNode, Connect, PutFrame, PutNote
from core.graph.tidying import Box, Tidied, tidy
from core.graph.workflow import Frame, Link, Node, Note, Point, Workflow


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
    places = tidy(workflow, sizes).nodes
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
    places = tidy(workflow, sizes).nodes
    assert min(x for x, _ in places.values()) == round(min(node.position[0] for node in workflow.nodes.values()))
    for id, place in places.items():
        workflow.put_node(Node(id=id, type="t", position=place))
    assert tidy(workflow, sizes).nodes == places


def test_only_the_chosen_nodes_are_placed() -> None:
    workflow, sizes = make_graph(10, 12, 2)
    assert set(tidy(workflow, sizes, {"n3", "n4"}).nodes) == {"n3", "n4"}
    assert tidy(Workflow(), {}) == Tidied()


def test_a_circle_is_laid_out_all_the_same() -> None:
    workflow, sizes = make_graph(3, 0, 0)
    for source, target in (("n0", "n1"), ("n1", "n2"), ("n2", "n0")):
        workflow.apply(Connect(Link(source, "o", target, "i")))
    assert len(set(tidy(workflow, sizes).nodes.values())) == 3


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


def apply(workflow: Workflow, tidied: Tidied) -> None:
    """Put everything where it was told to go."""
    for id, place in tidied.nodes.items():
        workflow.put_node(replace(workflow.nodes[id], position=place))
    for id, place in tidied.notes.items():
        workflow.notes[id] = replace(workflow.notes[id], position=place)
    for id, box in tidied.frames.items():
        workflow.frames[id] = replace(workflow.frames[id], position=(box.left, box.top), size=(box.width, box.height))


def boxes_of(workflow: Workflow, sizes: dict[str, Point]) -> dict[str, Box]:
    areas = {id: Box(*area.position, *area.size) for id, area in (*workflow.frames.items(), *workflow.notes.items())}
    return {id: Box(*node.position, *sizes[id]) for id, node in workflow.nodes.items()} | areas


def frame_around(workflow: Workflow, sizes: dict[str, Point], id: str, *things: str) -> None:
    boxes = boxes_of(workflow, sizes)
    left, top = min(boxes[each].left for each in things) - 40, min(boxes[each].top for each in things) - 60
    right = max(boxes[each].left + boxes[each].width for each in things) + 40
    bottom = max(boxes[each].top + boxes[each].height for each in things) + 40
    workflow.apply(PutFrame(Frame(id=id, position=(left, top), size=(right - left, bottom - top))))


@pytest.fixture
def framed() -> tuple[Workflow, dict[str, Point]]:
    """A chain a -> b -> c -> d -> e with b and c in a frame, that frame and d in another, and notes."""
    workflow = Workflow()
    for place, id in enumerate("abcde"):
        workflow.apply(AddNode(Node(id=id, type="t", position=(place * 300.0, place * 170.0))))
    for source, target in pairwise("abcde"):
        workflow.apply(Connect(Link(source, "o", target, "i")))
    sizes = dict.fromkeys("abcde", (184.0, 120.0))
    frame_around(workflow, sizes, "inner", "b", "c")
    workflow.apply(PutNote(Note(id="within", position=(900.0, 380.0), size=(200.0, 90.0))))
    frame_around(workflow, sizes, "outer", "inner", "d", "within")
    workflow.apply(PutNote(Note(id="beside", position=(350.0, 10.0), size=(240.0, 100.0))))
    workflow.apply(PutNote(Note(id="far", position=(5000.0, 10.0))))
    return workflow, sizes


def test_frames_stay_around_their_members_and_cover_nothing_else(
    framed: tuple[Workflow, dict[str, Point]],
) -> None:
    workflow, sizes = framed
    apply(workflow, tidy(workflow, sizes))
    boxes = boxes_of(workflow, sizes)
    members = {"inner": {"b", "c"}, "outer": {"b", "c", "d", "inner", "within"}}
    for frame, inside in members.items():
        for id, box in boxes.items():
            if id in inside:
                assert boxes[frame].holds(box), (frame, id)
            elif id not in members:
                assert not boxes[frame].meets(box), (frame, id)
    single = [box for id, box in boxes.items() if id not in members]
    assert not any(one.meets(other) for one, other in combinations(single, 2))
    for source, target in pairwise("abcde"):
        assert boxes[source].left + boxes[source].width < boxes[target].left


def test_a_note_moves_only_if_it_would_be_covered(framed: tuple[Workflow, dict[str, Point]]) -> None:
    workflow, sizes = framed
    tidied = tidy(workflow, sizes)
    assert set(tidied.notes) == {"within", "beside"}
    assert tidied.notes["beside"][0] == 350.0, "straight up"


def test_tidying_frames_a_second_time_changes_nothing(framed: tuple[Workflow, dict[str, Point]]) -> None:
    workflow, sizes = framed
    apply(workflow, tidy(workflow, sizes))
    before = boxes_of(workflow, sizes)
    apply(workflow, tidy(workflow, sizes))
    assert boxes_of(workflow, sizes) == before


def test_a_frame_with_nodes_that_stay_is_left_alone(framed: tuple[Workflow, dict[str, Point]]) -> None:
    workflow, sizes = framed
    assert tidy(workflow, sizes, {"b", "c"}).frames.keys() == {"inner"}
    assert tidy(workflow, sizes, {"c", "d"}).frames == {}


def test_frames_that_feed_each_other_in_a_circle_are_laid_out_all_the_same() -> None:
    workflow, sizes = make_graph(4, 0, 0)
    for place, id in enumerate(("n0", "n2", "n1", "n3")):
        workflow.put_node(Node(id=id, type="t", position=(place * 300.0 + place // 2 * 400, 0.0)))
    for source, target in (("n0", "n1"), ("n1", "n2"), ("n2", "n3")):
        workflow.apply(Connect(Link(source, "o", target, "i")))
    frame_around(workflow, sizes, "left", "n0", "n2")
    frame_around(workflow, sizes, "right", "n1", "n3")
    apply(workflow, tidy(workflow, sizes))
    boxes = boxes_of(workflow, sizes)
    assert not boxes["left"].meets(boxes["right"])
    assert boxes["left"].holds(boxes["n0"])
    assert boxes["right"].holds(boxes["n3"])
