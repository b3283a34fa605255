"""Settings of nodes: what a person may enter, how it is checked, and how it reads in JSON."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from core.errors import InputError
from core.graph.json_types import Json
from core.nearest import nearest_name

Widget = Literal["auto", "multiline", "seed", "file", "folder", "size", "slider", "mask", "semantic_map", "sketch"]
SettingValue = bool | int | float | str | Path
SETTING_TYPES: tuple[type, ...] = (bool, int, float, str, Path)
_TYPE_WORDS = {bool: "on or off", int: "a whole number", float: "a number", str: "text", Path: "a path"}


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How a setting looks and what it takes; stands in `Annotated[int, Setting(min=1, unit="steps")]`.

    Attributes:
        label: Name for people; empty = made from the parameter's name.
        help: One line for people.
        min: Smallest value, itself included; None = no limit. Numbers only.
        max: Largest value, itself included; None = no limit. Numbers only.
        step: By how much a widget's arrows change the number; not a check.
        unit: Unit behind the number, such as "px".
        choices: The only values taken, or a function that finds them when asked; None = free.
        widget: How the properties panel edits it.
        shown: Whether the node card shows it.
        file_filter: File kinds for a file dialog, such as "Images (*.png *.jpg)".
        max_length: Most characters of a text; None = no limit.
        reads: Turns the value into the files that the node reads because of it (their contents enter the
            cache key); None = the value itself for a file, nothing for everything else.
    """

    label: str = ""
    help: str = ""
    min: float | None = None
    max: float | None = None
    step: float | None = None
    unit: str = ""
    choices: tuple[str, ...] | Callable[[], tuple[str, ...]] | None = None
    widget: Widget = "auto"
    shown: bool = False
    file_filter: str = ""
    max_length: int | None = None
    reads: Callable[[Any], Sequence[Path]] | None = None


@dataclass(frozen=True)
class SettingSpec:
    """One setting of one kind of node.

    Attributes:
        name: The parameter's name.
        type: bool, int, float, str or Path.
        default: Value when the workflow gives none; None = a person must give one.
        setting: Its range, unit, choices and looks.
    """

    name: str
    type: type
    default: SettingValue | None = None
    setting: Setting = field(default_factory=Setting)

    @property
    def label(self) -> str:
        """Name for people."""
        return self.setting.label or self.name.replace("_", " ").capitalize()

    @property
    def is_file(self) -> bool:
        """Whether the value is a path of a file that the node reads."""
        return self.setting.widget == "file" or (self.type is Path and self.setting.widget != "folder")

    @property
    def default_json(self) -> Json:
        """The default as a workflow file holds it; None when there is none."""
        return None if self.default is None else self.to_json(self.default)

    def choices(self) -> tuple[str, ...] | None:
        """Return the values taken just now, or None when any value of the type and range is taken."""
        given = self.setting.choices
        return given() if callable(given) else given

    def files(self, value: SettingValue) -> tuple[Path, ...]:
        """Return the files whose contents decide the node's result, given a checked `value`."""
        if self.setting.reads is not None:
            return tuple(self.setting.reads(value))
        return (Path(value),) if self.is_file and isinstance(value, (str, Path)) else ()

    def to_json(self, value: SettingValue) -> Json:
        """Return `value` as a workflow file holds it; the empty path reads ""."""
        if isinstance(value, Path):
            return "" if value == Path() else str(value)
        return value

    def parse(self, value: object) -> SettingValue:
        """Return the checked Python value of what a workflow holds.

        Raises:
            InputError: Wrong type, out of range, too long, or none of the choices; `port` is the setting.
        """
        parsed = self._typed(value)
        self._check_choice(parsed)
        if isinstance(parsed, str):
            self._check_length(parsed)
        if isinstance(parsed, (int, float)) and not isinstance(parsed, bool):
            self._check_range(parsed)
        return parsed

    def nearest(self, value: float) -> int | float:
        """Return the number within the range that is nearest to `value`."""
        low, high = self.setting.min, self.setting.max
        bounded = max(value, low) if low is not None else value
        bounded = min(bounded, high) if high is not None else bounded
        return round(bounded) if self.type is int else float(bounded)

    def from_text(self, text: str) -> Json:
        """Return the checked value, as JSON, of what a person typed on a command line.

        Raises:
            InputError: As `parse`.
        """
        value: object = text
        if self.type is bool:
            value = {"true": True, "on": True, "1": True, "false": False, "off": False, "0": False}.get(text, text)
        elif self.type in (int, float):
            with contextlib.suppress(ValueError):  # parse() below says what is wrong with the text itself
                value = self.type(text)
        return self.to_json(self.parse(value))

    def _typed(self, value: object) -> SettingValue:
        """Return `value` in the setting's own type, where that loses nothing."""
        if self.type is Path and isinstance(value, (str, Path)) and "\0" not in str(value):
            return Path(value)
        if isinstance(value, bool) == (self.type is bool):
            if self.type is float and isinstance(value, (int, float)) and abs(value) <= sys.float_info.max:
                return float(value)
            if self.type is int and isinstance(value, float) and value.is_integer():
                return int(value)
            if self.type in (bool, int, str) and isinstance(value, self.type):
                return value
        example = self.default_json if self.default is not None else self.setting.min
        raise InputError(
            f"{self.label} {_quoted(value)} cannot be used.",
            why=f"{self.label} takes {_TYPE_WORDS[self.type]}.",
            fix=f"Use {_quoted(example)}, for example." if example is not None else "Enter such a value.",
            port=self.name,
        )

    def _check_range(self, value: int | float) -> None:
        """Refuse a number out of range."""
        low, high, unit = self.setting.min, self.setting.max, self.setting.unit and f" {self.setting.unit}"
        if (low is None or value >= low) and (high is None or value <= high):
            return
        if low is not None and high is not None:
            span = f"from {_plain(low)} to {_plain(high)}{unit}"
        else:
            span = f"of {_plain(low)}{unit} or more" if low is not None else f"of {_plain(high)}{unit} or less"
        raise InputError(
            f"{self.label} {value} is out of range.",
            why=f"{self.label} takes numbers {span}.",
            fix=f"Use {self.nearest(value)}, the nearest one.",
            port=self.name,
        )

    def _check_length(self, text: str) -> None:
        """Refuse a text that is too long."""
        limit = self.setting.max_length
        if limit is not None and len(text) > limit:
            raise InputError(
                f"{self.label} is too long: it has {len(text):,} characters.",
                why=f"{self.label} takes at most {limit:,} characters.",
                fix=f"Shorten it by {len(text) - limit:,} characters.",
                port=self.name,
            )

    def _check_choice(self, value: SettingValue) -> None:
        """Refuse a value that is none of the choices."""
        choices = self.choices()
        if choices is None or str(value) in choices:
            return
        near = nearest_name(str(value), choices)
        fix = f"Use {_quoted(near)}, the nearest one." if near else "Choose one of these."
        raise InputError(
            f"{self.label} {_quoted(value)} is not available.",
            why=f"It can be one of: {', '.join(choices)}." if choices else "There is nothing to choose from yet.",
            fix=fix if choices else "Install or make one first.",
            port=self.name,
        )


def _plain(number: float | None) -> str:
    """Return a bound as people write it: a whole one without a point or an exponent."""
    return str(number) if number is None or number != int(number) else str(int(number))


def _quoted(value: object) -> str:
    """Return a short form of any value for a message."""
    text = f'"{value}"' if isinstance(value, (str, Path)) else str(value)
    return text if len(text) <= 80 else f"{text[:76]}..."
