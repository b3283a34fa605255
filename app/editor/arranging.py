"""What a person does with a selection as a whole: copy, paste, align, tidy, frame."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import Literal, get_args

from PySide6.QtCore import QObject, QPointF, QRectF, QSizeF, Signal
from PySide6.QtGui import QCursor, QGuiApplication

from app.document import Document
from app.editor.area_items import TITLE_HEIGHT, FrameItem, NoteItem
from app.editor.graph_view import GraphView
from app.editor.placement import free_place, snapped
from app.editor.text_overlay import TextOverlay
from app.editor.viewer import LoomViewer
from core.errors import LoomError
from core.graph import workflow_file
from core.graph.edits import Group, MoveNodes, PutFrame, PutNote
from core.graph.fragment import Pasted, corner, fragment_of, paste
from core.graph.tidying import FRAME_MARGIN, tidy
from core.graph.workflow import Edit, Frame, Note

Edge = Literal["left", "right", "top", "bottom"]
EDGES: tuple[Edge, ...] = get_args(Edge)
_STEP = 32.0
_NOTE_SIZE = (280.0, 160.0)


class Arranging(QObject):
    """Changes of selections on one canvas.

    Attributes:
        overlay: Where titles of frames and texts of notes are edited.

    Signals:
        select_asked(list): These ids are to be selected.
        refused(LoomError): What is on the clipboard cannot be pasted.
    """

    select_asked = Signal(list)
    refused = Signal(object)

    def __init__(self, viewer: LoomViewer, view: GraphView, document: Document) -> None:
        super().__init__(viewer)
        self._viewer, self._view, self._document = viewer, view, document
        self._pasted: tuple[str, int] = ("", 0)
        self.overlay = TextOverlay(viewer)
        viewer.area_asked.connect(self.write_into)
        document.replaced.connect(self.overlay.cancel)

    def selected(self) -> list[str]:
        """Ids of selected nodes, frames and notes."""
        return self._view.selected()

    def copy(self) -> bool:
        """Put the selection on the clipboard, as a workflow's text; returns whether there was any."""
        part = fragment_of(self._document.workflow, set(self.selected()))
        if not (part.nodes or part.frames or part.notes):
            return False
        text = workflow_file.dumps(part)
        # Not a QMimeData made here: Qt destroys what the clipboard holds after Python has ended, and would crash.
        QGuiApplication.clipboard().setText(text)
        self._pasted = (text, 0)
        return True

    def cut(self, remove: Callable[[], None]) -> None:
        """Copy the selection, then remove it."""
        if self.copy():
            self._pasted = (self._pasted[0], -1)  # the first paste goes where it was
            remove()

    def paste(self) -> None:
        """Add what is on the clipboard, beside the last paste of the same, or at the view's middle if out of sight."""
        text = QGuiApplication.clipboard().text()
        if not text.strip():
            return
        try:
            part = workflow_file.loads(text, source="the clipboard").workflow
        except LoomError as error:
            self.refused.emit(error)
            return
        times = self._pasted[1] + 1 if self._pasted[0] == text else 0
        self._pasted = (text, times)
        x, y = corner(part)
        offset = (times * _STEP, times * _STEP)
        seen = self._viewer.mapToScene(self._viewer.viewport().rect()).boundingRect()
        if not seen.contains(QPointF(x + offset[0], y + offset[1])):
            middle = snapped(seen.center() - QPointF(seen.width() / 4, seen.height() / 4))
            offset = (middle[0] - x + offset[0], middle[1] - y + offset[1])
        self._add(paste(part, offset))

    def duplicate(self) -> None:
        """Copy the selection beside itself, with the links into it."""
        workflow = self._document.workflow
        self._add(paste(fragment_of(workflow, set(self.selected())), (_STEP, _STEP), workflow))

    def align(self, edge: Edge) -> None:
        """Put the selected cards' edges on one line."""
        boxes = {id: card.outline() for id, card in self._view.cards.items() if card.isSelected()}
        if len(boxes) < 2:
            return
        pick = min if edge in ("left", "top") else max
        line = pick(getattr(box, edge)() for box in boxes.values())
        for box in boxes.values():
            getattr(box, f"move{edge.capitalize()}")(line)
        self._move({id: (box.left(), box.top()) for id, box in boxes.items()})

    def tidy(self) -> None:
        """Lay the selected nodes out anew in layers, or all when fewer than two are selected."""
        sizes = {id: (card.outline().width(), card.outline().height()) for id, card in self._view.cards.items()}
        chosen = [id for id in self.selected() if id in sizes]
        workflow = self._document.workflow
        tidied = tidy(workflow, sizes, chosen if len(chosen) > 1 else None)
        places = tidied.nodes
        boxes = {id: QRectF(*(places.get(id) or (box.left(), box.top())), box.width(), box.height())
                 for id, box in ((id, card.outline()) for id, card in self._view.cards.items())}  # fmt: skip
        frames = {id: replace(workflow.frames[id], position=(box.left, box.top), size=(box.width, box.height))
                  for id, box in tidied.frames.items()}  # fmt: skip
        notes = {id: replace(workflow.notes[id], position=place) for id, place in tidied.notes.items()}
        further: list[Edit] = [PutFrame(frame) for id, frame in frames.items() if frame != workflow.frames[id]]
        further += [PutNote(note) for id, note in notes.items() if note != workflow.notes[id]]
        self._move(places, further + self._refitted(boxes, frames))

    def frame(self) -> None:
        """Put a frame around the selection, or an empty one where nothing is selected, and ask for its title."""
        boxes = [self._view.outline(id) for id in self.selected()]
        around = boxes or [QRectF(self._pointer(), self._pointer() + QPointF(256, 160))]
        frame = _around(Frame(), around)
        self._document.do(PutFrame(frame))
        self.select_asked.emit([frame.id])
        self.write_into(frame.id)

    def note(self) -> None:
        """Add a note where the pointer is, and ask for its text."""
        size = QSizeF(*_NOTE_SIZE)
        taken = [self._view.outline(id) for id in (*self._view.cards, *self._document.workflow.notes)]
        middle = self._pointer() + QPointF(size.width() / 2, size.height() / 2)
        note = Note(position=free_place(size, middle, taken), size=_NOTE_SIZE)
        self._document.do(PutNote(note))
        self.select_asked.emit([note.id])
        self.write_into(note.id)

    def write_into(self, id: str) -> None:
        """Edit the title of a frame or the text of a note in its place."""
        item = self._view.areas.get(id)
        place = item.outline() if item is not None else QRectF()
        if isinstance(item, FrameItem):
            place.setHeight(TITLE_HEIGHT)
            frame = self._document.workflow.frames[id]
            self.overlay.open(frame.title, place, lambda text: self._title(id, text), lines=False)
        elif isinstance(item, NoteItem):
            note = self._document.workflow.notes[id]
            self.overlay.open(note.text, place, lambda text: self._write(id, text), lines=True)

    def _title(self, id: str, text: str) -> None:
        frame = self._document.workflow.frames.get(id)
        if frame is not None:
            self._document.do(PutFrame(replace(frame, title=text.strip())))

    def _write(self, id: str, text: str) -> None:
        note = self._document.workflow.notes.get(id)
        if note is not None:
            self._document.do(PutNote(replace(note, text=text)))

    def _add(self, pasted: Pasted) -> None:
        if pasted.ids:
            self._document.do(pasted.edit)
            self.select_asked.emit(list(pasted.ids.values()))

    def _refitted(self, boxes: dict[str, QRectF], known: Collection[str]) -> list[Edit]:
        """What makes each frame but those known fit the nodes in it when they lie in these `boxes` of the scene."""
        edits: list[Edit] = []
        for id, frame in self._document.workflow.frames.items():
            if id in known:
                continue
            whole = self._view.outline(id)
            inside = [boxes[node] for node, card in self._view.cards.items() if whole.contains(card.outline())]
            if inside and _around(frame, inside) != frame:
                edits.append(PutFrame(_around(frame, inside)))
        return edits

    def _move(self, places: dict[str, tuple[float, float]], further: list[Edit] | None = None) -> None:
        nodes = self._document.workflow.nodes
        moved = {id: place for id, place in places.items() if place != nodes[id].position}
        edits: list[Edit] = [MoveNodes(moved)] if moved else []
        edits += further or []
        if edits:
            self._document.do(Group(tuple(edits)))

    def _pointer(self) -> QPointF:
        """Where the pointer is over the canvas, else the view's middle (scene)."""
        viewport = self._viewer.viewport()
        at = viewport.mapFromGlobal(QCursor.pos())
        return QPointF(self._viewer.mapToScene(at if viewport.rect().contains(at) else viewport.rect().center()))


def _around(frame: Frame, boxes: Iterable[QRectF]) -> Frame:
    """The frame around rectangles of the scene."""
    rect = QRectF()
    for box in boxes:
        rect = rect.united(box)
    rect.adjust(-FRAME_MARGIN, -FRAME_MARGIN - TITLE_HEIGHT, FRAME_MARGIN, FRAME_MARGIN)
    return replace(frame, position=snapped(rect.topLeft()), size=snapped(rect.bottomRight() - rect.topLeft()))
