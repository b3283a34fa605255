"""Resolution buckets: shapes of about the same area, so that a picture loses little when it is cut to one of them."""

from __future__ import annotations

import math

from training.data.config import BucketConfig

Size = tuple[int, int]  # width, height in pixels


def make_buckets(size: int, config: BucketConfig) -> tuple[Size, ...]:
    """Return the shapes, narrowest first: sides multiples of `config.step`, area at most size squared.

    Each width has the largest height that the area allows; the square is always there.
    """
    if config.widest == 1:
        return ((size, size),)
    step, found = config.step, {(size, size)}
    for long in range(size, math.floor(size * math.sqrt(config.widest)) + step + 1, step):
        short = size * size // long // step * step
        if short >= step and long / short <= config.widest:
            found |= {(long, short), (short, long)}
    return tuple(sorted(found, key=lambda bucket: (bucket[0] / bucket[1], bucket)))


def nearest_bucket(buckets: tuple[Size, ...], width: int, height: int) -> int:
    """Return the bucket whose aspect ratio is nearest to that of a picture, on a logarithmic scale."""
    aspect = math.log(width / height)
    return min(range(len(buckets)), key=lambda i: abs(math.log(buckets[i][0] / buckets[i][1]) - aspect))
