"""The painter in the window: which node it paints, the picture below, its dock and the full screen."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QImage, QImageReader
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from app.catalogue import Catalogue, NodeCard, PortCard, fits
from app.document import Document
from app.painting.inpainting_loop import IMAGE_NODE, PAINT_NODE
from app.painting.loop_desk import LoopDesk, Place
from app.painting.panel import PaintPanel
from app.painting.session import COLORS, PaintSession, Target
from app.panels.widgets import forget_hover
from core.errors import InputError, LoomError
from core.graph import tiled_text
from core.graph.edits import AddNode, Connect, Group
from core.graph.workflow import Link, Node
from training.datasets.default_classes import EASY_24

PAINTED = ("mask", "semantic_map", "sketch")
"""The kinds of settings that are painted."""
_WORDS = {"semantic_map": "map", "sketch": "sketch"}
BOXES_NODE = "loom.layout.boxes"
NARROWEST = 352
"""Logical pixels of the dock in which nothing of the painter is cut off."""


class Surroundings(Place, Protocol):
    """What the desk asks of the window."""

    @property
    def folder(self) -> Path:
        """Where pictures are kept that workflows name."""

    def picture_of(self, node: str) -> QImage | None:
        """The picture that a node shows, or None."""

    def run_to(self, node: str) -> None:
        """Run as far as a node, if that is possible now."""


class PaintingDesk(QDockWidget):
    """The dock of the painter.

    Attributes:
        session: What is painted.
        panel: The painter.
        loop: Its candidates.

    Signals:
        failed(LoomError): It cannot be painted on.
        run_asked(): Run the workflow.
    """

    failed = Signal(object)
    run_asked = Signal()

    def __init__(self, window: QMainWindow, document: Document, catalogue: Catalogue, around: Surroundings) -> None:
        super().__init__("Paint", window)
        self.setObjectName("painter")
        self.setTitleBarWidget(QWidget())  # the panel's own header serves
        self._document, self._catalogue, self._around = document, catalogue, around
        self.session = PaintSession(document)
        self.panel = PaintPanel(self.session)
        self.setWidget(self.panel)
        self.panel.setMinimumWidth(NARROWEST)
        self.loop = LoopDesk(document, self.session, self.panel, lambda: self._catalogue, around, around.folder)
        self._below: tuple[object, ...] = ()
        document.edited.connect(self._follow_picture)
        self.session.closed.connect(self.hide)
        for source in (self.session.failed, self.panel.commands.failed, self.loop.failed):
            source.connect(self.failed)
        self.panel.close_asked.connect(self.leave)
        self.panel.full_screen_asked.connect(self.turn_full_screen)
        self.panel.run_asked.connect(self.run_asked)
        window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self)
        self.hide()

    def set_catalogue(self, catalogue: Catalogue) -> None:
        """Take the engine's catalogue in place of the shipped one."""
        self._catalogue = catalogue

    def share(self, *actions: QAction) -> None:
        """Let the window's shortcuts work in full screen too."""
        self.panel.addActions(actions)

    def open(self, node: str) -> None:
        """Paint on a node, or on the picture that a node makes: then with a new node beside it."""
        try:
            self._open(self._paint_node(node))
        except LoomError as error:
            self.failed.emit(error)

    def take_picture(self) -> None:
        """Lay the picture below that a run has made, where there was none."""
        if self.session.target is None or self.session.picture is not None:
            return
        try:
            picture = self._picture(self.session.target.node)
            if picture is not None:
                self.session.set_picture(picture)
        except LoomError as error:
            self.failed.emit(error)

    def open_picture(self, picture: QImage) -> None:
        """Paint on a picture that was made earlier, with an inpainting loop around it."""
        node = self.loop.paint_on(picture)
        if node is not None:
            self.open(node)

    def turn_full_screen(self) -> None:
        """Fill the screen, or go back into the dock."""
        if self.isFloating():
            self.setFloating(False)
        else:
            self.setFloating(True)
            self.setGeometry(self.screen().geometry())
            self.showFullScreen()
        QTimer.singleShot(0, self.panel.full_screen, lambda: forget_hover(self.panel.full_screen))
        self.panel.easel.setFocus()

    def leave(self) -> None:
        """Close the painter."""
        self.setFloating(False)
        self.session.close()
        self.hide()

    def _open(self, node: str) -> None:
        target = self._target(node)
        assert target is not None
        self._below = self._source(node)
        self.session.open(target, self._picture(node))
        shown = self._document.workflow.nodes[node]
        card = self._catalogue.get(shown.type)
        self.panel.set_title((shown.title or (card.title if card else "Paint")).upper())
        self.show()
        self.panel.easel.setFocus()
        self.look_for_picture()

    def look_for_picture(self) -> None:
        """Where no picture is shown yet, run as far as the picture, or let a person choose a size."""
        if self.session.target is None or self.session.picture is not None:
            return
        node = self.session.target.node
        link = self._document.workflow.links.get((node, "image"))
        if link is not None:
            self._around.run_to(link.source)
        elif not self.session.ready:
            sizes = (64, 256, 512, 1024)
            self.panel.notice.ask(
                f"No picture is connected. How large is the {_WORDS.get(self.session.target.widget, 'mask')}?",
                [(f"{side} × {side}", partial(self.session.begin_empty, side, side)) for side in sizes],
            )

    def _target(self, node: str) -> Target | None:
        if self._document.workflow.nodes[node].type == BOXES_NODE:
            return Target(node, "boxes", "boxes", tuple(sorted(EASY_24)))
        card = self._card(node)
        for setting in card.settings if card else ():
            if setting.widget in PAINTED:
                return Target(node, setting.name, setting.widget, self._classes(node, card))
        return None

    def _classes(self, node: str, card: NodeCard | None) -> tuple[str, ...]:
        """The classes that a node for painting maps names, or the colours of a sketch."""
        setting = (card.setting("classes") or card.setting(COLORS)) if card else None
        if setting is None:
            return ()
        names = str(self._document.workflow.nodes[node].settings.get(setting.name, setting.default))
        return tuple(name.strip() for name in names.split(","))

    def _paint_node(self, node: str) -> str:
        """Return the node to paint on for a chosen one: itself, one that is linked to its picture, or a new one."""
        if self._target(node) is not None:
            return node
        workflow = self._document.workflow
        for link in workflow.outgoing(node):
            if self._target(link.target) is not None and link.input == "image":
                return link.target
        card, wanted = self._card(node), self._catalogue.get(PAINT_NODE)
        output = _picture_output(card, wanted)
        if output is None:
            raise InputError(
                "This node has nothing to paint on.", why="It neither holds a mask nor makes a picture.",
                fix="Select a Paint mask node, or a node that makes a picture.", node=node,
            )  # fmt: skip
        made = Node(type=PAINT_NODE, position=self._around.place_beside(node))
        link = Link(node, output.name, made.id, "image")
        self._document.do(Group((AddNode(made), Connect(link))))
        return made.id

    def _source(self, node: str) -> tuple[object, ...]:
        """What decides which picture lies below a node."""
        link = self._document.workflow.links.get((node, "image"))
        source = self._document.workflow.nodes.get(link.source) if link else None
        if link is None or source is None:
            return ()
        return (link.source, link.output, source.settings.get("path") if source.type == IMAGE_NODE else None)

    def _follow_picture(self) -> None:
        """Lay another picture below when an edit, or its undoing, has put another one there."""
        target = self.session.target
        if target is None or self._source(target.node) == self._below:
            return
        self._below = self._source(target.node)
        try:
            self.session.set_picture(self._picture(target.node))
        except LoomError as error:
            self.failed.emit(error)

    def _picture(self, node: str) -> QImage | None:
        """The picture below: that which the node was given, or the file that it will be given."""
        link = self._document.workflow.links.get((node, "image"))
        if link is None:
            return None
        source = self._document.workflow.nodes[link.source]
        if source.type == IMAGE_NODE and (path := str(source.settings.get("path", ""))):
            return _read(Path(path))
        return self._around.picture_of(link.source)

    def _card(self, node: str) -> NodeCard | None:
        return self._catalogue.get(self._document.workflow.nodes[node].type)

    def sizeHint(self) -> QSize:
        return QSize(560, 600)


def _picture_output(card: NodeCard | None, wanted: NodeCard | None) -> PortCard | None:
    """The output of a node that the image input of another takes."""
    target = next((port for port in wanted.inputs if port.name == "image"), None) if wanted else None
    if card is None or target is None:
        return None
    return next((port for port in card.outputs if fits(port, target)), None)


def _read(path: Path) -> QImage | None:
    """Read a picture file, upright; the run says what is wrong with one that cannot be read.

    Raises:
        InputError: It is too large to paint on.
    """
    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid():
        tiled_text.check_size(size.width(), size.height())
    QImageReader.setAllocationLimit(2048)
    image = reader.read()
    return None if image.isNull() else image
