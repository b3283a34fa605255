"""Mouse events on a canvas."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from app.editor.canvas import Canvas

DoubleClick = Callable[[Canvas, QPointF], None]


@pytest.fixture
def double_click() -> DoubleClick:
    """Double-click with the left button at a scene position, as Qt sends it: press, release, double-click, release."""

    def act(canvas: Canvas, place: QPointF) -> None:
        at, target = canvas.viewer.mapFromScene(place), canvas.viewer.viewport()
        left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        for kind, held in (
            (QEvent.Type.MouseButtonPress, left),
            (QEvent.Type.MouseButtonRelease, none),
            (QEvent.Type.MouseButtonDblClick, left),
            (QEvent.Type.MouseButtonRelease, none),
        ):
            position = QPointF(QPoint(at))
            event = QMouseEvent(
                kind, position, target.mapToGlobal(position), left, held, Qt.KeyboardModifier.NoModifier
            )
            QApplication.sendEvent(target, event)

    return act
