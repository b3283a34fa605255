"""Writing TOML: what is written reads back as it was."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from training import toml_writer


@pytest.mark.parametrize(
    "table",
    [
        {},
        {"text": 'a "quoted"\\ line\nand\ttab, ünïcode 🦊, \x7f \x01'},
        {"numbers": [1, -2, 2**62], "floats": [1e-6, 1e16, 0.1, -0.0, float("inf")], "flags": [True, False]},
        {"table": {"inner": {"deep": 1}, "after": 2}, "last": 3},
        {"empty": {}, "list": [], "nested": [[1, 0.5], [2, 0.5]]},
        {"odd key": {"a.b": 1, "": 2, "ключ": 3}, "bare-key_1": 4},
        {"rows": [{"name": "a", "inner": {"b": 1}}, {}]},
    ],
)
def test_what_is_written_reads_back_the_same(table: dict[str, Any]) -> None:
    back = tomllib.loads(toml_writer.dumps(table))
    assert back == table
    assert repr(back) == repr(tomllib.loads(toml_writer.dumps(back)))


def test_tuples_become_lists_and_none_is_left_out() -> None:
    written = toml_writer.dumps({"a": (1, (2, 3)), "b": None, "c": {"d": None}})
    assert tomllib.loads(written) == {"a": [1, [2, 3]], "c": {}}


def test_a_value_that_toml_cannot_hold_is_refused() -> None:
    with pytest.raises(TypeError, match="no form"):
        toml_writer.dumps({"a": object()})
