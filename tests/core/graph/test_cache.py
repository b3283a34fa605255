"""The cache keeps to its bytes, drops the oldest first, and counts."""

from __future__ import annotations

import threading
from pathlib import Path

from core.graph.cache import ByteBoundedCache, CacheEntry


class Sized:
    """A value of a known size."""

    def __init__(self, size: int) -> None:
        self.size = size

    def loom_bytes(self) -> int:
        return self.size


ROOM = 1000
"""For the dictionaries and names around ten values."""


def entry(size: int) -> CacheEntry:
    return CacheEntry({"value": Sized(size)})


def filled() -> ByteBoundedCache:
    cache = ByteBoundedCache(30_000 + 3 * ROOM)
    for key in "abc":
        cache.put(key, entry(10_000))
    return cache


def test_the_least_recently_used_goes_first() -> None:
    cache = filled()
    cache.get("a")
    cache.put("d", entry(10_000))
    assert [key for key in "abcd" if cache.peek(key)] == ["a", "c", "d"]
    assert cache.statistics.evictions == 1
    assert cache.statistics.bytes <= cache.limit_bytes


def test_looking_is_not_using() -> None:
    cache = filled()
    cache.peek("a")
    cache.put("d", entry(10_000))
    assert cache.peek("a") is None


def test_putting_again_replaces() -> None:
    cache = filled()
    before = cache.statistics.bytes
    cache.put("a", entry(5_000))
    assert cache.statistics.entries == 3
    assert cache.statistics.bytes == before - 5_000


def test_what_is_larger_than_the_limit_is_not_kept_and_drives_nothing_out() -> None:
    cache = filled()
    cache.put("big", entry(10**9))
    assert cache.peek("big") is None
    assert cache.statistics.entries == 3


def test_hits_and_misses_are_counted() -> None:
    cache = filled()
    cache.get("a")
    cache.get("absent")
    assert (cache.statistics.hits, cache.statistics.misses) == (1, 1)
    cache.clear()
    assert cache.statistics.entries == cache.statistics.bytes == 0


def test_an_entry_whose_file_is_gone_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.touch()
    cache = ByteBoundedCache()
    cache.put("a", CacheEntry({}, (path,)))
    assert cache.get("a") is not None
    path.unlink()
    assert cache.get("a") is None
    assert cache.statistics.entries == 0


def test_threads_may_share_it() -> None:
    cache = ByteBoundedCache(20_000)

    def work(name: str) -> None:
        for index in range(300):
            cache.put(f"{name}{index % 7}", entry(1_000))
            cache.get(f"{name}{(index + 3) % 7}")

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0 < cache.statistics.bytes <= 20_000
