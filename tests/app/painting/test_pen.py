"""A tablet's pen: pressure, its eraser end, its button, and moving the picture with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QInputDevice, QPointingDevice, QPointingDeviceUniqueId, QTabletEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

OpenStudio = Callable[..., Any]
Ends = QPointingDevice.PointerType
LEFT, RIGHT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.NoButton


def pen(end: Ends) -> QPointingDevice:
    """A stylus as a tablet's driver announces it."""
    abilities = QInputDevice.Capability.Position | QInputDevice.Capability.Pressure
    kind = QInputDevice.DeviceType.Stylus
    return QPointingDevice("stylus", 7, kind, end, abilities, 1, 2, "", QPointingDeviceUniqueId.fromNumericId(7))


def send(studio: Any, kind: QEvent.Type, device: QPointingDevice, place: QPointF, pressure: float, **more: Any) -> bool:
    """Send one event as Qt's window system does; return whether it was taken."""
    easel = studio.panel.easel
    at = easel.to_widget(place)
    button, down = more.get("button", LEFT), more.get("down", LEFT)
    event = QTabletEvent(
        kind, device, at, QPointF(easel.mapToGlobal(at.toPoint())), pressure, 0.0, 0.0, 0.0, 0.0, 0.0,
        Qt.KeyboardModifier.NoModifier, button, down,
    )  # fmt: skip
    QApplication.sendEvent(easel, event)
    return event.isAccepted()


def draw(studio: Any, device: QPointingDevice, places: list[tuple[float, float, float]], button: Any = LEFT) -> None:
    """Press, move and lift a pen: x, y and pressure of each place."""
    (x, y, pressure), *others = places
    assert send(studio, QEvent.Type.TabletPress, device, QPointF(x, y), pressure, button=button, down=button)
    for x, y, pressure in others:
        send(studio, QEvent.Type.TabletMove, device, QPointF(x, y), pressure, button=NONE, down=button)
    send(studio, QEvent.Type.TabletRelease, device, QPointF(x, y), 0.0, button=button, down=NONE)


def width_at(studio: Any, column: int) -> int:
    return int((studio.session.surface.pixels[:, column] > 127).sum())


def test_pressure_decides_how_wide_a_stroke_is(open_studio: OpenStudio) -> None:
    studio = open_studio(256, 128)
    studio.panel.bar.diameter.setValue(40)
    draw(studio, pen(Ends.Pen), [(x, 64, 0.2 + 0.8 * (x - 40) / 160) for x in range(40, 201, 8)])
    widths = [width_at(studio, column) for column in (60, 100, 140, 180)]
    assert widths == sorted(widths)
    assert widths[-1] > 2 * widths[0] > 0
    studio.document.undo()
    assert not studio.session.surface.pixels.any(), "a pen's stroke is one step"


def test_a_light_touch_leaves_a_thin_line_and_lifting_no_blob(open_studio: OpenStudio) -> None:
    studio = open_studio(256, 128)
    studio.panel.bar.diameter.setValue(40)
    draw(studio, pen(Ends.Pen), [(40, 64, 0.1), (120, 64, 0.1), (200, 64, 0.1)])
    assert 0 < width_at(studio, 120) <= 8
    assert width_at(studio, 199) <= 8


def test_the_eraser_end_erases_and_the_tip_paints_again(open_studio: OpenStudio) -> None:
    studio = open_studio()
    studio.panel.commands.fill()
    draw(studio, pen(Ends.Eraser), [(10, 20, 1.0), (30, 20, 1.0), (50, 20, 1.0)])
    assert (studio.session.surface.pixels[20, 12:48] == 0).all()
    assert studio.panel.tool == "brush", "the tool that is chosen stays"
    draw(studio, pen(Ends.Pen), [(10, 20, 1.0), (50, 20, 1.0)])
    assert (studio.session.surface.pixels[20, 12:48] == 255).all()


@pytest.mark.parametrize("tool", ["brush", "rectangle", "lasso"])
def test_a_pen_s_button_erases_with_every_tool(open_studio: OpenStudio, tool: str) -> None:
    studio = open_studio()
    studio.panel.commands.fill()
    studio.panel.choose(tool)
    draw(studio, pen(Ends.Pen), [(10, 10, 1.0), (40, 10, 1.0), (40, 30, 1.0)], RIGHT)
    assert (studio.session.surface.pixels == 0).any()
    assert not studio.panel.easel.tool.busy


def test_a_hovering_pen_shows_the_next_side_of_a_polygon(open_studio: OpenStudio) -> None:
    studio, tip = open_studio(), pen(Ends.Pen)
    studio.panel.choose("polygon")
    for corner in ((10, 10), (50, 10)):
        draw(studio, tip, [(*corner, 1.0)])
    send(studio, QEvent.Type.TabletMove, tip, QPointF(30, 40), 0.0, button=NONE, down=NONE)
    assert studio.panel.easel.tool.outline().boundingRect().bottom() == pytest.approx(40, abs=0.5)


def test_space_and_the_pen_move_the_picture(open_studio: OpenStudio) -> None:
    studio, tip = open_studio(), pen(Ends.Pen)
    easel, before = studio.panel.easel, studio.panel.easel.offset
    QTest.keyPress(easel, Qt.Key.Key_Space)
    place = QPointF(20, 20)
    send(studio, QEvent.Type.TabletPress, tip, place, 1.0)
    send(studio, QEvent.Type.TabletMove, tip, place + QPointF(4, 2), 1.0, button=NONE)
    send(studio, QEvent.Type.TabletRelease, tip, place, 0.0, down=NONE)
    QTest.keyRelease(easel, Qt.Key.Key_Space)
    moved = easel.offset - before
    assert (moved.x(), moved.y()) == (pytest.approx(4 * easel.scale), pytest.approx(2 * easel.scale))
    assert not np.any(studio.session.surface.pixels)
