"""Real, short runs of both stages, begun, steered, killed and resumed through the page."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.panels.training.form.form_page import FormPage
from app.panels.training.page import TrainingPage
from training.watching.run_state import read_state

OpenPage = Callable[[], TrainingPage]
PATIENCE_MS = 90_000


def open_form(page: TrainingPage, qtbot: QtBot) -> FormPage:
    QTest.mouseClick(page.runs.new, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.stack.currentWidget() is page.opener.form, timeout=PATIENCE_MS)
    assert page.opener.form is not None
    return page.opener.form


def begin(page: TrainingPage, qtbot: QtBot, toml: str) -> None:
    form = open_form(page, qtbot)
    assert form.draft.take_toml(toml) == ""
    qtbot.waitUntil(form.begin.isEnabled)
    QTest.mouseClick(form.begin, Qt.MouseButton.LeftButton)


def test_both_stages_are_trained_through_the_page(open_page: OpenPage, runs: Path, tiny: str, qtbot: QtBot) -> None:
    page = open_page()
    begin(page, qtbot, tiny)
    qtbot.waitUntil(lambda: page.header.state is not None and page.header.state.alive, timeout=5000)
    qtbot.waitUntil(lambda: page.header.text == "Finished", timeout=PATIENCE_MS)
    assert page.curves is not None
    phases = page.curves.phases
    qtbot.waitUntil(lambda: phases.count() == 2, timeout=5000)
    assert [phases.itemText(index) for index in range(2)] == ["Autoencoder", "Diffusion"]
    qtbot.waitUntil(lambda: page.samples.step == 4 and page.samples.ema.image is not None, timeout=5000)
    qtbot.waitUntil(page.header.buttons["promote"].isVisible, timeout=5000)
    assert read_state(runs / "tiny").state == "finished"


@pytest.mark.slow
def test_a_run_is_paused_killed_resumed_and_stopped_through_the_page(
    open_page: OpenPage, runs: Path, tiny: str, qtbot: QtBot
) -> None:
    page = open_page()
    begin(
        page,
        qtbot,
        tiny.replace("steps = 4", "steps = 100000").replace("checkpoint_every = 2", "checkpoint_every = 20"),
    )

    def says(word: str) -> bool:
        return page.header.text.startswith(word)

    def click(button: str) -> None:
        QTest.mouseClick(page.header.buttons[button], Qt.MouseButton.LeftButton)

    qtbot.waitUntil(lambda: says("Training"), timeout=PATIENCE_MS)
    click("pause")
    qtbot.waitUntil(lambda: says("Paused"), timeout=5000)
    assert read_state(runs / "tiny").state == "paused"
    click("resume")
    qtbot.waitUntil(lambda: says("Training"), timeout=5000)
    qtbot.waitUntil(lambda: read_state(runs / "tiny").step > 40, timeout=PATIENCE_MS)
    state = read_state(runs / "tiny")
    os.kill(state.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: says("Died"), timeout=1500)
    click("resume")
    qtbot.waitUntil(lambda: says("Training"), timeout=PATIENCE_MS)
    assert read_state(runs / "tiny").step >= 20
    click("stop")
    qtbot.waitUntil(lambda: says("Stopped"), timeout=10_000)
    assert read_state(runs / "tiny").state == "stopped"


@pytest.mark.slow
def test_a_trial_estimates_time_and_memory(open_page: OpenPage, tiny: str, qtbot: QtBot) -> None:
    page = open_page()
    form = open_form(page, qtbot)
    form.draft.take_toml(tiny)
    qtbot.waitUntil(form.try_out.isEnabled)
    with qtbot.waitSignal(form.estimate.tried, timeout=PATIENCE_MS) as tried:
        QTest.mouseClick(form.try_out, Qt.MouseButton.LeftButton)
    assert tried.args is not None
    assert str(tried.args[0]).startswith("About ")
    assert "GiB of memory" in str(tried.args[0])
