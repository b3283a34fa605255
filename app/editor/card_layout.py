"""Geometry of a painted card: where its ports, settings and picture lie. Card coordinates, pixels at scale 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF

from app.catalogue import NodeCard, SettingCard
from app.theme import theme


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
