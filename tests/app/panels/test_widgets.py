"""Small pieces that the panels share."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QComboBox, QSlider, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from app.catalogue import SettingCard
from app.panels.controls import NumberControl, make_control
from app.panels.widgets import leave_wheel


def turn_wheel(widget: QWidget) -> QWheelEvent:
    """Turn the wheel over the middle of a widget by one notch."""
    middle = QPointF(widget.rect().center())
    event = QWheelEvent(
        middle,
        QPointF(widget.mapToGlobal(middle.toPoint())),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)
    return event


def box() -> QComboBox:
    made = QComboBox()
    made.addItems(["one", "two", "three"])
    return made


@pytest.mark.parametrize("make", [box, QSpinBox, QSlider])
def test_the_wheel_over_a_box_is_left_to_what_scrolls(qtbot: QtBot, make: type[QComboBox | QSpinBox | QSlider]) -> None:
    field = make()
    qtbot.addWidget(field)
    leave_wheel(field)
    before = field.currentIndex() if isinstance(field, QComboBox) else field.value()
    assert not turn_wheel(field).isAccepted()
    assert before == (field.currentIndex() if isinstance(field, QComboBox) else field.value())


@pytest.mark.parametrize("value", [10**400, -(10**400), 1e300])
def test_a_number_beyond_the_machine_shows_as_the_nearest(qtbot: QtBot, value: float) -> None:
    control = make_control(SettingCard("a", "int", 0, "A", min=0, max=9))
    assert isinstance(control, NumberControl)
    qtbot.addWidget(control)
    control.show_value(value)
    assert control.field.value() == (9 if value > 0 else 0)
