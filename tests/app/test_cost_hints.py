"""The quiet line that says what a large picture costs, before it is made."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from app.catalogue import shipped_catalogue
from app.document import Document
from app.document_view import DocumentView
from app.freshness import Snapshot
from app.runtime.run_queue import RunQueue
from app.runtime.worker import Worker
from app.theme import apply_theme
from core.events import NodeFinished
from core.graph.edits import Group, SetSetting

MakeView = Callable[[str], DocumentView]


class Shown(QObject):
    """A document with its view."""

    def __init__(self, device: str) -> None:
        super().__init__()
        self.document = Document()
        self.document.setParent(self)
        queue = RunQueue(Worker(lambda _message: None))
        queue.device = device
        self.view = DocumentView(self.document, shipped_catalogue(), queue)
        self.document.open_default()

    @property
    def hint(self) -> str:
        """What the card of the noise says."""
        return self.view.canvas.view.cards["noise"].state.message

    def resize(self, width: int, height: int) -> None:
        """Ask for another size of the picture."""
        self.document.do(Group((SetSetting("noise", "width", width), SetSetting("noise", "height", height))))

    def finish(self, seconds: float, steps: int = 25) -> None:
        """Let the denoiser be done after so many seconds."""
        event = NodeFinished("sampler", seconds, None, False, "")
        self.view.costs.learn(event, steps, Snapshot(self.document.workflow.copy()))


@pytest.fixture
def show(qapp: object, qtbot: QtBot) -> Callable[[str], Shown]:
    apply_theme(qapp)  # type: ignore[arg-type]  # pytest-qt gives a QApplication

    def make(device: str = "CPU, no GPU · 2 threads") -> Shown:
        shown = Shown(device)
        qtbot.addWidget(shown.view)
        return shown

    return make


def test_a_large_picture_is_told_with_an_estimate_and_a_usual_one_is_not(
    show: Callable[..., Shown], qtbot: QtBot
) -> None:
    shown = show()
    assert shown.hint == ""
    shown.resize(2048, 2048)
    qtbot.waitUntil(lambda: shown.hint != "")
    assert "1,000 × the pixels" in shown.hint
    assert "estimated" in shown.hint
    assert "GB of memory" in shown.hint
    assert shown.view.canvas.view.cards["noise"].state.message_color == "text_muted", "it is no error"
    shown.document.undo()
    qtbot.waitUntil(lambda: shown.hint == "")


def test_after_a_run_the_estimate_is_a_time(show: Callable[..., Shown], qtbot: QtBot) -> None:
    shown = show()
    shown.finish(2.5)
    shown.resize(512, 512)
    qtbot.waitUntil(lambda: shown.hint != "")
    assert "an estimated 1 min, " in shown.hint  # 29 times 0.1 s for each of 25 steps
    shown.document.do(SetSetting("scheduler", "steps", 50))
    qtbot.waitUntil(lambda: "an estimated 2 min, " in shown.hint)
    shown.resize(2048, 2048)
    qtbot.waitUntil(lambda: "an estimated 5 h, " in shown.hint)


def test_a_gpu_is_not_warned_of(show: Callable[..., Shown]) -> None:
    shown = show("NVIDIA H200")
    shown.resize(2048, 2048)
    shown.view.costs.refresh()
    assert shown.hint == ""


def test_another_workflow_begins_without_the_line(show: Callable[..., Shown], qtbot: QtBot) -> None:
    shown = show()
    shown.resize(1024, 1024)
    qtbot.waitUntil(lambda: shown.hint != "")
    shown.document.open_default()
    assert shown.hint == ""
    shown.view.costs.refresh()
    assert shown.hint == ""
