"""The canvas shows the workflow, whatever the edit; shipped workflows look as they should."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from PySide6.QtGui import QColor, QImage, QPainter

from app.catalogue import shipped_catalogue
from app.document import DEFAULT_WORKFLOW, Document, add_node, remove
from app.editor.canvas import Canvas
from app.editor.card_layout import lay_out
from app.main_window import MainWindow
from core.graph import workflow_file
from core.graph.edits import Connect, Disconnect, MoveNodes
from core.graph.fragment import fragment_of, paste
from core.graph.workflow import Link

OpenWindow = Callable[..., MainWindow]


def assert_shown(canvas: Canvas, document: Document) -> None:
    workflow = document.workflow
    assert set(canvas.view.cards) == set(workflow.nodes)
    assert {place: link for place, (link, _) in canvas.view.links.items()} == workflow.links
    for id, card in canvas.view.cards.items():
        assert card.node is workflow.nodes[id]
        assert (card.x(), card.y()) == workflow.nodes[id].position
        linked = sum(len(item.connected_pipes) for item in card.inputs)
        assert linked == len(workflow.incoming(id))
        assert sum(len(item.connected_pipes) for item in card.outputs) == len(workflow.outgoing(id))


@pytest.mark.parametrize("seed", range(3))
def test_the_canvas_equals_the_workflow_after_any_edits(open_window: OpenWindow, seed: int) -> None:
    window = open_window()
    document, pick = window.document, random.Random(seed)
    for _ in range(120):
        nodes = list(document.workflow.nodes)
        match pick.randrange(7):
            case 0:
                add_node(document, pick.choice(["test.amount", "test.words", "test.steps"]), (pick.random(), 1.0))
            case 1 if nodes:
                remove(document, [pick.choice(nodes)])
            case 2 if nodes:
                part = fragment_of(document.workflow, pick.sample(nodes, min(2, len(nodes))))
                document.do(paste(part, (32.0, 32.0), document.workflow).edit)
            case 3 if nodes:
                document.do(MoveNodes({pick.choice(nodes): (pick.random() * 100, 0.0)}))
            case 4 if document.workflow.links:
                document.do(Disconnect(*pick.choice(list(document.workflow.links))))
            case 5:
                takers = [id for id in nodes if document.workflow.nodes[id].type in ("test.words", "test.steps")]
                givers = [id for id in nodes if document.workflow.nodes[id].type == "test.amount"]
                if takers and givers:
                    document.do(Connect(Link(pick.choice(givers), "amount", pick.choice(takers), "amount")))
            case _:
                document.undo() if pick.random() < 0.6 else document.redo()
        assert_shown(window.canvas, document)


def test_cards_of_the_default_workflow_do_not_overlap() -> None:
    workflow = workflow_file.load(DEFAULT_WORKFLOW).workflow
    catalogue = shipped_catalogue()
    boxes = {}
    for node in workflow.nodes.values():
        card = catalogue.get(node.type)
        assert card is not None, f"{node.type} is not in the catalogue"
        layout = lay_out(card)
        boxes[node.id] = layout.header.translated(*node.position)
        boxes[node.id].setHeight(layout.height)
    for first, box in boxes.items():
        for second, other in boxes.items():
            assert first == second or not box.adjusted(-8, -8, 8, 8).intersects(other), f"{first} overlaps {second}"


def test_the_default_workflow_links_ports_that_exist(open_window: OpenWindow) -> None:
    window = open_window()
    window.canvas.set_catalogue(shipped_catalogue())
    window.document.open_default()
    assert set(window.canvas.view.links) == set(window.document.workflow.links)


def test_a_failed_card_paints_red_and_a_selected_one_the_accent(open_window: OpenWindow) -> None:
    window = open_window()
    window.canvas.select([])
    plain = painted(window)
    window.canvas.show_run("steps", phase="failed", error="It broke. Mend it.")
    failed = painted(window)
    assert reds(failed) > reds(plain) + 500


def painted(window: MainWindow) -> QImage:
    viewer = window.canvas.viewer
    image = QImage(viewer.viewport().size(), QImage.Format.Format_RGB32)
    painter = QPainter(image)
    viewer.render(painter)
    painter.end()
    return image


def reds(image: QImage) -> int:
    colors = (QColor(image.pixel(x, y)) for y in range(0, image.height(), 2) for x in range(image.width()))
    return sum(color.red() > color.green() + 20 and color.red() > color.blue() + 10 for color in colors)
