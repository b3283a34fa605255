"""Record sessions with the painter as strips of pictures: `python docs/record_sessions.py [FOLDER] [--only NAME]`.

A real window, a real pointer: xdotool moves and presses it on the X display, and the window hears of it as it hears of
a person's. Start it as `xvfb-run -a -s "-screen 0 1280x800x24" python docs/record_sessions.py`.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "xcb")

from PIL import Image
from PySide6.QtCore import QBuffer, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QImage, QPainter
from PySide6.QtWidgets import QApplication, QComboBox, QListWidget, QPushButton, QWidget
from take_screenshots import ROOT, pause, until

from app.document import TEMPLATES
from app.main_window import MainWindow
from app.painting.desk import PaintingDesk
from app.settings import Settings
from app.theme import apply_theme, choose_theme, font, theme
from core.graph.edits import ResetSetting

LARGEST = 300_000
"""Bytes of a strip."""
COLUMNS, WIDTH, GAP, WORDS = 3, 400, 12, 28
"""Of a strip: frames in a row, pixels of a frame's width, between frames, and for the words above one."""
SIZE = "64 × 64"
"""What is chosen where a painting has no picture below."""
Places = Sequence[tuple[float, float]]


class Pointer:
    """The pointer of the X display."""

    def click(self, widget: QWidget, place: QPoint | None = None) -> None:
        """Click with the left button; in the middle, where no `place` is given."""
        self._do("mousemove", *_on_screen(widget, place or widget.rect().center()), "sleep", "0.1", "click", "1")

    def drag(self, widget: QWidget, places: Sequence[QPoint]) -> None:
        """Press at the first place, move through all, let go at the last."""
        words = ["mousemove", *_on_screen(widget, places[0]), "mousedown", "1"]
        for place in places[1:]:
            words += ["sleep", "0.02", "mousemove", *_on_screen(widget, place)]
        self._do(*words, "sleep", "0.05", "mouseup", "1")

    def rest(self, widget: QWidget) -> None:
        """Go out of the way, to a corner of a widget."""
        self._do("mousemove", *_on_screen(widget, QPoint(4, widget.height() - 4)))

    def _do(self, *words: str) -> None:
        process = subprocess.Popen(["xdotool", *words])
        until(lambda: process.poll() is not None)
        if process.returncode:
            raise SystemExit("xdotool could not move the pointer.")
        pause(0.3)


@dataclass
class Recording:
    """A session as it is recorded.

    Attributes:
        window: The window.
        pointer: What a person does.
        frames: What was seen, with words on each.
    """

    window: MainWindow
    pointer: Pointer = field(default_factory=Pointer)
    frames: list[tuple[str, QImage]] = field(default_factory=list)

    @property
    def desk(self) -> PaintingDesk:
        """The painter."""
        desk = self.window.painting.desk
        assert desk is not None
        return desk

    def take(self, words: str) -> None:
        """Keep what the painter looks like now."""
        self.pointer.rest(self.window)
        self.frames.append((words, self.desk.panel.grab().toImage()))

    def open(self, file: Path, node: str, setting: str) -> None:
        """Open a workflow with nothing painted in it, and its painter."""
        self.window.files.open(file)
        if setting in self.window.document.workflow.nodes[node].settings:
            self.window.document.do(ResetSetting(node, setting))
        self.window.painting.open(node)
        until(self.desk.isVisible)
        pause(0.5)
        sizes = [each for each in self.desk.panel.notice.findChildren(QPushButton) if each.text() == SIZE]
        if sizes and not self.desk.session.ready:
            self.take("How large?")
            self.pointer.click(sizes[0])
        until(lambda: self.desk.session.ready or self.desk.session.draws_boxes)

    def paint(self, *places: tuple[float, float]) -> None:
        """Drag along places of the picture, given as shares of its sides."""
        easel, surface = self.desk.panel.easel, self.desk.session.surface
        through = [QPointF(x * surface.width, y * surface.height) for x, y in places]
        self.pointer.drag(easel, [easel.to_widget(place).toPoint() for place in _dense(through)])

    def choose_class(self, name: str) -> None:
        """Take a class from the list above the easel."""
        box: QComboBox = self.desk.panel.classes
        self.pointer.click(box, QPoint(box.width() - 10, box.height() // 2))
        shown = box.view()
        index = box.model().index(box.findText(name), 0)
        shown.scrollTo(index)
        self.pointer.click(shown.viewport(), shown.visualRect(index).center())
        until(lambda: box.currentText() == name)

    def make(self) -> None:
        """Make candidates and wait for them."""
        strip, made = self.desk.panel.strip, self.desk.loop.candidates
        self.pointer.click(strip.make)
        failures: list[object] = []
        made.failed.connect(failures.append)
        until(lambda: bool(failures) or (len(made.made) >= strip.count.value() and not made.left))
        if failures:
            raise SystemExit(f"No candidates were made. {failures[0]}")
        pause(0.3)

    def look_at(self, number: int) -> None:
        """Look at a candidate; the first one is 1."""
        row: QListWidget = self.desk.panel.strip.pictures
        self.pointer.click(row.viewport(), row.visualItemRect(row.item(number)).center())

    def keep(self) -> None:
        """Keep the candidate that is looked at."""
        self.pointer.click(self.desk.panel.strip.keep)


def inpaint(session: Recording, workflows: Path) -> None:
    """Paint over what is there, choose among what the model puts there, and go on with that."""
    session.open(workflows / "inpainting.json", "mask", "mask")
    session.take("Before")
    for step in range(9):  # as a hand fills a shape: to and fro
        height, reach = 0.18 + 0.07 * step, 0.14 + 0.05 * min(step, 4)
        session.paint((0.48 - reach, height), (0.48 + reach, height + 0.02))
    session.paint((0.48, 0.75), (0.48, 0.85))
    session.take("Painted over")
    session.make()
    session.look_at(2)
    session.take("Candidates: the second one")
    session.keep()
    session.take("Kept, and painted on")
    for height in (0.28, 0.35, 0.42):
        session.paint((0.24, height), (0.74, height))
    session.take("Painted again, over its eyes")
    session.make()
    session.look_at(1)
    session.keep()
    session.take("Another look is kept")


def lay_out(session: Recording, workflows: Path) -> None:
    """Draw boxes, say what is in them, and look at what the model makes of them."""
    session.open(workflows / "layout_to_image.json", "boxes", "boxes")
    session.take("Before")
    session.choose_class("fox")
    session.paint((0.06, 0.5), (0.46, 0.9))
    session.take("A fox is to be here")
    session.choose_class("umbrella")
    session.paint((0.52, 0.25), (0.94, 0.9))
    session.take("And an umbrella")
    session.make()
    session.look_at(1)
    session.take("Candidates: the first one")
    session.look_at(2)
    session.take("The second one")
    session.look_at(3)
    session.take("The third one")


def paint_map(session: Recording, workflows: Path) -> None:
    """Paint classes, and look at what the model makes of them."""
    session.open(workflows / "semantic_map_to_image.json", "map", "semantic_map")
    for name, tool, places in MAP:
        session.choose_class(name)
        session.pointer.click(session.desk.panel.toolbox.buttons[tool])
        session.paint(*places)
        session.take(f"{name.capitalize()}, with the {tool}")
    session.make()
    session.look_at(1)
    session.take("Candidates: the first one")
    session.look_at(2)
    session.take("The second one")


MAP: tuple[tuple[str, str, Places], ...] = (
    ("sky", "rectangle", ((0.0, 0.0), (1.0, 0.6))),
    ("grass", "rectangle", ((0.0, 0.6), (1.0, 1.0))),
    ("apple", "ellipse", ((0.26, 0.24), (0.74, 0.84))),
)
"""What is painted, with which tool, from where to where."""
SESSIONS: dict[str, Callable[[Recording, Path], None]] = {
    "inpainting": inpaint,
    "layout": lay_out,
    "semantic-map": paint_map,
}


def write_strip(frames: Sequence[tuple[str, QImage]], path: Path) -> None:
    """Write frames with their words in rows, as well as `LARGEST` allows."""
    height = round(WIDTH * frames[0][1].height() / frames[0][1].width())
    rows = -(-len(frames) // COLUMNS)
    size = COLUMNS * (WIDTH + GAP) + GAP, rows * (height + WORDS + GAP) + GAP
    sheet = QImage(*size, QImage.Format.Format_RGB32)
    sheet.fill(theme().color("window"))
    painter = QPainter(sheet)
    painter.setPen(theme().color("text"))
    painter.setFont(QFont(font(bold=True)))
    for place, (words, frame) in enumerate(frames):
        left, top = GAP + place % COLUMNS * (WIDTH + GAP), GAP + place // COLUMNS * (height + WORDS + GAP)
        line = QRectF(left, top, WIDTH, WORDS)
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, f"{place + 1}  {words}")
        smooth = Qt.TransformationMode.SmoothTransformation
        painter.drawImage(left, top + WORDS, frame.scaled(WIDTH, height, mode=smooth))
    painter.end()
    picture = _to_pillow(sheet)
    for quality in range(88, 40, -6):
        picture.save(path, quality=quality, method=6)
        if path.stat().st_size < LARGEST:
            return


def main(folder: Path, only: Sequence[str], workflows: Path, theme_name: str) -> None:
    """Play the sessions and write `session-NAME.webp` of each into `folder`."""
    choose_theme(theme_name)
    application = QApplication([])
    apply_theme(application)
    with tempfile.TemporaryDirectory() as scratch, contextlib.chdir(scratch):  # pictures are saved in ./output
        for name in only or SESSIONS:
            window = MainWindow(Settings(Path(scratch) / name / "settings.ini"))
            window.move(0, 0)
            window.show()
            window.open_first()
            until(lambda shown=window: shown.engine_ready)
            window.activateWindow()
            session = Recording(window)
            SESSIONS[name](session, workflows)
            write_strip(session.frames, folder / f"session-{name}.webp")
            for tab in window.tabs.all:
                tab.document.history.mark_clean()
            window.close()
            window.deleteLater()


def _on_screen(widget: QWidget, place: QPoint) -> tuple[str, str]:
    there = widget.mapToGlobal(place) * widget.devicePixelRatioF()
    return str(round(there.x())), str(round(there.y()))


def _dense(places: Sequence[QPointF]) -> list[QPointF]:
    """Places with nine more between each two."""
    between = [a + (b - a) * (step / 10) for a, b in pairwise(places) for step in range(10)]
    return [*between, places[-1]]


def _to_pillow(image: QImage) -> Image.Image:
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return Image.open(io.BytesIO(bytes(buffer.data().data()))).convert("RGB")


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--only", nargs="*", default=(), choices=tuple(SESSIONS), help="these sessions alone")
    parser.add_argument("--workflows", type=Path, default=TEMPLATES, help="where the workflows lie")
    parser.add_argument("--theme", default="dark")
    return parser.parse_args()


if __name__ == "__main__":
    given = read_arguments()
    main(given.folder.absolute(), given.only, given.workflows.absolute(), given.theme)
