"""The gallery keeps every picture with its workflow, over restarts."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.panels import picture_list
from app.panels.compare import CompareView
from app.panels.gallery import Gallery
from app.panels.picture_list import PictureList
from app.panels.picture_summary import summary
from core.errors import LoomError
from core.graph.edits import SetSetting
from core.imaging.picture_workflow import WORKFLOW_KEY, read_workflow

OpenWindow = Callable[..., MainWindow]


def plain(color: str, side: int = 16) -> QImage:
    image = QImage(side, side, QImage.Format.Format_RGB32)
    image.fill(QColor(color))
    return image


@pytest.fixture(autouse=True)
def trash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A trash of the test's own, on the disk of its files."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "Trash"


@pytest.fixture
def gallery(qtbot: QtBot, tmp_path: Path) -> Gallery:
    made = Gallery()
    qtbot.addWidget(made)
    qtbot.addWidget(made.remover.offer)
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
    assert len(gallery.paths()) == 2
    shown: list[QImage] = []
    gallery.shown.connect(lambda image, _caption, _texts: shown.append(image))
    gallery.clicked.emit(gallery.pictures.index(1))
    assert shown[0].pixelColor(0, 0) == QColor("red")
    assert len(gallery.paths()) == 2
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
    qtbot.waitUntil(lambda: len(again.paths()) == 2)
    assert again.paths() == [gallery.paths()[0], gallery.paths()[2]]


def test_a_picture_dragged_out_is_a_file_and_pixels(gallery: Gallery) -> None:
    gallery.keep(plain("red"), {})
    gallery.flush()
    mime = gallery.pictures.mimeData([gallery.pictures.index(0)])
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


def two_kept(gallery: Gallery) -> list[Path]:
    """The files of two pictures, which are selected."""
    for color in ("red", "blue"):
        gallery.keep(plain(color), {"text": color})
    gallery.flush()
    gallery.selectAll()
    return gallery.paths()


def press(gallery: Gallery, words: str) -> None:
    """Click an answer of the line about removed pictures."""
    button = next(button for button in gallery.remover.offer.buttons if button.text() == words)
    button.click()


def test_removed_pictures_are_in_the_trash_and_can_be_taken_back(gallery: Gallery, trash: Path) -> None:
    paths = two_kept(gallery)
    before = [path.read_bytes() for path in paths]
    QTest.keyClick(gallery, Qt.Key.Key_Delete)
    assert not any(path.exists() for path in paths)
    assert gallery.isHidden()
    assert {path.name for path in (trash / "files").iterdir()} == {path.name for path in paths}
    assert gallery.remover.offer.text == "2 pictures are in the trash now."
    press(gallery, "Undo")
    assert gallery.paths() == paths
    assert [path.read_bytes() for path in paths] == before
    assert not gallery.isHidden()
    assert gallery.remover.offer.isHidden()
    assert not list((trash / "files").iterdir())
    assert not list((trash / "info").iterdir())


def test_a_picture_that_is_not_written_stays_when_others_are_taken_back(gallery: Gallery, tmp_path: Path) -> None:
    paths = two_kept(gallery)
    gallery.remove_selected()
    (tmp_path / "file").touch()
    late = tmp_path / "file" / "late.png"  # where no file can be
    gallery.pictures.add(late, plain("green"))
    press(gallery, "Undo")
    assert set(gallery.paths()) == {*paths, late}


def test_what_is_not_in_the_trash_any_more_is_said(gallery: Gallery, trash: Path) -> None:
    first, second = two_kept(gallery)
    gallery.remove_selected()
    (trash / "files" / first.name).unlink()
    said: list[str] = []
    gallery.failed.connect(lambda error: said.append(str(error)))
    press(gallery, "Undo")
    assert [first.name in text for text in said] == [True]
    assert gallery.paths() == [second]


def test_without_a_trash_pictures_go_only_if_a_person_says_so(
    gallery: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = two_kept(gallery)
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file" / "data"))  # where no folder can be made
    gallery.remove_selected()
    assert gallery.paths() == paths
    assert "cannot go to the trash" in gallery.remover.offer.text
    press(gallery, "Keep")
    assert all(path.exists() for path in paths)
    gallery.remove_selected()
    press(gallery, "Remove for good")
    assert not any(path.exists() for path in paths)
    assert gallery.paths() == []


@pytest.mark.parametrize("answer", ["Keep", "Remove for good"])
def test_what_is_in_the_trash_can_be_taken_back_though_other_files_were_refused(
    gallery: Gallery, tmp_path: Path, answer: str
) -> None:
    paths = two_kept(gallery)
    refused = tmp_path / f"{'x' * 246}.png"  # the note that the trash keeps beside it would have too long a name
    refused.touch()
    gallery.remover.remove([paths[0], refused])
    assert gallery.remover.offer.text == "The picture cannot go to the trash."
    press(gallery, answer)
    assert refused.exists() == (answer == "Keep")
    assert gallery.remover.offer.text == "The picture is in the trash now."
    press(gallery, "Undo")
    assert gallery.paths() == paths


def test_a_picture_whose_file_is_gone_is_said_and_leaves_the_strip(
    gallery: Gallery, qtbot: QtBot, tmp_path: Path
) -> None:
    gallery.keep(plain("red"), {})
    gallery.flush()
    again = Gallery()  # of another window, say
    qtbot.addWidget(again)
    again.open_folder(tmp_path / "gallery")
    said: list[str] = []
    again.failed.connect(lambda error: said.append(str(error)))
    gallery.selectAll()
    gallery.remove_selected()
    again.clicked.emit(again.pictures.index(0))
    assert "cannot be shown any more" in said[0]
    assert again.paths() == []
    again.flush()


def test_a_picture_whose_file_cannot_be_removed_stays(
    gallery: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery.keep(plain("red"), {})
    gallery.flush()
    (path,) = gallery.paths()
    path.unlink()
    path.mkdir()  # which no unlink removes, whoever runs this
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file" / "data"))
    said: list[str] = []
    gallery.failed.connect(lambda error: said.append(str(error)))
    gallery.selectAll()
    gallery.remove_selected()
    press(gallery, "Remove for good")
    assert path.name in said[0]
    assert gallery.paths() == [path]


def test_a_summary_names_prompt_and_seed() -> None:
    text = '{"nodes": [{"settings": {"text": "a fox"}}, {"settings": {"seed": 7}}]}'
    assert summary(text).splitlines()[:2] == ["a fox", "Seed 7"]
    assert "no workflow" in summary("")


def test_thousands_of_pictures_are_all_there_and_only_those_in_sight_are_read(qtbot: QtBot, tmp_path: Path) -> None:
    folder = tmp_path / "gallery"
    folder.mkdir()
    plain("red").save(str(folder / "0000.png"))
    for number in range(1, 3000):
        (folder / f"{number:04}.png").hardlink_to(folder / "0000.png")
    gallery = Gallery()
    qtbot.addWidget(gallery)
    gallery.resize(640, 80)
    gallery.open_folder(folder)
    pictures = gallery.pictures
    qtbot.waitUntil(lambda: len(pictures._thumbs) >= 8)
    assert len(gallery.paths()) == 3000
    assert gallery.paths()[0].name == "2999.png"
    gallery.scrollToBottom()
    qtbot.waitUntil(lambda: folder / "0000.png" in pictures._thumbs)
    assert len(pictures._thumbs) < 60
    gallery.flush()


def test_what_was_painted_last_is_read_first_and_no_more_is_held_than_allowed(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_list, "_THUMBS", 5)
    monkeypatch.setattr(picture_list, "_WANTED", 6)
    paths = [tmp_path / f"{number}.png" for number in range(9)]
    for path in paths:
        plain("red").save(str(path))
    pictures = PictureList(8)
    pictures.fill(paths)
    read: list[int] = []
    pictures.dataChanged.connect(lambda first, _last, _roles: read.append(first.row()))
    for row in range(9):
        pictures.data(pictures.index(row), Qt.ItemDataRole.DecorationRole)
    qtbot.waitUntil(lambda: len(read) == 7)
    assert read == [0, 8, 7, 6, 5, 4, 3]  # 0 was read while the others were asked for; 1 and 2 were pushed out
    assert len(pictures._thumbs) == 5
    pictures.close()


def test_a_large_picture_is_made_small_before_it_is_held(qtbot: QtBot, tmp_path: Path) -> None:
    plain("blue", 1000).save(str(tmp_path / "large.png"))
    pictures = PictureList(112)
    pictures.fill([tmp_path / "large.png"])
    icon = pictures.data(pictures.index(0), Qt.ItemDataRole.DecorationRole)
    assert icon.pixmap(112).toImage().pixelColor(0, 0) != QColor("blue")
    with qtbot.waitSignal(pictures.dataChanged):
        pass
    icon = pictures.data(pictures.index(0), Qt.ItemDataRole.DecorationRole)
    assert icon.availableSizes()[0].width() == 112
    assert icon.pixmap(112).toImage().pixelColor(0, 0) == QColor("blue")
    pictures.close()


def test_a_full_disk_is_told_once_and_the_picture_stays_in_sight(gallery: Gallery, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="limits on file sizes are POSIX only")
    said: list[LoomError] = []
    gallery.failed.connect(lambda error: said.append(error))
    noise = QImage(os.urandom(3 * 200 * 200), 200, 200, 600, QImage.Format.Format_RGB888)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        gallery.keep(noise, {})
        gallery.keep(noise.flipped(Qt.Orientation.Horizontal), {})
        gallery.flush()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    QCoreApplication.processEvents()
    assert len(said) == 1
    assert str(tmp_path / "gallery") in said[0].why
    assert list((tmp_path / "gallery").iterdir()) == []
    assert gallery.pictures.image(1) == noise
    gallery.keep(plain("red"), {})
    gallery.flush()
    assert gallery.paths()[0].is_file()
