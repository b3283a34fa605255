"""The canvas from far away: cards as boxes and links as lines, painted in a few calls instead of one an item."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import chain

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QStyleOptionGraphicsItem

from app.editor.area_items import AreaItem, NoteItem
from app.editor.card_painter import DETAIL_SCALE, STALE_OPACITY
from app.editor.link_item import LinkItem
from app.editor.node_item import CardItem
from app.theme import font, theme

MANY = 100
"""With more cards than this in view, none is painted in full."""
_TITLE_WIDTH = 48.0
"""A card narrower than this on the screen has no title."""
_STRIPE = 16.0

Items = Callable[[], tuple[Iterable[CardItem], Iterable[LinkItem], Iterable[AreaItem]]]


class Overview:
    """Paints all cards and links from far away.

    What it paints is kept from frame to frame, so whatever changes an item must call `forget`.
    """

    def __init__(self, items: Items) -> None:
        self._items = items
        self._cards: list[CardItem] | None = None
        self._areas: list[AreaItem] = []
        self._bounds = QRectF()
        self._boxes: dict[int, list[QRectF]] = {}
        self._lines: dict[int, list[QLineF]] = {}
        self._framed: dict[int, list[QRectF]] = {}
        self._outlines: list[QRectF] = []
        self._titles: dict[tuple[str, int], str] = {}
        self._previews: dict[CardItem, tuple[int, QPixmap]] = {}

    def forget(self) -> None:
        """Something on the canvas is other than it was."""
        self._cards = None

    def serves(self, seen: QRectF, scale: float) -> bool:
        """Whether to paint the overview instead of the items, for a view of `seen` (scene) at `scale`."""
        if scale < DETAIL_SCALE:
            return True
        self._gather()
        if len(self._outlines) <= MANY:
            return False
        return sum(seen.intersects(outline) for outline in self._outlines) > MANY

    def paint(self, painter: QPainter, seen: QRectF, scale: float) -> None:
        """Paint what `seen` shows; `painter` has the view's transform."""
        self._gather()
        for area in self._areas:
            painter.save()
            painter.translate(area.pos())
            area.paint(painter, QStyleOptionGraphicsItem())
            painter.restore()
        self.paint_boxes(painter)
        self._paint_previews(painter, seen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for color, boxes in self._framed.items():
            painter.setPen(QPen(QColor.fromRgba(color), 2 / scale))
            painter.drawRects(boxes)
        if theme().px("card_width") * scale >= _TITLE_WIDTH:
            self._paint_titles(painter, seen, scale)

    def paint_boxes(self, painter: QPainter) -> None:
        """Paint links as lines and cards as boxes, everything there is."""
        self._gather()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for color, lines in self._lines.items():
            painter.setPen(QPen(QColor.fromRgba(color), 0))
            painter.drawLines(lines)
        painter.setPen(Qt.PenStyle.NoPen)
        for color, boxes in self._boxes.items():
            painter.setBrush(QColor.fromRgba(color))
            painter.drawRects(boxes)

    def whole(self) -> QRectF:
        """The rectangle around all cards, frames and notes (scene)."""
        self._gather()
        return self._bounds

    def covers(self, rect: QRectF) -> bool:
        """Whether a card or a note lies in a part of `rect` (scene); frames are background."""
        self._gather()
        notes = (area.outline() for area in self._areas if isinstance(area, NoteItem))
        return any(rect.intersects(outline) for outline in chain(self._outlines, notes))

    def _gather(self) -> None:
        if self._cards is not None:
            return
        cards, links, areas = self._items()
        self._cards, self._areas = list(cards), sorted(areas, key=AreaItem.zValue)
        boxes: dict[int, list[QRectF]] = defaultdict(list)
        headers: dict[int, list[QRectF]] = defaultdict(list)
        lines: dict[int, list[QLineF]] = defaultdict(list)
        framed: dict[int, list[QRectF]] = defaultdict(list)
        self._outlines = []
        look, header = theme(), float(theme().px("card_header"))
        body, muted = look.color("card_header").rgba(), look.color("card_muted").rgba()
        for card in self._cards:
            outline = card.outline()
            self._outlines.append(outline)
            boxes[body if card.node.state == "on" else muted].append(outline)
            stripe = look.color("danger") if not card.card.known else look.category(card.card.category)
            headers[stripe.rgba()].append(QRectF(outline.left(), outline.top(), outline.width(), header - _STRIPE))
            if card.isSelected() or card.state.error or card.state.phase == "running":
                name = "danger" if card.state.error else "accent"
                framed[look.color(name).rgba()].append(outline)
        self._bounds = QRectF()
        for box in (*self._outlines, *(area.outline() for area in self._areas)):
            self._bounds = self._bounds.united(box)
        for link in links:
            lines[link.color.rgba()].append(QLineF(link.start, link.end))
        self._boxes, self._lines, self._framed = {**boxes, **headers}, dict(lines), dict(framed)
        self._previews = {card: kept for card, kept in self._previews.items() if card.scene() is not None}

    def _paint_previews(self, painter: QPainter, seen: QRectF) -> None:
        for card, outline in zip(self._cards or (), self._outlines, strict=True):
            place = card.preview_place()
            if place is None or card.state.preview is None or not seen.intersects(outline):
                continue
            image = card.state.preview
            kept = self._previews.get(card)
            if kept is None or kept[0] != image.cacheKey():
                small = image.scaled(
                    place.size().toSize(),
                    Qt.AspectRatioMode.KeepAspectRatio,
                    Qt.TransformationMode.SmoothTransformation,
                )
                kept = self._previews[card] = (image.cacheKey(), QPixmap.fromImage(small))
            painter.setOpacity(STALE_OPACITY if card.state.stale else 1.0)
            box = QRectF(QPointF(), kept[1].size().toSizeF())
            box.moveCenter(place.center())
            painter.drawPixmap(box, kept[1], QRectF(kept[1].rect()))
            painter.setOpacity(1.0)

    def _paint_titles(self, painter: QPainter, seen: QRectF, scale: float) -> None:
        """Write titles at a size that can be read at any scale."""
        transform = painter.worldTransform()
        painter.save()
        painter.resetTransform()
        painter.setFont(font("font_small"))
        painter.setPen(theme().color("text"))
        metrics = QFontMetricsF(painter.font())
        for card, outline in zip(self._cards or (), self._outlines, strict=True):
            if not seen.intersects(outline):
                continue
            room = int(outline.width() * scale) - 6
            key = (card.title, room)
            text = self._titles.get(key)
            if text is None:
                if len(self._titles) > 4000:  # one entry a title and step of zoom
                    self._titles.clear()
                text = self._titles[key] = metrics.elidedText(card.title, Qt.TextElideMode.ElideRight, room)
            corner = transform.map(outline.topLeft())
            top = corner.y() + (theme().px("card_header") - _STRIPE) * scale
            painter.drawText(QPointF(round(corner.x()) + 3, round(top + metrics.ascent() + 1)), text)
        painter.restore()
