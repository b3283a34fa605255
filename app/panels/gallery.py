"""Every picture that was made, newest first, each a PNG file that carries its workflow with seed and settings."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QRunnable, QSize, Qt, QThreadPool, QTimer, QUrl, Signal
from PySide6.QtGui import QGuiApplication, QIcon, QImage, QImageReader, QImageWriter, QPixmap
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QMenu

from app.panels.compare import CompareDialog
from core.imaging.picture_workflow import WORKFLOW_KEY

MOST = 400
"""Older pictures are removed from the folder."""
_LOADED = 80
_AT_ONCE = 2
_THUMB = 56
_HELD = 24
_PATH, _IMAGE = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1


class Gallery(QListWidget):
    """A strip of thumbnails.

    Signals:
        shown(QImage, str, dict): A person looks at this picture; its caption and the texts that it carries.
        workflow_asked(str): A person wants to open the workflow in this file.
        painting_asked(QImage): A person wants to paint on this picture.
    """

    shown = Signal(QImage, str, dict)
    workflow_asked = Signal(str)
    painting_asked = Signal(QImage)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("gallery")
        self._folder: Path | None = None
        self._waiting: list[Path] = []
        self._writer = QThreadPool()
        self._writer.setMaxThreadCount(1)
        self.setViewMode(QListWidget.ViewMode.IconMode)
        self.setFlow(QListWidget.Flow.LeftToRight)
        self.setWrapping(False)
        self.setMovement(QListWidget.Movement.Static)
        self.setIconSize(QSize(_THUMB, _THUMB))
        self.setGridSize(QSize(_THUMB + 8, _THUMB + 8))
        self.setFixedHeight(_THUMB + 22)
        self.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setDragEnabled(True)
        self.customContextMenuRequested.connect(self._show_menu)
        self.itemClicked.connect(self._show)
        self.itemActivated.connect(self._show)
        self.hide()

    def open_folder(self, folder: Path) -> None:
        """Keep pictures in `folder` from now on, and show those that are there a few at a time."""
        self._folder = folder
        files = sorted(folder.glob("*.png"), reverse=True)
        for old in files[MOST:]:
            with contextlib.suppress(OSError):
                old.unlink()
        self._waiting = files[:_LOADED]
        QTimer.singleShot(0, self, self._load_some)

    def keep(self, image: QImage, texts: dict[str, str]) -> None:
        """Add a picture with the texts that it carries, unless it is the newest one already."""
        newest = self.item(0)
        if self._folder is None or (newest is not None and newest.data(_IMAGE) == image):
            return
        path = self._folder / f"{time.strftime('%Y%m%d-%H%M%S')}-{time.time_ns() % 10**9:09}.png"
        kept = image.copy()
        for key, text in texts.items():
            kept.setText(key, text)
        self._writer.start(_Write(kept, path))
        item = self._add(kept, path, texts.get(WORKFLOW_KEY, ""), first=True)
        item.setData(_IMAGE, kept)
        late = self.item(_HELD)
        if late is not None:
            late.setData(_IMAGE, None)  # read from its file when it is wanted

    def paths(self) -> list[Path]:
        """The files of all pictures, newest first."""
        return [Path(self.item(row).data(_PATH)) for row in range(self.count())]

    def flush(self) -> None:
        """Wait until every picture is written."""
        self._waiting = []
        self._writer.waitForDone()

    def compare(self) -> CompareDialog | None:
        """Show the two selected pictures over each other; None unless two are selected."""
        chosen = [self._image(item) for item in self.selectedItems()]
        if len(chosen) != 2 or any(image.isNull() for image in chosen):
            return None
        dialog = CompareDialog(chosen[0], chosen[1], self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.show()
        return dialog

    def paint_on(self, item: QListWidgetItem) -> None:
        """Ask for painting on a picture, unless its file is gone."""
        image = self._image(item)
        if not image.isNull():
            self.painting_asked.emit(image)

    def remove_selected(self) -> None:
        """Remove the selected pictures and their files."""
        self._writer.waitForDone()
        for item in self.selectedItems():
            with contextlib.suppress(OSError):
                Path(item.data(_PATH)).unlink()
            self.takeItem(self.row(item))
        self.setVisible(self.count() > 0)

    def _load_some(self) -> None:
        for path in self._waiting[:_AT_ONCE]:
            reader = QImageReader(str(path))
            text = reader.text(WORKFLOW_KEY)
            size = reader.size().scaled(2 * _THUMB, 2 * _THUMB, Qt.AspectRatioMode.KeepAspectRatio)
            reader.setScaledSize(size)
            image = reader.read()
            if not image.isNull():  # a torn file is left out
                self._add(image, path, text, first=False)
        del self._waiting[:_AT_ONCE]
        if self._waiting:
            QTimer.singleShot(0, self, self._load_some)

    def _add(self, image: QImage, path: Path, text: str, *, first: bool) -> QListWidgetItem:
        aspect, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        thumb = QPixmap.fromImage(image.scaled(2 * _THUMB, 2 * _THUMB, aspect, smooth))
        item = QListWidgetItem(QIcon(thumb), "")
        item.setData(_PATH, str(path))
        item.setToolTip(summary(text))
        self.insertItem(0 if first else self.count(), item)
        self.show()
        return item

    def _image(self, item: QListWidgetItem) -> QImage:
        held = item.data(_IMAGE)
        return held if isinstance(held, QImage) else QImage(str(item.data(_PATH)))

    def _show(self, item: QListWidgetItem) -> None:
        image = self._image(item)
        if not image.isNull():
            size = f"{image.width()} × {image.height()} pixels"
            self.shown.emit(image, f"From the gallery: {size}", {key: image.text(key) for key in image.textKeys()})

    def _show_menu(self, at: QPoint) -> None:
        chosen = self.selectedItems()
        if not chosen:
            return
        menu = QMenu(self)
        if len(chosen) == 2:
            menu.addAction("Compare the two", self.compare)
        if len(chosen) == 1:
            path = str(chosen[0].data(_PATH))
            menu.addAction("Paint on it", lambda: self.paint_on(chosen[0]))
            menu.addAction("Open its workflow", lambda: self.workflow_asked.emit(path))
            menu.addAction("Copy", lambda: QGuiApplication.clipboard().setImage(self._image(chosen[0])))
        menu.addAction("Remove", self.remove_selected)
        menu.exec(self.mapToGlobal(at))
        menu.deleteLater()

    def mimeData(self, items: Sequence[QListWidgetItem] | Iterable[QListWidgetItem]) -> QMimeData:
        """What is dragged out: the files, and of a single picture its pixels."""
        self._writer.waitForDone()
        items, mime = list(items), QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(item.data(_PATH))) for item in items])
        if len(items) == 1:
            mime.setImageData(self._image(items[0]))
        return mime


class _Write(QRunnable):
    """Writes one picture aside and renames it, away from the window's thread."""

    def __init__(self, image: QImage, path: Path) -> None:
        super().__init__()
        self._image, self._path = image, path

    def run(self) -> None:
        aside = self._path.with_suffix(".part")
        with contextlib.suppress(OSError):  # a full disk: the picture stays in the window
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if QImageWriter(str(aside), b"PNG").write(self._image):
                aside.replace(self._path)


def summary(text: str) -> str:
    """What a workflow's text says in a few lines: title, prompts, seeds."""
    try:
        nodes = json.loads(text)["nodes"]
        settings = [node["settings"] for node in nodes]
        prompts = [str(each["text"])[:120] for each in settings if each.get("text")]
        seeds = [f"Seed {each['seed']}" for each in settings if "seed" in each]
    except (ValueError, KeyError, TypeError, AttributeError):
        return "It carries no workflow."
    return "\n".join([*prompts, *seeds, "Click to look at it, Ctrl-click another one to compare."])
