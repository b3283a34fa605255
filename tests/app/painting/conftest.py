"""An easel on a session over a small workflow, and a pointer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.document import Document
from app.painting.panel import PaintPanel
from app.painting.session import PaintSession, Target
from app.theme import apply_theme
from core.graph.edits import AddNode
from core.graph.workflow import Node

Places = list[tuple[float, float]]


@dataclass
class Studio:
    """A shown painter of node "mask"."""

    document: Document
    session: PaintSession
    panel: PaintPanel

    def drag(
        self,
        places: Places,
        button: Qt.MouseButton = Qt.MouseButton.LeftButton,
        keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    ) -> None:
        """Press, move and release at places of the picture."""
        easel = self.panel.easel
        points = [easel.to_widget(QPointF(*place)).toPoint() for place in places]
        QTest.mousePress(easel, button, keys, points[0])
        for point in points[1:]:
            QTest.mouseMove(easel, point)
        QTest.mouseRelease(easel, button, keys, points[-1])

    def value(self, x: int, y: int) -> int:
        """What is painted at a pixel."""
        return int(self.session.surface.pixels[y, x])

    def text(self) -> str:
        """What the document holds."""
        return str(self.document.workflow.nodes["mask"].settings.get("mask", ""))


def plain(width: int, height: int) -> QImage:
    """A grey picture, its left half darker."""
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor(200, 200, 200))
    for y in range(height):
        for x in range(width // 2):
            image.setPixelColor(x, y, QColor(40, 40, 40))
    return image


@pytest.fixture
def open_studio(qtbot: QtBot, qapp: Any) -> Iterator[Callable[..., Studio]]:
    """Open a painter over a picture of this size."""
    apply_theme(qapp)
    opened: list[Studio] = []

    def make(width: int = 64, height: int = 48, text: str = "", picture: bool = True) -> Studio:
        document = Document()
        settings = {"mask": text} if text else {}
        document.history.workflow.apply(AddNode(Node(id="mask", type="loom.mask.paint", settings=settings)))
        session = PaintSession(document)
        panel = PaintPanel(session)
        panel.resize(560, 640)
        qtbot.addWidget(panel)
        panel.show()
        session.open(Target("mask", "mask"), plain(width, height) if picture else None)
        qtbot.waitExposed(panel)
        panel.bar.diameter.setValue(6)
        opened.append(Studio(document, session, panel))
        return opened[-1]

    yield make
    for studio in opened:
        studio.session.close()
