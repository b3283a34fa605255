"""What the graph knows about the values that pass through it: how big they are, and one line about them.

Values are duck-typed: this module knows tensors and arrays by their attributes and imports neither torch
nor numpy. A class may say more about itself with `loom_bytes() -> int` and `loom_summary() -> str`.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Mapping
from typing import Any

_LEAVES = (str, bytes, bytearray, int, float, complex, bool, type(None))
_CODE = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType)
"""Part of the program, not of any result, though results refer to it."""


def size_in_bytes(value: object) -> int:
    """Estimate how much memory `value` holds, counting each object inside it once."""
    total = 0
    seen: set[int] = set()
    waiting: list[Any] = [value]
    while waiting:
        item = waiting.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, _CODE):
            continue
        if isinstance(item, _LEAVES):
            total += sys.getsizeof(item)
        elif callable(getattr(item, "loom_bytes", None)):
            total += int(item.loom_bytes())
        elif isinstance(getattr(item, "nbytes", None), int):
            total += int(item.nbytes)
        elif callable(getattr(item, "numel", None)) and callable(getattr(item, "element_size", None)):
            total += int(item.numel()) * int(item.element_size())
        else:
            total += sys.getsizeof(item)
            waiting += _parts(item)
    return total


def _parts(item: Any) -> list[Any]:
    """Return what a container or an object holds."""
    if isinstance(item, Mapping):
        return [*item.keys(), *item.values()]
    if isinstance(item, (list, tuple, set, frozenset)):
        return list(item)
    parts = list(getattr(item, "__dict__", {}).values())
    slots = getattr(type(item), "__slots__", ())
    parts += [getattr(item, name, None) for name in ((slots,) if isinstance(slots, str) else slots)]
    return parts


def summary_of(outputs: Mapping[str, object]) -> str:
    """Return one short line about a node's results, such as "Latent 1x4x8x8"."""
    return ", ".join(_summary(value) for value in outputs.values())


def _summary(value: object) -> str:
    """Return a few words about one value."""
    own = getattr(value, "loom_summary", None)
    if callable(own):
        return str(own())
    if isinstance(value, (bool, int, float)):
        return str(value)
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= 40 else f'"{value[:37]}..."'
    for holder in (value, *getattr(value, "__dict__", {}).values()):
        shape = getattr(holder, "shape", None)
        if isinstance(shape, tuple) and shape:
            return f"{type(value).__name__} {'x'.join(str(size) for size in shape)}"
    return type(value).__name__
