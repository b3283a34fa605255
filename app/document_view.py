"""A document as the window shows it: all that belongs to this one alone, while several are open."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.catalogue import Catalogue
from app.cost_hints import CostHints
from app.document import Document
from app.editor.canvas import Canvas
from app.freshness import Freshness
from app.opening_notice import opening_notice
from app.panels.banner import Banner
from app.panels.log import PLAIN
from app.panels.offer import Answers, Offer
from app.panels.preview import PreviewPanel
from app.panels.properties import PropertiesPanel
from app.panels.templates import EmptyCanvas
from app.problems import Problems
from app.running import Running
from app.runtime.monitor import RunMonitor
from app.runtime.run_queue import RunQueue
from core.errors import LoomError


class DocumentView(QWidget):
    """The canvas with what is said above it; the settings and the picture, which the window puts elsewhere; the runs.

    Attributes:
        canvas: The node editor.
        notice: Asks what can wait about the document's file, above the canvas.
        banner: The error above the canvas.
        empty: What an empty canvas offers.
        properties: The selected node.
        preview: The picture.
        freshness: What an edit has made stale.
        problems: What is wrong with the nodes.
        monitor: The run.
        costs: What a run would cost.
        running: Starts runs.

    Signals:
        told(str, str): Something worth a line in the log, and its colour.
        file_asked(Path): A person wants to open this file.
        painting_asked(object): A person wants to paint on this node, or this picture (QImage); "" = on the picture
            that is shown.
        menu_asked(QPoint): The context menu of the canvas was asked for at this place on the screen.
        picture_made(QImage, dict): A run has made this picture, which carries these texts.
        run_changed(): The state of the run, or its words, changed.
        noticed(): The notice came or went.
    """

    told = Signal(str, str)
    file_asked = Signal(object)
    painting_asked = Signal(object)
    menu_asked = Signal(QPoint)
    picture_made = Signal(QImage, dict)
    run_changed = Signal()
    noticed = Signal()

    def __init__(self, document: Document, catalogue: Catalogue, queue: RunQueue) -> None:
        super().__init__()
        self._document, self._queue = document, queue
        self.freshness = Freshness(document, catalogue)
        self.problems = Problems(document, self.freshness)
        self.canvas = Canvas(document, catalogue)
        self.properties = PropertiesPanel(document, catalogue, self.problems)
        self.preview, self.notice, self.banner = PreviewPanel(), Offer(), Banner()
        self.monitor = RunMonitor(self.freshness, self.problems, self.canvas, self.preview)
        self.costs = CostHints(document, self.freshness, self.canvas, queue)
        self.running = Running(document, self.freshness, self.monitor, queue)
        self.empty = EmptyCanvas(document, self.canvas.viewer)
        stack = QVBoxLayout(self)
        stack.setContentsMargins(0, 0, 0, 0)
        stack.setSpacing(0)
        for line in (self.notice, self.banner):
            stack.addWidget(line)
        stack.addWidget(self.canvas, 1)
        self._connect()

    def set_catalogue(self, catalogue: Catalogue) -> None:
        """Take the engine's catalogue in place of the shipped one."""
        for part in (self.freshness, self.canvas, self.properties):
            part.set_catalogue(catalogue)
        self.costs.refresh()
        self.name_unknown_kinds()

    def show_prompt(self) -> None:
        """Select the node that a person most likely wants to change first: the prompt, else none."""
        nodes = self._document.workflow.nodes
        prompt = "prompt" if "prompt" in nodes else next((id for id in nodes if nodes[id].settings.get("text")), None)
        self.canvas.select([prompt] if prompt else [])

    def run(self) -> None:
        """Run the workflow as it is now."""
        if not self.monitor.running:
            self.banner.dismiss()
        self.running.run()

    def show_error(self, error: object) -> None:
        """Say what went wrong above the canvas and in the log."""
        assert isinstance(error, LoomError)
        card = self.canvas.view.cards.get(error.node or "")
        self.banner.show_error(error, card.title if card else "")
        self.told.emit(f"{card.title}: {error}" if card else str(error), "danger")

    def ask(self, question: str, answers: Answers) -> None:
        """Ask what can wait, above the canvas."""
        self.notice.ask(question, answers)
        for button in self.notice.buttons:
            button.clicked.connect(self.noticed)
        self.noticed.emit()

    def name_unknown_kinds(self) -> None:
        """Say what of the workflow cannot be used here, before a person runs into it; of nodes once they are known."""
        error = opening_notice(self._document, self.freshness.catalogue if self._queue.ready else None)
        if error is not None:
            self.show_error(error)

    def _connect(self) -> None:
        canvas = self.canvas
        canvas.selection_changed.connect(self.properties.show_nodes)
        canvas.viewer.text_clicked.connect(lambda _node, setting: self.properties.focus_setting(setting))
        canvas.menu_asked.connect(lambda at, _scene: self.menu_asked.emit(at))
        canvas.file_dropped.connect(lambda path: self.file_asked.emit(Path(path)))
        self.empty.chosen.connect(self.file_asked)
        for source in (canvas.refused, self.preview.failed, self.monitor.failed):
            source.connect(self.show_error)
        self.banner.node_asked.connect(canvas.reveal)
        self.properties.painting_asked.connect(self.painting_asked.emit)
        self.preview.painting_asked.connect(self.painting_asked.emit)
        self.preview.made.connect(self.picture_made)
        self.preview.saved.connect(lambda path: self.told.emit(f"Saved {path}", PLAIN))
        self.monitor.told.connect(self.told)
        self.monitor.changed.connect(self.run_changed)
        self.monitor.stepped.connect(self.costs.learn)
        self._document.replaced.connect(self.monitor.forget)
        self._document.replaced.connect(self._greet)

    def _greet(self) -> None:
        """Another workflow is open: what was said of the last one goes."""
        self.banner.dismiss()
        if not self.empty.isHidden():
            self.canvas.viewer.setFocus()  # so that Tab adds the first node
        self.name_unknown_kinds()
