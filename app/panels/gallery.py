"""Every picture that was made, newest first, each a PNG file that carries its workflow with seed and settings."""

from __future__ import annotations

import os
import time
from pathlib import Path

from PySide6.QtCore import QModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QImage, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QListView, QMenu

from app.panels.compare import CompareDialog
from app.panels.picture_list import PictureList
from app.panels.picture_writer import PictureWriter
from app.panels.remover import Remover
from core.errors import LoomError

_THUMB = 56


class Gallery(QListView):
    """A strip of thumbnails of every picture in a folder.

    Attributes:
        pictures: The pictures, newest first.
        remover: Moves files to the trash; its line is for the window to place.

    Signals:
        shown(QImage, str, dict): A person looks at this picture; its caption and the texts that it carries.
        workflow_asked(str): A person wants to open the workflow in this file.
        painting_asked(QImage): A person wants to paint on this picture.
        failed(LoomError): A picture cannot be written, removed or read any more.
    """

    shown = Signal(QImage, str, dict)
    workflow_asked = Signal(str)
    painting_asked = Signal(QImage)
    failed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("gallery")
        self._folder: Path | None = None
        self._newest: QImage | None = None
        self._writer = PictureWriter(self)
        self._writer.failed.connect(self.failed)
        self.pictures = PictureList(2 * _THUMB, self)
        self.remover = Remover(self)
        self.remover.removed.connect(lambda path: self.pictures.remove(path))
        self.remover.returned.connect(self._show_returned)
        self.remover.failed.connect(self.failed)
        self.setModel(self.pictures)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setUniformItemSizes(True)
        self.setHorizontalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setMovement(QListView.Movement.Static)
        self.setIconSize(QSize(_THUMB, _THUMB))
        self.setGridSize(QSize(_THUMB + 8, _THUMB + 8))
        self.setFixedHeight(_THUMB + 22)
        self.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setDragEnabled(True)
        self.customContextMenuRequested.connect(self._show_menu)
        self.clicked.connect(self._show)
        self.activated.connect(self._show)
        for change in (self.pictures.rowsInserted, self.pictures.rowsRemoved, self.pictures.modelReset):
            change.connect(self._appear)
        self.hide()

    def open_folder(self, folder: Path) -> None:
        """Keep pictures in `folder` from now on, and show those that are there."""
        self._folder = folder
        self.pictures.fill(sorted(_pictures_in(folder)))

    def keep(self, image: QImage, texts: dict[str, str]) -> None:
        """Add a picture with the texts that it carries, unless it is the one added last."""
        if self._folder is None or self._newest == image:
            return
        path = self._folder / f"{time.strftime('%Y%m%d-%H%M%S')}-{time.time_ns() % 10**9:09}.png"
        self._newest = image.copy()
        kept = image.copy()
        for key, text in texts.items():
            kept.setText(key, text)
        self._writer.write(kept, path)
        self.pictures.add(path, kept)

    def paths(self) -> list[Path]:
        """The files of all pictures, newest first."""
        return [self.pictures.path(row) for row in range(self.pictures.rowCount())]

    def flush(self) -> None:
        """Wait until every picture is written."""
        self.pictures.close()
        self._writer.flush()

    def compare(self) -> CompareDialog | None:
        """Show the two selected pictures over each other; None unless two are selected."""
        chosen = [self.pictures.image(row) for row in self._chosen()]
        if len(chosen) != 2 or any(image.isNull() for image in chosen):
            return None
        dialog = CompareDialog(chosen[0], chosen[1], self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.show()
        return dialog

    def remove_selected(self) -> None:
        """Move the selected pictures to the trash; where a file stays, so does the picture."""
        self._writer.flush()
        self._newest = None
        self.remover.remove([self.pictures.path(row) for row in self._chosen()])

    def _show_returned(self) -> None:
        """Show what is back among the pictures that are there, also those that are not written yet."""
        if self._folder is not None:
            self.pictures.fill(sorted({*self.paths(), *_pictures_in(self._folder)}))

    def _chosen(self) -> list[int]:
        return sorted(index.row() for index in self.selectedIndexes())

    def _appear(self) -> None:
        self.setVisible(self.pictures.rowCount() > 0)

    def _show(self, index: QModelIndex) -> None:
        image, path = self.pictures.image(index.row()), self.pictures.path(index.row())
        if not image.isNull():
            size = f"{image.width()} × {image.height()} pixels"
            self.shown.emit(image, f"From the gallery: {size}", {key: image.text(key) for key in image.textKeys()})
            return
        self.pictures.remove(path)
        self.failed.emit(
            LoomError(
                f'The picture "{path.name}" cannot be shown any more.',
                why="Another program, or another window of Latent Loom, has removed or damaged its file.",
                fix=f'Look into the folder "{path.parent}", or make the picture again.',
            )
        )

    def _show_menu(self, at: QPoint) -> None:
        chosen = self._chosen()
        if not chosen:
            return
        menu = QMenu(self)
        if len(chosen) == 2:
            menu.addAction("Compare the two", self.compare)
        if len(chosen) == 1:
            path, image = str(self.pictures.path(chosen[0])), self.pictures.image(chosen[0])
            if not image.isNull():
                menu.addAction("Paint on it", lambda: self.painting_asked.emit(image))
            menu.addAction("Open its workflow", lambda: self.workflow_asked.emit(path))
            menu.addAction("Copy", lambda: QGuiApplication.clipboard().setImage(image))
        menu.addAction("Move to trash", QKeySequence(QKeySequence.StandardKey.Delete), self.remove_selected)
        menu.exec(self.mapToGlobal(at))
        menu.deleteLater()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete removes, as in a file manager."""
        if event.matches(QKeySequence.StandardKey.Delete):
            self.remove_selected()
        else:
            super().keyPressEvent(event)

    def startDrag(self, supportedActions: Qt.DropAction) -> None:
        self._writer.flush()  # what is dragged out are files
        super().startDrag(supportedActions)


def _pictures_in(folder: Path) -> list[Path]:
    """The files of pictures in a folder, which need not be there."""
    names = os.listdir(folder) if folder.is_dir() else []
    return [folder / name for name in names if name.endswith(".png")]
