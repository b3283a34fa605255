"""Building a network whose weights take no memory, because a file will give them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

MOST_WEIGHTS = 8_000  # four times what the largest published network has; a hostile description may name more


@contextmanager
def weightless(most: int = MOST_WEIGHTS) -> Iterator[None]:
    """Put the weights of networks that are built meanwhile on the "meta" device, and spare drawing their first values.

    It holds for the current thread alone.

    Raises:
        ValueError: More than `most` weights are asked for.
    """
    with torch.device("meta"), _Counting(most):
        yield


class _Counting(TorchFunctionMode):
    def __init__(self, most: int) -> None:
        super().__init__()
        self._most, self._made = most, 0

    def __torch_function__(
        self, func: Callable[..., Any], types: Sequence[type], args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        """Answer for torch's functions: count the tensors that layers make, and skip what would fill them."""
        given = kwargs or {}
        if getattr(func, "__module__", "") == torch.nn.init.__name__:
            return args[0] if args else given["tensor"]
        if func is torch.empty:
            self._made += 1
            if self._made > self._most:
                raise ValueError(f"it has more than {self._most} weights")
        return func(*args, **given)
