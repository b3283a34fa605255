"""Painting of a card. Plain functions on a QPainter; nothing here keeps state."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF

from app.catalogue import NodeCard, PortCard, SettingCard
from app.editor.card_layout import CardLayout, seed_buttons
from app.editor.card_state import CardState, readable_seconds
from app.theme import PortStyle, font, paint_icon, theme
from core.graph.workflow import Node

DETAIL_SCALE = 0.4
"""Below this scale a card is a coloured box with its title: nothing smaller could be read."""
STRIP_HEIGHT = 72.0
"""The most that a message takes; longer ones are cut, and the banner and the log have them whole."""
STALE_OPACITY = 0.3
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def paint_body(painter: QPainter, layout: CardLayout, card: NodeCard, *, state: CardState, on: bool) -> None:
    """Fill the card: body, header, and the stripe of its category."""
    look = theme()
    radius = look.px("card_radius")
    whole = QRectF(0, 0, layout.width, layout.height)
    outline = QPainterPath()
    outline.addRoundedRect(whole, radius, radius)
    painter.fillPath(outline, look.color("card" if on else "card_muted"))
    painter.save()
    painter.setClipPath(outline)
    painter.fillRect(layout.header, look.color("card_header" if on else "card_muted"))
    stripe = look.category(card.category) if card.known else look.color("danger")
    stripe.setAlpha(255 if on else 90)
    painter.fillRect(QRectF(0, 0, 4, layout.header.height()), stripe)
    _paint_progress(painter, layout, state)
    painter.restore()


def paint_frame(painter: QPainter, layout: CardLayout, *, selected: bool, failed: bool) -> None:
    """Draw the card's border: accent when selected, red when the node is at fault."""
    look = theme()
    name = "danger" if failed else "accent" if selected else "card_border"
    painter.setPen(QPen(look.color(name), 2.0 if selected or failed else 1.0))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    inset = QRectF(0, 0, layout.width, layout.height)
    painter.drawRoundedRect(inset, look.px("card_radius"), look.px("card_radius"))


def paint_header(painter: QPainter, layout: CardLayout, title: str, state: CardState, note: str) -> None:
    """Write the title, and at the right how the run goes here."""
    look = theme()
    inner = layout.header.adjusted(12, 0, -10, 0)
    text, color = _status(state, note)
    used = 0.0
    if text:
        painter.setFont(font("font_card"))
        painter.setPen(look.color(color))
        painter.drawText(inner, _RIGHT, text)
        used = QFontMetricsF(painter.font()).horizontalAdvance(text) + 8
    painter.setFont(font(bold=True))
    painter.setPen(look.color("text"))
    room = inner.width() - used
    painter.drawText(inner, _LEFT, QFontMetricsF(painter.font()).elidedText(title, Qt.TextElideMode.ElideRight, room))


def _status(state: CardState, note: str) -> tuple[str, str]:
    if state.phase == "failed" and state.error:
        return "failed", "danger"
    if state.phase == "running":
        return (f"{state.done}/{state.total}" if state.total else "running"), "accent"
    if state.phase == "done" and not state.stale:
        return ("cached", "text_faint") if state.cached else (readable_seconds(state.seconds or 0.0), "success")
    return note, "text_faint"


def _paint_progress(painter: QPainter, layout: CardLayout, state: CardState) -> None:
    if state.phase != "running":
        return
    look = theme()
    bar = QRectF(0, layout.header.bottom() - 3, layout.width, 3)
    painter.fillRect(bar, look.color("card_border"))
    share = state.progress
    # A node that reports no steps shows a still, dim bar: motion would claim progress that nobody measured.
    painter.fillRect(
        QRectF(bar.left(), bar.top(), bar.width() * (1.0 if share is None else share), bar.height()),
        look.color("accent", 110 if share is None else 255),
    )


def paint_port(painter: QPainter, centre: QPointF, style: PortStyle, *, linked: bool, strength: int) -> None:
    """Draw a port as a filled (linked) or hollow shape; `strength` is its opacity, 0 to 255."""
    side = theme().px("port") / 2
    color = QColor(style.color)
    color.setAlpha(strength)
    painter.setPen(QPen(color, 1.6))
    painter.setBrush(color if linked else theme().color("canvas"))
    if style.shape == "square":
        painter.drawRoundedRect(QRectF(centre.x() - side, centre.y() - side, 2 * side, 2 * side), 1.5, 1.5)
    elif style.shape == "diamond":
        reach = side * 1.25
        steps = ((0.0, -reach), (reach, 0.0), (0.0, reach), (-reach, 0.0))
        painter.drawPolygon(QPolygonF([centre + QPointF(x, y) for x, y in steps]))
    else:
        painter.drawEllipse(centre, side, side)


def paint_port_names(
    painter: QPainter, layout: CardLayout, card: NodeCard, strength: Callable[[PortCard, bool], int]
) -> None:
    """Write the names beside the ports; an input that must be linked is bright, an optional one muted."""
    look = theme()
    painter.setFont(font("font_card"))
    row = look.px("card_row")
    shared = min(len(card.inputs), len(card.outputs))  # rows that have a name on either side
    metrics = QFontMetricsF(painter.font())
    for ports, places, outgoing in ((card.inputs, layout.inputs, False), (card.outputs, layout.outputs, True)):
        for index, (port, place) in enumerate(zip(ports, places, strict=True)):
            room = (layout.width - 2 * 12) * (0.5 if index < shared else 1.0)
            muted = "text_faint" if port.optional else "text_muted"
            painter.setPen(look.color(muted, strength(port, outgoing)))
            left = layout.width - 12 - room if outgoing else 12.0
            box = QRectF(left, place.y() - row / 2, room, row)
            text = metrics.elidedText(port.label, Qt.TextElideMode.ElideRight, room)
            painter.drawText(box, _RIGHT if outgoing else _LEFT, text)


def paint_settings(painter: QPainter, layout: CardLayout, node: Node, faults: Collection[str]) -> None:
    """Write the shown settings: label and value on a line, a seed's dice and lock behind it, a text in its own box."""
    look = theme()
    painter.setFont(font("font_card"))
    metrics = QFontMetricsF(painter.font())
    for setting, box in layout.settings:
        value = node.settings.get(setting.name, setting.default)
        if setting.widget == "multiline":
            _paint_text_box(painter, box, str(value or ""), setting.label, faulty=setting.name in faults)
            continue
        inner = box.adjusted(4, 0, -4, 0)
        if setting.widget == "seed" and not isinstance(value, dict):
            inner.setRight(_paint_seed_buttons(painter, box, drawn=setting.name in node.drawn))
        painter.setPen(look.color("danger" if setting.name in faults else "text_faint"))
        painter.drawText(inner, _LEFT, setting.label)
        room = inner.width() - metrics.horizontalAdvance(setting.label) - 12
        painter.setPen(look.color("text"))
        text = metrics.elidedText(value_text(setting, value), Qt.TextElideMode.ElideMiddle, max(room, 24.0))
        painter.drawText(inner, _RIGHT, text)


def _paint_seed_buttons(painter: QPainter, box: QRectF, *, drawn: bool) -> float:
    """Draw dice and lock, an open one in the colour of what is on; return where the value before them must end."""
    places = seed_buttons(box)
    paint_icon(painter, places["dice"], "dice", "text_muted")
    paint_icon(painter, places["lock"], "lock_open" if drawn else "lock", "accent" if drawn else "text_faint")
    return places["dice"].left() - theme().px("half")


def _paint_text_box(painter: QPainter, box: QRectF, text: str, label: str, *, faulty: bool) -> None:
    look = theme()
    field = box.adjusted(0, 1, 0, -3)
    painter.setPen(QPen(look.color("danger" if faulty else "field_border"), 1.0))
    painter.setBrush(look.color("field"))
    painter.drawRoundedRect(field, 4, 4)
    painter.setPen(look.color("text" if text else "text_faint"))
    inner = field.adjusted(8, 3, -6, -3)
    wrap = Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap
    painter.drawText(inner, wrap, _clipped(text or f"{label}: empty", QFontMetricsF(painter.font()), inner))


def _clipped(text: str, metrics: QFontMetricsF, box: QRectF) -> str:
    """The longest beginning of `text` that fits the box word-wrapped, with an ellipsis when cut."""
    flags = Qt.TextFlag.TextWordWrap.value

    def holds(candidate: str) -> bool:
        return metrics.boundingRect(QRectF(0, 0, box.width(), 1e4), flags, candidate).height() <= box.height() + 1

    text = text[:400]
    if holds(text):
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if holds(text[:middle] + "…") else (low, middle - 1)
    return text[:low].rstrip() + "…"


def paint_preview(painter: QPainter, layout: CardLayout, state: CardState) -> None:
    """Draw the newest picture into its place, whole and centred."""
    if layout.preview is None:
        return
    look = theme()
    place = layout.preview
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look.color("field"))
    painter.drawRoundedRect(place, 4, 4)
    image = state.preview
    if image is None or image.isNull():
        painter.setPen(look.color("text_faint", 150))
        painter.setFont(font("font_card"))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, "no picture yet")
        return
    scale = min(place.width() / image.width(), place.height() / image.height())
    size_x, size_y = image.width() * scale, image.height() * scale
    target = QRectF(place.center().x() - size_x / 2, place.center().y() - size_y / 2, size_x, size_y)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
    painter.setOpacity(STALE_OPACITY if state.stale else 1.0)
    painter.drawImage(target, image)
    painter.setOpacity(1.0)


def strip_height(layout: CardLayout, message: str) -> float:
    """How much a message below a card takes."""
    room = QRectF(0, 0, layout.width - 32, 1e4)  # over a text or a picture it is narrower than the card
    needed = QFontMetricsF(font("font_card")).boundingRect(room, Qt.TextFlag.TextWordWrap.value, message).height()
    return min(needed + 8.0, STRIP_HEIGHT)


def paint_strip(painter: QPainter, strip: QRectF, message: str, *, color: str) -> None:
    """Write what went wrong ("danger"), or else what there is to say, in a colour of the theme into its place."""
    look, failed = theme(), color == "danger"
    painter.setPen(QPen(look.color("danger" if failed else "card_border"), 1.0))
    painter.setBrush(look.color("danger_fill" if failed else "card"))
    painter.drawRoundedRect(strip, 6, 6)
    painter.setFont(font("font_card"))
    painter.setPen(look.color("text" if failed else color))
    inner = strip.adjusted(8, 3, -8, -3)
    wrap = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap
    painter.drawText(inner, wrap, _clipped(message, QFontMetricsF(painter.font()), inner))


def value_text(setting: SettingCard, value: Any) -> str:
    """A setting's value as a card shows it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if value is None or value == "":
        return "—"
    if isinstance(value, dict):
        return "sweep"
    if isinstance(value, float):
        value = f"{value:.4g}"
    text = str(value)
    if setting.kind == "Path" or setting.widget in ("file", "folder"):
        text = text.replace("\\", "/").rstrip("/").rpartition("/")[2] or text
    return f"{text} {setting.unit}" if setting.unit and setting.unit not in ("steps", "×") else text
