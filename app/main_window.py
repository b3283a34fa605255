"""The window: panels put together, actions connected, and the worker started after the first paint."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint, QPointF, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QPaintEvent
from PySide6.QtWidgets import QMainWindow, QMenu, QSplitter, QVBoxLayout, QWidget

from app.actions import add_recent_menu, make_actions, make_toolbar
from app.catalogue import Catalogue, shipped_catalogue
from app.document import Document
from app.editor.arranging import EDGES
from app.editor.canvas import Canvas
from app.files import Files
from app.freshness import Freshness
from app.pages import Pages
from app.painting.in_window import Painting
from app.panels.banner import Banner
from app.panels.gallery import Gallery
from app.panels.library import LibraryPanel
from app.panels.log import LogPanel
from app.panels.preview import PreviewPanel
from app.panels.properties import PropertiesPanel
from app.panels.shortcut_sheet import ShortcutSheet
from app.panels.templates import EmptyCanvas
from app.panels.widgets import panel_header, rule
from app.preferences import Preferences
from app.problems import Problems, unknown_kinds
from app.readiness import Readiness
from app.running import Running
from app.runtime.bridge import Bridge
from app.runtime.garbage import WindowCollector
from app.runtime.messages import EngineFailed, EngineReady
from app.runtime.monitor import RunMonitor
from app.runtime.worker import Post, Worker
from app.settings import Settings
from app.status import StatusLine
from app.theme import icon, theme
from app.tour import Tour, steps_through
from core.errors import LoomError

MakeWorker = Callable[[Post], Worker]
_SMALLEST = QSize(960, 600)
_SPLITTERS = ("columns", "side", "middle")


class MainWindow(QMainWindow):
    """The one window of the program.

    Attributes:
        document: The open workflow.
        canvas: The node editor.
        library: The kinds of nodes.
        properties: The selected node.
        preview: The picture.
        log: What happened.
        banner: The error above the canvas.
        gallery: The pictures made so far.
        freshness: What an edit has made stale.
        problems: What is wrong with the nodes.
        pages: The graph, and training.
        painting: Opens the painter.
        monitor: The run.
        worker: The thread that runs.
        running: Starts runs.
        actions_by_name: Every action.
        recent_menu: The files used last.
        readiness: What is said while nothing can run.
        empty: What an empty canvas offers.
        tour: The first tour.
    """

    def __init__(
        self, settings: Settings, *, make_worker: MakeWorker = Worker, catalogue: Catalogue | None = None
    ) -> None:
        super().__init__()
        self._settings = settings
        catalogue = catalogue or shipped_catalogue()
        self.engine_ready = self._painted = self._closed = False
        self.document = Document(self)
        self.canvas = Canvas(self.document, catalogue)
        self.library = LibraryPanel(catalogue)
        self.freshness = Freshness(self.document, catalogue)
        self.problems = Problems(self.document, self.freshness)
        self.properties = PropertiesPanel(self.document, catalogue, self.problems)
        self.preview, self.log, self.banner = PreviewPanel(), LogPanel(), Banner()
        self.preview.folder = settings.folder
        self.gallery = Gallery()
        self.files = Files(self, self.document, settings)
        self.monitor = RunMonitor(self.freshness, self.problems, self.canvas, self.preview, self.log)
        self.bridge, self._collector = Bridge(self), WindowCollector(self)
        self.worker = make_worker(self.bridge.post)
        self.running = Running(self.document, self.freshness, self.monitor, self.worker)
        self.painting = Painting(self)
        self.readiness = Readiness(self, self.preview, lambda: self.pages.show_training().new_run())
        self.empty = EmptyCanvas(self.document, self.canvas.viewer)
        self.tour = Tour(self, steps_through(self))
        self._compose()
        self.actions_by_name = make_actions(self, self.canvas, self._handlers())
        self.recent_menu = add_recent_menu(self.actions_by_name["open"], self.files.fill_recent)
        make_toolbar(self, self.actions_by_name)
        self.status_line = StatusLine(self.statusBar())
        self._connect()
        self._restore()
        self._refresh()

    def start_engine(self) -> None:
        """Start the worker; called once, after the first paint."""
        if not self._closed and not self.worker.alive:
            self.worker.start()
            self.gallery.open_folder(self._settings.data_folder / "gallery")

    def open_first(self, path: Path | None) -> None:
        """Show `path`, or the default workflow with its prompt in sight."""
        self.document.open_default()
        if path is not None:
            self.files.open(path)
        self.show_prompt()
        self.files.offer_unsaved()

    def show_prompt(self) -> None:
        """Select the node that a person most likely wants to change first: the prompt, else none."""
        nodes = self.document.workflow.nodes
        prompt = "prompt" if "prompt" in nodes else next((id for id in nodes if nodes[id].settings.get("text")), None)
        self.canvas.select([prompt] if prompt else [])

    def run(self) -> None:
        """Run the workflow as it is now."""
        if not self.monitor.running:
            self.banner.dismiss()
        self.running.run()

    def cancel(self) -> None:
        """Stop the run at its next step."""
        self.worker.cancel()

    def show_error(self, error: object) -> None:
        """Say what went wrong above the canvas and in the log."""
        assert isinstance(error, LoomError)
        card = self.canvas.view.cards.get(error.node or "")
        self.banner.show_error(error, card.title if card else "")
        self.log.say(f"{card.title}: {error}" if card else str(error), "danger")

    def _compose(self) -> None:
        self.resize(1280, 800)
        self.setWindowIcon(icon("app", "accent"))
        middle = QWidget()
        stack = QVBoxLayout(middle)
        stack.setContentsMargins(0, 0, 0, 0)
        stack.setSpacing(0)
        for line in (self.tour.line, self.files.offer, self.readiness.offer, self.banner):
            stack.addWidget(line)
        stack.addWidget(self.canvas, 1)
        settings = QWidget()
        settings.setObjectName("panel")
        settings.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        below = QVBoxLayout(settings)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(0)
        below.addWidget(rule())
        below.addWidget(panel_header("SETTINGS"))
        below.addWidget(self.properties, 1)
        look = theme()
        pictures = QWidget()
        stacked = QVBoxLayout(pictures)
        stacked.setContentsMargins(0, 0, 0, 0)
        stacked.setSpacing(0)
        stacked.addWidget(self.preview, 1)
        stacked.addWidget(self.gallery)
        self._middle = _splitter(Qt.Orientation.Vertical, (middle, 560), (self.log, 160))
        self._side = _splitter(Qt.Orientation.Vertical, (pictures, 368), (settings, 340))
        side_width = look.px("side_width")
        canvas_width = 1280 - side_width - look.px("library_width")
        self._columns = _splitter(
            Qt.Orientation.Horizontal,
            (self.library, look.px("library_width")),
            (self._middle, canvas_width),
            (self._side, side_width),
        )
        for index in (0, 2):
            self._columns.setStretchFactor(index, 0)
        self._columns.setStretchFactor(1, 1)
        self.library.setMinimumWidth(160)
        self._side.setMinimumWidth(280)
        self.log.hide()
        self.pages = Pages(self._columns)
        self.setCentralWidget(self.pages)

    def _handlers(self) -> dict[str, Callable[[], object]]:
        document, canvas, files = self.document, self.canvas, self.files
        return {
            "new": files.new,
            "templates": files.ask_template,
            "tour": self._begin_tour,
            "open": files.ask_open,
            "save": files.save,
            "save_as": files.save_as,
            "settings": lambda: Preferences(self._settings, self).exec(),
            "quit": self.close,
            "undo": document.undo,
            "redo": document.redo,
            "cut": lambda: canvas.arranging.cut(canvas.remove_selected),
            "copy": canvas.arranging.copy,
            "paste": canvas.arranging.paste,
            "duplicate": canvas.arranging.duplicate,
            "delete": canvas.remove_selected,
            "select_all": lambda: canvas.select(canvas.view.items()),
            "mute": lambda: canvas.toggle_state("muted"),
            "bypass": lambda: canvas.toggle_state("bypassed"),
            "paint": self.painting.open_selected,
            "frame": canvas.arranging.frame,
            "note": canvas.arranging.note,
            "tidy": canvas.arranging.tidy,
            **{f"align_{edge}": partial(canvas.arranging.align, edge) for edge in EDGES},
            "add": self._add_node,
            "search": lambda: canvas.adding.ask(),
            "fit": canvas.fit,
            "fit_selected": canvas.fit_selected,
            "zoom_in": lambda: canvas.viewer.zoom(1.2),
            "zoom_out": lambda: canvas.viewer.zoom(1 / 1.2),
            "library": lambda: self.library.setVisible(self.library.isHidden()),
            "log": lambda: self.log.setVisible(self.log.isHidden()),
            "training": self.pages.turn,
            "run": self.run,
            "run_to": lambda: self.running.run_to(canvas.selected()),
            "queue": lambda: self.running.queue(),
            "live": self.running.turn_live,
            "shortcuts": lambda: ShortcutSheet(self).exec(),
            "find": canvas.finder.ask,
            "minimap": canvas.minimap.turn,
            "cancel": self.cancel,
        }

    def _connect(self) -> None:
        self.bridge.arrived.connect(self._take)
        self.canvas.selection_changed.connect(self.properties.show_nodes)
        self.canvas.file_dropped.connect(lambda path: self.files.open(Path(path)))
        self.empty.chosen.connect(lambda path: self.files.open(path))
        self.canvas.menu_asked.connect(self._show_menu)
        self.library.chosen.connect(lambda kind: self.canvas.adding.add(kind))
        self.canvas.viewer.text_clicked.connect(lambda _node, setting: self.properties.focus_setting(setting))
        for source in (self.canvas.refused, self.files.failed, self.preview.failed, self.monitor.failed):
            source.connect(self.show_error)
        self.files.told.connect(self.log.say)
        self.preview.made.connect(self.gallery.keep)
        self.gallery.shown.connect(self.preview.show_kept)
        self.gallery.workflow_asked.connect(lambda path: self.files.open(Path(path)))
        self.preview.saved.connect(lambda path: self.log.say(f"Saved {path}"))
        self.properties.painting_asked.connect(self.painting.open)
        self.preview.painting_asked.connect(self.painting.open_pictured)
        self.banner.node_asked.connect(self.canvas.reveal)
        self.document.named.connect(self._refresh)
        self.document.replaced.connect(self.monitor.forget)
        self.document.replaced.connect(self._greet)
        self.monitor.changed.connect(self._refresh)
        self.pages.turned.connect(self._refresh)
        self.pages.told.connect(self.log.say)
        self.pages.failed.connect(lambda error: self.log.say(str(error), "danger"))
        self.pages.promoted.connect(lambda catalogue: self._take(EngineReady(catalogue, self.status_line.device)))

    def _take(self, message: object) -> None:
        """Take a message of the worker."""
        if isinstance(message, EngineReady):
            self.engine_ready = self.running.ready = True
            self._collector.settle()
            for part in (self.freshness, self.canvas, self.library, self.properties):
                part.set_catalogue(message.catalogue)
            self.readiness.take_catalogue(message.catalogue)
            self.status_line.show_device(message.device)
            self._name_unknown_kinds()
        elif isinstance(message, EngineFailed):
            self.show_error(message.error)
            self.readiness.take_failure()
            self.status_line.show_device("")
        else:
            self.monitor.take(message)
            return
        self._refresh()

    def _greet(self) -> None:
        """Another workflow is open: what was said of the last one goes."""
        self.banner.dismiss()
        if not self.empty.isHidden():
            self.canvas.viewer.setFocus()  # so that Tab adds the first node
        if self.engine_ready:
            self._name_unknown_kinds()

    def _name_unknown_kinds(self) -> None:
        """Say which nodes cannot run here, before a person runs into it."""
        error = unknown_kinds(self.document.workflow, self.freshness.catalogue)
        if error is not None:
            self.show_error(error)

    def _refresh(self) -> None:
        """Show in title, actions and status bar how things are."""
        history, running = self.document.history, self.monitor.running
        self.setWindowTitle(f"{self.document.title}[*] — Latent Loom")
        self.setWindowModified(not history.clean)
        enabled = {
            "undo": history.can_undo,
            "redo": history.can_redo,
            "run": self.engine_ready and not running,
            "run_to": self.engine_ready and not running,
            "queue": self.engine_ready,
            "cancel": running,
        }
        self.banner.escape.setEnabled(not running)
        for name, on in enabled.items():
            self.actions_by_name[name].setEnabled(on)
        for name, panel in (("library", self.library), ("log", self.log)):
            self.actions_by_name[name].setChecked(not panel.isHidden())
        self.actions_by_name["live"].setChecked(self.running.live)
        self.actions_by_name["minimap"].setChecked(self.canvas.minimap.wanted)
        self.actions_by_name["training"].setChecked(self.pages.shows_training)
        colors = {"finished": "success", "failed": "danger", "cancelled": "warning"}
        text, color = self.monitor.status, "accent" if running else colors.get(self.monitor.outcome, "text_faint")
        if not self.engine_ready:
            text, color = self.readiness.status, self.readiness.color
        self.status_line.show_state(text, color)
        if self.monitor.outcome == "finished" and not running and self.monitor.written:
            path, now = list(self.monitor.written.items())[-1]
            self.status_line.show_saved(path, again=not now)
        self.status_line.show_elapsed(self.monitor.elapsed)

    def _begin_tour(self) -> None:
        self.pages.show_graph()
        self.tour.start()

    def _add_node(self) -> None:
        self.library.show()
        self.library.focus_search()
        self._refresh()

    def _show_menu(self, at: object, _scene: QPointF) -> None:
        menu = QMenu(self)
        names = (
            "paint",
            "|",
            "cut",
            "copy",
            "paste",
            "duplicate",
            "delete",
            "|",
            "mute",
            "bypass",
            "|",
            "frame",
            "run_to",
        )
        for name in names if self.canvas.view.selected() else ("add", "paste", "note", "|", "tidy", "fit", "run"):
            if name == "|":
                menu.addSeparator()
            else:
                menu.addAction(self.actions_by_name[name])
        if isinstance(at, QPoint):
            menu.exec(at)
        menu.deleteLater()

    def _restore(self) -> None:
        geometry = self._settings.state("geometry")
        if geometry is not None:
            self.restoreGeometry(geometry)
        fit_screen(self, self.screen().availableGeometry())
        for name in _SPLITTERS:
            state = self._settings.state(name)
            if state is not None:
                getattr(self, f"_{name}").restoreState(state)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            fit_screen(self, self.screen().availableGeometry())  # only now the frame is known
            QTimer.singleShot(0, self.start_engine)  # this paint is on the screen when the timer fires

    def closeEvent(self, event: QCloseEvent) -> None:
        """Cancel, join, and only then let Qt take the window down."""
        if self._closed:
            event.accept()
            return
        if not self.files.may_leave():
            event.ignore()
            return
        self._closed = True
        self._settings.set_state("geometry", self.saveGeometry())
        for name in _SPLITTERS:
            self._settings.set_state(name, getattr(self, f"_{name}").saveState())
        self._settings.flush()
        self.files.autosave.stop()
        self.gallery.flush()
        self.hide()
        self.pages.close_down()
        self.bridge.close()
        self.worker.close()
        self.canvas.view.clear()
        self._collector.stop()
        event.accept()


def fit_screen(window: QMainWindow, room: QRect) -> None:
    """Make a window no larger than the room on the screen, frame and all: a large scale leaves little of it."""
    inside = room.size() - (window.frameGeometry().size() - window.size())
    window.setMinimumSize(_SMALLEST.boundedTo(inside))
    window.resize(window.size().boundedTo(inside))


def _splitter(orientation: Qt.Orientation, *parts: tuple[QWidget, int]) -> QSplitter:
    """A splitter with a one-pixel handle and these parts at these sizes."""
    splitter = QSplitter(orientation)
    splitter.setHandleWidth(1)
    splitter.setChildrenCollapsible(False)
    for part, _ in parts:
        splitter.addWidget(part)
    splitter.setSizes([size for _, size in parts])
    return splitter
