"""Reading the items of a workflow's lists one by one, each as far as it can be read.

A field that cannot be read takes its default, and its value goes to the item's `extra`, from where saving puts it back
as long as nobody has given the field another value. An item without what it cannot be without is set aside whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from core.errors import InputError
from core.graph.json_types import Json, JsonObject

_NAMES = {"nodes": "Node", "links": "Link", "frames": "Frame", "notes": "Note"}


class Item(Protocol):
    """A frozen dataclass of the workflow that keeps what it does not know."""

    @property
    def extra(self) -> Mapping[str, Json]:
        """Fields of the file that this version does not know or cannot read."""


T = TypeVar("T", bound=Item)


class Reading:
    """One reading of one document.

    Attributes:
        warnings: A sentence for each part that could not be read.
        unread: The items that are set aside, by the list that holds them.
    """

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.unread: dict[str, list[Json]] = {}

    def items(self, document: JsonObject, name: str, read: Callable[[object], T]) -> Iterator[tuple[Json, T]]:
        """Read each item of a list; yields it with its JSON form, as it stands in the file."""
        items: Any = document.get(name)
        for item in items if isinstance(items, list) else []:
            try:
                yield item, read(item)
                continue
            except InputError as error:
                fault = error
            try:
                made = self._partly(item, name, read)
            except InputError:
                self.set_aside(name, item, f"{fault.why} It was left out.")
            else:
                yield item, made

    def set_aside(self, name: str, item: Json, why: str) -> None:
        """Leave an item out, and keep it for the file."""
        self.unread.setdefault(name, []).append(item)
        self.warnings.append(f"{_called(name, item)}: {why}")

    def _partly(self, item: Json, name: str, read: Callable[[object], T]) -> T:
        """Read an item without the fields that cannot be read.

        Raises:
            InputError: It cannot do without one of them.
        """
        kept: dict[str, Json] = {**item} if isinstance(item, dict) else {}
        needed: dict[str, Json] = {field: kept[field] for field in ("id", "type", "from", "to") if field in kept}
        read(needed)
        strange: dict[str, Json] = {}
        whys = []
        for field in list(kept):
            one: dict[str, Json] = {**needed, field: kept[field]}
            try:
                read(one)
            except InputError as error:
                strange[field] = kept.pop(field)
                whys.append(error.why.rstrip("."))
        made = read(kept)
        self.warnings.append(f"{_called(name, item)}: {'; '.join(whys)}. The default is used in its place.")
        extra: dict[str, Json] = {**made.extra, **strange}
        return replace(made, extra=extra)  # type: ignore[type-var]  # each is a dataclass


def restored(fields: JsonObject, extra: Mapping[str, Json], blank: JsonObject) -> JsonObject:
    """Return an item's JSON form with the values that could not be read, where its field is still as in `blank`."""
    strange = {name: value for name, value in extra.items() if name not in fields or fields[name] == blank.get(name)}
    return {**strange, **{name: strange.get(name, value) for name, value in fields.items()}}


def _called(name: str, item: Json) -> str:
    """Return what people can find an item by."""
    fields: JsonObject = item if isinstance(item, dict) else {}
    id, kind = fields.get("id"), fields.get("type")
    if isinstance(id, str) and id:
        return f'{_NAMES[name]} "{id[:60]}"' + (f" ({kind[:60]})" if isinstance(kind, str) and kind else "")
    ends = [fields.get("from"), fields.get("to")]
    if all(isinstance(end, list) for end in ends):
        between = " to ".join(".".join(str(part)[:60] for part in end) for end in ends if isinstance(end, list))
        return f"{_NAMES[name]} from {between}"
    text = repr(item)
    return f"{_NAMES[name]} ({text if len(text) < 80 else text[:76] + '...'})"
