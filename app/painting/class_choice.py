"""The class that is painted on a map, or that a layout box is of."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox

from app.painting.palette import swatch
from app.painting.surface import class_color


class ClassChoice(QComboBox):
    """The classes that a model knows, each in its colour."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Class to paint")

    def offer(self, classes: Sequence[str], *, free: bool) -> None:
        """Offer these classes; `free` lets a person write another one. Without any, nothing is shown."""
        self.setVisible(bool(classes))
        self.setEditable(free)
        if [self.itemText(index) for index in range(self.count())] != list(classes):
            self.clear()
            for label, name in enumerate(classes):
                self.addItem(swatch(class_color(label)), name)
            self.setCurrentIndex(min(1, len(classes) - 1))

    def show_class(self, name: str) -> None:
        """Show a class without a person's having chosen it."""
        with QSignalBlocker(self):
            self.setCurrentText(name)
