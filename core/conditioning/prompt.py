"""Prompts with emphasis: which words count more or less, and where a new window of tokens begins.

The notation that users of Stable Diffusion's public interfaces know:
    (words)       1.1 times as strong; ((words)) 1.1 * 1.1 times
    (words:1.3)   1.3 times as strong; any number, also below 1
    [words]       1 / 1.1 times as strong
    \\( \\) \\[ \\] \\\\  these signs themselves
    BREAK         what follows begins a new window
An opening bracket without its partner counts to the end; a closing one without its partner is an ordinary sign.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

STEP = 1.1  # the factor of one pair of brackets

_SIGNS = re.compile(
    r"""
    \\[\\()\[\]]                                       # an escaped sign
    | :\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*\)              # a strength, with the bracket that it closes
    | [()\[\]] | \bBREAK\b
    | (?:(?!\bBREAK\b)[^\\()\[\]:])+ | .             # words; a sign by itself
    """,
    re.DOTALL | re.VERBOSE,
)


@dataclass(frozen=True)
class Span:
    """Words of one strength.

    Attributes:
        text: The words, without notation.
        weight: Strength; 1 = as written.
        new_window: Whether a new window of tokens begins here.
    """

    text: str
    weight: float = 1.0
    new_window: bool = False


def parse_prompt(prompt: str) -> list[Span]:
    """Split a prompt into spans of one strength; the empty prompt has none."""
    spans: list[Span] = []
    opened: list[tuple[str, int]] = []  # bracket, and the first span inside
    begins = False
    for found in _SIGNS.finditer(prompt):
        sign, weight = found[0], found[1]
        partner = "[" if sign == "]" else "("
        if sign in ("(", "["):
            opened.append((sign, len(spans)))
        elif sign == "BREAK":
            begins = True
        elif (sign in (")", "]") or weight) and any(bracket == partner for bracket, _ in opened):
            _close(spans, opened, partner, STEP if weight is None else float(weight))
        else:
            spans.append(Span(sign[1:] if len(sign) == 2 and sign[0] == "\\" else sign, new_window=begins))
            begins = False
    while opened:
        _close(spans, opened, opened[-1][0], STEP)
    return _merged(spans)


def _close(spans: list[Span], opened: list[tuple[str, int]], bracket: str, factor: float) -> None:
    """Strengthen what stands inside the innermost open bracket of this kind."""
    index = max(i for i, (kind, _) in enumerate(opened) if kind == bracket)
    _, first = opened.pop(index)
    factor = 1 / factor if bracket == "[" else factor
    spans[first:] = [replace(span, weight=span.weight * factor) for span in spans[first:]]


def _merged(spans: list[Span]) -> list[Span]:
    """Join neighbours of equal strength, so that signs such as "://" stay whole."""
    merged: list[Span] = []
    for span in spans:
        if merged and not span.new_window and merged[-1].weight == span.weight:
            merged[-1] = replace(merged[-1], text=merged[-1].text + span.text)
        else:
            merged.append(span)
    return merged
