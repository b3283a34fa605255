"""The tools at the left of the painter: a button and a key for each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QButtonGroup, QToolButton, QVBoxLayout, QWidget

from app.painting import tools
from app.painting.easel import Easel
from app.painting.surface import Surface
from app.painting.tools import BrushTool, FillTool, PaintOptions, PickTool, PolygonTool, ShapeTool, Tool
from app.panels.widgets import small_button

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
    """A column of buttons, one of them pressed.

    Attributes:
        buttons: By the tool's name.

    Signals:
        chosen(str): A person wants this tool.
    """

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.buttons: dict[str, QToolButton] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        group = QButtonGroup(self)
        for name, picture, words, key, help in TOOLS:
            button = small_button(picture, f"{words} ({key}): {help}")
            button.setCheckable(True)
            button.clicked.connect(partial(self._tell, name))
            group.addButton(button)
            column.addWidget(button)
            self.buttons[name] = button
        column.addStretch(1)

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

    def _tell(self, name: str, _checked: bool = False) -> None:
        self.chosen.emit(name)
