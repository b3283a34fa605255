"""Sample grids of a run along its steps: raw beside averaged weights, and the difference where there is a source."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from app.panels.preview import PictureView
from app.panels.training.words import phase_title

_GAP = 2  # between the tiles of a grid, pixels
_AMPLIFIED = 4
_WIDE = 1.8  # grids wider than this are shown one below the other


class SamplesView(QWidget):
    """Two pictures and a slider along the steps.

    Attributes:
        raw, ema: The pictures.
        steps: The slider; its values count the grids.
        difference: Shows how far reconstructions are from their sources.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run: Path | None = None
        self._grids: Mapping[str, tuple[int, ...]] = {}
        self._shown: tuple[Path, bool] | None = None
        self.raw, self.ema = PictureView("Reading the run…"), PictureView("Reading the run…")
        self.phases = QComboBox()
        self.phases.setMinimumWidth(130)
        self.phases.setAccessibleName("Phase")
        self.phases.activated.connect(lambda _: self._choose_phase())
        self.steps = QSlider(Qt.Orientation.Horizontal)
        self.steps.setAccessibleName("Step of the samples")
        self._load_soon = QTimer(self, singleShot=True, interval=15)
        self._load_soon.timeout.connect(self._load)
        self.steps.valueChanged.connect(lambda _: self._load_soon.start())
        self._step = QLabel()
        self._step.setObjectName("muted")
        self._step.setMinimumWidth(90)
        self.difference = QPushButton("Difference ×4")
        self.difference.setCheckable(True)
        self.difference.setToolTip("Show how far each reconstruction is from its source")
        self.difference.toggled.connect(lambda _: self._load())
        self._controls = QWidget()
        self._controls.hide()
        row = QHBoxLayout(self._controls)
        row.setContentsMargins(16, 8, 16, 0)
        row.setSpacing(10)
        for part in (self.phases, self.steps, self._step, self.difference):
            row.addWidget(part, 1 if part is self.steps else 0)
        self._pictures = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._pictures.setContentsMargins(16, 8, 16, 16)
        self._pictures.setSpacing(8)
        for title, view in (("Averaged weights (EMA)", self.ema), ("Raw weights", self.raw)):
            label = QLabel(title)
            label.setObjectName("muted")
            column = QVBoxLayout()
            column.setSpacing(6)
            column.addWidget(label)
            column.addWidget(view, 1)
            self._pictures.addLayout(column, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._controls)
        layout.addWidget(self._scrolled(), 1)

    def _scrolled(self) -> QScrollArea:
        """The pictures, which a small window shows one after the other."""
        holder = QWidget()
        holder.setObjectName("panel")
        holder.setLayout(self._pictures)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(holder)
        return scroll

    def show_grids(self, run: Path | None, grids: Mapping[str, tuple[int, ...]]) -> None:
        """Show the grids of a run; a slider at its end stays there when new ones come."""
        if run == self._run and grids == self._grids:
            return
        at_end = run != self._run or self.steps.value() == self.steps.maximum()
        if run != self._run:
            self._shown = None
        self._run = run
        self._grids = {phase: steps for phase, steps in grids.items() if steps}
        self._controls.setVisible(bool(self._grids))
        for view in (self.ema, self.raw):
            view.show_hint("No samples yet")
        chosen = self.phases.currentData()
        self.phases.clear()
        for phase in sorted(self._grids, key=("first_stage", "decoder", "second_stage").index):
            self.phases.addItem(phase_title(phase), phase)
        newest = self.phases.count() - 1
        kept = self.phases.findData(chosen)
        self.phases.setCurrentIndex(newest if at_end or kept < 0 else kept)
        self._choose_phase(to_end=at_end)

    @property
    def step(self) -> int | None:
        """The step whose samples are shown."""
        steps = self._grids.get(self.phases.currentData(), ())
        return steps[self.steps.value()] if steps else None

    def _choose_phase(self, to_end: bool = True) -> None:
        steps = self._grids.get(self.phases.currentData(), ())
        self.steps.setEnabled(len(steps) > 1)
        self.steps.setRange(0, max(0, len(steps) - 1))
        if to_end:
            self.steps.setValue(self.steps.maximum())
        self._load()

    def _load(self) -> None:
        phase, step = self.phases.currentData(), self.step
        self.difference.setVisible(phase in ("first_stage", "decoder"))
        if self._run is None or step is None:
            self._shown = None
            self._step.setText("")
            for view in (self.raw, self.ema):
                view.show_image(None)
            return
        self._step.setText(f"Step {step:,}")
        folder = self._run / "samples" / phase / f"step_{step}"
        differs = self.difference.isChecked() and self.difference.isVisibleTo(self)
        if self._shown == (folder, differs):
            return
        whole = True
        for view, name in ((self.raw, "raw.png"), (self.ema, "ema.png")):
            image = QImage(str(folder / name))
            whole &= not image.isNull()
            wide = image.width() > _WIDE * image.height()
            below = QBoxLayout.Direction.TopToBottom if wide else QBoxLayout.Direction.LeftToRight
            self._pictures.setDirection(below)
            view.show_image(None if image.isNull() else with_difference(image) if differs else image)
        if whole:
            self._shown = (folder, differs)
        else:
            QTimer.singleShot(300, self, self._load)  # it is being written


def with_difference(grid: QImage) -> QImage:
    """A grid of sources above reconstructions, with their absolute difference, amplified, as a third row."""
    image = grid.convertToFormat(QImage.Format.Format_RGB888)
    height, width = image.height(), image.width()
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(height, image.bytesPerLine())[:, : width * 3]
    tile = (height - _GAP) // 2
    source, made = pixels[:tile].astype(np.int16), pixels[-tile:].astype(np.int16)
    apart = np.minimum(np.abs(source - made) * _AMPLIFIED, 255).astype(np.uint8)
    gap = np.full((_GAP, width * 3), 24, np.uint8)
    sheet = np.ascontiguousarray(np.concatenate([pixels, gap, apart]))
    return QImage(sheet.tobytes(), width, len(sheet), width * 3, QImage.Format.Format_RGB888).copy()
