"""Random gestures with mouse and keys: the canvas stays equal to the workflow, and undo leads back to the file."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.editor.port_item import LoomPort
from app.main_window import MainWindow
from core.graph import workflow_file
from core.graph.edits import Group
from core.graph.workflow import Edit

OpenWindow = Callable[..., MainWindow]
MOST_NODES = 25
EDITS = ("AddNode", "RemoveNode", "Connect", "Disconnect", "MoveNodes", "SetState", "PutFrame", "PutNote", "SetSetting")
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
CTRL, SHIFT, PLAIN = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.NoModifier,
)

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*is marked as deprecated:DeprecationWarning"),  # NodeGraphQt's pos()
    pytest.mark.qt_log_level_fail("WARNING"),
    pytest.mark.qt_log_ignore("This plugin does not support"),  # of the platform without a screen
]


class Hand:
    """A seeded hand on mouse and keyboard."""

    def __init__(self, window: MainWindow, seed: int) -> None:
        self.window, self.canvas, self.pick = window, window.canvas, random.Random(seed)
        self.port = window.canvas.viewer.viewport()
        self.gestures: list[Callable[[], None]] = [
            *[self.drag_something] * 4, *[self.connect] * 4, self.pull_off, self.select_area, self.click,
            *[self.add] * 2, self.press_delete, *[self.undo] * 3, *[self.redo] * 2, self.copy_and_paste,
            self.duplicate, self.frame, self.note, self.mute, self.wheel, self.type_text, self.tidy, self.align,
            self.run, self.cancel, self.edit_on_card, self.slice,
        ]  # fmt: skip

    def gesture(self) -> str:
        """Do one thing; returns its name."""
        if self.pick.random() < 0.1:
            self.canvas.fit()
        act = self.pick.choice(self.gestures)
        act()
        self.canvas.adding.search.hide()
        self.canvas.arranging.overlay.cancel()
        self.canvas.editor.cancel()
        self.window.banner.dismiss()
        return act.__name__

    def drag_something(self) -> None:
        items = list(self.canvas.view.items().values())
        if items:
            start = self.pick.choice(items).outline().topLeft() + QPointF(40, 12)
            self.drag(start, start + QPointF(self.pick.randint(-300, 300), self.pick.randint(-200, 200)))

    def connect(self) -> None:
        ports = [port for card in self.canvas.view.cards.values() for port in (*card.inputs, *card.outputs)]
        if len(ports) > 1:
            first, second = self.pick.sample(ports, 2)
            self.drag(first.centre(), second.centre())

    def pull_off(self) -> None:
        linked = [item.input_port for _, item in self.canvas.view.links.values()]
        if linked:
            start: LoomPort = self.pick.choice(linked)
            self.drag(start.centre(), start.centre() + QPointF(-30, self.pick.randint(60, 200)))

    def slice(self) -> None:
        self.drag(self.anywhere(), self.anywhere(), Qt.KeyboardModifier.AltModifier | SHIFT)

    def select_area(self) -> None:
        self.drag(self.anywhere(), self.anywhere(), self.pick.choice([PLAIN, SHIFT]))

    def click(self) -> None:
        at = self.canvas.viewer.mapFromScene(self.anywhere())
        kinds = [QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease]
        if self.pick.random() < 0.3:
            kinds += [QEvent.Type.MouseButtonDblClick, QEvent.Type.MouseButtonRelease]
        for kind in kinds:
            self.send(kind, at, self.pick.choice([PLAIN, PLAIN, CTRL]))

    def add(self) -> None:
        if len(self.canvas.view.cards) < MOST_NODES:
            kinds = [card.id for card in self.canvas.adding.catalogue.all() if card.id != "test.fail"]
            at = self.anywhere() if self.pick.random() < 0.5 else None
            self.canvas.adding.add(self.pick.choice(kinds), at)

    def press_delete(self) -> None:
        self.key(Qt.Key.Key_Delete)

    def undo(self) -> None:
        self.key(Qt.Key.Key_Z, CTRL)

    def redo(self) -> None:
        self.key(Qt.Key.Key_Y, CTRL)

    def copy_and_paste(self) -> None:
        self.key(self.pick.choice([Qt.Key.Key_C, Qt.Key.Key_X]), CTRL)
        if len(self.canvas.view.cards) < MOST_NODES:
            self.key(Qt.Key.Key_V, CTRL)

    def duplicate(self) -> None:
        if len(self.canvas.view.cards) < MOST_NODES:
            self.key(Qt.Key.Key_D, CTRL)

    def frame(self) -> None:
        if len(self.canvas.view.areas) < 5:
            self.key(Qt.Key.Key_G, CTRL)
            self.write()

    def note(self) -> None:
        if len(self.canvas.view.areas) < 5:
            self.key(Qt.Key.Key_N)
            self.write()

    def write(self) -> None:
        field = self.canvas.arranging.overlay.field
        if field is not None:
            QTest.keyClicks(field, self.pick.choice(["One", "**two**", ""]))
            self.canvas.arranging.overlay.finish()

    def mute(self) -> None:
        self.key(self.pick.choice([Qt.Key.Key_M, Qt.Key.Key_B]))

    def tidy(self) -> None:
        if self.pick.random() < 0.3:
            self.key(Qt.Key.Key_T)

    def align(self) -> None:
        self.window.actions_by_name[f"align_{self.pick.choice(['left', 'right', 'top', 'bottom'])}"].trigger()

    def run(self) -> None:
        self.window.run()
        QTest.qWait(1)

    def cancel(self) -> None:
        self.window.cancel()
        QTest.qWait(1)

    def type_text(self) -> None:
        row = self.window.properties.rows.get("text")
        field = row.control.focusProxy() if row is not None else None
        if field is not None:
            QTest.keyClicks(field, self.pick.choice("abc"))

    def edit_on_card(self) -> None:
        self.key(Qt.Key.Key_Return)
        control = self.canvas.editor.control
        field = control.focusProxy() if control is not None else None
        if field is not None:
            QTest.keyClicks(field, str(self.pick.randint(1, 9)))
            self.canvas.editor.finish()

    def wheel(self) -> None:
        at = QPointF(self.canvas.viewer.mapFromScene(self.anywhere()))
        turn = QPoint(0, self.pick.choice([-120, 120]))
        event = QWheelEvent(at, self.port.mapToGlobal(at), QPoint(), turn, NONE, PLAIN, Qt.ScrollPhase(0), False)
        QApplication.sendEvent(self.port, event)

    def anywhere(self) -> QPointF:
        """A scene position in view."""
        size = self.port.size()
        at = QPoint(self.pick.randrange(size.width()), self.pick.randrange(size.height()))
        return QPointF(self.canvas.viewer.mapToScene(at))

    def drag(self, start: QPointF, end: QPointF, held: Qt.KeyboardModifier = PLAIN) -> None:
        begin, finish = self.canvas.viewer.mapFromScene(start), self.canvas.viewer.mapFromScene(end)
        self.send(QEvent.Type.MouseButtonPress, begin, held)
        for share in (0.3, 0.7, 1.0):
            self.send(QEvent.Type.MouseMove, begin + (finish - begin) * share, held)
        self.send(QEvent.Type.MouseButtonRelease, finish, held)

    def send(self, kind: QEvent.Type, at: QPoint, held: Qt.KeyboardModifier) -> None:
        button = NONE if kind == QEvent.Type.MouseMove else LEFT
        down = NONE if kind == QEvent.Type.MouseButtonRelease else LEFT
        place = QPointF(at)
        QApplication.sendEvent(self.port, QMouseEvent(kind, place, self.port.mapToGlobal(place), button, down, held))

    def key(self, key: Qt.Key, held: Qt.KeyboardModifier = PLAIN) -> None:
        self.canvas.viewer.setFocus()
        QTest.keyClick(self.canvas.viewer, key, held)


def assert_shown(window: MainWindow) -> None:
    """The canvas shows the workflow and nothing else."""
    view, workflow = window.canvas.view, window.document.workflow
    assert set(view.cards) == set(workflow.nodes)
    for id, card in view.cards.items():
        node = workflow.nodes[id]
        assert (card.node, card.x(), card.y()) == (node, *node.position)
        assert card.scene() is not None
    assert {place: link for place, (link, _) in view.links.items()} == workflow.links
    for link, item in view.links.values():
        assert item.scene() is not None
        assert item.output_port is view.cards[link.source].port(link.output, outgoing=True)
        assert item.input_port is view.cards[link.target].port(link.input, outgoing=False)
    assert {id: item.shown for id, item in view.areas.items()} == {**workflow.frames, **workflow.notes}
    for area in view.areas.values():
        assert area.place() == (area.shown.position, area.shown.size)


def kinds_of(edit: Edit) -> list[str]:
    """Names of the kinds of edits in one."""
    parts = edit.edits if isinstance(edit, Group) else ()
    return [type(edit).__name__, *(kind for part in parts for kind in kinds_of(part))]


def play(window: MainWindow, qtbot: QtBot, gestures: int, seed: int) -> None:
    """Make random gestures, comparing after every hundred, then undo everything."""
    assert window.document.path is not None
    first = window.document.path.read_bytes()
    hand = Hand(window, seed)
    done: list[str] = []
    kinds: Counter[str] = Counter()
    window.document.edited.connect(lambda edit: kinds.update(kinds_of(edit)))
    for count in range(1, gestures + 1):
        done.append(hand.gesture())
        if count % 100 == 0:
            QApplication.processEvents()
            assert_shown(window)
    window.cancel()
    qtbot.waitUntil(lambda: not window.monitor.running)
    assert len(set(done)) > 20
    assert all(kinds[kind] for kind in EDITS), kinds
    while window.document.history.can_undo:
        window.document.undo()
    assert_shown(window)
    assert workflow_file.dumps(window.document.workflow).encode() == first
    while window.document.history.can_redo:
        window.document.redo()
    assert_shown(window)


@pytest.mark.parametrize("seed", [1, 2])
def test_random_gestures_keep_canvas_and_workflow_equal_and_undo_leads_back(
    open_window: OpenWindow, qtbot: QtBot, seed: int
) -> None:
    play(open_window(), qtbot, 250, seed)


@pytest.mark.slow
def test_five_thousand_random_gestures(open_window: OpenWindow, qtbot: QtBot) -> None:
    play(open_window(), qtbot, 5000, 2026)
