"""Finding and adding nodes."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.catalogue import Catalogue, shipped_catalogue
from app.editor.viewer import NODE_MIME
from app.panels.library import LibraryPanel


def test_search_narrows_and_return_takes_the_first(qtbot: QtBot, catalogue: Catalogue) -> None:
    panel = LibraryPanel(catalogue)
    qtbot.addWidget(panel)
    assert len(panel.visible_kinds()) == len(catalogue.all())
    taken: list[str] = []
    panel.chosen.connect(taken.append)
    QTest.keyClicks(panel.search, "grey")
    assert panel.visible_kinds() == ["test.paint"], "the help text is searched too"
    QTest.keyClick(panel.search, Qt.Key.Key_Return)
    assert taken == ["test.paint"]


def test_return_takes_the_kind_of_that_title_whatever_its_category(qtbot: QtBot) -> None:
    panel = LibraryPanel(shipped_catalogue())
    qtbot.addWidget(panel)
    QTest.keyClicks(panel.search, "noise")
    with qtbot.waitSignal(panel.chosen) as taken:
        QTest.keyClick(panel.search, Qt.Key.Key_Return)
    card = shipped_catalogue().get(taken.args[0])
    assert card is not None
    assert card.title == "Noise"


def test_a_dragged_item_carries_its_kind(qtbot: QtBot, catalogue: Catalogue) -> None:
    panel = LibraryPanel(catalogue)
    qtbot.addWidget(panel)
    group = panel.tree.topLevelItem(0)
    assert group is not None
    mime = panel.tree.mimeData([group.child(0)])
    assert catalogue.get(bytes(mime.data(NODE_MIME).data()).decode()) is not None


def test_a_double_click_and_return_each_take_a_node_once(qtbot: QtBot, catalogue: Catalogue) -> None:
    panel = LibraryPanel(catalogue)
    qtbot.addWidget(panel)
    panel.show()
    taken: list[str] = []
    panel.chosen.connect(taken.append)
    group = panel.tree.topLevelItem(0)
    assert group is not None
    place = panel.tree.visualItemRect(group.child(0)).center()
    QTest.mouseClick(panel.tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseDClick(panel.tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert len(taken) == 1
    QTest.keyClick(panel.tree, Qt.Key.Key_Return)
    assert len(taken) == 2
