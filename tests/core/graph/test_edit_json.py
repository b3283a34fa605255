"""Damaged JSON of an edit is refused in words, whatever is wrong with it."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import InputError
from core.graph.edit_json import edit_from_json


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        "AddNode",
        {},
        {"edit": "Explode"},
        {"edit": ["AddNode"]},
        {"edit": "AddNode"},
        {"edit": "AddNode", "node": {"id": "", "type": "x"}},
        {"edit": "SetState", "node": "a", "state": "asleep"},
        {"edit": "SetState", "node": "a", "state": []},
        {"edit": "SetDrawn", "node": "a", "name": "seed", "drawn": 1},
        {"edit": "MoveNodes", "positions": [1]},
        {"edit": "MoveNodes", "positions": {"a": [1]}},
        {"edit": "MoveNodes", "positions": {"a": [1, 10**400]}},
        {"edit": "Rename", "node": 3, "title": None},
        {"edit": "Connect", "link": {"from": ["a"], "to": ["b", "c"]}},
        {"edit": "Group", "edits": 3},
        {"edit": "Group", "edits": [{"edit": "SetTitle"}]},
    ],
)
def test_damaged_edits_are_refused(value: Any) -> None:
    with pytest.raises(InputError) as raised:
        edit_from_json(value)
    assert raised.value.what
    assert raised.value.why
    assert raised.value.fix
