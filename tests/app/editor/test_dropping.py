"""Files dropped on the canvas."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent
from PySide6.QtWidgets import QApplication, QGraphicsPathItem

from app.catalogue import shipped_catalogue
from app.document import TEMPLATES
from app.editor.dropping import taking
from app.main_window import MainWindow
from core.graph import workflow_file
from core.graph.edits import AddNode, Connect, SetSetting
from core.graph.workflow import Link, Node, Workflow

OpenWindow = Callable[..., MainWindow]
OWN = Path("/nowhere/own.png")


@pytest.fixture
def window(open_window: OpenWindow) -> MainWindow:
    """A window on the template that changes a picture."""
    window = open_window(wait=False)
    window.canvas.set_catalogue(shipped_catalogue())
    window.document.open(TEMPLATES / "image_to_image.json")
    return window


@pytest.fixture
def workflow() -> Workflow:
    return workflow_file.load(TEMPLATES / "image_to_image.json").workflow


def drop(window: MainWindow, *names: str, at: QPointF) -> list[str]:
    """Drop files, and return the nodes that are selected then."""
    window.canvas.viewer.files_dropped.emit(list(names), at)
    return window.canvas.selected()


def middle(window: MainWindow, id: str) -> QPointF:
    return window.canvas.view.cards[id].outline().center()


def test_on_the_empty_canvas_each_becomes_the_node_that_loads_it(window: MainWindow) -> None:
    for name, kind in (("cat.PNG", "loom.image.load"), ("model.safetensors", "loom.load.checkpoint")):
        (id,) = drop(window, f"/nowhere/{name}", at=QPointF(40, 800))
        node = window.document.workflow.nodes[id]
        assert (node.type, node.position) == (kind, (40.0, 800.0))
        assert f"/nowhere/{name}" in node.settings.values()


def test_a_picture_on_a_card_that_loads_one_replaces_its_file(window: MainWindow) -> None:
    (id,) = drop(window, "/nowhere/first.png", at=QPointF(40, 800))
    before = len(window.document.workflow.nodes)
    assert drop(window, str(OWN), at=middle(window, id)) == [id]
    assert window.document.workflow.nodes[id].settings["path"] == str(OWN)
    assert len(window.document.workflow.nodes) == before
    window.document.undo()
    assert window.document.workflow.nodes[id].settings["path"] == "/nowhere/first.png"


def test_a_picture_on_a_source_of_pictures_takes_its_place(window: MainWindow) -> None:
    was = window.document.workflow.nodes["picture"]
    before = workflow_file.dumps(window.document.workflow)
    (id,) = drop(window, str(OWN), at=middle(window, "picture"))
    node = window.document.workflow.nodes[id]
    assert (node.type, node.position, node.title) == ("loom.image.load", was.position, was.title)
    assert window.document.workflow.links["encode", "image"] == Link(id, "image", "encode", "image")
    assert "picture" not in window.document.workflow.nodes
    window.document.undo()
    assert workflow_file.dumps(window.document.workflow) == before


def test_a_source_that_gives_more_than_the_file_can_stays(workflow: Workflow) -> None:
    catalogue = shipped_catalogue()
    assert taking(workflow, catalogue, "picture", OWN) is not None
    workflow.apply(AddNode(Node(id="edge", type="loom.mask.edge")))
    workflow.apply(Connect(Link("picture", "mask", "edge", "mask")))
    assert taking(workflow, catalogue, "picture", OWN) is None
    assert taking(workflow, catalogue, "decode", OWN) is None, "something feeds it"
    assert taking(workflow, catalogue, "save", OWN) is None, "it gives nothing"
    assert taking(workflow, catalogue, "picture", Path("/nowhere/own.txt")) is None


def test_a_model_file_takes_the_place_of_the_installed_model_with_all_its_links(workflow: Workflow) -> None:
    count = len(workflow.links)
    made = taking(workflow, shipped_catalogue(), "model", Path("/nowhere/own.safetensors"))
    assert made is not None
    workflow.apply(made.edit)
    assert workflow.nodes[made.node].type == "loom.load.checkpoint"
    assert len(workflow.links) == count
    assert workflow.links["prompt", "text_encoder"].output == "conditioner"
    assert workflow.links["decode", "autoencoder"].output == "autoencoder"


def test_the_card_that_would_take_the_file_is_marked_while_it_hovers(window: MainWindow) -> None:
    viewer = window.canvas.viewer
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(OWN))])

    def marks() -> list[QGraphicsPathItem]:
        return [item for item in viewer.scene().items() if type(item) is QGraphicsPathItem]

    def hover(at: QPointF) -> None:
        place, button, keys = viewer.mapFromScene(at), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        for kind in (QDragEnterEvent, QDragMoveEvent):
            QApplication.sendEvent(viewer.viewport(), kind(place, Qt.DropAction.CopyAction, mime, button, keys))

    hover(middle(window, "picture"))
    (mark,) = marks()
    assert mark.path().boundingRect() == window.canvas.view.cards["picture"].outline()
    hover(middle(window, "save"))
    assert not marks()
    hover(middle(window, "picture"))
    QApplication.sendEvent(viewer.viewport(), QDragLeaveEvent())
    assert not marks()
    hover(middle(window, "picture"))
    drop(window, str(OWN), at=middle(window, "picture"))
    assert not marks()


def test_several_files_make_nodes_beside_each_other_also_on_a_card(window: MainWindow) -> None:
    window.document.do(SetSetting("picture", "seed", 9))
    before = set(window.document.workflow.nodes)
    drop(window, "/nowhere/a.png", "/nowhere/b.png", at=middle(window, "picture"))
    new = [window.document.workflow.nodes[id] for id in window.document.workflow.nodes.keys() - before]
    assert {node.settings["path"] for node in new} == {"/nowhere/a.png", "/nowhere/b.png"}
    assert new[0].position != new[1].position
    assert "picture" in window.document.workflow.nodes
