"""Reading what is left of a damaged JSON document: its whole members, and the whole items of its lists.

A file that was cut off, or that has a fault in its middle, still holds most of its nodes. After a fault, reading goes
on at the next item with the indentation of its list: strings of JSON hold no line ends, so this is where one begins.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field

from core.graph.json_types import Json, JsonObject

_SPACE = re.compile(r"[\s,]*")
_MEMBER = re.compile(r'"(\w+)"\s*:\s*')
_NAMED = re.compile(r'"id"\s*:\s*"([^"\n]{1,80})"')


@dataclass
class Salvaged:
    """What could be read, and a sentence for each part that could not."""

    document: JsonObject = field(default_factory=dict)
    losses: list[str] = field(default_factory=list)


def salvage(text: str) -> Salvaged:
    """Read the whole members and items of an object's text; whatever else stands there is named, and left out."""
    return _Reader(text).read()


class _Reader:
    """Walks through one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0
        self._found = Salvaged()
        self._decoder = json.JSONDecoder(
            parse_constant=self._no_number, parse_float=self._number, parse_int=self._whole_number
        )

    def read(self) -> Salvaged:
        """Read member after member."""
        self._place = self._text.find("{") + 1 or len(self._text)
        while self._seek_member():
            if (member := _MEMBER.match(self._text, self._place)) is None:
                continue
            self._place = member.end()
            name, margin = member[1], self._margin(member.start())
            if self._text.startswith("[", self._place):
                self._found.document[name] = self._items(name, margin)
            elif (value := self._value()) is not None:
                self._found.document[name] = value[0]
            else:
                self._found.losses.append(f'"{name}" could not be read (line {self._line(self._place)}).')
        return self._found

    def _seek_member(self) -> bool:
        """Go to the next member; after a fault, to the next line that begins like one."""
        self._place = _after(_SPACE, self._text, self._place)
        if _MEMBER.match(self._text, self._place):
            return True
        if self._text.startswith("}", self._place):
            return False
        ahead = re.compile(r'\n[ \t]*(?="\w+"\s*:)').search(self._text, self._place)
        self._place = len(self._text) if ahead is None else ahead.end()
        return ahead is not None

    def _items(self, name: str, outer: str | None) -> list[Json]:
        """Read the items of the list that begins here."""
        self._place = _after(_SPACE, self._text, self._place + 1)
        margin = self._margin(self._place)
        items: list[Json] = []
        while self._place < len(self._text):
            if self._text.startswith("]", self._place):
                self._place += 1
                return items
            start = self._place
            value = self._value()
            if value is None:
                self._skip(start, margin, outer)
                self._lose(name, start)
            else:
                items.append(value[0])
            self._place = _after(_SPACE, self._text, self._place)
        self._found.losses.append(f'The file ends within "{name}"; what came after it is not there.')
        return items

    def _value(self) -> tuple[Json] | None:
        """Read the value that begins here, in a tuple because it may be null; None when it is damaged."""
        try:
            value, self._place = self._decoder.raw_decode(self._text, self._place)
        except (ValueError, RecursionError):
            return None
        return (value,)

    def _skip(self, start: int, margin: str | None, outer: str | None) -> None:
        """Go past a damaged item: to the next one of its list, or to the list's end, by their indentation."""
        ends = [] if outer is None else [rf"\n{outer}(?=\])"]
        ends += [] if margin is None else [rf"\n{margin}(?=[\[{{])"]
        ahead = re.compile("|".join(ends)).search(self._text, start + 1) if ends else None
        self._place = len(self._text) if ahead is None else ahead.end()

    def _lose(self, name: str, start: int) -> None:
        """Name the damaged item between `start` and here."""
        named = _NAMED.search(self._text, start, self._place)
        which = f' ("{named[1]}")' if named else ""
        self._found.losses.append(f'An item of "{name}"{which} is damaged at line {self._line(start)}.')

    def _margin(self, place: int) -> str | None:
        """Return the spaces between the start of the line and `place`, or None where something else stands there."""
        margin = self._text[self._text.rfind("\n", 0, place) + 1 : place]
        return margin if not margin.strip(" \t") and "\n" in self._text[:place] else None

    def _line(self, place: int) -> int:
        return self._text.count("\n", 0, place) + 1

    def _no_number(self, text: str) -> Json:
        self._found.losses.append(f"{text[:20]} is not a number that a file can hold; it was left out.")
        return None

    def _number(self, text: str) -> Json:
        number = float(text)
        return number if math.isfinite(number) else self._no_number(text)

    def _whole_number(self, text: str) -> Json:
        try:
            return int(text)
        except ValueError:  # thousands of digits
            return self._no_number(text)


def _after(pattern: re.Pattern[str], text: str, place: int) -> int:
    """Return where a pattern that also matches nothing ends."""
    match = pattern.match(text, place)
    return match.end() if match else place
