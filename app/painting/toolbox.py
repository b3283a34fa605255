"""The tools at the left of the painter: a button and a key for each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QToolButton, QWidget

from app.painting import tools
from app.painting.easel import Easel
from app.painting.surface import Surface
from app.painting.tools import BrushTool, FillTool, PaintOptions, PickTool, PolygonTool, ShapeTool, Tool
from app.panels.widgets import small_button
from app.theme import theme

TOOLS = (
    ("brush", "brush", "Brush", "B", "right button erases, Shift draws straight on"),
    ("eraser", "eraser", "Eraser", "E", "takes paint away"),
    ("rectangle", "rectangle", "Rectangle", "R", "Shift: square"),
    ("ellipse", "ellipse", "Ellipse", "O", "Shift: circle"),
    ("lasso", "lasso", "Lasso", "L", "draw around what to paint"),
    ("polygon", "polygon", "Polygon", "P", "click corners; Enter or the first corner closes"),
    ("fill", "bucket", "Fill", "G", "what is connected and alike in the picture"),
    ("picker", "picker", "Pick a colour", "I", "paint with a colour of the picture"),
)

_GAP = 2


def make_tools(
    surface: Surface, options: PaintOptions, easel: Easel, take_color: Callable[[QColor], None]
) -> dict[str, Tool]:
    """Return a tool for each name in `TOOLS`; `take_color` hears of a picked colour."""
    return {
        "brush": BrushTool(surface, options),
        "eraser": BrushTool(surface, options, eraser=True),
        "rectangle": ShapeTool(surface, options, tools.rectangle),
        "ellipse": ShapeTool(surface, options, tools.ellipse),
        "lasso": ShapeTool(surface, options, tools.polygon),
        "polygon": PolygonTool(surface, options),
        "fill": FillTool(surface, options, lambda: easel.picture),
        "picker": PickTool(surface, options, lambda: easel.picture, take_color),
    }


class Toolbox(QWidget):
    """A column of buttons, two where there is too little height; one button is pressed.

    Attributes:
        buttons: By the tool's name.

    Signals:
        chosen(str): A person wants this tool.
    """

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.buttons: dict[str, QToolButton] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(_GAP)
        self._rows = 0
        group = QButtonGroup(self)
        for name, picture, words, key, help in TOOLS:
            button = small_button(picture, f"{words} ({key}): {help}")
            button.setCheckable(True)
            button.clicked.connect(partial(self._tell, name))
            group.addButton(button)
            self.buttons[name] = button
        self._arrange(len(TOOLS))

    @property
    def tool(self) -> str:
        """Name of the tool whose button is pressed."""
        return next(name for name, button in self.buttons.items() if button.isChecked())

    def offer_picker(self, wanted: bool) -> None:
        """Show the tool that takes colours, or not."""
        self.buttons["picker"].setVisible(wanted)

    def show_tool(self, name: str) -> None:
        """Press a tool's button."""
        self.buttons[name].setChecked(True)

    def _arrange(self, rows: int) -> None:
        """Lay the buttons out in so many rows, the first column first."""
        if rows != self._rows:
            self._rows = rows
            for index, button in enumerate(self.buttons.values()):
                self._grid.addWidget(button, index % rows, index // rows)
            for row in range(len(TOOLS) + 1):
                self._grid.setRowStretch(row, 1 if row == rows else 0)

    def _height(self, rows: int) -> int:
        return rows * (theme().px("control") + _GAP)

    def _tell(self, name: str, _checked: bool = False) -> None:
        self.chosen.emit(name)

    def resizeEvent(self, event: QResizeEvent) -> None:
        rows = len(TOOLS)
        self._arrange(rows if event.size().height() >= self._height(rows) else -(-rows // 2))
        super().resizeEvent(event)

    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), self._height(-(-len(TOOLS) // 2)))
