"""The settings window: how the program looks, and how far undo reaches. It holds from the next start on."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QVBoxLayout, QWidget

from app.panels.widgets import wrapped_label
from app.settings import SCALES, THEMES, UNDO_MEGABYTES, Settings


class Preferences(QDialog):
    """Look, scale and memory.

    Attributes:
        look: The theme.
        scale: The size of everything, in percent.
        undo: The memory of undo, in MB.
    """

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self.setMinimumWidth(380)
        self._settings = settings
        self.look, self.scale, self.undo = QComboBox(), QComboBox(), QComboBox()
        for name in THEMES:
            self.look.addItem(name.capitalize(), name)
        for percent in SCALES:
            self.scale.addItem(f"{percent} %", percent)
        for megabytes in UNDO_MEGABYTES:
            self.undo.addItem(f"{megabytes} MB", megabytes)
        self.undo.setToolTip("The oldest strokes and texts beyond it can no longer be undone")
        self.undo.setCurrentIndex(UNDO_MEGABYTES.index(settings.undo_megabytes))
        self.look.setCurrentIndex(THEMES.index(settings.theme))
        self.scale.setCurrentIndex(SCALES.index(settings.scale))
        form = QFormLayout()
        form.setHorizontalSpacing(24)
        form.setVerticalSpacing(12)
        form.addRow("Look", self.look)
        form.addRow("Size of everything", self.scale)
        form.addRow("Memory of undo, each workflow", self.undo)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self._take)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 16)
        layout.setSpacing(16)
        layout.addLayout(form)
        layout.addWidget(wrapped_label("Changes show when Latent Loom is started again.", "hint"))
        layout.addWidget(buttons)

    def _take(self) -> None:
        self._settings.theme = self.look.currentData()
        self._settings.scale = self.scale.currentData()
        self._settings.undo_megabytes = self.undo.currentData()
        self._settings.flush()
        self.accept()
