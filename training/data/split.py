"""Which items are never trained on: decided by each item's content alone.

So the split stays when others come or go, a renamed copy lies on the side of its original, and nobody has to keep a
list.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from training.data.item import Record


def split(records: Sequence[Record], share: float) -> tuple[tuple[Record, ...], tuple[Record, ...]]:
    """Return what is trained on and what is held out, about `share` of all, each in the given order.

    With two contents or more and a share above 0, both sides have at least one.
    """
    if share <= 0 or not records:
        return tuple(records), ()
    places = {record.digest: _place(record.digest) for record in records}
    held = {digest for digest, place in places.items() if place < share}
    if len(places) > 1 and not held:
        held = {min(places, key=places.__getitem__)}
    if len(held) == len(places):
        held.discard(max(places, key=places.__getitem__))
    return (
        tuple(record for record in records if record.digest not in held),
        tuple(record for record in records if record.digest in held),
    )


def _place(digest: str) -> float:
    """Return a number in [0, 1) that depends on the content only."""
    return int.from_bytes(hashlib.sha256(f"held out/{digest}".encode()).digest()[:8], "big") / 2**64
