"""Masks from and to PNG files and the clipboard, without any change that nobody asked for."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QImage

from core.errors import InputError
from core.graph import tiled_text
from core.imaging.painted import Painted


@dataclass(frozen=True)
class Found:
    """What a picture holds that can be a mask.

    Attributes:
        values: Its greys or its brightness, [h, w].
        alpha: Its opacity [h, w], or None where it has none that says anything.
        exact: Whether `values` is what the file holds; False for colours and for more than 8 bits.
        name: For people.
    """

    values: Painted
    alpha: Painted | None
    exact: bool
    name: str


def read(source: Path | bytes, name: str = "") -> Found:
    """Read a picture as a mask.

    Raises:
        InputError: It is missing, damaged, no picture, or too large to paint on.
    """
    # Imported here, because the window needs this module before its first paint and Pillow only later.
    from PIL import Image as Pillow

    name = name or (source.name if isinstance(source, Path) else "The picture")
    try:
        with Pillow.open(source if isinstance(source, Path) else io.BytesIO(source)) as opened:
            tiled_text.check_size(*opened.size)
            opened.load()
            whole = opened.convert("RGBA") if opened.mode in ("P", "PA") else opened
            mode, bands = whole.mode, whole.getbands()
            alpha = np.array(whole.getchannel("A")) if "A" in bands else None
            wide = np.array(whole) if mode.startswith("I") else None
            grey = np.array(whole.convert("L")) if wide is None else (np.clip(wide, 0, 65535) // 257).astype(np.uint8)
            colored = "R" in bands and np.ptp(np.array(whole.convert("RGB")), axis=2).any()
    except (OSError, SyntaxError, ValueError, Pillow.DecompressionBombError) as error:
        raise InputError(
            f"{name} cannot be read as a mask.", why=f"{error}.", fix="Choose a whole PNG, JPEG or WebP file."
        ) from error
    if alpha is not None and (alpha == 255).all():
        alpha = None
    return Found(grey, alpha, not colored and wide is None, name)


def write(path: Path, image: QImage) -> None:
    """Write a PNG file.

    Raises:
        InputError: The disk refuses.
    """
    if not image.save(str(path), "PNG"):  # type: ignore[call-overload]  # the stubs know bytes only
        raise InputError(
            f'The picture could not be saved to "{path}".', why="The folder cannot be written to, or the disk is full.",
            fix="Choose a folder that you may write to, on a disk with free space.",
        )  # fmt: skip


def grey_image(values: Painted) -> QImage:
    """Return a mask as a grey picture, bit for bit."""
    height, width = values.shape
    return QImage(values.tobytes(), width, height, width, QImage.Format.Format_Grayscale8).copy()


def cut_out(picture: QImage, values: Painted) -> QImage:
    """Return the picture with what is painted see-through."""
    made = picture.convertToFormat(QImage.Format.Format_ARGB32)
    pixels = np.frombuffer(made.bits(), np.uint8).reshape(made.height(), made.width(), 4)
    pixels[..., 3] = 255 - values
    return made


def png_bytes(image: QImage) -> bytes:
    """Return a picture as a PNG file holds it."""
    held = QByteArray()
    buffer = QBuffer(held)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs know bytes only
    return bytes(held.data())
