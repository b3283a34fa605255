"""Copying, pasting, aligning, framing, and putting a node into a link."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPlainTextEdit

from app.editor.canvas import Canvas
from app.main_window import MainWindow
from core.graph import workflow_file
from core.graph.edits import AddNode, Disconnect, PutFrame, PutNote
from core.graph.workflow import Frame, Node, Note

pytestmark = pytest.mark.filterwarnings("ignore:.*is marked as deprecated:DeprecationWarning")
OpenWindow = Callable[..., MainWindow]
ROOT = Path(__file__).parents[3]


@pytest.fixture
def window(open_window: OpenWindow) -> MainWindow:
    return open_window(wait=False)


def drag(canvas: Canvas, start: QPointF, end: QPointF) -> None:
    target, left = canvas.viewer.viewport(), Qt.MouseButton.LeftButton
    for kind, place, held in (
        (QEvent.Type.MouseButtonPress, start, left),
        (QEvent.Type.MouseMove, start + (end - start) / 2, left),
        (QEvent.Type.MouseMove, end, left),
        (QEvent.Type.MouseButtonRelease, end, Qt.MouseButton.NoButton),
    ):
        at = QPointF(canvas.viewer.mapFromScene(place))
        button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else left
        event = QMouseEvent(kind, at, target.mapToGlobal(at), button, held, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(target, event)


def test_a_copy_is_a_workflows_text_that_another_window_pastes(open_window: OpenWindow) -> None:
    first, second = open_window(wait=False), open_window(wait=False)
    first.canvas.select(["prompt", "steps"])
    first.actions_by_name["copy"].trigger()
    assert set(workflow_file.loads(QGuiApplication.clipboard().text()).workflow.nodes) == {"prompt", "steps"}
    second.actions_by_name["paste"].trigger()
    assert len(second.document.workflow.nodes) == 7
    assert len(second.canvas.selected()) == 2
    second.document.undo()
    assert len(second.document.workflow.nodes) == 5


def test_cutting_and_pasting_puts_nodes_back_where_they_were(window: MainWindow) -> None:
    place = window.document.workflow.nodes["steps"].position
    window.canvas.select(["steps"])
    window.actions_by_name["cut"].trigger()
    assert "steps" not in window.document.workflow.nodes
    window.actions_by_name["paste"].trigger()
    (id,) = window.canvas.selected()
    assert window.document.workflow.nodes[id].position == place


def test_what_is_no_workflow_is_not_pasted_and_that_is_said(window: MainWindow) -> None:
    QGuiApplication.clipboard().setText("some words")
    window.actions_by_name["paste"].trigger()
    assert len(window.document.workflow.nodes) == 5
    assert "clipboard" in window.banner.text


def test_aligning_puts_edges_on_one_line(window: MainWindow) -> None:
    window.canvas.select(["amount", "prompt", "steps"])
    window.actions_by_name["align_bottom"].trigger()
    cards = window.canvas.view.cards
    assert len({cards[id].outline().bottom() for id in ("amount", "prompt", "steps")}) == 1
    window.document.undo()
    assert cards["amount"].y() == 0.0


def test_a_frame_goes_around_the_selection_and_carries_it(window: MainWindow) -> None:
    canvas, workflow = window.canvas, window.document.workflow
    canvas.select(["amount", "prompt"])
    window.actions_by_name["frame"].trigger()
    canvas.arranging.overlay.cancel()
    (frame,) = workflow.frames.values()
    outline = canvas.view.areas[frame.id].outline()
    assert all(outline.contains(canvas.view.cards[id].outline()) for id in ("amount", "prompt"))
    canvas.fit()
    canvas.select([])
    before = workflow.nodes["amount"].position
    drag(canvas, outline.topLeft() + QPointF(60, 12), outline.topLeft() + QPointF(60, 212))
    moved = workflow.frames[frame.id].position[1] - frame.position[1]
    assert moved > 150
    assert workflow.nodes["amount"].position == (before[0], before[1] + moved)
    assert workflow.nodes["steps"].position[1] == 0.0
    window.document.undo()
    assert workflow.frames[frame.id] == frame
    assert workflow.nodes["amount"].position == before


def test_a_frames_corner_resizes_it(window: MainWindow) -> None:
    canvas, workflow = window.canvas, window.document.workflow
    window.document.do(PutFrame(Frame(id="f", position=(0.0, 304.0), size=(200.0, 160.0))))
    canvas.fit()
    drag(canvas, QPointF(196, 460), QPointF(276, 500))
    assert workflow.frames["f"].size == (280.0, 200.0)
    assert workflow.frames["f"].position == (0.0, 304.0)


def test_a_note_is_written_in_its_place_and_shown_as_markdown(window: MainWindow) -> None:
    window.actions_by_name["note"].trigger()
    overlay = window.canvas.arranging.overlay
    assert isinstance(overlay.field, QPlainTextEdit)
    overlay.field.setPlainText("**bold**")
    overlay.finish()
    (note,) = window.document.workflow.notes.values()
    assert note.text == "**bold**"
    window.canvas.select([note.id])
    window.actions_by_name["delete"].trigger()
    assert not window.document.workflow.notes


def test_escape_keeps_a_new_notes_text_and_gives_up_a_change_of_it(window: MainWindow) -> None:
    window.actions_by_name["note"].trigger()
    overlay = window.canvas.arranging.overlay
    for typed in ("first", "second"):
        assert isinstance(overlay.field, QPlainTextEdit)
        overlay.field.setPlainText(typed)
        QTest.keyClick(overlay.field, Qt.Key.Key_Escape)
        assert overlay.field is None
        (note,) = window.document.workflow.notes.values()
        assert note.text == "first"
        window.canvas.arranging.write_into(note.id)
    overlay.cancel()


def test_a_card_dropped_on_a_link_is_put_between_its_ends(window: MainWindow) -> None:
    canvas, workflow = window.canvas, window.document.workflow
    window.document.do(Disconnect("paint", "amount"))
    window.document.do(AddNode(Node(id="free", type="test.steps", position=(232.0, 400.0))))
    canvas.fit()
    grip = QPointF(232 + 60, 412)
    link = canvas.view.links["steps", "amount"][1]
    middle = link.path().pointAtPercent(0.5)
    drag(canvas, grip, middle + QPointF(0, -40))
    assert workflow.links["free", "amount"].source == "prompt"
    assert workflow.links["steps", "amount"].source == "free"
    window.document.undo()
    assert workflow.links["steps", "amount"].source == "prompt"
    assert workflow.nodes["free"].position == (232.0, 400.0)


def test_tidying_is_one_step_and_frames_follow(window: MainWindow) -> None:
    canvas = window.canvas
    canvas.select(["steps", "paint"])
    canvas.arranging.frame()
    canvas.arranging.overlay.cancel()
    canvas.select([])
    canvas.arranging.tidy()
    (frame,) = canvas.view.areas.values()
    assert all(frame.outline().contains(canvas.view.cards[id].outline()) for id in ("steps", "paint"))
    window.document.undo()
    assert canvas.view.cards["steps"].x() == 464.0


COPY_AND_LEAVE = """
from PySide6.QtWidgets import QApplication
from app.catalogue import shipped_catalogue
from app.document import Document
from app.editor.canvas import Canvas
application = QApplication([])
document = Document()
document.open_default()
canvas = Canvas(document, shipped_catalogue())
canvas.select(document.workflow.nodes)
assert canvas.arranging.copy()
"""


def test_a_process_that_has_copied_ends_without_a_crash() -> None:
    # Qt's clipboard outlives Python, and must by then hold nothing that Python made.
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    ended = subprocess.run([sys.executable, "-c", COPY_AND_LEAVE], cwd=ROOT, env=environment, check=False, timeout=60)
    assert ended.returncode == 0


def test_tidying_moves_frames_and_notes_with_the_cards_as_one_step(window: MainWindow) -> None:
    workflow, before = window.document.workflow, workflow_file.dumps(window.document.workflow)
    window.document.do(PutFrame(Frame(id="f", position=(200.0, -60.0), size=(460.0, 700.0))))
    window.document.do(PutNote(Note(id="n", position=(10.0, 40.0), size=(150.0, 60.0))))
    window.canvas.select([])
    window.actions_by_name["tidy"].trigger()
    outline, view = window.canvas.view.outline, window.canvas.view
    inside = {id for id in view.cards if outline("f").contains(outline(id))}
    assert inside == {"prompt", "steps"}
    assert not any(outline("f").intersects(outline(id)) for id in (*(view.cards.keys() - inside), "n"))
    assert not any(outline("n").intersects(outline(id)) for id in view.cards)
    for _ in range(3):
        window.document.undo()
    assert workflow_file.dumps(workflow) == before
