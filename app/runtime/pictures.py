"""Pixels of the engine as pictures of Qt."""

from __future__ import annotations

from typing import Any

from PySide6.QtGui import QImage, QPainter


def to_image(pixels: Any) -> QImage | None:
    """Copy uint8 pixels [h, w, 3] (RGB) or [h, w] (grey) into a QImage; None when it is anything else."""
    shape = tuple(getattr(pixels, "shape", ()))
    if str(getattr(pixels, "dtype", "")) != "uint8" or not shape or 0 in shape:
        return None
    if len(shape) == 3 and shape[2] == 3:
        kind, row = QImage.Format.Format_RGB888, 3 * shape[1]
    elif len(shape) == 2:
        kind, row = QImage.Format.Format_Grayscale8, shape[1]
    else:
        return None
    return QImage(pixels.tobytes(), shape[1], shape[0], row, kind).copy()


def to_sheet(pixels: Any) -> QImage | None:
    """Lay pictures uint8 [n, h, w, 3] out on one sheet, about as wide as high; a single one stays as it is."""
    shape = tuple(getattr(pixels, "shape", ()))
    if len(shape) != 4:
        return to_image(pixels)
    pictures = [image for image in map(to_image, pixels) if image is not None]
    if len(pictures) <= 1:
        return pictures[0] if pictures else None
    height, width = shape[1:3]
    columns = max(1, round((len(pictures) * height / width) ** 0.5))
    rows = -(-len(pictures) // columns)
    sheet = QImage(columns * width, rows * height, QImage.Format.Format_RGB888)
    sheet.fill(0)
    painter = QPainter(sheet)
    for index, picture in enumerate(pictures):
        painter.drawImage(index % columns * width, index // columns * height, picture)
    painter.end()
    return sheet
