"""Batches of pictures in the order of the steps, read ahead by a thread.

What a step learns from is a function of the step, so reading ahead, or reading again after a resume, changes nothing;
no random stream of anybody else is touched.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from torch import Tensor

from training.data.item import Pixels
from training.data.order import BatchOrder


class Feed:
    """Gives the rows and the pictures of each step."""

    def __init__(self, read: Callable[[Tensor], Pixels], order: BatchOrder, ahead: int) -> None:
        """Read rows by `read`, `ahead` batches before they are asked for; 0 = when they are."""
        self._read, self._order, self._ahead = read, order, ahead
        self._waiting: dict[int, Future[Pixels]] = {}
        self._thread = ThreadPoolExecutor(1, "feed") if ahead else None

    def rows(self, step: int) -> Tensor:
        """Return the rows of a step, [batch_size], int64."""
        return self._order.batch(step)

    def images(self, step: int) -> Pixels:
        """Return the pictures of a step, uint8 [batch_size, h, w, 3].

        Raises:
            InputError: A picture cannot be read any more; it is named.
        """
        if self._thread is None:
            return self._read(self.rows(step))
        wanted = range(step, step + self._ahead + 1)
        for stale in self._waiting.keys() - set(wanted):
            self._waiting.pop(stale).cancel()
        for coming in wanted:
            if coming not in self._waiting:
                # The order is asked here, as it is not made for two threads.
                self._waiting[coming] = self._thread.submit(self._read, self.rows(coming))
        return self._waiting.pop(step).result()

    def close(self) -> None:
        """Stop the thread; batches that were not asked for are dropped."""
        if self._thread is not None:
            self._thread.shutdown(wait=True, cancel_futures=True)
