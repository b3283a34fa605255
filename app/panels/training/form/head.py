"""The line above the form: the run's name, what it trains, and the template that it begins with."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QSizePolicy, QWidget

from app.panels.training.form.draft import Draft
from app.panels.widgets import leave_wheel
from app.theme import RESOURCES

_TEMPLATES = RESOURCES / "training"
_DEFAULT = "stickers-64"
_GOALS: Mapping[str, tuple[str, ...]] = {
    "Whole LDM": ("first_stage", "second_stage"),
    "LDM, decoder tuned": ("first_stage", "decoder", "second_stage"),
    "Autoencoder": ("first_stage",),
    "Diffusion model": ("second_stage",),
}
_WIDE = 720
"""Pixels from which on there is room for a heading, too."""
_NARROW = 560
"""Pixels below which the fields stand without their words; their tips and what they hold tell them apart."""


class FormHead(QWidget):
    """The line.

    Attributes:
        name, goal, template: Its fields.
    """

    def __init__(self, draft: Draft) -> None:
        super().__init__()
        self._draft = draft
        self.name, self.goal, self.template = QLineEdit(), QComboBox(), QComboBox()
        self.name.setAccessibleName("Name")
        self.name.setMinimumWidth(96)
        self.name.textEdited.connect(lambda text: draft.set_value("name", text))
        self.goal.setAccessibleName("What to train")
        self.goal.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        self.goal.setMinimumContentsLength(max(map(len, _GOALS)))
        for title, phases in _GOALS.items():
            self.goal.addItem(title, phases)
        self.goal.activated.connect(lambda index: draft.set_value("phases", list(self.goal.itemData(index))))
        self.template.setAccessibleName("Template")
        self.template.setPlaceholderText("the chosen run")
        self.template.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.template.setMinimumContentsLength(5)
        for file in sorted(_TEMPLATES.glob("*.toml")):
            self.template.addItem(file.stem, file)
        self.template.setCurrentIndex(max(0, self.template.findText(_DEFAULT)))
        for box in (self.goal, self.template):
            leave_wheel(box)
        self._heading = QLabel("New run")
        self._heading.setObjectName("runName")
        self._heading.setContentsMargins(0, 0, 12, 0)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 12, 16, 10)
        row.setSpacing(8)
        row.addWidget(self._heading)
        parts: tuple[tuple[str, QWidget, int], ...] = (
            ("Name", self.name, 1), ("Train", self.goal, 0), ("Begin with", self.template, 1),
        )  # fmt: skip
        self._words: list[QLabel] = []
        for words, part, stretch in parts:
            label = QLabel(words)
            label.setObjectName("muted")
            part.setToolTip(words)
            self._words.append(label)
            row.addWidget(label)
            row.addWidget(part, stretch)

    def refresh(self) -> None:
        """Show the draft, but not where a person is typing."""
        if not self.name.hasFocus():
            self.name.setText(str(self._draft.value("name") or ""))
        phases = tuple(self._draft.value("phases") or ())
        self.goal.setCurrentIndex(next((i for i, goal in enumerate(_GOALS.values()) if goal == phases), -1))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the heading, then the words before the fields give way in a small window."""
        super().resizeEvent(event)
        self._heading.setVisible(self.width() >= _WIDE)
        for label in self._words:
            label.setVisible(self.width() >= _NARROW)
