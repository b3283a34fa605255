"""The status bar: what the run does at the left, device and elapsed time at the right."""

from __future__ import annotations

import html
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QStatusBar, QWidget

from app.theme import theme

CPU = "CPU"
_SLOW = (
    "No GPU was found, so the processor computes. The shipped models make a picture in seconds; Stable Diffusion takes "
    "minutes for 512 × 512 pixels, and training hours to days. With an NVIDIA GPU, its driver and the CUDA build of "
    "PyTorch, it is used at the next start."
)
_FAST = "The GPU computes: Stable Diffusion takes seconds for 512 × 512 pixels, if the model fits in its memory."


class Dot(QWidget):
    """A small disc in a colour of the theme."""

    def __init__(self) -> None:
        super().__init__()
        self._color = QColor(theme().color("text_faint"))
        self.setFixedSize(20, 16)

    def show_color(self, name: str) -> None:
        """Take another colour of the theme."""
        self._color = theme().color(name)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._color)
        painter.drawEllipse(10, 5, 7, 7)


class StatusLine:
    """Fills a window's status bar."""

    def __init__(self, bar: QStatusBar) -> None:
        bar.setSizeGripEnabled(False)
        self._dot, self._state, self._elapsed, self._device = Dot(), QLabel(), QLabel(), QLabel()
        self._plain = ""
        self._state.setTextFormat(Qt.TextFormat.RichText)
        self._state.setOpenExternalLinks(True)
        bar.addWidget(self._dot)
        bar.addWidget(self._state, 1)
        bar.addPermanentWidget(self._elapsed)
        bar.addPermanentWidget(self._device)

    def show_state(self, text: str, color: str) -> None:
        """Say what goes on; `color` is a name of the theme."""
        self._plain = text
        self._state.setText(html.escape(text))
        self._dot.show_color(color)

    def show_saved(self, path: Path, *, again: bool) -> None:
        """Add where the result is, as a link that opens the file; `again` = it was saved by an earlier run."""
        shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
        words = "already saved" if again else "saved"
        link = QUrl.fromLocalFile(str(path)).toString(QUrl.ComponentFormattingOption.FullyEncoded)
        color = theme().colors["accent"]
        name = f'<a href="{html.escape(link)}" style="color: {color}">{html.escape(shown.as_posix())}</a>'
        self._state.setText(f"{html.escape(self._plain)} – {words} {name}")
        self._plain += f" – {words} {shown.as_posix()}"

    def show_elapsed(self, text: str) -> None:
        """Show the time of the present or last run."""
        self._elapsed.setText(text)

    def show_device(self, text: str) -> None:
        """Show what computes, and as a tip what that means for the speed."""
        self._device.setText(text)
        self._device.setToolTip(_SLOW if text.startswith(CPU) else _FAST if text else "")

    @property
    def text(self) -> str:
        """What goes on, in words."""
        return self._plain

    @property
    def device(self) -> str:
        """What computes, in words."""
        return self._device.text()
