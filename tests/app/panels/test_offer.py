"""A question that can wait."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from app.panels.offer import Offer


def test_answers_stand_beside_the_question_and_below_it_where_there_is_no_room(qtbot: QtBot) -> None:
    offer = Offer()
    qtbot.addWidget(offer)
    offer.ask("Latent Loom ended before the last changes were saved.", {"Restore": offer.hide, "Discard": offer.hide})
    offer.resize(800, 60)
    qtbot.waitUntil(lambda: offer.buttons[0].x() > offer._label.geometry().right())
    offer.resize(360, 120)
    qtbot.waitUntil(lambda: offer.buttons[0].y() >= offer._label.geometry().bottom())
    assert offer.buttons[1].geometry().right() <= 360
