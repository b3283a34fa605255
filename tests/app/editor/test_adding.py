"""New nodes: in free space, at the end of a link, through the search window."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.catalogue import Catalogue, shipped_catalogue
from app.editor.canvas import Canvas
from app.editor.node_search import fitting_port
from app.editor.placement import free_place
from app.editor.suggestions import suggested
from app.main_window import MainWindow
from core.graph.workflow import Link

OpenWindow = Callable[..., MainWindow]
DoubleClick = Callable[[Canvas, QPointF], None]

# NodeGraphQt asks mouse events for pos(), which Qt 6 calls deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:.*is marked as deprecated:DeprecationWarning")


@pytest.fixture
def window(open_window: OpenWindow) -> MainWindow:
    return open_window()


def pull_link(canvas: Canvas, node: str, port: str, *, outgoing: bool, by: QPointF) -> None:
    """Drag from a port to a place that is `by` away."""
    start = canvas.view.cards[node].port(port, outgoing=outgoing)
    assert start is not None
    begin, end = (canvas.viewer.mapFromScene(place) for place in (start.centre(), start.centre() + by))
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    target = canvas.viewer.viewport()
    for kind, at, button, held in (
        (QEvent.Type.MouseButtonPress, begin, left, left),
        (QEvent.Type.MouseMove, (begin + end) / 2, none, left),
        (QEvent.Type.MouseMove, end, none, left),
        (QEvent.Type.MouseButtonRelease, end, left, none),
    ):
        place = QPointF(QPoint(at))
        event = QMouseEvent(kind, place, target.mapToGlobal(place), button, held, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(target, event)


def test_new_cards_overlap_no_other(window: MainWindow) -> None:
    for kind in ("test.words", "test.paint", "test.amount", "test.paint"):
        window.library.chosen.emit(kind)
        (new,) = window.canvas.selected()
        cards = window.canvas.view.cards
        assert not [id for id, card in cards.items() if id != new and card.outline().intersects(cards[new].outline())]


def test_free_places_are_near_and_free() -> None:
    size, taken = QSizeF(100, 50), [QRectF(-60, -30, 120, 60)]
    place = QRectF(QPointF(*free_place(size, QPointF(0, 0), taken)), size)
    assert not place.intersects(taken[0])
    assert place.center().manhattanLength() < 200
    assert free_place(size, QPointF(0, 0), []) == (-48.0, -24.0)
    everywhere = [QRectF(-1e5, -1e5, 2e5, 2e5)]
    assert free_place(size, QPointF(0, 0), everywhere)[1] > 1e5


def test_a_link_dropped_on_the_empty_canvas_offers_what_fits_and_makes_it(window: MainWindow) -> None:
    canvas, search = window.canvas, window.canvas.adding.search
    pull_link(canvas, "paint", "picture", outgoing=True, by=QPointF(30, 180))
    assert search.isVisible()
    assert search.found() == ["test.fail", "test.show", "test.write"]
    QTest.keyClicks(search.field, "show")
    QTest.keyClick(search.field, Qt.Key.Key_Return)
    assert search.isHidden()
    (new,) = canvas.selected()
    assert window.document.workflow.links[new, "picture"] == Link("paint", "picture", new, "picture")
    window.document.undo()
    assert new not in window.document.workflow.nodes
    assert not window.document.history.can_undo


def test_a_link_drawn_from_an_input_offers_what_gives_it(window: MainWindow) -> None:
    window.library.chosen.emit("test.paint")
    (new,) = window.canvas.selected()
    pull_link(window.canvas, new, "amount", outgoing=False, by=QPointF(-60, 120))
    search = window.canvas.adding.search
    assert search.found() == ["test.words", "test.amount", "test.steps"]
    QTest.keyClick(search.field, Qt.Key.Key_Down)
    QTest.keyClick(search.field, Qt.Key.Key_Return)
    (source,) = window.canvas.selected()
    assert window.document.workflow.links[new, "amount"] == Link(source, "amount", new, "amount")


def test_what_the_templates_link_to_a_port_is_offered_first(open_window: OpenWindow) -> None:
    window = open_window(wait=False)
    catalogue = shipped_catalogue()
    window.canvas.set_catalogue(catalogue)
    window.document.open_default()

    def offered(node: str, port: str, *, outgoing: bool) -> list[str]:
        item = window.canvas.view.cards[node].port(port, outgoing=outgoing)
        assert item is not None
        return [card.id for card in suggested(catalogue.all(), item)]

    assert offered("noise", "latent", outgoing=True)[0] == "loom.sample.denoise"
    assert offered("decode", "image", outgoing=True)[0] == "loom.image.save"
    assert offered("decode", "latent", outgoing=False)[0] == "loom.sample.denoise"
    of_model = offered("model", "text_encoder", outgoing=True)
    assert of_model[0] == "loom.condition.text"
    assert set(of_model) == {
        card.id
        for card in catalogue.all()
        if any(port.kinds[0] in ("Conditioner", "TextEncoder", "object") for port in card.inputs)
    }


def test_a_link_that_is_pulled_off_offers_nothing(window: MainWindow) -> None:
    pull_link(window.canvas, "paint", "amount", outgoing=False, by=QPointF(10, 180))
    assert ("paint", "amount") not in window.document.workflow.links
    assert window.canvas.adding.search.isHidden()


def test_a_double_click_on_the_empty_canvas_and_tab_search_for_nodes(
    window: MainWindow, double_click: DoubleClick
) -> None:
    canvas, search = window.canvas, window.canvas.adding.search
    before = set(window.document.workflow.nodes)
    double_click(canvas, canvas.view.cards["paint"].outline().bottomRight() + QPointF(20, 40))
    assert search.isVisible()
    assert len(search.found()) == 7
    QTest.keyClicks(search.field, "grey")
    QTest.keyClick(search.field, Qt.Key.Key_Return)
    (new,) = set(window.document.workflow.nodes) - before
    assert window.document.workflow.nodes[new].type == "test.paint"
    canvas.viewer.setFocus()
    QTest.keyClick(canvas.viewer, Qt.Key.Key_Tab)
    assert search.isVisible()
    search.hide()


def test_the_search_stays_within_the_window(window: MainWindow) -> None:
    window.move(0, 0)
    search, viewer = window.canvas.adding.search, window.canvas.viewer
    corner = viewer.viewport().rect().bottomRight()
    window.canvas.adding.ask(viewer.mapToScene(corner))
    room = window.screen().availableGeometry().intersected(window.frameGeometry())
    frame = 2  # that the offscreen platform gives to popups too
    assert room.adjusted(0, 0, frame, frame).contains(search.geometry())
    search.hide()


def test_a_double_click_on_a_card_searches_for_nothing(window: MainWindow, double_click: DoubleClick) -> None:
    double_click(window.canvas, window.canvas.view.cards["paint"].outline().topLeft() + QPointF(60, 12))
    assert window.canvas.adding.search.isHidden()


def test_the_port_that_must_be_linked_is_taken_before_an_optional_one(catalogue: Catalogue) -> None:
    amount, paint = catalogue.get("test.amount"), catalogue.get("test.paint")
    assert amount is not None
    assert paint is not None
    assert fitting_port(amount.outputs[0], paint, outgoing=True) == paint.inputs[0]
    assert fitting_port(paint.inputs[0], amount, outgoing=False) == amount.outputs[0]
    assert fitting_port(amount.outputs[0], amount, outgoing=True) is None
