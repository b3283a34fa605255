"""One field of the form: label, control, help, and what the paper used."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QWidget,
)

from app.panels.training.form.draft import Draft
from app.panels.training.form.titles import title
from app.panels.widgets import leave_wheel, small_button, wrapped_label
from training import toml_writer
from training.config_fields import FieldSpec
from training.paper_values import OURS

_WIDE = 700
_WIDTHS = {True: (168, 250), False: (112, 150)}
"""Of the label, and of what the paper has: where a row has the width `_WIDE` or more, and where it has less."""
_A_LINE = 4  # buttons of a choice of several
_FOLDERS = ("path", "initial", "base", "perceptual_folder")


class Several(QWidget):
    """Any of several values, as buttons that stay down.

    Signals:
        chosen(object): A person wants these, list[str].
    """

    chosen = Signal(object)

    def __init__(self, choices: tuple[str, ...]) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(6)
        self.buttons = {choice: QPushButton(choice.replace("_", " ")) for choice in choices}
        for place, button in enumerate(self.buttons.values()):
            button.setCheckable(True)
            button.clicked.connect(lambda: self.chosen.emit(self.value()))
            grid.addWidget(button, place // _A_LINE, place % _A_LINE)

    def value(self) -> list[str]:
        """What is chosen, in the order of the choices."""
        return [choice for choice, button in self.buttons.items() if button.isChecked()]

    def show_value(self, value: Any) -> None:
        """Press these buttons."""
        for choice, button in self.buttons.items():
            button.setChecked(choice in (value or ()))


class FieldRow(QWidget):
    """A line of the form.

    Attributes:
        spec: The field.
        control: What a person changes.
    """

    def __init__(self, spec: FieldSpec, draft: Draft, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.spec, self._draft = spec, draft
        self.control = self._make_control()
        self.control.setAccessibleName(spec.name)
        label = QLabel(title(spec.name))
        label.setObjectName("fieldLabel")
        label.setToolTip(spec.name)
        paper = wrapped_label("Not in the paper" if spec.paper == OURS else f"Paper: {spec.paper}", "paper")
        self._beside = (label, paper)
        self._narrow_down(wide=True)
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(self.control, 1)
        if spec.name.rpartition(".")[2] in _FOLDERS:
            line.addWidget(small_button("folder", "Choose a folder", self._choose_folder))
        self._problem = wrapped_label("", "fieldProblem")
        self._problem.hide()
        top = Qt.AlignmentFlag.AlignTop
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 5, 0, 7)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(3)
        grid.addWidget(label, 0, 0)
        grid.addLayout(line, 0, 1)
        grid.addWidget(self._problem, 1, 1)
        grid.addWidget(wrapped_label(spec.help.replace("`", ""), "hint"), 2, 1)
        grid.addWidget(paper, 0, 2, 4, 1, top)
        grid.setRowStretch(3, 1)  # where the paper says more than the field's help
        grid.setColumnStretch(1, 1)
        self.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._narrow_down(wide=self.width() >= _WIDE)

    def _narrow_down(self, *, wide: bool) -> None:
        """Let what is beside the control give way in a small window."""
        for part, width in zip(self._beside, _WIDTHS[wide], strict=True):
            part.setFixedWidth(width)

    def refresh(self) -> None:
        """Show the draft's value, unless a person is typing it."""
        value, control = self._draft.value(self.spec.name), self.control
        with QSignalBlocker(control):
            if isinstance(control, QCheckBox):
                control.setChecked(value is not None if self.spec.kind == "part" else bool(value))
            elif isinstance(control, QComboBox):
                control.setCurrentText(str(value))
            elif isinstance(control, Several):
                control.show_value(value)
            elif isinstance(control, QLineEdit) and not control.hasFocus():
                control.setText(shown(value))
                control.setCursorPosition(0)

    @property
    def problem(self) -> str:
        """What is wrong with the field's value, or ""."""
        return self._problem.text()

    def mark(self, problem: str) -> None:
        """Say below the control what is wrong with its value; "" = nothing is."""
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))
        self.control.setAccessibleDescription(problem)

    def _make_control(self) -> QWidget:
        spec, draft = self.spec, self._draft
        if spec.kind in ("switch", "part"):
            check = QCheckBox("Use it" if spec.kind == "part" else "Yes")
            check.toggled.connect(self._switch)
            return check
        if spec.kind == "choice":
            box = QComboBox()
            leave_wheel(box)
            box.addItems(list(spec.choices))
            box.textActivated.connect(lambda text: draft.set_value(spec.name, text))
            return box
        if spec.kind == "list" and spec.choices:
            several = Several(spec.choices)
            several.chosen.connect(lambda value: draft.set_value(spec.name, value))
            return several
        field = QLineEdit()
        field.setPlaceholderText(shown(spec.default) or "none")
        field.textEdited.connect(lambda text: draft.set_text(spec.name, text))
        return field

    def _switch(self, on: bool) -> None:
        if self.spec.kind == "switch":
            self._draft.set_value(self.spec.name, on)
        elif on:
            self._draft.set_value(self.spec.name, {})
        else:
            self._draft.clear(self.spec.name)

    def _choose_folder(self) -> None:
        start = str(self._draft.value(self.spec.name) or "")
        path = QFileDialog.getExistingDirectory(self, self.spec.help or self.spec.name, start)
        if path:
            self._draft.set_value(self.spec.name, path)


def shown(value: Any) -> str:
    """A value as it is typed: plain text and numbers as they are, lists without brackets, tables as TOML."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple) and not any(isinstance(item, list | tuple) for item in value):
        return ", ".join(shown(item) for item in value)
    return toml_writer.value_text(value)
