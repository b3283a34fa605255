"""The one name for what a workflow file can hold as a value."""

from __future__ import annotations

from typing import Any, TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
"""Any JSON value."""

JsonObject: TypeAlias = dict[str, Any]
"""A JSON object at the border, before its fields are checked."""
