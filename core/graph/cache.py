"""Results of nodes by key, bounded in bytes, least recently used out first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.graph.values import size_in_bytes

DEFAULT_LIMIT_BYTES = 2 * 1024**3


@dataclass(frozen=True)
class CacheEntry:
    """One node's results by output name, the files that it wrote, its notes, and its last step's picture."""

    outputs: Mapping[str, object]
    written: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()
    preview: object | None = None


@dataclass(frozen=True)
class CacheStatistics:
    """How the cache did so far; `bytes` and `entries` are what it holds now."""

    hits: int
    misses: int
    evictions: int
    bytes: int
    entries: int


class ByteBoundedCache:
    """Keeps results until their estimated size passes `limit_bytes`; safe to use from several threads.

    A result that alone is larger than the limit is not kept.
    """

    def __init__(self, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> None:
        self.limit_bytes = limit_bytes
        self._entries: OrderedDict[str, tuple[CacheEntry, int]] = OrderedDict()
        self._bytes = self._hits = self._misses = self._evictions = 0
        self._lock = threading.Lock()

    def get(self, key: str) -> CacheEntry | None:
        """Return the entry and mark it as used, or return None; an entry whose written files are gone is dropped."""
        with self._lock:
            found = self._entries.get(key)
            if found is not None and not all(path.exists() for path in found[0].written):
                self._drop(key)
                found = None
            if found is None:
                self._misses += 1
                return None
            self._hits += 1
            self._entries.move_to_end(key)
            return found[0]

    def peek(self, key: str) -> CacheEntry | None:
        """Return the entry without marking it as used or counting, or None."""
        with self._lock:
            found = self._entries.get(key)
            return None if found is None else found[0]

    def put(self, key: str, entry: CacheEntry) -> None:
        """Keep an entry, in place of the one with this key, and drop the least recently used beyond the limit."""
        size = size_in_bytes((entry.outputs, entry.preview))
        with self._lock:
            self._drop(key)
            if size > self.limit_bytes:
                return
            self._entries[key] = (entry, size)
            self._bytes += size
            while self._bytes > self.limit_bytes:
                self._drop(next(iter(self._entries)))
                self._evictions += 1

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            self._entries.clear()
            self._bytes = 0

    @property
    def statistics(self) -> CacheStatistics:
        """How the cache did so far."""
        with self._lock:
            return CacheStatistics(self._hits, self._misses, self._evictions, self._bytes, len(self._entries))

    def _drop(self, key: str) -> None:
        """Remove one entry, if it is there. The lock is held."""
        dropped = self._entries.pop(key, None)
        if dropped is not None:
            self._bytes -= dropped[1]
