"""Collection of cyclic garbage stays on the window's thread."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest

from app.runtime.garbage import WindowCollector


class Knot:
    """Something that only the collector can free."""

    def __init__(self, freed_on: list[str]) -> None:
        self.itself = self
        self._freed_on = freed_on

    def __del__(self) -> None:
        self._freed_on.append(threading.current_thread().name)


@pytest.fixture
def collector(qapp: object) -> Iterator[WindowCollector]:
    made = WindowCollector()
    yield made
    made.stop()
    assert gc.isenabled()


def test_another_thread_that_allocates_a_lot_frees_nothing(collector: WindowCollector) -> None:
    freed_on: list[str] = []
    Knot(freed_on)

    def allocate() -> None:
        kept = [[index] for index in range(20_000)]
        assert kept

    thread = threading.Thread(target=allocate, name="other")
    thread.start()
    thread.join()
    assert not freed_on
    for _ in range(120):
        collector.tick()
    assert freed_on == [threading.current_thread().name]


def test_settled_objects_are_still_freed_by_reference_counts(collector: WindowCollector) -> None:
    class Plain:
        pass

    thing = Plain()
    seen = weakref.ref(thing)
    collector.settle()
    del thing
    assert seen() is None
