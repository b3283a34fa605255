"""The settings of runs beside each other: only those that differ."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_FILE = "config.toml"


def read_settings(folder: Path) -> dict[str, Any]:
    """The settings that a run began with, by dotted name; empty where they cannot be read."""
    try:
        return dict(flatten(tomllib.loads((folder / _FILE).read_text("utf-8"))))
    except (OSError, ValueError):
        return {}


def settings_changed(folder: Path) -> float:
    """When the settings of a run were written, seconds since the epoch; 0 = they are not there, such as at first."""
    try:
        return (folder / _FILE).stat().st_mtime
    except OSError:
        return 0.0


def flatten(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """The leaves of a nested table with dotted names, in order."""
    leaves: list[tuple[str, Any]] = []
    for key, value in table.items():
        nested = isinstance(value, Mapping)
        leaves += flatten(value, f"{prefix}{key}.") if nested else [(f"{prefix}{key}", value)]
    return leaves


def differences(tables: Sequence[Mapping[str, Any]]) -> dict[str, tuple[Any, ...]]:
    """The settings that are not the same in all `tables`, by name, one value a table; None = not given."""
    names = list(dict.fromkeys(name for table in tables for name in table))
    rows = {name: tuple(table.get(name) for table in tables) for name in names}
    return {name: values for name, values in rows.items() if any(value != values[0] for value in values)}
