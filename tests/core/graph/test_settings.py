"""Checking of values, text from a command line, and the nearest valid number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.errors import InputError
from core.graph.settings import Setting, SettingSpec

STEPS = SettingSpec("steps", int, 20, Setting(min=1, max=200, unit="steps"))
SCALE = SettingSpec("guidance_scale", float, 7.5, Setting(min=0))
PICTURE = SettingSpec("picture", Path)
LOUD = SettingSpec("loud", bool, False)
TEXT = SettingSpec("text", str, "")


@pytest.mark.parametrize(
    ("spec", "value", "parsed"),
    [
        (STEPS, 1, 1),
        (STEPS, 200.0, 200),
        (SCALE, 3, 3.0),
        (PICTURE, "a/b.png", Path("a/b.png")),
        (LOUD, True, True),
        (TEXT, "cat", "cat"),
    ],
)
def test_good_values_come_in_the_settings_own_type(spec: SettingSpec, value: Any, parsed: Any) -> None:
    result = spec.parse(value)
    assert result == parsed
    assert isinstance(result, spec.type)


@pytest.mark.parametrize(
    ("spec", "value"),
    [
        (STEPS, 0),
        (STEPS, 201),
        (STEPS, 1.5),
        (STEPS, True),
        (STEPS, "20"),
        (STEPS, None),
        (SCALE, -0.1),
        (SCALE, float("nan")),
        (SCALE, float("inf")),
        (SCALE, 10**400),
        (SCALE, False),
        (PICTURE, 3),
        (PICTURE, "a\0b"),
        (LOUD, 1),
        (TEXT, 3),
        (TEXT, ["cat"]),
    ],
)
def test_bad_values_are_refused_in_three_parts_at_the_setting(spec: SettingSpec, value: Any) -> None:
    with pytest.raises(InputError) as raised:
        spec.parse(value)
    assert raised.value.port == spec.name
    assert raised.value.what.startswith(spec.label)
    assert raised.value.fix


def test_the_message_names_value_range_and_nearest() -> None:
    with pytest.raises(InputError) as raised:
        STEPS.parse(500)
    assert str(raised.value) == (
        "Steps 500 is out of range. Steps takes numbers from 1 to 200 steps. Use 200, the nearest one."
    )
    with pytest.raises(InputError, match=r"of 0 or more\. Use 0\.0"):
        SCALE.parse(-1)


def test_the_nearest_number_is_within_the_range() -> None:
    assert [STEPS.nearest(value) for value in (-5, 7.6, 900)] == [1, 8, 200]
    assert SCALE.nearest(-1) == 0.0


@pytest.mark.parametrize(
    ("spec", "text", "value"),
    [(STEPS, "30", 30), (SCALE, "2.5", 2.5), (LOUD, "on", True), (LOUD, "false", False), (TEXT, "7", "7")],
)
def test_text_from_a_command_line_becomes_a_value(spec: SettingSpec, text: str, value: Any) -> None:
    assert spec.from_text(text) == value


@pytest.mark.parametrize(("spec", "text"), [(STEPS, "many"), (STEPS, "0"), (LOUD, "perhaps"), (SCALE, "nan")])
def test_text_that_is_no_value_is_refused(spec: SettingSpec, text: str) -> None:
    with pytest.raises(InputError):
        spec.from_text(text)


def test_choices_may_be_found_when_asked() -> None:
    installed: list[str] = []
    spec = SettingSpec("model", str, "first", Setting(choices=lambda: tuple(installed)))
    with pytest.raises(InputError, match="nothing to choose from"):
        spec.parse("first")
    installed.append("first")
    assert spec.parse("first") == "first"
    assert spec.choices() == ("first",)


def test_files_that_a_value_stands_for() -> None:
    assert PICTURE.files(Path("a.png")) == (Path("a.png"),)
    assert SettingSpec("folder", Path, None, Setting(widget="folder")).files(Path("x")) == ()
    assert SettingSpec("mask", str, None, Setting(widget="file")).files("m.png") == (Path("m.png"),)
    model = SettingSpec("model", str, None, Setting(reads=lambda name: [Path(name) / "model.json"]))
    assert model.files("cat") == (Path("cat/model.json"),)
    assert TEXT.files("cat") == ()


def test_the_empty_path_is_an_empty_text_in_the_file() -> None:
    assert PICTURE.to_json(Path()) == ""
    assert PICTURE.parse("") == Path()
