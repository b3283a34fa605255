"""A painted setting of a node on the easel: strokes become edits of the document, and its edits are shown."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from app.document import Document
from app.painting.surface import Surface
from core.errors import LoomError
from core.graph import tiled_text
from core.graph.edits import Group, ResetSetting, SetSetting
from core.graph.paint_edit import PaintTiles
from core.imaging import painted
from core.imaging.painted import Painted

BOX_SIDE = 512
"""Pixels of the paper that layout boxes are drawn on: they are shares of a picture of any size."""


COLORS = "colors"
"""The setting that holds the palette of a sketch."""
_MOST_COLORS = 255


@dataclass(frozen=True)
class Target:
    """What is painted: a setting of a node.

    `widget` is "mask", "semantic_map", "sketch" or "boxes"; `classes` are the names of its classes, or the colours of a
    sketch.
    """

    node: str
    setting: str
    widget: str = "mask"
    classes: tuple[str, ...] = ()


class PaintSession(QObject):
    """Keeps a surface and a setting equal, both ways; so undo and redo of the window are those of the painter.

    Attributes:
        surface: The pixels.
        target: What is painted, or None.
        picture: What lies below, or None.
        palette: The colours of a sketch, such as "#ff8800"; what is painted as 1 has the first.
        mismatch: The sizes (width, height) of what is painted and of the picture, where they differ; else None.

    Signals:
        changed(): Another target or picture, or other sizes.
        closed(): The node is gone.
        failed(LoomError): The setting cannot be shown.
        boxes_changed(str): The document holds these layout boxes.
    """

    changed = Signal()
    closed = Signal()
    failed = Signal(object)
    boxes_changed = Signal(str)

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self._document = document
        self.surface = Surface(self)
        self.target: Target | None = None
        self.picture: QImage | None = None
        self.palette: list[str] = []
        self.mismatch: tuple[tuple[int, int], tuple[int, int]] | None = None
        self._text, self._own = "", False
        document.edited.connect(self.follow)
        document.replaced.connect(self.close)

    def open(self, target: Target, picture: QImage | None) -> None:
        """Paint on a setting, over a picture.

        Raises:
            InputError: What the setting holds is damaged, or the picture is too large to paint on.
        """
        self.target, self._text = target, ""
        self.surface.label = 1 if target.widget in ("semantic_map", "sketch") else None
        self.palette = list(target.classes) if target.widget == "sketch" else []
        self.surface.clear(1, 1)  # the last target's size says nothing of this one's
        self.set_picture(picture, tell=False)
        if target.widget == "boxes":
            self.surface.clear(BOX_SIDE, BOX_SIDE)
        self.follow()
        self.changed.emit()

    def set_picture(self, picture: QImage | None, *, tell: bool = True) -> None:
        """Lay another picture below; where nothing is painted yet, its size is taken.

        Raises:
            InputError: It is too large to paint on.
        """
        if picture is not None:
            tiled_text.check_size(picture.width(), picture.height())
        self.picture = picture
        if picture is not None and not self._text:
            self.surface.clear(picture.width(), picture.height())
        self._compare()
        if tell:
            self.changed.emit()

    def begin_empty(self, width: int, height: int) -> None:
        """Take a size where there is no picture to give one.

        Raises:
            InputError: It is too large to paint on.
        """
        self.surface.clear(width, height)
        self.changed.emit()

    @property
    def ready(self) -> bool:
        """Whether it is known how large the painting is."""
        return self.target is not None and bool(self._text or self.picture or self.surface.width > 1)

    def commit(self) -> None:
        """Make an edit of what was painted since the last one."""
        if self.target is None:
            return
        tiles = self.surface.take_changes()
        if tiles:
            size = (self.surface.width, self.surface.height)
            self._own = True  # what the document will hold is shown already
            paint = PaintTiles(self.target.node, self.target.setting, *size, tiles)
            if self.sketches and self._colors_held() != self.palette:
                colors = SetSetting(self.target.node, COLORS, ", ".join(self.palette))
                self._document.do(Group((colors, paint)))
            else:
                self._document.do(paint)

    @property
    def sketches(self) -> bool:
        """Whether it is painted with colours."""
        return self.target is not None and self.target.widget == "sketch"

    def take_color(self, color: str) -> None:
        """Paint with a colour of a sketch, which need not be in its palette; a stroke puts it there."""
        if color not in self.palette:
            self.palette = [*self.palette[: _MOST_COLORS - 1], color]
        self.surface.label = self.palette.index(color) + 1
        self.changed.emit()

    @property
    def draws_boxes(self) -> bool:
        """Whether layout boxes are drawn, and nothing is painted."""
        return self.target is not None and self.target.widget == "boxes"

    def commit_boxes(self, text: str) -> None:
        """Make an edit of layout boxes."""
        if self.target is not None and text != self._text:
            self._document.do(SetSetting(self.target.node, self.target.setting, text))

    def replace(self, pixels: Painted) -> None:
        """Take other values for the whole, as one edit; of another size too."""
        if self.target is None:
            return
        if pixels.shape == self.surface.pixels.shape:
            self.surface.replace(pixels)
            self.commit()
        else:
            self._document.do(SetSetting(self.target.node, self.target.setting, painted.pack(pixels)))

    def scale_to_picture(self) -> None:
        """Give what is painted the picture's size: each pixel is that of the nearest one."""
        if self.picture is None:
            return
        self.replace(painted.scaled(self.surface.pixels, self.picture.height(), self.picture.width()))

    def start_over(self) -> None:
        """Forget what was painted and take the picture's size."""
        if self.target is not None:
            self._document.do(ResetSetting(self.target.node, self.target.setting))

    def close(self) -> None:
        """Paint on nothing."""
        if self.target is not None:
            self.target, self.picture, self._text, self.mismatch = None, None, "", None
            self.surface.clear(1, 1)
            self.changed.emit()
            self.closed.emit()

    def follow(self) -> None:
        """Show what the document holds now."""
        if self.target is None:
            return
        node = self._document.workflow.nodes.get(self.target.node)
        if node is None:
            self.close()
            return
        value = node.settings.get(self.target.setting, "")
        text = value if isinstance(value, str) else ""
        if self.target.widget == "boxes":
            self._text = text
            self.boxes_changed.emit(text)
            return
        held = self._colors_held()
        if held != self.palette[: len(held)]:  # not by a stroke, nor by undoing one
            self.palette = held
            self.changed.emit()
        own, self._own = self._own, False
        if own or text == self._text:
            self._text = text
            return
        try:
            if text:
                self.surface.show_text(text)
            elif self.picture is not None:
                self.surface.clear(self.picture.width(), self.picture.height())
            else:
                self.surface.clear(self.surface.width, self.surface.height)
        except LoomError as error:
            self.failed.emit(error)
        self._text = text
        self._compare()

    def _colors_held(self) -> list[str]:
        """The palette that the document holds; empty where it is not a sketch that is painted."""
        if self.target is None or not self.sketches:
            return []
        text = self._document.workflow.nodes[self.target.node].settings.get(COLORS)
        return [word.strip() for word in text.split(",")] if isinstance(text, str) else list(self.target.classes)

    def _compare(self) -> None:
        before, self.mismatch = self.mismatch, None
        if self.picture is not None and self._text:
            sizes = ((self.surface.width, self.surface.height), (self.picture.width(), self.picture.height()))
            self.mismatch = sizes if sizes[0] != sizes[1] else None
        if before != self.mismatch:
            self.changed.emit()
