"""Each setting gets the fitting control, and every control gives plain JSON."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QSpinBox
from pytestqt.qtbot import QtBot

from app.catalogue import SettingCard
from app.panels import controls


def setting(kind: str = "int", **parts: Any) -> SettingCard:
    return SettingCard(name="it", kind=kind, default=None, label="It", **parts)


@pytest.mark.parametrize(
    ("card", "control"),
    [
        (setting("int", min=1, max=9), controls.NumberControl),
        (setting("float", min=0.0, max=1.0, widget="slider"), controls.SliderControl),
        (setting("float", widget="slider"), controls.NumberControl),
        (setting("int", widget="seed"), controls.SeedControl),
        (setting("str", widget="multiline"), controls.LongTextControl),
        (setting("str"), controls.TextControl),
        (setting("str", choices=("a", "b")), controls.ChoiceControl),
        (setting("str", choices=(), dynamic=True), controls.ChoiceControl),
        (setting("bool"), controls.SwitchControl),
        (setting("Path", widget="file"), controls.PathControl),
        (setting("str", widget="folder"), controls.PathControl),
    ],
)
def test_the_control_fits_the_setting(qtbot: QtBot, card: SettingCard, control: type) -> None:
    made = controls.make_control(card)
    qtbot.addWidget(made)
    assert type(made) is control


def test_a_number_has_its_unit_and_range(qtbot: QtBot) -> None:
    control = controls.NumberControl(setting("int", min=8, max=64, step=8, unit="px"))
    qtbot.addWidget(control)
    control.show_value(16)
    assert isinstance(control.field, QSpinBox)
    assert control.field.text() == "16 px"
    given: list[object] = []
    control.changed.connect(given.append)
    QTest.keyClick(control.field, Qt.Key.Key_Up)
    assert given == [24]
    control.show_value(999)
    assert control.field.value() == 64
    assert given == [24], "showing a value must not report it"


def test_dice_give_a_seed_within_the_range(qtbot: QtBot) -> None:
    control = controls.SeedControl(setting("int", widget="seed", min=10, max=12))
    qtbot.addWidget(control)
    given: list[Any] = []
    control.changed.connect(given.append)
    for _ in range(20):
        control.roll()
    assert set(given) <= {10, 11, 12}
    assert control.field.text() == str(given[-1])


def test_a_lock_tells_and_shows_whether_a_seed_is_drawn(qtbot: QtBot) -> None:
    control = controls.SeedControl(setting("int", widget="seed"))
    qtbot.addWidget(control)
    asked: list[bool] = []
    control.drawing_asked.connect(asked.append)
    closed = control.lock.icon().cacheKey()
    control.show_drawn(True)
    assert control.lock.icon().cacheKey() != closed
    assert asked == [], "showing it must not report it"
    control.lock.click()
    assert asked == [False]
    assert control.lock.toolTip() == controls.LOCKED


def test_a_seed_larger_than_a_spin_box_holds_can_be_typed(qtbot: QtBot) -> None:
    control = controls.SeedControl(setting("int", widget="seed"))
    qtbot.addWidget(control)
    given: list[Any] = []
    control.changed.connect(given.append)
    QTest.keyClicks(control.field, "4294967295")
    assert given[-1] == 2**32 - 1


def test_a_choice_that_is_gone_is_kept_and_marked(qtbot: QtBot) -> None:
    control = controls.ChoiceControl(setting("str", choices=("a", "b")))
    qtbot.addWidget(control)
    control.show_value("c")
    assert control.field.currentText() == "c (not available)"
    control.show_value("b")
    assert control.field.currentData() == "b"


def test_a_slider_and_its_number_move_together(qtbot: QtBot) -> None:
    control = controls.SliderControl(setting("float", min=0.0, max=2.0, step=0.01, widget="slider"))
    qtbot.addWidget(control)
    given: list[Any] = []
    control.changed.connect(given.append)
    control.slider.setValue(100)
    assert given == [pytest.approx(1.0)]
    control.show_value(2.0)
    assert control.slider.value() == control.slider.maximum()
