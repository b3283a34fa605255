"""The page on run folders: what it shows is what they say, at once and after every change."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.panels.training.curve_plot import smoothed
from app.panels.training.page import TrainingPage
from app.panels.training.samples import with_difference
from app.panels.training.split_button import SplitButton
from training.run_folder import RunFolder
from training.watching.commands import COMMANDS

OpenPage = Callable[[], TrainingPage]
MakeRun = Callable[..., RunFolder]


def shown_steps(page: TrainingPage, term: str = "loss") -> list[float]:
    """The steps of the first run that the plot of a term draws."""
    assert page.curves is not None
    if term not in page.curves.plots:
        return []
    items = [item for item in page.curves.plots[term].plot.listDataItems() if item.xData is not None]
    return [] if not items else sorted(set(items[0].xData.tolist()))


def test_without_runs_the_page_offers_a_first_one(open_page: OpenPage) -> None:
    page = open_page()
    assert page.stack.currentIndex() == 0
    assert page.runs.rows.count() == 0


def test_buttons_tell_what_a_run_does_as_the_terminal_does(open_page: OpenPage) -> None:
    tips = {name: button.toolTip() for name, button in open_page().header.buttons.items()}
    told = COMMANDS.keys() - {"pause_to_disk", "resume"}  # a way of pausing; also what begins a stopped run again
    assert not [name for name in told if not tips[name].startswith(COMMANDS[name])]


def test_runs_are_found_and_the_newest_is_shown(open_page: OpenPage, make_run: MakeRun, qtbot: QtBot) -> None:
    make_run("old")
    make_run("new", state="failed", error={"what": "It broke.", "why": "Dust.", "fix": "Clean it."})
    page = open_page()
    qtbot.waitUntil(lambda: page.runs.rows.count() == 2)
    assert page.header.state is not None
    assert page.header.state.name == "new"
    assert page.header.banner.text == "It broke. Dust. Clean it."
    page.runs.choose(make_run("old").path)
    assert page.header.text == "Finished"
    assert page.header.banner.isHidden()


def test_curves_grow_with_the_run_and_a_zoom_stays(open_page: OpenPage, make_run: MakeRun, qtbot: QtBot) -> None:
    run = make_run("one", 20)
    page = open_page()
    qtbot.waitUntil(lambda: shown_steps(page) == list(range(1, 21)))
    assert page.curves is not None
    plot = page.curves.plots["loss"]
    plot.plot.getViewBox().setXRange(5, 10, padding=0)
    plot.plot.getViewBox().sigRangeChangedManually.emit([True, False])
    for step in range(21, 31):
        run.metric(phase="first_stage", step=step, loss=1.0)
    qtbot.waitUntil(lambda: page.curves is not None and page.curves.newest("loss") == [1.0])
    assert plot.steps() == pytest.approx((5, 10), abs=0.2)
    assert page.curves.plots["l1"].steps() == pytest.approx((5, 10), abs=0.3)
    QTest.mouseClick(page.curves.all, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: shown_steps(page)[-1:] == [30] and plot.steps()[1] >= 30)


def test_curves_that_came_out_of_sight_are_drawn_when_they_are_seen(
    open_page: OpenPage, make_run: MakeRun, qtbot: QtBot
) -> None:
    page = open_page()
    page.tabs.setCurrentIndex(3)
    make_run("one", 20)
    qtbot.waitUntil(lambda: page.curves is not None and page.curves.newest("loss") == [pytest.approx(0.05)])
    qtbot.wait(100)
    assert shown_steps(page) == []
    page.tabs.setCurrentIndex(0)
    qtbot.waitUntil(lambda: shown_steps(page) == list(range(1, 21)))


def test_several_runs_are_drawn_over_each_other_and_compared(
    open_page: OpenPage, make_run: MakeRun, qtbot: QtBot
) -> None:
    make_run("a", 5)
    make_run("b", 9)
    page = open_page()
    qtbot.waitUntil(lambda: page.runs.rows.count() == 2)
    page.runs.rows.selectAll()
    qtbot.waitUntil(lambda: page.curves is not None and len(page.curves.newest("loss")) == 2)
    names = {page.settings.table.item(row, 0).text() for row in range(page.settings.table.rowCount())}
    assert names == {"name", "first_stage.steps"}


def test_the_settings_of_a_run_that_just_began_are_shown_as_soon_as_they_are_written(
    open_page: OpenPage, make_run: MakeRun, qtbot: QtBot
) -> None:
    run = make_run("one", state="preparing", step=0)
    settings = (run.path / "config.toml").read_text("utf-8")
    (run.path / "config.toml").unlink()
    (run.path / "train.log").write_text("")
    page = open_page()
    qtbot.waitUntil(lambda: page.header.state is not None)
    assert page.settings.table.rowCount() == 0
    (run.path / "config.toml").write_text(settings)
    run.status(state="training", phase="first_stage", step=1, steps=20)
    qtbot.waitUntil(lambda: page.settings.table.rowCount() == 3)


def test_a_log_axis_shows_logarithms(open_page: OpenPage, make_run: MakeRun, qtbot: QtBot) -> None:
    make_run("one", 100)
    page = open_page()
    qtbot.waitUntil(lambda: len(shown_steps(page)) == 100)
    assert page.curves is not None
    page.curves.smoothing.setValue(0)
    QTest.mouseClick(page.curves.log_axis, Qt.MouseButton.LeftButton)
    plot = page.curves.plots["loss"].plot
    qtbot.waitUntil(lambda: plot.listDataItems()[0].yData.min() == pytest.approx(-2, abs=1e-3))


def test_the_search_hides_other_runs(open_page: OpenPage, make_run: MakeRun, qtbot: QtBot) -> None:
    for name in ("fox", "frog"):
        make_run(name)
    page = open_page()
    qtbot.waitUntil(lambda: page.runs.rows.count() == 2)
    QTest.keyClicks(page.runs.search, "fro")
    items = [page.runs.rows.item(row) for row in range(2)]
    assert [item.text() for item in items if not item.isHidden()] == ["frog"]


def test_a_death_is_shown_within_a_second(open_page: OpenPage, make_run: MakeRun, qtbot: QtBot) -> None:
    run = make_run("one")
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    status = {"pid": process.pid, "started": time.time(), "heartbeat": time.time(), "state": "training"}
    (run.path / "status.json").write_text(json.dumps(status | {"phase": "first_stage", "step": 3, "steps": 9}))
    page = open_page()
    qtbot.waitUntil(lambda: page.header.text == "Training · Autoencoder 3 / 9")
    process.kill()
    process.wait()
    qtbot.waitUntil(lambda: page.header.text.startswith("Died"))
    assert "did not say that it ended" in page.header.banner.text
    assert page.header.buttons["resume"].isVisible()
    assert not page.header.buttons["pause"].isVisible()


def test_a_run_that_was_killed_before_its_folder_was_made_is_begun_again(
    open_page: OpenPage, runs: Path, tiny: str, qtbot: QtBot
) -> None:
    page = open_page()
    page.steering.begin("tiny", tiny)
    first = page.steering.processes[0]
    first.kill()
    first.wait()
    qtbot.waitUntil(lambda: page.header.text.startswith("Died"))
    assert not (runs / "tiny" / "config.toml").exists()
    QTest.mouseClick(page.header.buttons["resume"], Qt.MouseButton.LeftButton)
    assert page.steering.processes[-1].args == first.args


def test_a_run_that_is_resumed_twice_at_once_is_trained_by_one_process(
    open_page: OpenPage, make_run: MakeRun, qtbot: QtBot
) -> None:
    make_run("one", state="stopped")
    page = open_page()
    resume = page.header.buttons["resume"]
    qtbot.waitUntil(resume.isVisible)
    for _ in range(2):
        QTest.mouseClick(resume, Qt.MouseButton.LeftButton)
    assert len(page.steering.processes) == 1


@pytest.mark.parametrize("command", ["pause", "stop", "abort", "sample", "checkpoint"])
def test_a_button_puts_its_command_into_the_run_folder(
    open_page: OpenPage, make_run: MakeRun, qtbot: QtBot, command: str
) -> None:
    run = make_run("one", state="training", step=3)
    page = open_page()
    qtbot.waitUntil(page.header.buttons[command].isVisible)
    QTest.mouseClick(page.header.buttons[command], Qt.MouseButton.LeftButton)
    assert [request["command"] for request in run.requests()] == [command]


@pytest.mark.parametrize(("state", "button"), [("training", "pause"), ("paused", "resume")])
def test_a_run_is_paused_to_disk_from_the_menu_of_a_button(
    open_page: OpenPage, make_run: MakeRun, qtbot: QtBot, state: str, button: str
) -> None:
    run = make_run("one", state=state, step=3)
    page = open_page()
    shown = page.header.buttons[button]
    qtbot.waitUntil(shown.isVisible)
    assert isinstance(shown, SplitButton)
    menu = shown.menu()
    menu.popup(shown.mapToGlobal(shown.rect().bottomLeft()))
    qtbot.waitUntil(menu.isVisible)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Return):
        QTest.keyClick(menu, key)
    assert [request["command"] for request in run.requests()] == ["pause_to_disk"]
    run.status(state="stopped", asked="pause_to_disk", phase="first_stage", step=3, steps=20)
    qtbot.waitUntil(lambda: page.header.text == "Paused to disk · Autoencoder 3 / 20")
    resume = page.header.buttons["resume"]
    assert isinstance(resume, SplitButton)
    assert resume.menu() is None


def test_samples_follow_the_newest_step_until_a_person_moves_the_slider(
    open_page: OpenPage, make_run: MakeRun, qtbot: QtBot
) -> None:
    run = make_run("one")

    def sample(step: int) -> None:
        folder = run.path / "samples" / "first_stage" / f"step_{step}"
        folder.mkdir(parents=True)
        for name in ("raw.png", "ema.png"):
            image = QImage(34, 18, QImage.Format.Format_RGB888)
            image.fill(step)
            assert image.save(str(folder / name))

    sample(10)
    page = open_page()
    qtbot.waitUntil(lambda: page.samples.step == 10)
    sample(20)
    qtbot.waitUntil(lambda: page.samples.step == 20)
    qtbot.waitUntil(lambda: page.samples.ema.image is not None)
    page.samples.steps.setValue(0)
    sample(30)
    qtbot.waitUntil(lambda: page.samples.steps.maximum() == 2)
    assert page.samples.step == 10


def test_a_difference_is_that_of_source_and_reconstruction() -> None:
    pixels = np.zeros((10, 12, 3), np.uint8)
    pixels[:4], pixels[-4:] = 100, 90
    grid = QImage(pixels.tobytes(), 12, 10, 36, QImage.Format.Format_RGB888)
    sheet = with_difference(grid)
    assert (sheet.width(), sheet.height()) == (12, 16)
    assert sheet.pixelColor(3, 14).red() == 40
    assert sheet.pixelColor(3, 1).red() == 100


def test_smoothing_is_the_mean_over_a_window_of_steps() -> None:
    steps, values = np.arange(10.0), np.arange(10.0) ** 2
    values[4] = np.nan
    assert smoothed(steps, values, 0) is values
    assert smoothed(steps, values, 2)[2] == pytest.approx((1 + 4 + 9) / 3)
    assert smoothed(steps, values, 2)[4] == pytest.approx((9 + 25) / 2)


def test_closing_the_page_leaves_no_thread(open_page: OpenPage, runs: Path) -> None:
    page = open_page()
    page.close_down()
    assert not page.watcher.alive
