"""The ten commonest tasks, done with mouse and keys in the real window: that each is done, and in how many actions.

One action is a click, a double-click, a drag, a drop, a key chord, or one run of typing. `docs/ten-tasks.md` shows the
counts beside those of a peer.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, QRect, Qt, QTimer, QUrl
from PySide6.QtGui import QContextMenuEvent, QDragEnterEvent, QDropEvent, QImage, QKeySequence, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDialog,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app import main_window
from app.document import TEMPLATES
from app.editor.viewer import NODE_MIME
from app.main_window import MainWindow, fit_screen
from app.panels.compare import CompareDialog
from app.panels.templates import TemplateDialog
from app.settings import Settings
from app.theme import apply_theme
from core.graph import workflow_file
from core.graph.edits import SetSetting
from core.graph.workflow import Link
from core.imaging.picture_workflow import WORKFLOW_KEY

LEFT, RIGHT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.NoButton
PLAIN, CTRL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
COUNTS = {
    "first picture": 1,
    "another prompt": 4,
    "another seed": 1,
    "node at a link's end": 2,
    "node into a link": 1,
    "own picture": 4,
    "inpainting": 6,
    "comparing": 4,
    "workflow of a picture": 1,
    "training": 3,
}
TABLE = Path(__file__).resolve().parents[2] / "docs" / "ten-tasks.md"

# NodeGraphQt asks mouse events for pos(), which Qt 6 calls deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:.*is marked as deprecated:DeprecationWarning")


class Hand:
    """A hand on mouse and keyboard that counts what it does.

    Attributes:
        actions: How many clicks, drags, drops, key chords and runs of typing there were.
    """

    def __init__(self, window: MainWindow) -> None:
        self.window, self.actions = window, 0
        self._canvas = window.canvas.viewer.viewport()

    def click(self, widget: QWidget, at: QPoint | None = None, held: Qt.KeyboardModifier = PLAIN) -> None:
        self.actions += 1
        QTest.mouseClick(widget, LEFT, held, at if at is not None else widget.rect().center())

    def drag(self, start: QPointF, end: QPointF) -> None:
        """Drag from one scene position to another."""
        self.actions += 1
        self._mouse(start, QEvent.Type.MouseButtonPress)
        for share in (0.3, 0.7, 1.0):
            self._mouse(start + (end - start) * share, QEvent.Type.MouseMove)
        self._mouse(end, QEvent.Type.MouseButtonRelease)

    def stroke(self, easel: QWidget, *places: QPoint) -> None:
        """Paint with the left button along places of the easel."""
        self.actions += 1
        QTest.mousePress(easel, LEFT, PLAIN, places[0])
        for place in places[1:]:
            QTest.mouseMove(easel, place)
        QTest.mouseRelease(easel, LEFT, PLAIN, places[-1])

    def key(self, keys: str) -> None:
        """Press one chord."""
        self.actions += 1
        QTest.keySequence(QApplication.focusWidget() or self.window, QKeySequence(keys))

    def type(self, text: str) -> None:
        """Type into what has the keyboard."""
        self.actions += 1
        QTest.keyClicks(QApplication.focusWidget(), text)

    def drop(self, mime: QMimeData, place: QPointF) -> None:
        """Drop what comes from elsewhere at a scene position."""
        self.actions += 1
        at = QPointF(self.window.canvas.viewer.mapFromScene(place))
        copy = Qt.DropAction.CopyAction
        QApplication.sendEvent(self._canvas, QDragEnterEvent(at.toPoint(), copy, mime, LEFT, PLAIN))
        QApplication.sendEvent(self._canvas, QDropEvent(at, copy, mime, LEFT, PLAIN))

    def take_from_menu(self, widget: QWidget, at: QPoint, words: str) -> None:
        """Click with the right button, and click an entry of the menu that comes: two actions."""
        self.actions += 1
        QTest.mousePress(widget, RIGHT, PLAIN, at)  # selects what is there
        QTimer.singleShot(0, self.window, lambda: self._choose(words))
        reason = QContextMenuEvent.Reason.Mouse
        QApplication.sendEvent(widget, QContextMenuEvent(reason, at, widget.mapToGlobal(at)))
        QTest.mouseRelease(widget, RIGHT, PLAIN, at)

    def key_and_click(self, keys: str, dialog: type[QDialog], find: Callable[[Any], QAbstractButton]) -> None:
        """Press a chord that opens a dialog, and click a button in it: two actions."""

        def answer() -> None:
            opened = QApplication.activeModalWidget()
            assert isinstance(opened, dialog)
            self.click(find(opened))

        QTimer.singleShot(0, self.window, answer)
        self.key(keys)

    def _choose(self, words: str) -> None:
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        entry = next(action for action in menu.actions() if action.text() == words)
        self.click(menu, menu.actionGeometry(entry).center())

    def _mouse(self, place: QPointF, *kinds: QEvent.Type) -> None:
        at = QPointF(self.window.canvas.viewer.mapFromScene(place))
        for kind in kinds:
            button = NONE if kind == QEvent.Type.MouseMove else LEFT
            down = NONE if kind == QEvent.Type.MouseButtonRelease else LEFT
            event = QMouseEvent(kind, at, self._canvas.mapToGlobal(at), button, down, PLAIN)
            QApplication.sendEvent(self._canvas, event)


@pytest.fixture
def window(qtbot: QtBot, qapp: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    """The window as it is after a first start, with the shipped model and nodes."""
    apply_theme(qapp)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LATENT_LOOM_HOME", str(tmp_path / "home"))
    screen = QRect(0, 0, 1280, 800)
    monkeypatch.setattr(main_window, "fit_screen", lambda window, _room: fit_screen(window, screen))
    shown = MainWindow(Settings(tmp_path / "settings.ini"))
    shown.show()
    shown.open_first()
    qtbot.waitUntil(lambda: shown.engine_ready)
    yield shown
    for tab in shown.tabs.all:
        tab.document.history.mark_clean()
    shown.close()
    shown.deleteLater()


@pytest.fixture
def hand(window: MainWindow) -> Hand:
    return Hand(window)


@pytest.fixture
def picture(window: MainWindow) -> QImage:
    """Two pictures in the gallery, both with the workflow that made them; the newest of them."""
    for color in (0xFF336699, 0xFF993366):
        image = QImage(64, 64, QImage.Format.Format_RGB888)
        image.fill(color)
        window.gallery.keep(image, {WORKFLOW_KEY: workflow_file.dumps(window.document.workflow)})
    window.gallery.flush()
    return image


def shorten(window: MainWindow, steps: int = 2) -> None:
    """Let pictures come sooner than a person would want them."""
    window.document.do(SetSetting("scheduler", "steps", steps))


def wait_for_picture(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: bool(window.monitor.outcome) and not window.monitor.running)
    assert window.monitor.outcome == "finished", window.monitor.status
    assert window.preview.view.image is not None


def rows(list: QListWidget) -> list[QListWidgetItem]:
    return [list.item(row) for row in range(list.count())]


def files(*paths: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def at_card(window: MainWindow, id: str) -> QPointF:
    """A place on a card's title."""
    return window.canvas.view.cards[id].outline().topLeft() + QPointF(40, 12)


@pytest.mark.slow
def test_the_first_picture_after_the_first_start(window: MainWindow, hand: Hand, qtbot: QtBot) -> None:
    hand.key("Ctrl+Return")
    wait_for_picture(window, qtbot)
    assert hand.actions == COUNTS["first picture"]
    assert list(Path("output").glob("*.png"))
    assert window.gallery.pictures.rowCount() == 1


def test_a_picture_of_another_prompt(window: MainWindow, hand: Hand, qtbot: QtBot) -> None:
    shorten(window)
    field = window.properties.rows["text"].control.focusProxy()
    assert field is not None
    hand.click(field)
    hand.key("Ctrl+A")
    hand.type("a cat in the snow")
    hand.key("Ctrl+Return")
    wait_for_picture(window, qtbot)
    assert hand.actions == COUNTS["another prompt"]
    assert window.document.workflow.nodes["prompt"].settings["text"] == "a cat in the snow"


def test_a_picture_of_another_seed(window: MainWindow, hand: Hand, qtbot: QtBot) -> None:
    shorten(window)
    seed = window.document.workflow.nodes["noise"].settings["seed"]
    hand.key("Ctrl+R")
    wait_for_picture(window, qtbot)
    assert hand.actions == COUNTS["another seed"]
    assert window.document.workflow.nodes["noise"].settings["seed"] != seed


def test_a_node_that_fits_the_end_of_a_dragged_link(window: MainWindow, hand: Hand) -> None:
    port = window.canvas.view.cards["decode"].port("image", outgoing=True)
    assert port is not None
    hand.drag(port.centre(), QPointF(560, 560))
    offered = window.canvas.adding.search.list
    place = offered.visualItemRect(next(item for item in rows(offered) if item.text() == "Resize image")).center()
    assert offered.viewport().rect().contains(place), "it is in sight without a search"
    hand.click(offered.viewport(), place)
    (new,) = window.canvas.selected()
    assert hand.actions == COUNTS["node at a link's end"]
    assert window.document.workflow.nodes[new].type == "loom.image.resize"
    assert window.document.workflow.links[new, "image"] == Link("decode", "image", new, "image")


def test_a_node_put_into_a_link(window: MainWindow, hand: Hand) -> None:
    mime = QMimeData()
    mime.setData(NODE_MIME, b"loom.image.resize")
    _, item = window.canvas.view.links["save", "image"]
    hand.drop(mime, item.path().pointAtPercent(0.5))
    (new,) = window.canvas.selected()
    assert hand.actions == COUNTS["node into a link"]
    assert window.document.workflow.links[new, "image"] == Link("decode", "image", new, "image")
    assert window.document.workflow.links["save", "image"].source == new


def test_image_to_image_from_an_own_picture(window: MainWindow, hand: Hand, qtbot: QtBot, tmp_path: Path) -> None:
    own = tmp_path / "own.png"
    Pillow.new("RGB", (64, 64), (200, 120, 40)).save(own)
    card = lambda dialog: next(c for c in dialog.grid.cards if c.template.path.stem == "image_to_image")  # noqa: E731
    hand.key_and_click("Ctrl+Shift+N", TemplateDialog, card)
    shorten(window, 4)
    hand = continue_on_front(hand)
    hand.drop(files(own), at_card(window, "picture"))
    (run,) = window.findChildren(QToolButton, "run")
    hand.click(run)
    wait_for_picture(window, qtbot)
    assert hand.actions == COUNTS["own picture"]
    source = window.document.workflow.links["encode", "image"].source
    assert window.document.workflow.nodes[source].settings["path"] == str(own)


@pytest.mark.slow
def test_a_region_of_a_picture_just_made_is_inpainted(window: MainWindow, hand: Hand, qtbot: QtBot) -> None:
    shorten(window)
    window.run()
    wait_for_picture(window, qtbot)
    hand.click(window.preview._paint)
    desk = window.painting.desk
    assert desk is not None
    qtbot.waitUntil(lambda: desk.session.ready)
    middle = desk.panel.easel.rect().center()
    hand.stroke(desk.panel.easel, middle, middle + QPoint(40, 0), middle + QPoint(40, 40))
    desk.panel.strip.count.setValue(2)
    hand.click(desk.panel.strip.make)
    hand.click(next(b for b in desk.panel.notice.findChildren(QAbstractButton) if b.text().startswith("Build")))
    qtbot.waitUntil(lambda: len(desk.loop.candidates.made) == desk.panel.strip.count.value())
    row = desk.panel.strip.pictures
    hand.click(row.viewport(), row.visualItemRect(row.item(2)).center())
    wanted = desk.loop.candidates.made[1].picture
    hand.click(desk.panel.strip.keep)
    assert hand.actions == COUNTS["inpainting"]
    assert desk.session.picture is not None
    assert desk.session.picture.convertToFormat(wanted.format()) == wanted


def test_two_results_are_compared(window: MainWindow, hand: Hand, picture: QImage) -> None:
    gallery = window.gallery
    first, second = (gallery.visualRect(gallery.model().index(row, 0)).center() for row in (0, 1))
    hand.click(gallery.viewport(), first)
    hand.click(gallery.viewport(), second, CTRL)
    hand.take_from_menu(gallery.viewport(), second, "Compare the two")
    dialog = gallery.findChild(CompareDialog)
    assert dialog is not None
    assert dialog.isVisible()
    assert hand.actions == COUNTS["comparing"]
    dialog.close()


def test_the_workflow_of_a_picture_is_opened(window: MainWindow, hand: Hand, picture: QImage) -> None:
    made = window.document.workflow
    window.files.open(TEMPLATES / "image_to_image.json")
    hand = continue_on_front(hand)
    hand.drop(files(window.gallery.paths()[0]), QPointF(0, -40))
    assert hand.actions == COUNTS["workflow of a picture"]
    assert window.document.workflow.nodes == made.nodes


def test_the_workflow_of_a_picture_in_the_gallery_is_opened(window: MainWindow, hand: Hand, picture: QImage) -> None:
    made = window.document.workflow
    window.files.open(TEMPLATES / "image_to_image.json")
    gallery = window.gallery
    place = gallery.visualRect(gallery.model().index(0, 0)).center()
    hand.take_from_menu(gallery.viewport(), place, "Open its workflow")
    assert hand.actions == 2
    assert window.document.workflow.nodes == made.nodes


@pytest.fixture
def ended() -> Iterator[None]:
    """Training processes that a test starts end with it."""
    yield
    for launch in Path("runs").glob("*/launch.json"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(json.loads(launch.read_text())["pid"], signal.SIGKILL)


@pytest.mark.slow
def test_a_run_is_started_on_the_training_page(window: MainWindow, hand: Hand, qtbot: QtBot, ended: None) -> None:
    hand.key("Ctrl+M")
    page = window.pages.training
    assert page is not None
    hand.click(page.runs.new)
    qtbot.waitUntil(lambda: page.opener.form is not None and page.opener.form.isVisible())
    form = page.opener.form
    assert form is not None
    qtbot.waitUntil(form.begin.isEnabled)
    hand.click(form.begin)
    assert hand.actions == COUNTS["training"]
    (process,) = page.steering.processes
    assert process.poll() is None
    qtbot.waitUntil(lambda: page.header.state is not None and page.header.buttons["abort"].isEnabled())
    QTest.mouseClick(page.header.buttons["abort"], LEFT)
    qtbot.waitUntil(lambda: any(Path("runs").glob("*/control/*.json")) or process.poll() is not None)
    process.kill()
    process.wait()


def test_the_table_tells_these_counts() -> None:
    rows = [line.split("|") for line in TABLE.read_text("utf-8").splitlines() if line.startswith("| ")]
    told = [int(row[2]) for row in rows if row[2].strip().isdigit()]
    assert told == list(COUNTS.values())


def continue_on_front(hand: Hand) -> Hand:
    """The same hand on the document that is in front now."""
    front = Hand(hand.window)
    front.actions = hand.actions
    return front
