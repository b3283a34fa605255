"""Where things lie on a card, and where a message about it goes."""

from __future__ import annotations

from PySide6.QtCore import QRectF

from app.catalogue import NodeCard, SettingCard
from app.editor.card_layout import CardLayout, lay_out, place_strip

HEIGHT = 34.0


def layout(*, text: bool = False, pictures: bool = False) -> CardLayout:
    settings = (SettingCard("text", "str", "", "Text", widget="multiline", shown=True),) if text else ()
    return lay_out(NodeCard("a.b", "B", "Image", "Help.", settings=settings, pictures=pictures))


def around(card: CardLayout) -> list[QRectF]:
    """Neighbours close above and below."""
    return [QRectF(0, y, card.width, 100.0) for y in (-110.0, card.height + 10.0)]


def test_a_message_goes_where_no_other_card_is() -> None:
    card = layout()
    above, below = around(card)
    assert place_strip(card, HEIGHT, []).top() >= card.height
    assert place_strip(card, HEIGHT, [below]).bottom() <= 0
    assert place_strip(card, HEIGHT, [above]).top() >= card.height


def test_between_close_neighbours_it_goes_over_the_picture_or_the_later_lines_of_the_text() -> None:
    for card in (layout(text=True), layout(pictures=True)):
        strip = place_strip(card, HEIGHT, around(card))
        assert QRectF(0, card.header.bottom(), card.width, card.height).contains(strip)
        assert not any(other.intersects(strip) for other in around(card))
    first_line = layout(text=True).settings[0][1].adjusted(0, 0, 0, -44)
    assert not first_line.intersects(place_strip(layout(text=True), HEIGHT, around(layout(text=True))))
