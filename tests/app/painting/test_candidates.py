"""The loop in the painter: candidates of several seeds are made, looked at, and one is kept and painted on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.catalogue import shipped_catalogue
from app.document import Document
from app.painting.candidates import Candidates
from app.painting.inpainting_loop import loop_of
from app.painting.loop_desk import LoopDesk
from app.painting.panel import PaintPanel
from app.painting.session import PaintSession, Target
from app.runtime.bridge import Bridge
from app.runtime.messages import PictureMade
from app.runtime.run_queue import RunQueue
from app.runtime.worker import Worker
from app.theme import apply_theme
from core.errors import LoomError
from core.events import RunFailed, RunFinished
from core.graph.edits import AddNode, Connect, RemoveNode
from core.graph.workflow import Link, Node, Point, Workflow
from core.graph.workflow_file import dumps
from core.imaging.picture_workflow import WORKFLOW_KEY

LEFT = Qt.MouseButton.LeftButton
_CORNERS = (QPointF(-10, -8), QPointF(10, 8))


class Desk(RunQueue):
    """A queue of runs beside an empty canvas."""

    def place_beside(self, node: str | None) -> Point:
        """Anywhere."""
        return (0.0, 0.0)


@dataclass
class Loop:
    """A painter with an engine, over load -> mask -> fill with noise."""

    document: Document
    session: PaintSession
    panel: PaintPanel
    desk: LoopDesk

    def make(self, qtbot: QtBot, count: int) -> None:
        """Press the button and wait."""
        self.panel.strip.count.setValue(count)
        QTest.mouseClick(self.panel.strip.make, LEFT)
        qtbot.waitUntil(lambda: not self.desk.candidates.left, timeout=60_000)

    def look(self, row: int) -> None:
        """Click on a picture of the strip."""
        pictures = self.panel.strip.pictures
        QTest.mouseClick(pictures.viewport(), LEFT, pos=pictures.visualItemRect(pictures.item(row)).center())


@pytest.fixture(scope="module")
def engine() -> Iterator[tuple[Worker, list[Callable[[object], None]]]]:
    """One worker with the real nodes; what it says goes to whoever is last in the list."""
    takers: list[Callable[[object], None]] = []
    worker = Worker(lambda message: takers[-1](message))
    takers.append(lambda _message: None)
    worker.start()
    yield worker, takers
    worker.close()


@pytest.fixture
def loop(qtbot: QtBot, qapp: Any, tmp_path: Path, engine: Any) -> Iterator[Loop]:
    apply_theme(qapp)
    Pillow.new("RGB", (64, 48), (40, 120, 200)).save(tmp_path / "source.png")
    document = Document()
    nodes = (
        Node(id="load", type="loom.image.load", settings={"path": str(tmp_path / "source.png")}),
        Node(id="mask", type="loom.mask.paint"),
        Node(id="fill", type="loom.image.fill_masked", settings={"fill": "noise", "seed": 7}),
    )
    links = (("load", "image", "mask", "image"), ("load", "image", "fill", "image"), ("mask", "mask", "fill", "mask"))
    for node in nodes:
        document.history.workflow.apply(AddNode(node))
    for link in links:
        document.history.workflow.apply(Connect(Link(*link)))
    worker, takers = engine
    bridge, queue = Bridge(document), Desk(worker)
    bridge.arrived.connect(queue.take)
    takers.append(bridge.post)
    session = PaintSession(document)
    panel = PaintPanel(session)
    desk = LoopDesk(document, session, panel, shipped_catalogue, queue, tmp_path / "kept")
    panel.resize(560, 720)
    qtbot.addWidget(panel)
    panel.show()
    session.open(Target("mask", "mask"), QImage(str(tmp_path / "source.png")))
    qtbot.waitExposed(panel)
    panel.choose("rectangle")
    yield Loop(document, session, panel, desk)
    takers.pop()
    bridge.close()


def paint(loop: Loop) -> None:
    easel = loop.panel.easel
    from_, to = (easel.to_widget(easel.to_picture(easel.rect().center().toPointF()) + d).toPoint() for d in _CORNERS)
    QTest.mousePress(easel, LEFT, pos=from_)
    QTest.mouseMove(easel, to)
    QTest.mouseRelease(easel, LEFT, pos=to)


def test_candidates_differ_and_what_is_not_painted_is_the_source_s(loop: Loop, qtbot: QtBot) -> None:
    paint(loop)
    told = []
    loop.desk.candidates.pictured.connect(lambda image, texts: told.append(texts))
    loop.make(qtbot, 3)
    pictures = [candidate.picture for candidate in loop.desk.candidates.made]
    assert len({bytes(picture.constBits()) for picture in pictures}) == 3
    mask = loop.session.surface.pixels
    for picture in pictures:
        assert all(
            picture.pixelColor(x, y).getRgb()[:3] == (40, 120, 200)
            for y in range(48) for x in range(64) if not mask[y, x]
        )  # fmt: skip
    assert ['"seed": 7' in texts[WORKFLOW_KEY] for texts in told] == [True, False, False]
    loop.make(qtbot, 2)
    assert [candidate.step for candidate in loop.desk.candidates.made] == [0, 1, 2, 3, 4], "more are others"


def test_a_candidate_is_looked_at_over_the_picture_until_it_is_painted_again(loop: Loop, qtbot: QtBot) -> None:
    paint(loop)
    loop.make(qtbot, 2)
    loop.look(2)
    assert loop.panel.easel.looked_at is loop.desk.candidates.made[1].picture
    loop.look(0)
    assert loop.panel.easel.looked_at is None
    assert not loop.panel.strip.keep.isEnabled()
    loop.look(1)
    paint(loop)
    assert loop.panel.easel.looked_at is None
    assert loop.panel.strip.chosen == -1


def test_keeping_is_one_step_and_the_loop_goes_on(loop: Loop, qtbot: QtBot) -> None:
    paint(loop)
    painted, before = loop.session.surface.pixels.copy(), dumps(loop.document.workflow)
    loop.make(qtbot, 2)
    kept = loop.desk.candidates.made[1].picture
    loop.look(2)
    QTest.mouseClick(loop.panel.strip.keep, LEFT)
    assert not loop.session.surface.pixels.any()
    assert loop.panel.easel.looked_at is None
    assert loop.panel.strip.pictures.count() == 0
    path = Path(str(loop.document.workflow.nodes["load"].settings["path"]))
    assert QImage(str(path)).convertToFormat(kept.format()) == kept
    loop.document.undo()
    assert dumps(loop.document.workflow) == before
    assert (loop.session.surface.pixels == painted).all()
    loop.document.redo()
    loop.session.set_picture(QImage(str(path)))  # the desk of a window does so
    paint(loop)
    loop.make(qtbot, 1)
    assert len(loop.desk.candidates.made) == 1, "made of the kept one"


def test_where_nothing_makes_a_picture_a_loop_is_offered(loop: Loop) -> None:
    loop.document.do(RemoveNode("fill"))
    QTest.mouseClick(loop.panel.strip.make, LEFT)
    assert "Build the inpainting loop" in loop.panel.notice.buttons
    loop.panel.notice.buttons["Cancel"].click()
    assert set(loop.document.workflow.nodes) == {"load", "mask"}


def test_stopping_leaves_what_is_there(loop: Loop, qtbot: QtBot) -> None:
    paint(loop)
    loop.panel.strip.count.setValue(16)
    QTest.mouseClick(loop.panel.strip.make, LEFT)
    assert loop.panel.strip.make.text() == "Stop"
    qtbot.waitUntil(lambda: bool(loop.desk.candidates.made), timeout=60_000)
    QTest.mouseClick(loop.panel.strip.make, LEFT)
    qtbot.waitUntil(lambda: not loop.desk.candidates.left, timeout=60_000)
    assert loop.desk.candidates.made
    assert loop.panel.strip.make.text() == "Make"


class ByHand:
    """An engine whose runs end when the test says so."""

    def submit(self, take: Callable[[object], None], workflow: Workflow, targets: object = None) -> None:
        """Let it wait."""

    def cancel(self, take: Callable[[object], None]) -> None:
        """It hears of that when its run comes to its next step."""


def test_what_a_run_still_makes_after_a_candidate_was_kept_is_not_shown(loop: Loop) -> None:
    made = Candidates(ByHand(), loop.document)
    told: list[object] = []
    made.failed.connect(told.append)
    pixels = np.zeros((1, 8, 8, 3), np.uint8)
    around = loop_of(loop.document.workflow, "mask", shipped_catalogue())
    assert around is not None
    made.make(loop.document.workflow, around, 2)
    made.forget()
    assert made.left == 0
    made.make(loop.document.workflow, around, 1)
    made.take(PictureMade(around.result, pixels))
    made.take(RunFinished(0.1))
    made.take(RunFailed(LoomError("It failed.", why="It was stopped.", fix="Nothing.")))
    assert (made.made, told, made.left) == ([], [], 1)
    made.take(PictureMade(around.result, pixels))
    made.take(RunFinished(0.1))
    assert [candidate.step for candidate in made.made] == [2]


def test_a_run_that_fails_is_told_and_ends_the_others(loop: Loop, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "source.png").unlink()
    said: list[object] = []
    loop.desk.failed.connect(said.append)
    loop.make(qtbot, 3)
    assert len(said) == 1
    assert not loop.desk.candidates.made


def test_a_picture_takes_the_place_of_that_of_a_loop(loop: Loop) -> None:
    other = QImage(32, 24, QImage.Format.Format_RGB32)
    other.fill(9)
    assert loop.desk.paint_on(other) == "mask"
    assert loop.document.workflow.nodes["load"].settings["path"] != ""
    loop.document.undo()
    assert not loop.document.history.can_undo


def test_a_loop_is_built_around_a_picture_where_there_is_none(loop: Loop) -> None:
    loop.document.new()
    other = QImage(64, 64, QImage.Format.Format_RGB32)
    other.fill(9)
    node = loop.desk.paint_on(other)
    assert node is not None
    assert loop.document.workflow.links[node, "image"]
    assert len(loop.document.workflow.nodes) > 10
    loop.document.undo()
    assert not loop.document.workflow.nodes


def test_a_picture_that_cannot_be_kept_is_told(loop: Loop, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("in the way", encoding="utf-8")
    said: list[object] = []
    loop.desk.failed.connect(said.append)
    assert loop.desk.paint_on(QImage(8, 8, QImage.Format.Format_RGB32)) is None
    assert len(said) == 1


def test_where_no_picture_lies_below_the_first_thumbnail_is_what_is_painted(loop: Loop, qtbot: QtBot) -> None:
    paint(loop)
    loop.session.open(Target("mask", "mask"), None)
    loop.make(qtbot, 1)
    first = loop.panel.strip.pictures.item(0)
    assert first.text() == "Painted"
    thumb = first.icon().pixmap(56).toImage()
    assert len({thumb.pixel(x, thumb.height() // 2) for x in range(thumb.width())}) > 1, "there is paint in it"
