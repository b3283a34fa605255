"""What is done to the whole painting: invert, clear, grow, feather; files and the clipboard."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from app.painting import mask_files
from app.painting.mask_files import Found
from app.painting.notice import Notice
from app.painting.session import PaintSession
from core.errors import LoomError
from core.imaging import painted
from core.imaging.painted import Painted

_PICTURES = "Pictures (*.png *.jpg *.jpeg *.webp)"


class Commands(QObject):
    """The commands of the painter.

    Attributes:
        edge: By how many pixels `grow`, `shrink` and `feather` work.

    Signals:
        failed(LoomError): One could not be carried out.
        told(str): Something worth a line in the log.
    """

    failed = Signal(object)
    told = Signal(str)

    def __init__(self, session: PaintSession, notice: Notice, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._notice, self._parent = session, notice, parent
        self.edge = 8

    def invert(self) -> None:
        """Exchange painted and unpainted."""
        self._reshape(255 - self._pixels())

    def clear(self) -> None:
        """Paint nothing, or remove all boxes."""
        if self._session.draws_boxes:
            self._session.commit_boxes("")
            return
        self._change(np.zeros_like(self._pixels()))

    def fill(self) -> None:
        """Paint everything."""
        self._change(
            np.full_like(self._pixels(), 255 if self._session.surface.label is None else self._session.surface.label)
        )

    def grow(self) -> None:
        """Make what is painted wider on each side."""
        self._reshape(painted.grown(self._pixels(), self.edge))

    def shrink(self) -> None:
        """Make what is painted narrower on each side."""
        self._reshape(painted.grown(self._pixels(), -self.edge))

    def feather(self) -> None:
        """Soften the edge."""
        self._reshape(painted.feathered(self._pixels(), self.edge))

    def ask_import(self) -> None:
        """Ask for a file and paint what it holds."""
        path, _ = QFileDialog.getOpenFileName(self._parent, "Import", "", _PICTURES)
        if path:
            self.import_file(Path(path))

    def import_file(self, path: Path) -> None:
        """Paint what a picture file holds."""
        try:
            self.offer(mask_files.read(path))
        except LoomError as error:
            self.failed.emit(error)

    def ask_export(self, *, alpha: bool = False) -> None:
        """Ask for a file and write the mask there, or the picture with the mask as its transparency."""
        path, _ = QFileDialog.getSaveFileName(self._parent, "Export", "mask.png", "PNG (*.png)")
        if path:
            self.export_file(Path(path), alpha=alpha)

    def export_file(self, path: Path, *, alpha: bool = False) -> None:
        """Write the mask, or the picture with what is painted see-through."""
        picture = self._session.picture
        try:
            if alpha and picture is not None and self._session.mismatch is None:
                mask_files.write(path, mask_files.cut_out(picture, self._pixels()))
            else:
                mask_files.write(path, mask_files.grey_image(self._pixels()))
        except LoomError as error:
            self.failed.emit(error)
        else:
            self.told.emit(f"Saved {path}")

    def copy(self) -> None:
        """Put the mask on the clipboard, as a grey picture."""
        QGuiApplication.clipboard().setImage(mask_files.grey_image(self._pixels()))

    def paste(self) -> None:
        """Paint the picture on the clipboard."""
        image = QGuiApplication.clipboard().image()
        if image.isNull():
            self._notice.ask("There is no picture on the clipboard.", [("Close", lambda: None)])
            return
        try:
            self.offer(mask_files.read(mask_files.png_bytes(image), "The picture on the clipboard"))
        except LoomError as error:
            self.failed.emit(error)

    def offer(self, found: Found) -> None:
        """Paint a picture that fits; ask first where it has transparency, colours or more than 8 bits."""
        if found.alpha is not None:
            alpha = found.alpha
            self._notice.ask(
                f"{found.name} has transparency.",
                [
                    ("Paint what is see-through", lambda: self._fit(255 - alpha, found.name)),
                    ("Paint what is opaque", lambda: self._fit(alpha, found.name)),
                    ("Paint what is bright", lambda: self._fit(found.values, found.name)),
                    ("Cancel", lambda: None),
                ],
            )
        elif not found.exact:
            self._notice.ask(
                f"{found.name} holds colours or more than 8 bits a pixel; a mask holds 256 greys.",
                [("Use its brightness", lambda: self._fit(found.values, found.name)), ("Cancel", lambda: None)],
            )
        else:
            self._fit(found.values, found.name)

    def _fit(self, values: Painted, name: str) -> None:
        """Paint values of the present size; ask what to do with those of another."""
        surface = self._session.surface
        height, width = values.shape
        if not self._session.ready or values.shape == surface.pixels.shape:
            self._session.replace(values)
            return
        self._notice.ask(
            f"{name} is {width} × {height} pixels, this mask {surface.width} × {surface.height}.",
            [
                ("Scale it", lambda: self._session.replace(painted.scaled(values, surface.height, surface.width))),
                ("Keep its size, upper left", lambda: self._session.replace(_placed(values, self._pixels()))),
                ("Cancel", lambda: None),
            ],
        )

    def _pixels(self) -> Painted:
        return self._session.surface.pixels

    def _reshape(self, pixels: Painted) -> None:
        """As `_change`, for what means nothing on a map of classes."""
        if self._session.surface.label is None:
            self._change(pixels)

    def _change(self, pixels: Painted) -> None:
        if self._session.target is not None and self._session.ready:
            self._session.replace(pixels)


def _placed(values: Painted, like: Painted) -> Painted:
    """Return values laid on nothing of the size of `like`, corner on corner; what sticks out is cut off."""
    made = np.zeros_like(like)
    height, width = min(values.shape[0], like.shape[0]), min(values.shape[1], like.shape[1])
    made[:height, :width] = values[:height, :width]
    return made
