"""The large picture: live while the sampler works, then the result; zoom, pan and save."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QFileDialog, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.panels.picture_writer import encoded
from app.panels.widgets import panel_header, small_button
from app.theme import font, pixmap, theme
from core.errors import LoomError
from core.graph.atomic_write import write_atomically

_SMOOTH_BELOW = 6.0
"""Enlarged more than this, pixels are shown as squares: a person is then looking at pixels."""


_CAPTIONED = 160
"""Logical pixels of a panel that has room for a line below the picture."""
_STALE_OPACITY = 0.35


class PictureView(QWidget):
    """One picture, whole or zoomed.

    Attributes:
        image: The picture, or None.
        zoom: Scale in screen pixels a picture pixel; None = as large as fits whole.
        stale: Whether the workflow no longer makes this picture; it is then dimmed.
    """

    def __init__(self, hint: str = "Run to make a picture") -> None:
        super().__init__()
        self._own_hint = self._hint = hint
        self.image: QImage | None = None
        self.zoom: float | None = None
        self.stale = False
        self._pan = QPointF()
        self._grabbed: QPointF | None = None
        self.setMinimumSize(160, 48)  # in a small window there is no more, and what is below would lie over it
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_image(self, image: QImage | None) -> None:
        """Show another picture; zoom and place stay while the size does."""
        if image is None or self.image is None or image.size() != self.image.size():
            self.fit()
        self.image = image
        self.update()

    def show_hint(self, hint: str = "") -> None:
        """Say something else where there is no picture, or again what was said first."""
        self._hint = hint or self._own_hint
        self.update()

    def fit(self) -> None:
        """Show the whole picture as large as it fits."""
        self.zoom, self._pan = None, QPointF()
        self.update()

    def actual(self) -> None:
        """Show one picture pixel on one screen pixel."""
        self.zoom, self._pan = 1.0, QPointF()
        self.update()

    def scale(self) -> float:
        """The present scale, in screen pixels a picture pixel."""
        if self.zoom is not None or self.image is None or self.image.isNull():
            return self.zoom or 1.0
        return min(self.width() / self.image.width(), self.height() / self.image.height())

    def _target(self, image: QImage) -> QRectF:
        width, height = image.width() * self.scale(), image.height() * self.scale()
        centre = QRectF(self.rect()).center() + self._pan
        return QRectF(centre.x() - width / 2, centre.y() - height / 2, width, height)

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.color("field"))
        painter.drawRoundedRect(self.rect(), look.px("radius"), look.px("radius"))
        if self.image is None or self.image.isNull():
            mark = pixmap("picture", "text_faint", 24)
            middle = self.rect().center()
            painter.setOpacity(0.6)
            painter.drawPixmap(middle.x() - 12, middle.y() - 28, mark)
            painter.setOpacity(1.0)
            painter.setPen(look.color("text_faint"))
            painter.setFont(font("font_small"))
            flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(40, middle.y() + 4, -40, 0), flags, self._hint)
            return
        smooth = self.zoom is None or self.scale() < _SMOOTH_BELOW
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.setClipRect(self.rect())
        painter.setOpacity(_STALE_OPACITY if self.stale else 1.0)
        painter.drawImage(self._target(self.image), self.image)

    def wheelEvent(self, event: QWheelEvent) -> None:
        before = self.scale()
        after = min(max(before * 1.0015 ** event.angleDelta().y(), 0.05), 40.0)
        offset = event.position() - QRectF(self.rect()).center() - self._pan
        self._pan += offset * (1 - after / before)
        self.zoom = after
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._grabbed = event.position() - self._pan

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grabbed is not None and self.zoom is not None:
            self._pan = event.position() - self._grabbed
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grabbed = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.fit()


class PreviewPanel(QWidget):
    """Picture, caption and buttons.

    Attributes:
        view: The picture.

    Signals:
        failed(LoomError): The picture could not be saved.
        saved(str): It was saved to this path.
        painting_asked(object): A person wants to paint on it: an earlier picture as a QImage, or "" for a run's.
        made(QImage, dict): A run has made this picture, which carries these texts.
    """

    failed = Signal(object)
    saved = Signal(str)
    painting_asked = Signal(object)
    made = Signal(QImage, dict)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        self.view = PictureView()
        self._caption = QLabel(" ")
        self._caption.setObjectName("help")
        self.folder = Path.home()
        self._texts: dict[str, str] = {}
        self._kept = False
        self._own_caption = " "
        self._save = small_button("save", "Save the picture as…", self.save_as)
        self._save.setEnabled(False)
        self._paint = small_button("brush", "Paint a mask on the picture", self._ask_painting)
        self._paint.setEnabled(False)
        buttons = (
            self._paint,
            small_button("fit", "Fit the picture (double-click)", self.view.fit),
            small_button("actual", "One to one", self.view.actual),
            self._save,
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(panel_header("PICTURE", *buttons))
        inner = QVBoxLayout()
        inner.setContentsMargins(16, 0, 12, 8)
        inner.setSpacing(6)
        inner.addWidget(self.view, 1)
        inner.addWidget(self._caption)
        layout.addLayout(inner, 1)

    def show_picture(
        self, image: QImage | None, caption: str, texts: dict[str, str] | None = None, *, made: bool = True
    ) -> None:
        """Show a picture; `texts` go into the file when a person saves it. One with texts is whole: a run `made` it."""
        if image is not None and texts and made:
            self.made.emit(image, texts)
        self.view.show_image(image)
        self._own_caption = caption or " "
        self._texts, self._kept = texts or {}, False
        for button in (self._save, self._paint):
            button.setEnabled(image is not None)
        self.show_stale(False)

    def show_kept(self, image: QImage, caption: str, texts: dict[str, str]) -> None:
        """Show a picture that was made earlier."""
        self.show_picture(image, caption, texts, made=False)
        self._kept = True

    def show_stale(self, stale: bool) -> None:
        """Dim the picture when the workflow has changed since it was made."""
        self.view.stale = stale and self.view.image is not None
        self.view.update()
        self._caption.setText(f"{self._own_caption} · out of date" if self.view.stale else self._own_caption)

    def _ask_painting(self) -> None:
        self.painting_asked.emit(self.view.image if self._kept else "")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._caption.setVisible(event.size().height() >= _CAPTIONED)

    @property
    def caption(self) -> str:
        """The line below the picture."""
        return self._caption.text()

    def save_as(self) -> None:
        """Ask for a file and write the picture there."""
        start = str(self.folder / "picture.png")
        path, _ = QFileDialog.getSaveFileName(
            self, "Save the picture", start, "PNG (*.png);;JPEG (*.jpg);;WebP (*.webp)"
        )
        if path:
            self.save(Path(path))

    def save(self, path: Path) -> None:
        """Write the picture, with the workflow in it where the format holds texts."""
        if self.view.image is None:
            return
        path = path if path.suffix else path.with_suffix(".png")
        image = self.view.image.copy()
        for key, text in self._texts.items():
            image.setText(key, text)
        try:
            write_atomically(path, encoded(image, path.suffix[1:].encode()))
        except OSError as error:
            failure = LoomError(
                f'The picture could not be saved to "{path}".',
                why=f"The system says: {error.strerror or error}. An earlier file there was left as it was.",
                fix="Make room on that disk, choose another folder, or a name that ends in .png, .jpg or .webp.",
            )
            self.failed.emit(failure)
            return
        self.folder = path.parent
        self.saved.emit(str(path))
