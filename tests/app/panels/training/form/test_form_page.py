"""The form and the file say the same, in both directions."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QLineEdit
from pytestqt.qtbot import QtBot

from app.panels.training.form.draft import FIELDS, Draft
from app.panels.training.form.form_page import FormPage, free_name
from app.panels.training.form.pages import PAGES, page_of
from app.panels.training.next_stage import next_stage
from app.theme import RESOURCES, apply_theme
from tests.core.checkpoints.own_model import write_model
from training.config import RunConfig, build
from training.model_sizes import SIZES
from training.trial import count_parameters


@pytest.fixture
def form(qtbot: QtBot, qapp: Any, tmp_path: Path) -> Iterator[FormPage]:
    apply_theme(qapp)
    form = FormPage(tmp_path / "cache")
    form.resize(1000, 700)
    form.show()
    form.prepare(frozenset())
    yield form
    form.close_down()
    form.hide()
    form.deleteLater()


def test_the_form_after_the_first_stage_tells_of_its_latents(form: FormPage, tmp_path: Path) -> None:
    run = tmp_path / "runs" / "one"
    write_model(run / "models")
    (run / "config.toml").write_text('name = "one"\nphases = ["first_stage"]\n')
    form.prepare(frozenset(), next_stage(run))
    assert form.draft.value("name") == "one-diffusion"
    assert form.latents == (
        "Latents of tiny: 2 channels for 1 × 1 pixels each; "
        "they spread by 3.33, and are multiplied by 0.3 to have unit variance."
    )
    assert form.template.currentIndex() == -1
    form.prepare(frozenset())
    assert form.latents == ""
    assert form.template.currentIndex() >= 0


def test_every_field_has_help_and_a_place() -> None:
    assert not [name for name, spec in FIELDS.items() if not spec.help]
    assert {page_of(name) for name in FIELDS} == {*PAGES, ""}


def test_no_help_names_code() -> None:
    code = re.compile(r"\w+\.\w+\.\w+|[A-Z]+_[A-Z]+|`[A-Z_]{4,}`|Arguments of")
    assert not [name for name, spec in FIELDS.items() if code.search(spec.help)]


def test_the_field_that_is_wrong_is_marked_in_the_words_of_the_form(form: FormPage, qtbot: QtBot) -> None:
    form.draft.set_value("data.kind", "folder")
    qtbot.waitUntil(lambda: form.rows["data.path"].problem == "Folder must name the folder of the pictures.")
    assert form.problem == "Data: Folder must name the folder of the pictures."
    assert not form.rows["data.kind"].problem
    form.draft.set_value("data.kind", "scenes")
    qtbot.waitUntil(lambda: not form.rows["data.path"].problem)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("first_stage.steps", "banana"), ("first_stage.steps", "-1"), ("first_stage.batch_size", "0"),
        ("second_stage.optimizer.lr", "0"),
        ("evaluation.count", "0"), ("log_every", "0"), ("second_stage.conditioning.layout.grid", "1"),
        ("data.buckets.widest", "9"), ("data.seed", "999999999"), ("data.crop", "left"),
    ],
)  # fmt: skip
def test_a_value_out_of_range_is_found_where_it_is(name: str, text: str) -> None:
    draft = Draft(tomllib.loads((RESOURCES / "training" / "stickers-64.toml").read_text("utf-8")))
    draft.set_text(name, text)
    fault = draft.fault()
    assert fault is not None
    assert fault.field == name


def test_every_template_is_shown_as_it_is(form: FormPage) -> None:
    for index in range(form.template.count()):
        form.template.setCurrentIndex(index)
        form.template.activated.emit(index)
        file = RESOURCES / "training" / f"{form.template.itemText(index)}.toml"
        expected = build(RunConfig, tomllib.loads(file.read_text("utf-8")), "file")
        assert form.draft.config() == expected
        # Those of the second stage alone still have to be told whose latents they learn in.
        fault = form.draft.fault()
        assert (fault is not None and "earlier run" in fault.words) == ("first_stage" not in expected.phases)


def test_typing_in_a_field_changes_the_text_and_typing_text_changes_the_field(form: FormPage, qtbot: QtBot) -> None:
    form.tabs.setCurrentIndex(PAGES.index("Schedule"))
    field = form.rows["second_stage.optimizer.lr"].control
    assert isinstance(field, QLineEdit)
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "3e-4")
    qtbot.waitUntil(lambda: "lr = 0.0003" in form.toml.toPlainText())
    form.tabs.setCurrentWidget(form.toml)
    form.toml.setFocus()
    form.toml.setPlainText(form.toml.toPlainText().replace("lr = 0.0003", "lr = 0.0007"))
    qtbot.waitUntil(lambda: field.text() == "0.0007")
    assert form.draft.config().second_stage.optimizer.lr == 0.0007


def test_what_is_wrong_is_said_and_cannot_be_started(form: FormPage, qtbot: QtBot) -> None:
    form.draft.set_text("second_stage.condition_dropout", "7")
    qtbot.waitUntil(lambda: not form.begin.isEnabled())
    assert form.problem == "Conditioning, Diffusion: Condition dropout must be from 0 to below 1; got 7.0."
    form.draft.set_text("second_stage.condition_dropout", "")
    qtbot.waitUntil(form.begin.isEnabled)
    form.prepare(frozenset({"stickers-64"}))
    assert form.name.text() == "stickers-64-2"


@pytest.mark.parametrize("wrong", ["steps = banana", "steps = -1"], ids=["no TOML", "no valid value"])
def test_text_that_is_no_configuration_stays_with_its_error_and_the_pages_keep_the_last_good_one(
    form: FormPage, qtbot: QtBot, wrong: str
) -> None:
    form.tabs.setCurrentWidget(form.toml)
    form.toml.setFocus()
    good = form.toml.toPlainText()
    steps = form.draft.value("first_stage.steps")
    bad = good.replace(f"steps = {steps}", wrong, 1)
    assert bad != good
    form.toml.setPlainText(bad)
    qtbot.waitUntil(lambda: not form.begin.isEnabled())
    said = form.problem
    form.tabs.setCurrentIndex(PAGES.index("Schedule"))
    row = form.rows["first_stage.steps"].control
    assert isinstance(row, QLineEdit)
    qtbot.waitUntil(lambda: form.problem.startswith("The TOML tab has an error"))
    assert form.problem.endswith(said)
    assert (row.text(), row.isEnabled(), form.begin.isEnabled()) == (str(steps), False, False)
    form.tabs.setCurrentWidget(form.toml)
    assert (form.toml.toPlainText(), form.problem) == (bad, said)
    form.toml.setPlainText(bad.replace(wrong, "steps = 77", 1))
    qtbot.waitUntil(form.begin.isEnabled)
    assert (row.text(), row.isEnabled(), form.problem) == ("77", True, "")


def test_a_template_takes_the_place_of_a_text_with_an_error(form: FormPage, qtbot: QtBot) -> None:
    form.toml.setPlainText("steps = banana")
    qtbot.waitUntil(lambda: not form.begin.isEnabled())
    form.template.activated.emit(form.template.currentIndex())
    qtbot.waitUntil(form.begin.isEnabled)
    assert form.toml.toPlainText() == form.draft.to_toml()


def test_an_unknown_key_of_the_text_is_named_with_what_to_do(form: FormPage, qtbot: QtBot) -> None:
    form.toml.setPlainText('name = "one"\n[first_stage]\nbogus = 3\n')
    qtbot.waitUntil(lambda: "first_stage: there is no field 'bogus'. Correct or remove that field." in form.problem)
    form.toml.setPlainText('name = "one"\n[first_stage]\nstepss = 3\n')
    qtbot.waitUntil(lambda: form.problem.endswith("there is no field 'stepss'. Did you mean 'steps'?"))


def test_only_what_matters_is_shown(form: FormPage, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not form.rows["data.scenes.size"].isHidden())
    assert form.rows["data.path"].isHidden()
    form.draft.set_value("data.kind", "folder")
    qtbot.waitUntil(lambda: form.rows["data.scenes.size"].isHidden())
    assert not form.rows["data.path"].isHidden()
    assert form.rows["data.annotations"].isHidden()
    form.draft.set_value("data.kind", "coco")
    qtbot.waitUntil(lambda: not form.rows["data.annotations"].isHidden())
    form.draft.set_value("data.kind", "scenes")
    form.tabs.setCurrentIndex(PAGES.index("Losses"))
    assert form.rows["first_stage.discriminator.disc_start"].isHidden()
    use = form.rows["first_stage.discriminator"].control
    assert isinstance(use, QCheckBox)
    use.setChecked(True)
    qtbot.waitUntil(lambda: not form.rows["first_stage.discriminator.disc_start"].isHidden())
    assert form.draft.config().first_stage.discriminator is not None
    use.setChecked(False)
    assert form.draft.config().first_stage.discriminator is None


@pytest.mark.parametrize("size", SIZES, ids=lambda size: size.title)
def test_every_size_makes_networks(form: FormPage, size: Any) -> None:
    form._take_size(size)
    counted = count_parameters(form.draft.config())
    assert counted.keys() == {"autoencoder", "denoiser"}
    assert min(counted.values()) > 10_000


def test_a_dropped_folder_is_looked_at_and_bad_files_are_named(form: FormPage, tmp_path: Path, qtbot: QtBot) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for index in range(3):
        pixels = np.random.default_rng(index).integers(0, 255, (20, 30, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{index}.png")
    (folder / "0.txt").write_text("a small grey storm")
    (folder / "broken.png").write_bytes(b"no picture")
    form.data_view.dropped.emit(str(folder))
    qtbot.waitUntil(lambda: form.data_view.pictures.count() == 3)
    assert "3 pictures" in form.data_view.says.text()
    assert "1 with captions" in form.data_view.says.text()
    assert "broken.png" in form.data_view.bad.text()
    assert (form.draft.value("data.kind"), form.draft.value("data.path")) == ("folder", str(folder))


def test_what_a_trial_told_holds_until_the_settings_are_others(form: FormPage, qtbot: QtBot, tiny: str) -> None:
    form.prepare(frozenset(), tomllib.loads(tiny))
    QTest.mouseClick(form.try_out, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: form.trial.startswith("About "))
    form.draft.set_value("name", "other")
    assert form.trial.startswith("About ")
    form.draft.set_text("first_stage.steps", "900")
    assert form.trial.startswith("The settings are others")


def test_cancel_and_start_are_told(form: FormPage, qtbot: QtBot) -> None:
    with qtbot.waitSignal(form.cancelled):
        QTest.mouseClick(form.cancel, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(form.begun) as begun:
        QTest.mouseClick(form.begin, Qt.MouseButton.LeftButton)
    assert begun.args is not None
    name, text = begun.args
    assert build(RunConfig, tomllib.loads(text), "text").name == name


def test_a_free_name_is_the_first_that_is_not_taken() -> None:
    assert free_name("a", frozenset()) == "a"
    assert free_name("a", frozenset({"a", "a-2"})) == "a-3"
