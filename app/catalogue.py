"""What the window knows about each kind of node: plain data, so that cards are drawn before torch is there.

The shipped copy (`catalogue.json`) serves from the first paint until the worker has imported the nodes and
sends the real one. `python -m app.catalogue` writes it anew; a test says when that is needed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from core.graph.node_spec import NodeRegistry, NodeSpec
from core.graph.ports import Port
from core.graph.settings import SettingSpec

SHIPPED = Path(__file__).with_name("catalogue.json")


@dataclass(frozen=True)
class PortCard:
    """An input or output; `kinds` are the class names of its type, then of its bases."""

    name: str
    kinds: tuple[str, ...]
    optional: bool = False
    help: str = ""

    @property
    def label(self) -> str:
        """Name for people."""
        return self.name.replace("_", " ")


@dataclass(frozen=True)
class SettingCard:
    """A setting: `kind` is bool, int, float, str or Path; `dynamic` choices are known to the engine only."""

    name: str
    kind: str
    default: Any
    label: str
    help: str = ""
    min: float | None = None
    max: float | None = None
    step: float | None = None
    unit: str = ""
    choices: tuple[str, ...] | None = None
    dynamic: bool = False
    widget: str = "auto"
    shown: bool = False
    file_filter: str = ""
    max_length: int | None = None


@dataclass(frozen=True)
class NodeCard:
    """A kind of node; `pictures` says whether its card keeps room for a picture."""

    id: str
    title: str
    category: str
    help: str
    inputs: tuple[PortCard, ...] = ()
    outputs: tuple[PortCard, ...] = ()
    settings: tuple[SettingCard, ...] = ()
    pictures: bool = False
    known: bool = True

    @property
    def summary(self) -> str:
        """The first paragraph of the help, on one line."""
        return self.help.split("\n\n")[0].replace("\n", " ")

    def rank(self, text: str) -> int | None:
        """How far a search is from naming this kind, or None where a word of it is found nowhere.

        0: it is the title; 1: the title begins with it; 2: its words begin words of the title; 3: they are in the
        title; 4: in the title, the category or the id; 5: in those or the summary.
        """
        words, title = text.lower().split(), self.title.lower()
        searched, named = " ".join(words), f"{title} {self.category} {self.id}".lower()
        if title == searched:
            return 0
        if title.startswith(searched):
            return 1
        if all(any(part.startswith(word) for part in title.split()) for word in words):
            return 2
        places = (title, named, f"{named} {self.summary.lower()}")
        return next((rank for rank, place in enumerate(places, 3) if all(word in place for word in words)), None)

    def setting(self, name: str) -> SettingCard | None:
        """The setting called `name`, or None."""
        return next((setting for setting in self.settings if setting.name == name), None)


def fits(output: PortCard, target: PortCard) -> bool:
    """Whether a link from `output` to the input `target` is allowed, as `core.graph.ports.compatible` says it."""
    wanted = target.kinds[0]
    return wanted == "object" or wanted in output.kinds or (wanted == "float" and output.kinds[0] == "int")


def answering(cards: Iterable[NodeCard], text: str) -> list[NodeCard]:
    """The cards that a search finds, the nearest first; those equally near keep their order."""
    ranked = [(rank, card) for card in cards if (rank := card.rank(text)) is not None]
    return [card for _, card in sorted(ranked, key=lambda each: each[0])]


class Catalogue:
    """Every kind of node by id; `complete` once it comes from the engine and not from the shipped copy."""

    def __init__(self, cards: Iterable[NodeCard], *, complete: bool) -> None:
        self._cards = {card.id: card for card in cards}
        self.complete = complete

    def get(self, kind: str) -> NodeCard | None:
        """The card of this kind, or None."""
        return self._cards.get(kind)

    def all(self) -> tuple[NodeCard, ...]:
        """All cards by category and title."""
        return tuple(sorted(self._cards.values(), key=lambda card: (card.category, card.title, card.id)))

    def loaders(self, path: Path) -> list[tuple[NodeCard, SettingCard]]:
        """The kinds that load a file of this name with the setting that names it, whole models before their parts."""
        ending = f"*{path.suffix.lower()}" if path.suffix else "no ending"
        found = [
            (card, setting)
            for card in self.all()
            for setting in card.settings
            if setting.widget == "file" and ending in re.split(r"[ ()]+", setting.file_filter)
        ]
        return sorted(found, key=lambda each: (len(each[0].inputs), -len(each[0].outputs)))

    def to_json(self) -> str:
        """The text of a shipped copy: stable, one indented object a kind of node, without dynamic choices."""
        return json.dumps([asdict(card) for card in self.all()], indent=1, ensure_ascii=False) + "\n"


def catalogue_of(registry: NodeRegistry, *, ask_choices: bool = True) -> Catalogue:
    """Describe every node of `registry`; asking for dynamic choices may read the disk."""
    return Catalogue((_node_card(spec, ask_choices) for spec in registry.all()), complete=ask_choices)


def shipped_catalogue(path: Path = SHIPPED) -> Catalogue:
    """The copy that ships with the program."""
    return Catalogue((_from_json(raw) for raw in json.loads(path.read_text(encoding="utf-8"))), complete=False)


def _node_card(spec: NodeSpec, ask_choices: bool) -> NodeCard:
    ports = [port.type.__name__ for port in (*spec.inputs, *spec.outputs)]
    return NodeCard(
        id=spec.id,
        title=spec.title,
        category=spec.category,
        help=spec.help,
        inputs=tuple(_port_card(port) for port in spec.inputs),
        outputs=tuple(_port_card(port) for port in spec.outputs),
        settings=tuple(_setting_card(setting, ask_choices) for setting in spec.settings.values()),
        pictures=("Image" in ports and not (spec.writes_files or "Latent" in ports[len(spec.inputs) :]))
        or ("Denoiser" in ports and spec.context is not None),
    )


def _port_card(port: Port) -> PortCard:
    kinds = tuple(kind.__name__ for kind in port.type.__mro__ if kind is not object) or ("object",)
    return PortCard(port.name, kinds, port.optional, port.help)


def _setting_card(spec: SettingSpec, ask_choices: bool) -> SettingCard:
    setting = spec.setting
    dynamic = callable(setting.choices)
    return SettingCard(
        name=spec.name,
        kind=spec.type.__name__,
        default=spec.default_json,
        label=spec.label,
        help=setting.help,
        min=setting.min,
        max=setting.max,
        step=setting.step,
        unit=setting.unit,
        choices=() if dynamic and not ask_choices else spec.choices(),
        dynamic=dynamic,
        widget="file" if spec.is_file else setting.widget,
        shown=setting.shown,
        file_filter=setting.file_filter,
        max_length=setting.max_length,
    )


def _from_json(raw: dict[str, Any]) -> NodeCard:
    settings = tuple(
        SettingCard(**{**each, "choices": None if each["choices"] is None else tuple(each["choices"])})
        for each in raw["settings"]
    )
    inputs, outputs = (
        tuple(PortCard(**{**each, "kinds": tuple(each["kinds"])}) for each in raw[side])
        for side in ("inputs", "outputs")
    )
    plain = {field.name: raw[field.name] for field in fields(NodeCard)}
    return NodeCard(**{**plain, "settings": settings, "inputs": inputs, "outputs": outputs})


def _write_shipped() -> None:
    """Write the shipped copy from the nodes as they are."""
    import nodes  # here alone, because it imports torch: the window must not

    SHIPPED.write_text(catalogue_of(nodes.registry(), ask_choices=False).to_json(), encoding="utf-8")


if __name__ == "__main__":
    _write_shipped()
