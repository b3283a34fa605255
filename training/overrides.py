"""Overrides from the command line, such as second_stage.steps=100, read by the type of the field they name."""

from __future__ import annotations

import dataclasses
import tomllib
from typing import Any, get_origin, get_type_hints

from core.errors import InputError


def override(table: dict[str, Any], kind: type, dotted: str, text: str) -> None:
    """Set one field in the nested `table` of the dataclass `kind`.

    A text field takes the text as it is, or in TOML's quotes. A list may be written as TOML or plainly, as a, b or
    [a, b], since shells take quotes away; empty text is the empty list. Anything else is a TOML value.

    Raises:
        InputError: A name on the way to the field is that of a value, not of a table.
    """
    *parents, last = dotted.split(".")
    here: Any = kind
    for index, parent in enumerate(parents):
        here = _field_kind(here, parent)
        table = table.setdefault(parent, {})
        if not isinstance(table, dict):
            raise InputError(
                f"{dotted} cannot be set to {text!r}.",
                why=f"{'.'.join(parents[: index + 1])} is a value, with no fields below it.",
                fix="Name a field as it stands in the configuration file, with a dot for each table.",
            )
    table[last] = _read(_field_kind(here, last), text)


def _field_kind(kind: Any, name: str) -> Any:
    """Return the type of a dataclass's field, or None where nothing is known of it."""
    return get_type_hints(kind).get(name) if dataclasses.is_dataclass(kind) else None


def _read(kind: Any, text: str) -> Any:
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    if get_origin(kind) is tuple and not isinstance(value, list):
        items = text.strip().removeprefix("[").removesuffix("]").split(",")
        return [_read(None, item.strip().strip("\"'")) for item in items if item.strip()]
    if kind is str and not isinstance(value, str):
        return text
    return value
