"""Two pictures over each other: a line that follows the pointer parts them; zoom and pan move both."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from app.panels.preview import PictureView
from app.panels.widgets import wrapped_label
from app.theme import theme


class CompareView(PictureView):
    """The first picture left of the line, the second right of it, stretched to the first one's size.

    Attributes:
        split: Where the line is, as a share of the width.
    """

    def __init__(self, first: QImage, second: QImage) -> None:
        super().__init__()
        self._second = second
        self.split = 0.5
        self.setMouseTracking(True)
        self.show_image(first)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        assert self.image is not None
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.zoom is None)
        line = self.width() * self.split
        painter.setClipRect(QRectF(line, 0, self.width() - line, self.height()))
        painter.fillRect(self.rect(), theme().color("field"))
        painter.drawImage(self._target(self.image), self._second)
        painter.setClipping(False)
        painter.setPen(QPen(theme().color("accent"), 2))
        painter.drawLine(QPointF(line, 0), QPointF(line, self.height()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() == Qt.MouseButton.NoButton:
            self.split = min(max(event.position().x() / max(self.width(), 1), 0.0), 1.0)
            self.update()
        else:
            super().mouseMoveEvent(event)


class CompareDialog(QDialog):
    """A window with the two.

    Attributes:
        view: The pictures.
    """

    def __init__(self, first: QImage, second: QImage, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Compare")
        self.resize(760, 800)
        self.view = CompareView(first, second)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 12)
        layout.addWidget(self.view, 1)
        hint = "Move the pointer to part them; the wheel zooms both, dragging moves both, a double-click fits them."
        if first.size() != second.size():
            hint += f" The second has {second.width()} × {second.height()} pixels and is shown at the first one's size."
        layout.addWidget(wrapped_label(hint, "hint"))
