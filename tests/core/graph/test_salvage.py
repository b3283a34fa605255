"""What is left of damaged text: everything whole, in its place."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from core.errors import InputError
from core.graph.salvage import salvage
from core.graph.workflow_file import Loaded, dumps, loads

WORKFLOWS = Path(__file__).parents[3] / "resources" / "workflows"
SHIPPED = (WORKFLOWS / "text_to_image.json").read_text(encoding="utf-8")
VALUES: list[Any] = [
    None,
    True,
    -1,
    1e308,
    10**400,
    "",
    "\0",
    "x" * 5000,
    [],
    [[]],
    {},
    {"sweep": []},
    [1, 2],
    ["a", 0],
]


def damaged(name: str, fault: str) -> str:
    """The shipped workflow with one fault in the text of a node."""
    return SHIPPED.replace(f'"id": "{name}"', f'"id": "{name}"{fault}', 1)


def test_a_fault_in_the_middle_costs_the_item_that_it_is_in() -> None:
    whole = json.loads(SHIPPED)
    for node in whole["nodes"]:
        found = salvage(damaged(node["id"], " !"))
        assert found.document["nodes"] == [each for each in whole["nodes"] if each["id"] != node["id"]]
        assert {name: found.document[name] for name in ("links", "notes", "title")} == {
            name: whole[name] for name in ("links", "notes", "title")
        }
        assert len(found.losses) == 1
        assert f'"{node["id"]}"' in found.losses[0]


def test_a_fault_between_members_costs_nothing_else() -> None:
    found = salvage(SHIPPED.replace(' "links": [', ' links": ['))
    assert found.document["nodes"] == json.loads(SHIPPED)["nodes"]
    assert "links" not in found.document


def test_text_on_one_line_is_read_up_to_the_fault() -> None:
    found = salvage('{"nodes": [{"id": "a"}, {"id": "b"}, {"id": ')
    assert found.document == {"nodes": [{"id": "a"}, {"id": "b"}]}
    assert "ends within" in found.losses[-1]


def test_numbers_that_no_file_can_hold_are_named() -> None:
    found = salvage('{"nodes": [{"a": NaN, "b": 1e999, "c": ' + "9" * 5000 + "}]}")
    assert found.document == {"nodes": [{"a": None, "b": None, "c": None}]}
    assert len(found.losses) == 3


def mutate(value: Any, random: random.Random) -> Any:
    """Change one part of a JSON value, at any depth: another value, a part gone, twice, or a new one."""
    if isinstance(value, dict) and value and random.random() < 0.8:
        name = random.choice(list(value))
        how = random.random()
        if how < 0.1:
            return {other: part for other, part in value.items() if other != name}
        if how < 0.2:
            return {**value, f"new {random.random():.3f}": random.choice(VALUES)}
        return {**value, name: mutate(value[name], random)}
    if isinstance(value, list) and value and random.random() < 0.9:
        place = random.randrange(len(value))
        how = random.random()
        if how < 0.1:
            return value[:place] + value[place + 1 :]
        if how < 0.2:
            return [*value, value[place]]
        return [*value[:place], mutate(value[place], random), *value[place + 1 :]]
    return random.choice(VALUES)


def atoms(value: Any) -> set[str]:
    """The names and the values that a document holds, whatever their order."""
    if isinstance(value, dict):
        return {f"{name}:" for name in value}.union(*(atoms(part) for part in value.values()))
    if isinstance(value, list):
        return set().union(*(atoms(part) for part in value))
    whole = isinstance(value, float) and value.is_integer()  # 1 and 1.0 are one number
    return {json.dumps(int(value) if whole else value)}


def opened(text: str) -> Loaded | None:
    """The workflow as far as it can be read; None when it is refused, in three parts."""
    refused: InputError | None = None
    try:
        return loads(text)
    except InputError as error:
        refused = error
    assert refused.what
    assert refused.why
    assert refused.fix
    return None


@pytest.mark.parametrize("seed", range(200))
def test_a_workflow_changed_by_another_program_opens_and_loses_nothing_when_saved(seed: int) -> None:
    chance = random.Random(seed)
    document = json.loads(SHIPPED)
    for _ in range(chance.randint(1, 6)):
        document = mutate(document, chance)
    loaded = opened(json.dumps(document))
    if loaded is None:
        assert not isinstance(document, dict) or document.get("format") != "latent-loom-workflow"
        return
    saved = dumps(loaded.workflow)
    assert dumps(loads(saved).workflow) == saved
    if loaded.whole:
        assert atoms(document) <= atoms(json.loads(saved))


@pytest.mark.parametrize("seed", range(100))
def test_torn_and_overwritten_bytes_open_in_part_or_are_refused(seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray(SHIPPED.encode())
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(data))
        width = chance.choice((1, 1, 8, 200))
        data[start : start + width] = chance.choice((b"", bytes(width), chance.randbytes(width)))
    loaded = opened(data.decode("utf-8", "replace"))
    assert loaded is None or loaded.workflow.nodes or loaded.workflow.notes
    assert loaded is None or dumps(loads(dumps(loaded.workflow)).workflow) == dumps(loaded.workflow)
