"""Which known name a person most likely meant: only one that is fairly like what was typed, else none."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

FAIR = 0.6
"""From this likeness on (0 = nothing in common, 1 = equal) a name is worth suggesting; unlike words stay below."""

ALIKE = 0.85
"""For names with much in common anyway, such as what begins with the same words."""


def nearest_name(name: str, known: Iterable[str], *, likeness: float = FAIR) -> str | None:
    """Return the known name that is most like `name`, whatever the case of its letters; None where none is near."""
    by_folded: dict[str, str] = {}
    for each in known:
        by_folded.setdefault(each.casefold(), each)
    close = difflib.get_close_matches(name.casefold(), list(by_folded), n=1, cutoff=likeness)
    return by_folded[close[0]] if close else None
