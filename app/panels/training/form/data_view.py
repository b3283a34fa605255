"""A look at the pictures that a run is to learn from: drop a folder, see thumbnails, statistics and every bad file."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

import numpy as np
from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QIcon, QImage, QPixmap
from PySide6.QtWidgets import QFrame, QLabel, QListView, QListWidget, QListWidgetItem, QVBoxLayout

from app.panels.widgets import wrapped_label
from core.cancellation import CancelToken
from core.errors import Cancelled, LoomError
from training.data.inspection import inspect, thumbnail
from training.data.reading import BadPicture
from training.data.report import DataReport
from training.data.watch import Watch

_THUMBNAIL = 72
_WAIT_MS = 500


class DataView(QFrame):
    """Statistics of a folder, found on a thread.

    Attributes:
        says: The statistics.
        bad: Files that are left out, with the reason.
        pictures: Thumbnails.

    Signals:
        dropped(str): A person dropped this folder or COCO file.
        looked(object): A DataReport, or the LoomError that there is instead.
    """

    dropped = Signal(str)
    looked = Signal(object)
    _painted = Signal(str, object)

    def __init__(self, cache: Path) -> None:
        super().__init__()
        self._cache = cache
        self.setObjectName("dataView")
        self.setAcceptDrops(True)
        self._path, self._cancel = "", CancelToken()
        self._thread: threading.Thread | None = None
        self._soon = QTimer(self, singleShot=True, interval=_WAIT_MS)
        self._soon.timeout.connect(self._begin)
        self._hint = QLabel("Drop a folder of pictures here; captions are .txt files beside them, or metadata.jsonl")
        self._hint.setObjectName("hint")
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._hint.setWordWrap(True)
        self.says = wrapped_label("", "muted")
        self.bad = wrapped_label("", "fieldProblem")
        self.pictures = QListWidget()
        self.pictures.setViewMode(QListView.ViewMode.IconMode)
        self.pictures.setIconSize(QSize(_THUMBNAIL, _THUMBNAIL))
        self.pictures.setFlow(QListView.Flow.LeftToRight)
        self.pictures.setWrapping(False)
        self.pictures.setFixedHeight(_THUMBNAIL + 40)
        self.pictures.setMovement(QListView.Movement.Static)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        for part in (self._hint, self.pictures, self.says, self.bad):
            layout.addWidget(part)
        self.looked.connect(self._show)
        self._painted.connect(self._add_picture)
        self.show_path("")

    def show_path(self, path: str) -> None:
        """Look at a folder, or at nothing."""
        if path == self._path and path:
            return
        self._path = path
        self._cancel.cancel()
        for part in (self.pictures, self.says, self.bad):
            part.setVisible(False)
        self._hint.setVisible(not path)
        if path:
            self._soon.start()

    def close_down(self) -> None:
        """Stop looking."""
        self._soon.stop()
        self._cancel.cancel()
        if self._thread is not None:
            self._thread.join()

    def _begin(self) -> None:
        self.says.setText("Looking…")
        self.says.show()
        self.pictures.clear()
        self._cancel = CancelToken()
        arguments = (Path(self._path), self._cancel)
        self._thread = threading.Thread(target=self._look, args=arguments, name="loom-data-view", daemon=True)
        self._thread.start()

    def _look(self, path: Path, cancel: CancelToken) -> None:
        self._cache.mkdir(parents=True, exist_ok=True)
        try:
            report = inspect(path, self._cache, Watch(cancel), self.looked.emit)
            self.looked.emit(report)
            folder = path.parent if path.suffix.lower() == ".json" else path
            for name in report.examples:
                cancel.check()
                with contextlib.suppress(BadPicture):
                    self._painted.emit(name, thumbnail(folder / name, _THUMBNAIL))
        except Cancelled:
            return
        except LoomError as error:
            self.looked.emit(error)

    def _show(self, found: object) -> None:
        if isinstance(found, LoomError):
            self.says.setText("")
            self.bad.setText(f"{found.what} {found.fix}")
            self.bad.show()
            return
        assert isinstance(found, DataReport)
        self.says.setText(described(found))
        lines = [f"{bad.name}: {bad.reason}" for bad in found.bad]
        self.bad.setText("\n".join([f"{len(lines)} left out:", *lines]) if lines else "")
        self.bad.setVisible(bool(lines))
        self.says.show()

    def _add_picture(self, name: str, image: object) -> None:
        assert isinstance(image, np.ndarray)
        height, width, _ = image.shape
        picture = QImage(image.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
        item = QListWidgetItem(QIcon(QPixmap.fromImage(picture)), "")
        item.setToolTip(name)
        self.pictures.addItem(item)
        self.pictures.show()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = event.mimeData().urls()[0].toLocalFile()
        if path:
            self.dropped.emit(path)


def described(report: DataReport) -> str:
    """The statistics of data in a few lines."""
    lines = [f"<b>{report.count:,} pictures</b>"]
    if report.count:
        (w0, h0), (w1, h1) = report.smallest, report.largest
        lines[0] += f", {w0}×{h0} to {w1}×{h1} pixels"
    without = report.caption_words.get("0", 0)
    if report.count - without:
        lines.append(f"{report.count - without:,} with captions of up to {report.longest_caption} words")
    for title, counts in (("Classes", report.classes), ("Boxes", report.box_classes)):
        if counts:
            named = ", ".join(f"{name} {count:,}" for name, count in list(counts.items())[:8])
            lines.append(f"{title}: {named}{'…' if len(counts) > 8 else ''}")
    extra = [
        f"{count:,} with {name}"
        for name, count in (("masks", report.with_mask), ("maps", report.with_semantic))
        if count
    ]
    if report.duplicates:
        extra.append(f"{report.duplicates:,} twice")
    return "<br>".join([*lines, ", ".join(extra)] if extra else lines)
