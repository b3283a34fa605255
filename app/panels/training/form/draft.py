"""The run that is being made: a table as it stands in the file, with defaults for what is left out."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.panels.training.form.titles import title
from core.errors import InputError
from training import toml_writer
from training.config import RunConfig, build
from training.config_fields import FieldSpec, fields_of
from training.overrides import override

_WHERE = "This run"
_CHECK = re.compile(r"((?:\w+: )*)([\w.]+) (.*)", re.DOTALL)
FIELDS: Mapping[str, FieldSpec] = {spec.name: spec for spec in fields_of(RunConfig)}


@dataclass(frozen=True)
class Fault:
    """What is wrong with a draft: the dotted name of the field where it is, or "", and words for people."""

    field: str
    words: str


class Draft(QObject):
    """A configuration that may still be wrong.

    Attributes:
        table: What the file would hold.

    Signals:
        changed(): Something in it is different.
    """

    changed = Signal()

    def __init__(self, table: Mapping[str, Any] | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.table: dict[str, Any] = dict(table or {})

    def value(self, name: str) -> Any:
        """The value of a field, its default where the table has none."""
        here: Any = self.table
        for part in name.split("."):
            if not isinstance(here, Mapping) or part not in here:
                return FIELDS[name].default if name in FIELDS else None
            here = here[part]
        return here

    def holds(self, part: str) -> bool:
        """Whether a part that may be left out is there."""
        return self.value(part) is not None

    def set_text(self, name: str, text: str) -> None:
        """Take what a person typed into a field, read by the field's type; an empty text takes the default."""
        if not text.strip() and FIELDS[name].kind not in ("text", "list"):
            self.clear(name)
            return
        override(self.table, RunConfig, name, text)
        self.changed.emit()

    def set_value(self, name: str, value: Any) -> None:
        """Give a field a value of its own type."""
        *parents, last = name.split(".")
        here = self.table
        for parent in parents:
            here = here.setdefault(parent, {})
        here[last] = value
        self.changed.emit()

    def clear(self, name: str) -> None:
        """Leave a field, or a part, out."""
        *parents, last = name.split(".")
        here: Any = self.table
        for parent in parents:
            here = here.get(parent, {})
        here.pop(last, None)
        self.changed.emit()

    def replace(self, table: Mapping[str, Any]) -> None:
        """Take another table."""
        self.table = dict(table)
        self.changed.emit()

    def to_toml(self, *, named: bool = True) -> str:
        """The file's text, with the run's name or without."""
        return toml_writer.dumps({key: value for key, value in self.table.items() if named or key != "name"})

    def take_toml(self, text: str) -> str:
        """Take a file's text; returns what is wrong with it and keeps the old table, or returns ""."""
        try:
            table = tomllib.loads(text)
            build(RunConfig, table, _WHERE)
        except tomllib.TOMLDecodeError as error:
            return f"This is not valid TOML: {error}."
        except InputError as error:
            return _said(error)
        self.replace(table)
        return ""

    def config(self) -> RunConfig:
        """The configuration.

        Raises:
            InputError: A field is unknown or out of range.
        """
        return build(RunConfig, self.table, _WHERE)

    def fault(self) -> Fault | None:
        """What is wrong with it, with the field where it is, in the words of the form."""
        try:
            config = self.config()
        except InputError as error:
            return _fault(error)
        for phase, network in (("first_stage", "ddconfig"), ("second_stage", "unet")):
            stage = getattr(config, phase)
            if phase in config.phases and not getattr(stage, network) and not getattr(stage, "base", ""):
                return Fault(f"{phase}.{network}", "Network is empty: choose a size on the Model page.")
        if "first_stage" not in config.phases and not config.initial:
            words = "A diffusion model needs the autoencoder of an earlier run: name its models folder."
            return Fault("initial", words)
        return None


def _fault(error: InputError) -> Fault:
    """Find the field that an error is about: its checks say "table: table: field must be so"."""
    table = error.what.removesuffix(" cannot be used.").removeprefix(_WHERE).removeprefix(": ")
    said = _said(error)
    told = said if not table or said.startswith(f"{table}: ") else f"{table}: {said}"
    found = _CHECK.fullmatch(told)
    if found is not None:
        tables, name, rule = found.groups()
        for field in (tables.replace(": ", ".") + name, name):
            if field in FIELDS:
                return Fault(field, f"{title(field)} {rule}")
    return Fault("", said)


def _said(error: InputError) -> str:
    """What is wrong and what to do; `why` only names the valid fields where a field is unknown."""
    if error.what.endswith("cannot be used."):
        return error.why.removeprefix(f"{_WHERE}: ")
    return f"{error.what.removeprefix(f'{_WHERE}: ')} {error.fix}"
