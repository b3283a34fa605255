"""A key changes with all that decides a result, and with nothing else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from core.graph.keys import file_stamp, key_of
from core.graph.plan import Source


def test_each_part_changes_the_key(registry: Any) -> None:
    add, number = registry.get("t.add"), registry.get("t.number")
    sources, keys, folder = {"left": Source("a", "int")}, {"a": "1", "b": "2"}, Path("out")
    base = key_of("x", add, {"amount": 1}, sources, keys, folder)
    assert key_of("y", add, {"amount": 1}, sources, keys, Path("other")) == base
    others = [
        key_of("x", add, {"amount": 2}, sources, keys, folder),
        key_of("x", add, {"amount": 1}, {"left": Source("b", "int")}, keys, folder),
        key_of("x", add, {"amount": 1}, {"right": Source("a", "int")}, keys, folder),
        key_of("x", add, {"amount": 1}, {"left": Source("a", "other")}, keys, folder),
        key_of("x", add, {"amount": 1}, {}, keys, folder),
        key_of("x", number, {"value": 1}, {}, keys, folder),
    ]
    assert len({base, *others}) == 7


def test_a_small_file_counts_by_content(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(b"abc")
    two.write_bytes(b"abc")
    assert file_stamp(one) == file_stamp(two)
    two.write_bytes(b"abd")
    assert file_stamp(one) != file_stamp(two)


def test_a_large_file_counts_by_size_and_time(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(5 * 1024**2)
    before = file_stamp(path)
    assert file_stamp(path) == before
    os.utime(path, ns=(1, 1))
    assert file_stamp(path) != before
