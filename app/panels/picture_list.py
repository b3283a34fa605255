"""The pictures of a folder as a list for a view, newest first: all of them, with thumbnails made when they are seen.

Names of files sort by time, so that a folder of thousands is listed without opening one. A thumbnail is decoded on a
thread of its own when its row is first painted, the rows asked for last before the others, and the most recently seen
ones are held.
"""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRunnable,
    Qt,
    QThreadPool,
    QUrl,
    Signal,
)
from PySide6.QtGui import QIcon, QImage, QImageReader, QPixmap

from app.panels.picture_summary import summary
from app.theme import theme
from core.imaging.picture_workflow import WORKFLOW_KEY

_THUMBS = 400
"""So many thumbnails are held, of at most 50 KB each: several screens of them."""
_WANTED = 160
"""So many rows wait for their thumbnail; one that was pushed out asks again when it is painted again."""
_HELD = 24
"""So many whole pictures are held, the newest: those that are being written among them."""
Index = QModelIndex | QPersistentModelIndex
_TOP = QModelIndex()


class PictureList(QAbstractListModel):
    """Pictures by their files; row 0 is the newest.

    Args:
        side: Largest side of a thumbnail, in pixels.
    """

    def __init__(self, side: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._side = side
        self._paths: list[Path] = []  # oldest first, so that a new one moves no other
        self._places: dict[Path, int] = {}
        self._held: OrderedDict[Path, QImage] = OrderedDict()
        self._thumbs: OrderedDict[Path, QIcon] = OrderedDict()
        self._wanted: OrderedDict[Path, None] = OrderedDict()
        self._loading: Path | None = None
        self._blank = _plain_icon(side)
        self._readers = QThreadPool(self)
        self._readers.setMaxThreadCount(1)
        self._loaded = _Loaded(self)
        self._loaded.arrived.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def fill(self, paths: Iterable[Path]) -> None:
        """Show these files, oldest first, in place of all others."""
        self.beginResetModel()
        self._paths = list(paths)
        self._number()
        self.endResetModel()

    def add(self, path: Path, image: QImage) -> None:
        """Put a new picture first; its file may not be there yet."""
        self.beginInsertRows(_TOP, 0, 0)
        self._places[path] = len(self._paths)
        self._paths.append(path)
        self._held[path] = image
        if len(self._held) > _HELD:
            self._held.popitem(last=False)
        self._keep_thumb(path, _thumb(image, self._side))
        self.endInsertRows()

    def remove(self, path: Path) -> None:
        """Leave a picture out."""
        place = self._places.get(path)
        if place is None:
            return
        row = len(self._paths) - 1 - place
        self.beginRemoveRows(_TOP, row, row)
        del self._paths[place]
        self._number()
        for held in (self._held, self._thumbs, self._wanted):
            held.pop(path, None)
        self.endRemoveRows()

    def path(self, row: int) -> Path:
        """The file of a row."""
        return self._paths[len(self._paths) - 1 - row]

    def image(self, row: int) -> QImage:
        """The whole picture of a row; null when its file cannot be read."""
        path = self.path(row)
        return self._held.get(path) or QImage(str(path))

    def close(self) -> None:
        """Wait for the thumbnail that is being made, and make no further one."""
        self._wanted.clear()
        self._readers.waitForDone()

    def _number(self) -> None:
        self._places = {path: place for place, path in enumerate(self._paths)}

    def _want(self, path: Path) -> QIcon:
        self._wanted[path] = None
        self._wanted.move_to_end(path)
        if len(self._wanted) > _WANTED:
            self._wanted.popitem(last=False)
        self._load_next()
        return self._blank

    def _load_next(self) -> None:
        if self._loading is None and self._wanted:
            self._loading, _ = self._wanted.popitem()
            self._readers.start(_Load(self._loading, self._side, self._loaded))

    def _take(self, path: object, thumb: QImage) -> None:
        assert isinstance(path, Path)
        self._loading = None
        place = self._places.get(path)
        if place is not None and thumb.isNull() and path not in self._held:
            self.remove(path)  # torn, or gone
        elif place is not None and not thumb.isNull():
            self._keep_thumb(path, thumb)
            index = self.index(len(self._paths) - 1 - place)
            self.dataChanged.emit(index, index, [Qt.ItemDataRole.DecorationRole])
        self._load_next()

    def _keep_thumb(self, path: Path, thumb: QImage) -> None:
        self._thumbs[path] = QIcon(QPixmap.fromImage(thumb))
        if len(self._thumbs) > _THUMBS:
            self._thumbs.popitem(last=False)

    def rowCount(self, parent: Index = _TOP) -> int:
        return 0 if parent.isValid() else len(self._paths)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DecorationRole:
            path = self.path(index.row())
            thumb = self._thumbs.get(path)
            if thumb is None:
                return self._want(path)
            self._thumbs.move_to_end(path)
            return thumb
        if role == Qt.ItemDataRole.ToolTipRole:
            path = self.path(index.row())
            held = self._held.get(path)
            return summary(held.text(WORKFLOW_KEY) if held else QImageReader(str(path)).text(WORKFLOW_KEY))
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        return super().flags(index) | Qt.ItemFlag.ItemIsDragEnabled

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """What is dragged out: the files, and of a single picture its pixels."""
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(self.path(index.row()))) for index in indexes])
        if len(indexes) == 1:
            mime.setImageData(self.image(indexes[0].row()))
        return mime


class _Loaded(QObject):
    """Carries thumbnails from their thread to the list."""

    arrived = Signal(object, QImage)


class _Load(QRunnable):
    """Reads one thumbnail."""

    def __init__(self, path: Path, side: int, loaded: _Loaded) -> None:
        super().__init__()
        self._path, self._side, self._loaded = path, side, loaded

    def run(self) -> None:
        reader = QImageReader(str(self._path))
        size = reader.size()
        if max(size.width(), size.height()) > self._side:  # no memory for all pixels of a large picture at once
            reader.setScaledSize(size.scaled(self._side, self._side, Qt.AspectRatioMode.KeepAspectRatio))
        image = reader.read()
        with contextlib.suppress(RuntimeError):  # the list is gone
            self._loaded.arrived.emit(self._path, image if image.isNull() else _thumb(image, self._side))


def _thumb(image: QImage, side: int) -> QImage:
    """A picture made small."""
    smooth = Qt.TransformationMode.SmoothTransformation
    small = image.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, smooth)
    return small.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)


def _plain_icon(side: int) -> QIcon:
    """What stands for a thumbnail until it is there."""
    blank = QPixmap(side, side)
    blank.fill(theme().color("field"))
    return QIcon(blank)
