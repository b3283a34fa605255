"""The inpainting loop within the painter: make candidates, look at them, keep one, paint on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from app.catalogue import Catalogue
from app.document import Document
from app.painting import kept_pictures
from app.painting.candidate_strip import THUMB_PX
from app.painting.candidates import Candidate, Candidates, Engine
from app.painting.easel import thumbnail
from app.painting.inpainting_loop import (
    IMAGE_NODE,
    PAINT_NODE,
    Loop,
    loop_of,
    painted_in_loops,
    picture_replaced,
    seeds_kept,
)
from app.painting.loop_builder import LoopBuilder
from app.painting.panel import PaintPanel
from app.painting.session import PaintSession, Target
from core.errors import LoomError
from core.graph import workflow_file
from core.graph.edits import AddNode, Connect, Group
from core.graph.workflow import Link, Node, Point, Workflow
from core.imaging.picture_workflow import WORKFLOW_KEY


class Place(Engine, Protocol):
    """Where the painter stands: what runs its workflows, and the canvas."""

    def place_beside(self, node: str | None) -> Point:
        """Where there is room for a card near another; None = for several, below all."""


class LoopDesk(QObject):
    """Connects a session, its strip of candidates, and the document.

    Attributes:
        candidates: What was made.
        folder: Where kept pictures are written.

    Signals:
        failed(LoomError): A candidate could not be made or kept.
    """

    failed = Signal(object)

    def __init__(
        self, document: Document, session: PaintSession, panel: PaintPanel, catalogue: Callable[[], Catalogue],
        around: Place, folder: Path,
    ) -> None:  # fmt: skip
        super().__init__(session)
        self._document, self._session, self._panel, self._catalogue = document, session, panel, catalogue
        self._around, self.folder = around, folder
        self.candidates = Candidates(around, self)
        self._target: Target | None = None
        self.candidates.changed.connect(self._show)
        self.candidates.failed.connect(self.failed)
        panel.strip.make_asked.connect(self.make)
        panel.strip.stop_asked.connect(self.candidates.stop)
        panel.strip.looked.connect(self.look)
        panel.strip.keep_asked.connect(self.keep)
        panel.easel.painting_begun.connect(lambda: panel.strip.look_at(-1))
        session.changed.connect(self._follow)

    def make(self, count: int) -> None:
        """Make candidates; where no picture comes of what is painted, offer to build the loop first."""
        if self._session.target is None:
            return
        loop = self._loop()
        if loop is not None:
            self.candidates.make(self._document.workflow, loop, count)
        elif self._buildable():
            self._panel.notice.ask(
                "Nothing makes a picture of this mask yet.",
                [("Build the inpainting loop", lambda: self._build_and_make(count)), ("Cancel", lambda: None)],
            )
        else:
            self._panel.notice.ask(
                "Nothing makes a picture of what is painted. Connect it to the model first.", [("Close", lambda: None)]
            )

    def look(self, index: int) -> None:
        """Look at a candidate in place of the picture; -1: at what is painted on."""
        self._panel.easel.look_at(self.candidates.made[index].picture if index >= 0 else None)

    def keep(self, index: int) -> None:
        """Paint on with a candidate in place of the picture, as one step; nothing is painted on it yet.

        Where no picture lies below, the workflow takes the candidate's seeds.
        """
        target, chosen = self._session.target, self.candidates.made[index]
        if target is None:
            return
        try:
            self._document.do(self._keeping(target, chosen))
        except LoomError as error:
            self.failed.emit(error)
            return
        self.candidates.forget()
        self._panel.easel.look_at(None)
        self._panel.easel.setFocus()

    def paint_on(self, picture: QImage) -> str | None:
        """Return the node to paint on with a picture that was made earlier, as one step; None where that failed.

        The picture takes the place of that of a loop that is there; else a loop is built around it.
        """
        workflow, catalogue = self._document.workflow, self._catalogue()
        try:
            path = kept_pictures.store(self.folder, picture)
            there = list(painted_in_loops(workflow, catalogue))
            present = self._session.target.node if self._session.target else ""
            if there:
                node = present if present in there else there[0]
                self._document.do(self._replaced(node, "mask", path))
                return node
            corner = self._around.place_beside(None)
            loaded = Node(type=IMAGE_NODE, position=corner, settings={"path": str(path)})
            mask = Node(type=PAINT_NODE, position=(corner[0] + 224.0, corner[1]))
            below = (loaded.id, "image")
            size = (picture.width(), picture.height())
            builder = LoopBuilder(workflow, catalogue, _made_by(picture))
            around = builder.build(below, mask.id, size, (corner[0], corner[1] + 280.0))
            own = (AddNode(loaded), AddNode(mask), Connect(Link(*below, mask.id, "image")))
            self._document.do(Group((*own, *around.edits)))
        except LoomError as error:
            self.failed.emit(error)
            return None
        return mask.id

    def _keeping(self, target: Target, chosen: Candidate) -> Group:
        """Return the edit that keeps a candidate.

        Raises:
            InputError: Its file cannot be written.
        """
        workflow = self._document.workflow
        link = workflow.links.get((target.node, "image"))
        if link is None or target.widget not in ("mask", "sketch"):
            return seeds_kept(chosen.loop, chosen.step)
        path = kept_pictures.store(self.folder, chosen.picture)
        return self._replaced(target.node, target.setting, path)

    def _replaced(self, node: str, setting: str, path: Path) -> Group:
        workflow = self._document.workflow
        place = self._around.place_beside(workflow.links[node, "image"].source)
        return picture_replaced(workflow, node, setting, path, place)

    def _loop(self) -> Loop | None:
        target = self._session.target
        return loop_of(self._document.workflow, target.node, self._catalogue()) if target else None

    def _buildable(self) -> bool:
        target = self._session.target
        return (
            target is not None and target.widget == "mask" and (target.node, "image") in self._document.workflow.links
        )

    def _build_and_make(self, count: int) -> None:
        target, workflow = self._session.target, self._document.workflow
        if target is None or not self._buildable():
            return
        link, picture = workflow.links[target.node, "image"], self._session.picture
        size = None if picture is None else (picture.width(), picture.height())
        place = self._around.place_beside(None)
        try:
            builder = LoopBuilder(workflow, self._catalogue())
            self._document.do(builder.build((link.source, link.output), target.node, size, place))
        except LoomError as error:
            self.failed.emit(error)
            return
        self.make(count)

    def _show(self) -> None:
        """Show the candidates, and look at one that is new while another was looked at no more."""
        picture = self._session.picture
        if picture is not None:
            self._panel.strip.follow(self.candidates, picture, "Before")
        else:
            self._panel.strip.follow(self.candidates, thumbnail(self._panel.easel, THUMB_PX), "Painted")

    def _follow(self) -> None:
        """Another painting has no candidates yet."""
        if self._session.target != self._target:
            self._target = self._session.target
            self.candidates.begin_anew()
            self._panel.easel.look_at(None)


def _made_by(picture: QImage) -> Workflow | None:
    """Return the workflow that a picture carries, if it does and it can be read."""
    text = picture.text(WORKFLOW_KEY)
    try:
        return workflow_file.loads(text).workflow if text else None
    except LoomError:
        return None
