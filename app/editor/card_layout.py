"""Geometry of a painted card: where its ports, settings and picture lie. Card coordinates, pixels at scale 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF

from app.catalogue import NodeCard, SettingCard
from app.theme import theme


@dataclass(frozen=True)
class Hit:
    """A part of a shown setting: "value", or the "dice" or the "lock" of a seed."""

    setting: SettingCard
    part: str


@dataclass(frozen=True)
class CardLayout:
    """Places on a card.

    Attributes:
        width: Of the whole card.
        height: Of the whole card.
        header: Title bar.
        inputs: Centre of each input port, in the order of the card's inputs.
        outputs: Centre of each output port.
        settings: The shown settings with the rectangle of each.
        preview: Where the picture goes, or None.
    """

    width: float
    height: float
    header: QRectF
    inputs: tuple[QPointF, ...]
    outputs: tuple[QPointF, ...]
    settings: tuple[tuple[SettingCard, QRectF], ...]
    preview: QRectF | None

    def hit(self, place: QPointF) -> Hit | None:
        """The setting at a place, or None; a pointer that is next to a button means it."""
        reach = theme().px("half") / 2
        for setting, box in self.settings:
            if box.contains(place):
                buttons = seed_buttons(box) if setting.widget == "seed" else {}
                near = (
                    part for part, at in buttons.items() if at.adjusted(-reach, -reach, reach, reach).contains(place)
                )
                return Hit(setting, next(near, "value"))
        return None

    def place_of(self, name: str) -> QRectF:
        """Where a setting's value is painted: all of a text, the right part of a line, as far as its buttons."""
        setting, box = next((setting, box) for setting, box in self.settings if setting.name == name)
        if setting.widget == "multiline":
            return box
        left = box.left() + box.width() * 0.4
        right = seed_buttons(box)["dice"].left() - theme().px("half") if setting.widget == "seed" else box.right()
        return QRectF(left, box.top(), right - left, box.height())


def lay_out(card: NodeCard) -> CardLayout:
    """Place everything of a kind of node, top to bottom: header, ports, shown settings, picture."""
    look = theme()
    half, unit, row = look.px("half"), look.px("unit"), look.px("card_row")
    width, top = float(look.px("card_width")), float(look.px("card_header") + half)
    inputs = tuple(QPointF(0.0, top + row * (i + 0.5)) for i in range(len(card.inputs)))
    outputs = tuple(QPointF(width, top + row * (i + 0.5)) for i in range(len(card.outputs)))
    top += row * max(len(inputs), len(outputs))
    shown = [setting for setting in card.settings if setting.shown]
    if shown and (inputs or outputs):
        top += half
    settings = []
    for setting in shown:
        height = float(row)
        if setting.widget == "multiline":
            height = look.px("card_text_lines") * 16.0 + 2 * half + half
        settings.append((setting, QRectF(unit, top, width - 2 * unit, height)))
        top += height
    preview = None
    if card.pictures:
        top += half
        side = float(look.px("preview"))
        preview = QRectF((width - side) / 2, top, side, side)
        top += side
    header = QRectF(0.0, 0.0, width, look.px("card_header"))
    return CardLayout(width, top + unit, header, inputs, outputs, tuple(settings), preview)


def seed_buttons(box: QRectF) -> dict[str, QRectF]:
    """Where the dice and the lock of a seed lie, at the right end of its line `box`."""
    side, gap = float(theme().px("card_icon")), float(theme().px("half"))
    top = box.center().y() - side / 2
    lock = QRectF(box.right() - gap - side, top, side, side)
    return {"dice": lock.translated(-side - gap, 0.0), "lock": lock}


def place_strip(layout: CardLayout, height: float, others: Sequence[QRectF]) -> QRectF:
    """Where a message of this height goes: below or above the card where that is free, else over the card's lower part.

    Over a picture or the later lines of a text it hides the least; a card without either has it below all the same.

    `others` are the other cards in this card's coordinates.
    """
    gap = float(theme().px("half"))
    below = QRectF(0.0, layout.height + gap, layout.width, height)
    above = QRectF(0.0, -gap - height, layout.width, height)
    for place in (below, above):
        if not any(other.intersects(place) for other in others):
            return place
    inside = layout.preview
    for setting, box in layout.settings:
        if setting.widget == "multiline" and inside is None:
            inside = box.adjusted(0, 18, 0, -gap / 2)
    if inside is None:
        return below
    height = min(height, inside.height())
    return QRectF(inside.left(), inside.bottom() - height, inside.width(), height)
