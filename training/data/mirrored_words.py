"""What a caption says of the mirrored picture: left and right change places; where that would not be true, nothing."""

from __future__ import annotations

import re

_SIDES = re.compile(r"\b(left|right)(?=(?:most|wards?|hand(?:ed|er|ers)?)?\b)", re.IGNORECASE)
# Here "left" and "right" are no sides, or a mirrored picture would show something else: writing, clocks, turning.
_OTHERWISE = re.compile(
    r"\b(?:(?:has|have|had|was|were|is|are|been|being|be|just|it|he|she|they|who|all|civil|human|equal|copy)\s+"
    r"(?:left|right)s?(?!\s+(?:of|to)\b)"
    r"|left\s*-?\s*overs?|left\s+(?:behind|alone|over|out|him|her|them|it)|right\s+(?:now|away|before|after|next|there|here)"
    r"|rights|bright\s+right|right\s+angles?|(?:anti|counter)?-?clockwise|reads?|reading|says|saying|text|letters?|sign"
    r"|written|writing|word|words|logo|digits?)\b",
    re.IGNORECASE,
)


def mirrored(caption: str) -> str | None:
    """Return an English caption for the mirrored picture, or None if the picture should not be mirrored."""
    if _OTHERWISE.search(caption):
        return None
    return _SIDES.sub(_other_side, caption)


def _other_side(found: re.Match[str]) -> str:
    side = found[1]
    other = "right" if side.lower() == "left" else "left"
    if side.isupper():
        return other.upper()
    return other.capitalize() if side[0].isupper() else other
