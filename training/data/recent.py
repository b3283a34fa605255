"""Values by key that were used most recently, within a number of bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """Forgets what was not used for longest; for any number of threads.

    Attributes:
        budget: Most bytes kept.
        held: Bytes kept now.
    """

    def __init__(self, budget: int, size_of: Callable[[T], int]) -> None:
        self.budget, self.held = budget, 0
        self._size_of, self._values, self._lock = size_of, OrderedDict[int, T](), Lock()

    def get(self, key: int, make: Callable[[int], T]) -> T:
        """Return the value of `key`, made anew if it is not kept."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        value = make(key)  # outside of the lock: two threads may make the same value, which does no harm
        size = self._size_of(value)
        with self._lock:
            if size <= self.budget and key not in self._values:
                self._values[key] = value
                self.held += size
                while self.held > self.budget:
                    self.held -= self._size_of(self._values.popitem(last=False)[1])
        return value
