"""Writing plain nested tables as TOML 1.0, so that a run folder keeps exactly what was run in a readable form."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def dumps(table: Mapping[str, Any]) -> str:
    """Return TOML text that `tomllib.loads` reads back as the same table; tuples become lists.

    A key whose value is None is left out, as TOML has no null.

    Raises:
        TypeError: A value is no table, list, text, number or truth value.
    """
    return "\n".join(_lines(table, ())) + "\n"


def _lines(table: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    present = {key: value for key, value in table.items() if value is not None}
    lines = [f"\n[{'.'.join(map(_key, path))}]"] if path else []
    # A table's own values come before its subtables: TOML would read them as the subtable's.
    lines += [f"{_key(key)} = {value_text(value)}" for key, value in present.items() if not isinstance(value, Mapping)]
    for key, value in present.items():
        if isinstance(value, Mapping):
            lines += _lines(value, (*path, key))
    return lines


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _text(key)


def value_text(value: Any) -> str:
    """Return one value as TOML; a table becomes an inline one.

    Raises:
        TypeError: TOML has no form for it.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(str(value))
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        inner = [f"{_key(key)} = {value_text(item)}" for key, item in value.items() if item is not None]
        return f"{{ {', '.join(inner)} }}" if inner else "{}"
    if isinstance(value, Sequence):
        return f"[{', '.join(value_text(item) for item in value)}]"
    raise TypeError(f"TOML has no form for {value!r}.")


def _text(text: str) -> str:
    """JSON's escapes are TOML's too, but TOML also forbids a bare delete character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
