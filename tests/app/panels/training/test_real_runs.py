"""Real, short runs of both stages, begun, steered, killed and resumed through the page."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QInputDialog, QMessageBox
from pytestqt.qtbot import QtBot

from app.catalogue import Catalogue
from app.panels.training.form.form_page import FormPage
from app.panels.training.page import TrainingPage
from nodes.load import load_model
from tests.core.checkpoints.own_model import write_model
from training.watching.run_state import RunState, read_state

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
    qtbot.waitUntil(lambda: page.header.state is not None and page.header.state.alive)
    qtbot.waitUntil(lambda: page.header.text == "Finished", timeout=PATIENCE_MS)
    assert page.curves is not None
    phases = page.curves.phases
    qtbot.waitUntil(lambda: phases.count() == 2)
    assert [phases.itemText(index) for index in range(2)] == ["Autoencoder", "Diffusion"]
    qtbot.waitUntil(lambda: page.samples.step == 4 and page.samples.ema.image is not None)
    qtbot.waitUntil(page.header.buttons["promote"].isVisible)
    assert read_state(runs / "tiny").state == "finished"
    check_promotion(page, qtbot)


def check_promotion(page: TrainingPage, qtbot: QtBot) -> None:
    """Add the finished model to the installed ones: the graph lists it and samples with it, and no other goes."""
    for name, expected in (("stickers-24", "ships with the program"), ("tiny-one", "")):
        QTimer.singleShot(0, lambda name=name: answer(name))
        signal = page.failed if expected else page.promoted
        with qtbot.waitSignal(signal, timeout=PATIENCE_MS) as told:
            QTest.mouseClick(page.header.buttons["promote"], Qt.MouseButton.LeftButton)
        assert told.args is not None
        assert expected in str(told.args[0])
    catalogue = told.args[0]
    assert isinstance(catalogue, Catalogue)
    card = catalogue.get("loom.load.model")
    setting = card.setting("model") if card else None
    assert setting is not None
    assert setting.choices is not None
    assert {"tiny-one", "stickers-24"} <= set(setting.choices)
    assert load_model(model="tiny-one").text_encoder.members


def answer(name: str) -> None:
    """Type into the dialog that asks for a name, and agree."""
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, QInputDialog)
    dialog.setTextValue(name)
    dialog.accept()


@pytest.mark.parametrize("agrees", [True, False])
def test_ones_own_model_is_replaced_only_when_a_person_agrees(
    open_page: OpenPage, runs: Path, home: Path, agrees: bool
) -> None:
    old = home / "models" / "one"
    old.mkdir(parents=True)
    (old / "model.json").write_text("old")
    write_model(runs / "one" / "models")
    page = open_page()

    def replace() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        kind = QMessageBox.StandardButton
        QTest.mouseClick(box.button(kind.Yes if agrees else kind.Cancel), Qt.MouseButton.LeftButton)

    def name_it() -> None:
        QTimer.singleShot(0, replace)
        answer("one")

    QTimer.singleShot(0, name_it)
    page.steering.steer(RunState(runs / "one", "finished"), "promote")
    page.steering.promotion.close()
    assert ((old / "model.json").read_text() == "old") is not agrees


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
    qtbot.waitUntil(lambda: says("Paused"))
    assert read_state(runs / "tiny").state == "paused"
    click("resume")
    qtbot.waitUntil(lambda: says("Training"))
    qtbot.waitUntil(lambda: read_state(runs / "tiny").step > 40, timeout=PATIENCE_MS)
    state = read_state(runs / "tiny")
    os.kill(state.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: says("Died"))
    click("resume")
    qtbot.waitUntil(lambda: says("Training"), timeout=PATIENCE_MS)
    assert read_state(runs / "tiny").step >= 20
    click("stop")
    qtbot.waitUntil(lambda: says("Stopped"))
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
