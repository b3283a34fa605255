"""The fitting control for each kind of setting; all report plain JSON values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QRegularExpression, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSlider,
    QSpinBox,
    QWidget,
)

from app.catalogue import SettingCard
from app.panels.widgets import HistoryKeys, dress_small, leave_wheel, small_button
from app.seeds import draw

_INT32 = 2**31 - 1
LOCKED = "Locked: each run uses this seed. Click to let each run draw a new one."
UNLOCKED = "Unlocked: each run draws a new seed. Click to keep this one."


class Control(QWidget):
    """A control of one setting.

    Signals:
        changed(object): A person gave this value.
        painting_asked(): A person wants to paint it.
        drawing_asked(bool): A person wants each run to draw it anew, or to keep it.
    """

    changed = Signal(object)
    painting_asked = Signal()
    drawing_asked = Signal(bool)

    def __init__(self, setting: SettingCard, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setting = setting
        self.keys = HistoryKeys(self)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(4)

    def take(self, widget: QWidget) -> None:
        """Show `widget` as the main part: it gets the focus and the setting's name."""
        self.setFocusProxy(widget)
        widget.setAccessibleName(self.setting.label)
        widget.installEventFilter(self.keys)
        self.row.addWidget(widget, 1)

    def report(self, value: object) -> None:
        """Tell that a person gave this value."""
        self.changed.emit(value)

    def show_value(self, value: Any) -> None:
        """Show a value without reporting it."""
        raise NotImplementedError

    def show_drawn(self, drawn: bool) -> None:
        """Show whether each run draws the value anew, where that is possible."""


class TextControl(Control):
    """One line of text."""

    def __init__(self, setting: SettingCard) -> None:
        super().__init__(setting)
        self.field = QLineEdit()
        self.field.textEdited.connect(self.report)
        self.take(self.field)

    def show_value(self, value: Any) -> None:
        """Show a text, keeping the cursor where nothing changed."""
        if self.field.text() != str(value or ""):
            with QSignalBlocker(self.field):
                self.field.setText(str(value or ""))


class LongTextControl(Control):
    """Several lines of text, such as a prompt."""

    def __init__(self, setting: SettingCard) -> None:
        super().__init__(setting)
        self.field = QPlainTextEdit()
        self.field.setUndoRedoEnabled(False)
        self.field.setTabChangesFocus(True)
        self.field.setPlaceholderText(f"{setting.label}…")
        self.field.setFixedHeight(88)
        self.field.textChanged.connect(lambda: self.changed.emit(self.field.toPlainText()))
        self.take(self.field)

    def show_value(self, value: Any) -> None:
        """Show a text, keeping the cursor where nothing changed."""
        if self.field.toPlainText() != str(value or ""):
            with QSignalBlocker(self.field):
                self.field.setPlainText(str(value or ""))


class NumberControl(Control):
    """A number with its unit and range; with a slider where the setting asks for one."""

    def __init__(self, setting: SettingCard) -> None:
        super().__init__(setting)
        whole = setting.kind == "int"
        self.field: QSpinBox | QDoubleSpinBox = QSpinBox() if whole else QDoubleSpinBox()
        low = -_INT32 if setting.min is None else max(setting.min, -_INT32)
        high = _INT32 if setting.max is None else min(setting.max, _INT32)
        if isinstance(self.field, QSpinBox):
            self.field.setRange(int(low), int(high))
            self.field.setSingleStep(int(setting.step or 1))
        else:
            self.field.setDecimals(3 if (setting.step or 1) < 0.1 else 2)
            self.field.setRange(low, high)
            self.field.setSingleStep(setting.step or 0.1)
        if setting.unit:
            self.field.setSuffix(f" {setting.unit}")
        leave_wheel(self.field)
        self.field.valueChanged.connect(self.report)
        self.take(self.field)
        self.field.lineEdit().setTextMargins(6, 0, 0, 0)  # a style sheet's padding does not reach the text here
        self.field.lineEdit().installEventFilter(self.keys)

    def show_value(self, value: Any) -> None:
        """Show a number; one out of range shows as the nearest, the card and the check keep the truth."""
        if isinstance(value, (int, float)) and self.field.value() != value:
            field = self.field
            near = min(max(value, field.minimum()), field.maximum())  # Qt's own whole numbers have 32 bits
            with QSignalBlocker(field):
                if isinstance(field, QSpinBox):
                    field.setValue(int(near))
                else:
                    field.setValue(near)


class SliderControl(NumberControl):
    """A number with a slider before it; both ends must be given."""

    _STEPS = 200

    def __init__(self, setting: SettingCard) -> None:
        super().__init__(setting)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        leave_wheel(self.slider)
        self.slider.setRange(0, self._STEPS)
        self.slider.valueChanged.connect(self._slid)
        self.field.valueChanged.connect(self._follow)
        self.row.insertWidget(0, self.slider, 1)
        self.field.setFixedWidth(80)
        self._low, self._span = setting.min or 0.0, (setting.max or 1.0) - (setting.min or 0.0)

    def show_value(self, value: Any) -> None:
        """Show a number on both."""
        super().show_value(value)
        self._follow()

    def _slid(self, place: int) -> None:
        value = self._low + self._span * place / self._STEPS
        if isinstance(self.field, QSpinBox):
            self.field.setValue(round(value))
        else:
            step = self.setting.step or 0.01
            self.field.setValue(round(value / step) * step)

    def _follow(self) -> None:
        with QSignalBlocker(self.slider):
            self.slider.setValue(round((self.field.value() - self._low) / (self._span or 1.0) * self._STEPS))


class SeedControl(Control):
    """A whole number of any size, with dice for a new one and a lock that keeps it from run to run."""

    def __init__(self, setting: SettingCard) -> None:
        super().__init__(setting)
        self.field = QLineEdit()
        self.field.setValidator(QRegularExpressionValidator(QRegularExpression("-?[0-9]{0,20}"), self.field))
        self.field.textEdited.connect(self._edited)
        self.take(self.field)
        self.dice = small_button("dice", "New random seed", self.roll)
        self.lock = small_button("lock", LOCKED)
        self.lock.setCheckable(True)
        self.lock.clicked.connect(lambda: self.drawing_asked.emit(self.lock.isChecked()))
        self.lock.toggled.connect(self._show_lock)
        for button in (self.dice, self.lock):
            self.row.addWidget(button)

    def show_value(self, value: Any) -> None:
        """Show a seed."""
        text = "" if value is None else str(value)
        if self.field.text() != text:
            with QSignalBlocker(self.field):
                self.field.setText(text)

    def show_drawn(self, drawn: bool) -> None:
        """Show the lock open or closed."""
        self.lock.setChecked(drawn)

    def show_buttons(self, shown: bool) -> None:
        """Show dice and lock, or leave their place to the number."""
        for button in (self.dice, self.lock):
            button.setVisible(shown)

    def roll(self) -> None:
        """Take a new random seed within the setting's range."""
        seed = draw(self.setting)
        self.show_value(seed)
        self.changed.emit(seed)

    def _show_lock(self, open: bool) -> None:
        dress_small(self.lock, "lock_open" if open else "lock", UNLOCKED if open else LOCKED)

    def _edited(self, text: str) -> None:
        if text.lstrip("-"):
            self.changed.emit(int(text))


class ChoiceControl(Control):
    """One of several values. A value that is not among them is kept and marked."""

    def __init__(self, setting: SettingCard) -> None:
        super().__init__(setting)
        self.field = QComboBox()
        leave_wheel(self.field)
        for choice in setting.choices or ():
            self.field.addItem(choice.replace("_", " "), choice)
        self.field.activated.connect(lambda index: self.changed.emit(self.field.itemData(index)))
        self.take(self.field)

    def show_value(self, value: Any) -> None:
        """Select a value, adding it when it is not among the choices."""
        index = self.field.findData(value)
        if index < 0 and value not in (None, ""):
            unknown = "" if self.setting.dynamic and not self.setting.choices else " (not available)"
            self.field.addItem(f"{value}{unknown}", value)
            index = self.field.count() - 1
        self.field.setCurrentIndex(index)


class SwitchControl(Control):
    """On or off."""

    def __init__(self, setting: SettingCard) -> None:
        super().__init__(setting)
        self.field = QCheckBox()
        self.field.toggled.connect(self.report)
        self.take(self.field)

    def show_value(self, value: Any) -> None:
        """Show on or off."""
        with QSignalBlocker(self.field):
            self.field.setChecked(bool(value))


class PathControl(TextControl):
    """A file or a folder, typed or chosen."""

    def __init__(self, setting: SettingCard) -> None:
        super().__init__(setting)
        self.row.addWidget(small_button("folder", f"Choose {setting.label.lower()}", self.choose))

    def choose(self) -> None:
        """Ask for a file or a folder."""
        start = str(Path(self.field.text()).parent) if self.field.text() else ""
        if self.setting.widget == "folder":
            path = QFileDialog.getExistingDirectory(self, self.setting.label, self.field.text() or start)
        else:
            path, _ = QFileDialog.getOpenFileName(self, self.setting.label, start, self.setting.file_filter)
        if path:
            self.show_value(path)
            self.changed.emit(path)


class PaintControl(Control):
    """What is painted: its size, and the way to the painter."""

    def __init__(self, setting: SettingCard) -> None:
        super().__init__(setting)
        self.field = QPushButton()
        self.field.clicked.connect(lambda: self.painting_asked.emit())
        self.take(self.field)

    def show_value(self, value: Any) -> None:
        """Show the size of what is painted, which its text begins with."""
        size = str(value or "").partition(" ")[0].replace("x", " × ")
        self.field.setText(f"Paint… ({size})" if size else "Paint…")


def make_control(setting: SettingCard) -> Control:
    """The control that fits `setting`."""
    if setting.widget in ("mask", "semantic_map", "sketch"):
        return PaintControl(setting)
    if setting.widget in ("file", "folder") or setting.kind == "Path":
        return PathControl(setting)
    if setting.choices is not None or setting.dynamic:
        return ChoiceControl(setting)
    if setting.kind == "bool":
        return SwitchControl(setting)
    if setting.widget == "seed":
        return SeedControl(setting)
    if setting.kind in ("int", "float"):
        ends = setting.min is not None and setting.max is not None
        return SliderControl(setting) if setting.widget == "slider" and ends else NumberControl(setting)
    return LongTextControl(setting) if setting.widget == "multiline" else TextControl(setting)
