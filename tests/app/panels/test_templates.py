"""Templates in the dialog and on an empty canvas."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.document import DEFAULT_WORKFLOW
from app.editor.adding import Adding
from app.main_window import MainWindow
from app.panels.templates import TemplateDialog, TemplateGrid
from app.templates import templates

OpenWindow = Callable[..., MainWindow]


def test_each_shipped_workflow_is_a_template_with_a_title_a_sentence_and_a_picture() -> None:
    found = templates()
    assert found[0].path == DEFAULT_WORKFLOW
    assert len(found) >= 4
    for template in found:
        assert template.title
        assert template.sentence.endswith(".")
        assert template.thumbnail.is_file()


def test_a_damaged_file_is_no_template(tmp_path: Path) -> None:
    (tmp_path / "torn.json").write_text("{", encoding="utf-8")
    assert templates(tmp_path) == ()


def test_a_click_on_a_card_chooses_its_file(qtbot: QtBot) -> None:
    dialog = TemplateDialog()
    qtbot.addWidget(dialog)
    dialog.show()
    QTest.mouseClick(dialog.grid.cards[1], Qt.MouseButton.LeftButton)
    assert dialog.path == templates()[1].path
    assert not dialog.isVisible()


def test_cards_that_do_not_fit_are_left_out(qtbot: QtBot) -> None:
    grid = TemplateGrid(templates())
    qtbot.addWidget(grid)
    grid.fit(QSize(400, 200))
    shown = [card for card in grid.cards if not card.isHidden()]
    assert len(shown) == 2
    assert grid.sizeHint().height() <= 200


def test_an_empty_canvas_offers_templates_and_opens_the_one_that_is_clicked(open_window: OpenWindow) -> None:
    window = open_window()
    assert not window.empty.isVisible()
    window.document.new()
    assert window.empty.isVisible()
    card = window.empty.findChild(TemplateGrid).cards[0]
    QTest.mouseClick(card, Qt.MouseButton.LeftButton)
    assert "sampler" in window.document.workflow.nodes
    assert window.document.path is None
    assert not window.empty.isVisible()


def test_the_offer_goes_with_the_first_node_and_comes_back_when_it_is_undone(open_window: OpenWindow) -> None:
    window = open_window()
    window.document.new()
    adding: Adding = window.canvas.adding
    adding.add("test.amount")
    assert not window.empty.isVisible()
    window.document.undo()
    assert window.empty.isVisible()


def test_a_drop_or_click_beside_the_cards_reaches_the_canvas(open_window: OpenWindow) -> None:
    window = open_window()
    window.document.new()
    assert window.empty.parent() is window.canvas.viewer.viewport()
    assert not window.empty.acceptDrops()


def test_the_offer_lies_within_the_canvas_of_the_smallest_window(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window()
    window.resize(window.minimumSize())
    window.document.new()
    viewport = window.canvas.viewer.viewport()
    qtbot.waitUntil(lambda: viewport.rect().contains(window.empty.geometry()))
