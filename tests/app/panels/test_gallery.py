"""The gallery keeps every picture with its workflow, over restarts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.panels.compare import CompareView
from app.panels.gallery import Gallery, summary
from core.graph.edits import SetSetting
from core.imaging.picture_workflow import WORKFLOW_KEY, read_workflow

OpenWindow = Callable[..., MainWindow]


def plain(color: str, side: int = 16) -> QImage:
    image = QImage(side, side, QImage.Format.Format_RGB32)
    image.fill(QColor(color))
    return image


@pytest.fixture
def gallery(qtbot: QtBot, tmp_path: Path) -> Gallery:
    made = Gallery()
    qtbot.addWidget(made)
    made.open_folder(tmp_path / "gallery")
    return made


def test_pictures_of_runs_are_kept_with_their_workflow_and_open_it_again(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window()
    for value in (3, 90):
        window.document.do(SetSetting("amount", "value", value))
        window.run()
        qtbot.waitUntil(lambda: not window.monitor.running)
    window.gallery.flush()
    newest, older = window.gallery.paths()
    assert '"value": 90' in read_workflow(newest)
    window.document.history.mark_clean()
    window.gallery.workflow_asked.emit(str(older))
    assert window.document.workflow.nodes["amount"].settings["value"] == 3
    assert window.document.path is None


def test_the_same_picture_is_kept_once_and_looking_at_one_keeps_none(gallery: Gallery) -> None:
    for color in ("red", "red", "blue"):
        gallery.keep(plain(color), {WORKFLOW_KEY: "{}"})
    assert gallery.count() == 2
    shown: list[QImage] = []
    gallery.shown.connect(lambda image, _caption, _texts: shown.append(image))
    gallery.itemClicked.emit(gallery.item(1))
    assert shown[0].pixelColor(0, 0) == QColor("red")
    assert gallery.count() == 2
    gallery.flush()


def test_another_start_shows_what_is_there_and_leaves_torn_files_out(
    gallery: Gallery, qtbot: QtBot, tmp_path: Path
) -> None:
    for color in ("red", "green", "blue"):
        gallery.keep(plain(color), {})
    gallery.flush()
    gallery.paths()[1].write_bytes(b"torn")
    again = Gallery()
    qtbot.addWidget(again)
    again.open_folder(tmp_path / "gallery")
    qtbot.waitUntil(lambda: again.count() == 2)
    assert again.paths() == [gallery.paths()[0], gallery.paths()[2]]


def test_a_picture_dragged_out_is_a_file_and_pixels(gallery: Gallery) -> None:
    gallery.keep(plain("red"), {})
    mime = gallery.mimeData([gallery.item(0)])
    assert Path(mime.urls()[0].toLocalFile()).is_file()
    assert mime.hasImage()


def test_two_selected_pictures_are_parted_by_the_pointer(gallery: Gallery, qtbot: QtBot) -> None:
    for color in ("red", "blue"):
        gallery.keep(plain(color), {})
    assert gallery.compare() is None
    gallery.selectAll()
    dialog = gallery.compare()
    assert dialog is not None
    view: CompareView = dialog.view
    move = QMouseEvent(
        QEvent.Type.MouseMove,
        QPointF(view.width() * 0.25, 40),
        QPointF(),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
    )
    view.mouseMoveEvent(move)
    image = view.grab().toImage()
    colors = [image.pixelColor(round(view.width() * share), view.height() // 2).name() for share in (0.15, 0.5)]
    assert colors == ["#0000ff", "#ff0000"]
    dialog.close()
    gallery.flush()


def test_removing_removes_the_file(gallery: Gallery) -> None:
    gallery.keep(plain("red"), {})
    gallery.flush()
    (path,) = gallery.paths()
    gallery.selectAll()
    gallery.remove_selected()
    assert not path.exists()
    assert gallery.isHidden()


def test_a_summary_names_prompt_and_seed() -> None:
    text = '{"nodes": [{"settings": {"text": "a fox"}}, {"settings": {"seed": 7}}]}'
    assert summary(text).splitlines()[:2] == ["a fox", "Seed 7"]
    assert "no workflow" in summary("")
