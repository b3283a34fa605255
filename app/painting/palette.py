"""The colours of a sketch: one is chosen, further ones are mixed or taken from the picture."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QButtonGroup, QColorDialog, QGridLayout, QToolButton, QWidget

from app.panels.widgets import small_button
from app.theme import theme

_SIDE, _ROW = 22, 15


class Palette(QWidget):
    """A button for each colour, and one to mix a new one.

    Attributes:
        swatches: The colours' buttons, in order.
        mix: Asks for a new colour.

    Signals:
        chosen(int): A person wants this colour, counted from 0.
        mixed(QColor): A person wants a colour that may not be there yet.
    """

    chosen = Signal(int)
    mixed = Signal(QColor)

    def __init__(self) -> None:
        super().__init__()
        self.swatches: list[QToolButton] = []
        self._colors: list[str] = []
        self._group = QButtonGroup(self)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(8, 0, 8, 6)
        self._grid.setSpacing(2)
        self.mix = small_button("plus", "Mix another colour", self._ask)
        self.mix.setFixedSize(_SIDE + 4, _SIDE + 4)
        self._grid.setColumnStretch(_ROW + 1, 1)

    def offer(self, colors: Sequence[str], chosen: int) -> None:
        """Offer these colours, such as "#ff8800", with one of them chosen."""
        if list(colors) != self._colors:
            for button in self.swatches:
                self._group.removeButton(button)
                button.hide()
                button.deleteLater()
            self._colors = list(colors)
            self.swatches = [self._swatch(index, color) for index, color in enumerate(colors)]
            self._place(self.mix, len(colors))
        if 0 <= chosen < len(self.swatches):
            self.swatches[chosen].setChecked(True)

    def _swatch(self, index: int, color: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName("swatch")
        button.setCheckable(True)
        button.setIcon(swatch(QColor(color)))
        button.setIconSize(QSize(_SIDE - 4, _SIDE - 4))
        button.setFixedSize(_SIDE + 4, _SIDE + 4)
        button.setToolTip(color)
        button.setAccessibleName(f"Colour {color}")
        button.clicked.connect(partial(self._tell, index))
        self._group.addButton(button)
        self._place(button, index)
        return button

    def _place(self, button: QToolButton, index: int) -> None:
        self._grid.addWidget(button, index // _ROW, index % _ROW)

    def _tell(self, index: int, _checked: bool = False) -> None:
        self.chosen.emit(index)

    def _ask(self) -> None:
        checked = next((i for i, button in enumerate(self.swatches) if button.isChecked()), None)
        present = QColor(self._colors[checked]) if checked is not None else QColor("white")
        color = QColorDialog.getColor(present, self, "Mix a colour")
        if color.isValid():
            self.mixed.emit(color)


def swatch(color: QColor) -> QIcon:
    """A rounded square of a colour, with an edge that shows on every background."""
    picture = QPixmap(2 * _SIDE, 2 * _SIDE)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(theme().color("text_faint"))
    painter.setBrush(color)
    painter.drawRoundedRect(QRectF(2, 2, 2 * _SIDE - 4, 2 * _SIDE - 4), 8, 8)
    painter.end()
    return QIcon(picture)
