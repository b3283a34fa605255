"""Gestures with the mouse become edits, and only links that fit are made."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.catalogue import Catalogue
from app.editor.canvas import Canvas
from app.editor.port_item import LoomPort
from app.main_window import MainWindow
from core.graph.edits import RemoveNode
from core.graph.workflow import Link

OpenWindow = Callable[..., MainWindow]

# NodeGraphQt asks mouse events for pos(), which Qt 6 calls deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:.*is marked as deprecated:DeprecationWarning")


@pytest.fixture
def window(open_window: OpenWindow) -> MainWindow:
    return open_window()


def port(canvas: Canvas, node: str, name: str, *, outgoing: bool) -> LoomPort:
    found = canvas.view.cards[node].port(name, outgoing=outgoing)
    assert found is not None
    return found


def on_screen(canvas: Canvas, place: QPointF) -> QPoint:
    return canvas.viewer.mapFromScene(place)


def send(canvas: Canvas, kind: QEvent.Type, at: QPoint, *, down: bool) -> None:
    """Send a mouse event itself: without a screen, QTest's moves would wait for a cursor that is not there."""
    target = canvas.viewer.viewport()
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    button = none if kind == QEvent.Type.MouseMove else left
    event = QMouseEvent(
        kind, at, target.mapToGlobal(at), button, left if down else none, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(target, event)


def drag(canvas: Canvas, start: QPointF, end: QPointF) -> None:
    begin, finish = on_screen(canvas, start), on_screen(canvas, end)
    send(canvas, QEvent.Type.MouseButtonPress, begin, down=True)
    for share in (0.3, 0.7, 1.0):
        send(canvas, QEvent.Type.MouseMove, begin + (finish - begin) * share, down=True)
    send(canvas, QEvent.Type.MouseButtonRelease, finish, down=False)


def test_dragging_between_fitting_ports_links_them_in_either_direction(window: MainWindow) -> None:
    canvas, workflow = window.canvas, window.document.workflow
    output, target = (
        port(canvas, "amount", "amount", outgoing=True),
        port(canvas, "paint", "amount", outgoing=False),
    )
    drag(canvas, output.centre(), target.centre())
    assert workflow.links["paint", "amount"] == Link("amount", "amount", "paint", "amount")
    window.document.undo()
    assert workflow.links["paint", "amount"].source == "steps"
    window.document.do(RemoveNode("steps"))
    drag(canvas, target.centre(), output.centre())
    assert workflow.links["paint", "amount"].source == "amount"


def test_ports_of_other_types_refuse_a_link(window: MainWindow) -> None:
    canvas, workflow = window.canvas, window.document.workflow
    before = dict(workflow.links)
    output = port(canvas, "amount", "amount", outgoing=True)
    drag(canvas, output.centre(), port(canvas, "last", "picture", outgoing=False).centre())
    assert workflow.links == before
    assert set(canvas.view.links) == set(before)
    assert not window.document.history.can_undo


def test_a_link_that_closes_a_circle_is_refused_and_said(window: MainWindow) -> None:
    canvas, workflow = window.canvas, window.document.workflow
    before = dict(workflow.links)
    drag(
        canvas,
        port(canvas, "steps", "amount", outgoing=True).centre(),
        port(canvas, "prompt", "amount", outgoing=False).centre(),
    )
    assert workflow.links == before
    assert "circle" in window.banner.text
    assert all(item.scene() is not None for _, item in canvas.view.links.values())


def test_pulling_a_link_off_an_input_disconnects_it(window: MainWindow) -> None:
    canvas, workflow = window.canvas, window.document.workflow
    target = port(canvas, "paint", "amount", outgoing=False)
    drag(canvas, target.centre(), target.centre() + QPointF(10, 160))
    assert ("paint", "amount") not in workflow.links
    assert ("paint", "amount") not in canvas.view.links
    window.actions_by_name["undo"].trigger()
    assert ("paint", "amount") in canvas.view.links


def test_a_click_on_a_linked_input_leaves_the_link(window: MainWindow) -> None:
    canvas = window.canvas
    target = port(canvas, "paint", "amount", outgoing=False)
    QTest.mouseClick(canvas.viewer.viewport(), Qt.MouseButton.LeftButton, pos=on_screen(canvas, target.centre()))
    canvas.viewer.end_live_connection()
    canvas.refresh()
    assert ("paint", "amount") in window.document.workflow.links
    assert canvas.view.links["paint", "amount"][1].scene() is not None


def test_moving_a_card_snaps_and_can_be_undone(window: MainWindow) -> None:
    canvas, workflow = window.canvas, window.document.workflow
    card = canvas.view.cards["steps"]
    grip = card.pos() + QPointF(60, 12)
    drag(canvas, grip, grip + QPointF(0, 101))
    x, y = workflow.nodes["steps"].position
    assert (x % 8, y % 8) == (0, 0)
    assert 90 < y < 112
    window.document.undo()
    assert (card.x(), card.y()) == workflow.nodes["steps"].position == (464.0, 0.0)


def test_delete_and_duplicate_keys_work_on_the_selection(window: MainWindow) -> None:
    canvas, workflow = window.canvas, window.document.workflow
    canvas.viewer.setFocus()
    canvas.select(["steps"])
    QTest.keyClick(canvas.viewer, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    (twin,) = canvas.selected()
    assert workflow.nodes[twin].settings == workflow.nodes["steps"].settings
    assert workflow.links[twin, "amount"].source == "prompt"
    QTest.keyClick(canvas.viewer, Qt.Key.Key_Delete)
    assert twin not in workflow.nodes
    assert twin not in canvas.view.cards


def test_delete_in_the_prompt_leaves_the_node(window: MainWindow) -> None:
    field = window.properties.rows["text"].control.focusProxy()
    assert field is not None
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Delete)
    assert "prompt" in window.document.workflow.nodes
    assert window.document.workflow.nodes["prompt"].settings["text"] == "ello"


def test_muting_twice_switches_on_again(window: MainWindow) -> None:
    window.canvas.select(["steps"])
    window.canvas.toggle_state("muted")
    assert window.document.workflow.nodes["steps"].state == "muted"
    window.canvas.toggle_state("muted")
    assert window.document.workflow.nodes["steps"].state == "on"


def test_adding_twice_does_not_stack_cards(window: MainWindow) -> None:
    for _ in range(2):
        window.library.chosen.emit("test.amount")
    places = [node.position for node in window.document.workflow.nodes.values()]
    assert len(set(places)) == len(places) == 7


def test_an_unknown_kind_stays_as_a_placeholder_with_its_links(window: MainWindow) -> None:
    canvas = window.canvas
    canvas.set_catalogue(Catalogue([], complete=True))
    assert set(canvas.view.links) == set(window.document.workflow.links)
    assert not canvas.view.cards["steps"].card.known
    assert len(window.document.workflow.nodes) == 5


def test_the_whole_workflow_stays_in_view_when_the_window_changes(window: MainWindow) -> None:
    canvas = window.canvas
    canvas.fit()
    window.resize(1000, 640)
    seen = canvas.viewer.mapToScene(canvas.viewer.viewport().rect()).boundingRect()
    assert all(seen.contains(card.outline()) for card in canvas.view.cards.values())


def test_wheel_zoom_stays_within_limits(window: MainWindow) -> None:
    for _ in range(60):
        window.canvas.viewer.zoom(0.5)
    assert window.canvas.viewer.transform().m11() == pytest.approx(0.05, rel=0.05)
    for _ in range(60):
        window.canvas.viewer.zoom(2.0)
    assert window.canvas.viewer.transform().m11() == pytest.approx(3.0, rel=0.05)
