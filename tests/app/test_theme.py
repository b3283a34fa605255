"""What the theme makes of Qt's own widgets, in pixels."""

from __future__ import annotations

from typing import Any

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QLineEdit, QToolButton
from pytestqt.qtbot import QtBot

from app.catalogue import Catalogue
from app.panels.library import LibraryPanel
from app.theme import apply_theme, theme


def test_the_file_dialogs_way_up_is_bright_on_the_dark_window(qtbot: QtBot, qapp: Any) -> None:
    apply_theme(qapp)
    dialog = QFileDialog()
    qtbot.addWidget(dialog)
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    dialog.show()
    button = dialog.findChild(QToolButton, "toParentButton")
    assert isinstance(button, QToolButton)
    image = button.icon().pixmap(16, 16).toImage()
    assert max(brightness(image, x, y) for x in range(16) for y in range(16)) > 200


def test_a_rows_highlight_has_no_notch(qtbot: QtBot, qapp: Any, catalogue: Catalogue) -> None:
    apply_theme(qapp)
    panel = LibraryPanel(catalogue)
    qtbot.addWidget(panel)
    panel.resize(184, 500)
    panel.show()
    group = panel.tree.topLevelItem(0)
    assert group is not None
    panel.tree.setCurrentItem(group.child(0))
    rect = panel.tree.visualItemRect(group.child(0))
    image = panel.tree.viewport().grab().toImage()
    wanted = theme().color("selection").rgb()
    top_edge = [image.pixel(x, rect.top() + 2) == wanted for x in range(image.width())]
    assert sum(top_edge) > 100
    assert all(top_edge[top_edge.index(True) : top_edge.index(True) + 60])


def brightness(image: QImage, x: int, y: int) -> int:
    """0 to 255, nothing for what is transparent."""
    color = image.pixelColor(x, y)
    return color.lightness() if color.alpha() > 200 else 0


def test_the_settings_title_stands_above_its_text(qtbot: QtBot, open_window: Any) -> None:
    window = open_window()
    title = window.properties.findChild(QLineEdit, "title")
    label = window.properties.findChild(object, "help")
    page = window.properties.widget()

    def left_edge(widget: Any) -> int:
        place = widget.mapTo(page, widget.rect().topLeft())
        image = widget.grab().toImage()
        rows = range(2, image.height() - 2)
        inked = (x for x in range(image.width()) if any(brightness(image, x, y) > 110 for y in rows))
        return int(place.x()) + next(inked)

    assert abs(left_edge(title) - left_edge(label)) <= 1
