"""The strip below the easel: how many candidates to make, those that are there, and keeping one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QListWidget, QListWidgetItem, QPushButton, QSpinBox, QWidget

from app.painting.candidates import Candidates

_THUMB = 56
THUMB_PX = 2 * _THUMB
"""Pixels of a thumbnail's side, enough for twice the scale."""
_MOST = 16
_BEFORE = 0
"""The first row shows what the candidates are made from: a picture, or what is painted where there is none."""


class CandidateStrip(QWidget):
    """Shows candidates.

    Attributes:
        count: How many are made at once.
        make: Makes them, or stops that.
        pictures: What they are made from, then each candidate; the chosen one is looked at.
        keep: Keeps the one that is looked at.

    Signals:
        make_asked(int): A person wants this many more.
        stop_asked(): A person wants no more.
        looked(int): A person looks at this candidate; -1: at the picture that is painted on.
        keep_asked(int): A person keeps this one.
    """

    make_asked = Signal(int)
    stop_asked = Signal()
    looked = Signal(int)
    keep_asked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._left = 0
        self.count = QSpinBox()
        self.count.setRange(1, _MOST)
        self.count.setValue(4)
        self.count.lineEdit().setTextMargins(6, 0, 0, 0)  # a style sheet's padding does not reach the text here
        self.count.setAccessibleName("Number of candidates")
        self.count.setToolTip("How many candidates are made, each with another seed")
        self.make = QPushButton("Make")
        self.make.setToolTip("Make candidates from what is painted")
        self.make.clicked.connect(self._make)
        self.keep = QPushButton("Keep")
        self.keep.setToolTip("Paint on with this candidate in place of the picture (Return)")
        self.keep.clicked.connect(self._keep)
        self.pictures = _pictures()
        self.pictures.currentRowChanged.connect(self._look)
        self.pictures.itemActivated.connect(lambda _item: self._keep())
        self._controls = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._controls.setSpacing(4)
        for button in (self.count, self.make):
            self._controls.addWidget(button)
        self._controls.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 6, 8, 2)
        row.setSpacing(8)
        row.addLayout(self._controls)
        row.addWidget(self.pictures, 1)
        row.addWidget(self.keep, 0, Qt.AlignmentFlag.AlignTop)
        self.show_candidates([], None, 0, None)

    @property
    def chosen(self) -> int:
        """The candidate that is looked at; -1: none."""
        return self.pictures.currentRow() - 1 if self.pictures.currentRow() > _BEFORE else -1

    def follow(self, candidates: Candidates, painted: QImage, words: str) -> None:
        """Show what there is now; `painted` is what they are made from, and `words` stand below it."""
        pictures = [candidate.picture for candidate in candidates.made]
        self.show_candidates(pictures, candidates.preview, candidates.left, _item(painted, words))

    def show_candidates(
        self, made: Sequence[QImage], preview: QImage | None, left: int, first: QListWidgetItem | None
    ) -> None:
        """Show candidates behind what they are made from, the one that is being made, and how many are to come."""
        shown = [] if first is None or not (made or left) else [first, *map(_numbered, range(len(made)), made)]
        if left:
            shown.append(_item(preview, f"{left} left"))
            shown[-1].setFlags(Qt.ItemFlag.NoItemFlags)
        row = self.pictures.currentRow()
        with QSignalBlocker(self.pictures):
            self.pictures.clear()
            for item in shown:
                self.pictures.addItem(item)
            row = min(row, len(made)) if made else _BEFORE
            self.pictures.setCurrentRow(max(row, _BEFORE) if shown else -1)
        self._left = left
        self.make.setText("Stop" if left else "Make" if shown else "Make candidates")
        directions = QBoxLayout.Direction
        self._controls.setDirection(directions.TopToBottom if shown else directions.LeftToRight)
        self.pictures.setVisible(bool(shown))
        self.keep.setVisible(bool(shown))
        self.keep.setEnabled(self.chosen >= 0)

    def look_at(self, index: int) -> None:
        """Look at a candidate; -1: at the picture that is painted on."""
        self.pictures.setCurrentRow(index + 1)

    def _make(self) -> None:
        if self._left:
            self.stop_asked.emit()
        else:
            self.make_asked.emit(self.count.value())

    def _look(self) -> None:
        self.keep.setEnabled(self.chosen >= 0)
        self.looked.emit(self.chosen)

    def _keep(self) -> None:
        if self.chosen >= 0:
            self.keep_asked.emit(self.chosen)


def _pictures() -> QListWidget:
    """A row of thumbnails."""
    row = QListWidget()
    row.setObjectName("gallery")
    row.setAccessibleName("Candidates")
    row.setViewMode(QListWidget.ViewMode.IconMode)
    row.setFlow(QListWidget.Flow.LeftToRight)
    row.setWrapping(False)
    row.setMovement(QListWidget.Movement.Static)
    row.setIconSize(QSize(_THUMB, _THUMB))
    row.setGridSize(QSize(_THUMB + 8, _THUMB + 24))
    row.setFixedHeight(_THUMB + 38)
    row.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return row


def _numbered(index: int, image: QImage) -> QListWidgetItem:
    return _item(image, f"{index + 1}")


def _item(image: QImage | None, words: str) -> QListWidgetItem:
    """A thumbnail with words below, all of the same size."""
    pixmap = QPixmap(THUMB_PX, THUMB_PX)
    pixmap.fill(Qt.GlobalColor.transparent)
    if image is not None:
        aspect, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        pixmap = QPixmap.fromImage(image.scaled(pixmap.size(), aspect, smooth))
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)  # or it would be tinted while it is looked at
    item = QListWidgetItem(icon, words)
    item.setTextAlignment(Qt.AlignmentFlag.AlignHCenter)
    return item
