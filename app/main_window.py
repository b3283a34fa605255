"""The window: panels put together, actions connected, and the worker started after the first paint."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QPaintEvent
from PySide6.QtWidgets import QMainWindow, QSplitter, QVBoxLayout, QWidget

from app.actions import add_recent_menu, ask_on_canvas, make_actions, make_toolbar
from app.catalogue import Catalogue, shipped_catalogue
from app.files import Files
from app.handlers import handlers
from app.pages import Pages
from app.painting.in_window import Painting
from app.panels.gallery import Gallery
from app.panels.library import LibraryPanel
from app.panels.log import LogPanel
from app.panels.widgets import panel_header, rule
from app.readiness import Readiness
from app.room import Room
from app.runtime.bridge import Bridge
from app.runtime.garbage import WindowCollector
from app.runtime.messages import EngineFailed, EngineReady
from app.runtime.run_queue import RunQueue
from app.runtime.worker import Post, Worker
from app.session import Session
from app.settings import Settings
from app.status import StatusLine
from app.tab_menu import TabMenu
from app.tabbed_window import TabbedWindow
from app.theme import icon, theme
from app.tour import Tour, steps_through

MakeWorker = Callable[[Post], Worker]
_SMALLEST = QSize(960, 600)
_SPLITTERS = ("columns", "side", "middle")


class MainWindow(TabbedWindow):
    """The one window of the program.

    Attributes:
        library: The kinds of nodes.
        log: What happened.
        gallery: The pictures made so far.
        pages: The graph, and training.
        files: Opens workflows.
        session: Keeps what is open for the time after a crash.
        painting: Opens the painter.
        tab_menu: What can be done with one tab.
        graph: The column of the canvas, with the log.
        side: The column of the picture and the settings.
        room: Which of these columns give way in a small window.
        queue: The runs of all documents.
        worker: The thread that runs.
        actions_by_name: Every action.
        recent_menu: The files used last.
        readiness: What is said while nothing can run.
        tour: The first tour.
    """

    def __init__(
        self, settings: Settings, *, make_worker: MakeWorker = Worker, catalogue: Catalogue | None = None
    ) -> None:
        catalogue = catalogue or shipped_catalogue()
        self.bridge = Bridge()
        self.worker = make_worker(self.bridge.post)
        self.queue = RunQueue(self.worker)
        super().__init__(settings, self.queue, catalogue)
        self.bridge.setParent(self)
        self._collector = WindowCollector(self)
        self.engine_ready = self._painted = self._closed = False
        self.library, self.log, self.gallery = LibraryPanel(catalogue), LogPanel(), Gallery()
        self.files, self.session = Files(self, self.tabs, settings), Session(self.tabs, settings)
        self.painting, self.tab_menu = Painting(self), TabMenu(self)
        self.readiness = Readiness(self, self.tabs.show_hint, lambda: self.pages.show_training().new_run())
        self.tour = Tour(self, steps_through(self))
        self._compose()
        self.actions_by_name = make_actions(self, self.tabs.canvases, handlers(self))
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
            self.gallery.open_folder(self.settings.data_folder / "gallery")

    def open_first(self, *paths: Path) -> None:
        """Show these files, the first one in front, or the default workflow with its prompt in sight."""
        self.document.open_default()
        for path in (*paths, *paths[:1]):  # once more the first, which then comes to the front
            self.files.open(path)
        self.show_prompt()
        self.files.offer_unsaved()

    def show_prompt(self) -> None:
        """Select the node that a person most likely wants to change first."""
        self.view.show_prompt()

    def run(self) -> None:
        """Run the workflow as it is now."""
        self.view.run()

    def cancel(self) -> None:
        """Stop the run at its next step."""
        self.running.cancel()

    def show_error(self, error: object) -> None:
        """Say what went wrong above the canvas and in the log."""
        self.view.show_error(error)

    def begin_tour(self) -> None:
        """Show the first step of the tour."""
        self.pages.show_graph()
        self.tour.start()

    def add_node(self) -> None:
        """Put the keyboard into the search of the library."""
        self.library.show()
        self.library.focus_search()
        self._refresh()

    def _compose(self) -> None:
        self.resize(1280, 800)
        self.setWindowIcon(icon("app", "accent"))
        middle = QWidget()
        stack = QVBoxLayout(middle)
        stack.setContentsMargins(0, 0, 0, 0)
        stack.setSpacing(0)
        stack.addWidget(self.tabs.line)
        for line in (self.tour.line, self.files.offer, self.readiness.offer):
            stack.addWidget(line)
        stack.addWidget(self.tabs.canvases, 1)
        settings = QWidget()
        settings.setObjectName("panel")
        settings.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        below = QVBoxLayout(settings)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(0)
        below.addWidget(rule())
        below.addWidget(panel_header("SETTINGS"))
        below.addWidget(self.tabs.settings, 1)
        look = theme()
        pictures = QWidget()
        stacked = QVBoxLayout(pictures)
        stacked.setContentsMargins(0, 0, 0, 0)
        stacked.setSpacing(0)
        stacked.addWidget(self.tabs.pictures, 1)
        for part in (self.gallery.remover.offer, self.gallery):
            stacked.addWidget(part)
        self._middle = _splitter(Qt.Orientation.Vertical, (middle, 560), (self.log, 160))
        self._side = _splitter(Qt.Orientation.Vertical, (pictures, 368), (settings, 340))
        side_width = look.px("side_width")
        canvas_width = 1280 - side_width - look.px("library_width")
        self.graph, self.side = self._middle, self._side
        self._columns = _splitter(
            Qt.Orientation.Horizontal,
            (self.library, look.px("library_width")),
            (self._middle, canvas_width),
            (self._side, side_width),
        )
        for index, share in enumerate((0, 4, 1)):  # in a large window the picture is larger too
            self._columns.setStretchFactor(index, share)
        self.library.setMinimumWidth(160)
        self._side.setMinimumWidth(280)
        self.log.hide()
        self.room = Room(self, self.library, self.graph, self.side)
        self.pages = Pages(self._columns)
        self.setCentralWidget(self.pages)

    def _connect(self) -> None:
        self.bridge.arrived.connect(self._take)
        self.library.chosen.connect(lambda kind: self.canvas.adding.add(kind))
        self.tabs.file_asked.connect(lambda path: self.files.open(path))
        self.tabs.painting_asked.connect(self.painting.open)
        self.tabs.menu_asked.connect(self._show_menu)
        self.tabs.picture_made.connect(self.gallery.keep)
        self.tabs.told.connect(self.log.say)
        self.tabs.shown.connect(self.pages.show_graph)
        self.tabs.changed.connect(self._refresh)
        for source in (self.files, self.gallery):
            source.failed.connect(self.show_error)
        self.files.told.connect(self.log.say)
        self.gallery.shown.connect(lambda image, caption, texts: self.preview.show_kept(image, caption, texts))
        self.gallery.painting_asked.connect(self.painting.open)
        self.gallery.workflow_asked.connect(lambda path: self.files.open(Path(path)))
        self.pages.turned.connect(self._refresh)
        self.pages.told.connect(self.log.say)
        self.pages.failed.connect(lambda error: self.log.say(str(error), "danger"))
        self.pages.promoted.connect(lambda catalogue: self._take(EngineReady(catalogue, self.status_line.device)))

    def _take(self, message: object) -> None:
        """Take a message of the worker."""
        if isinstance(message, EngineReady):
            self.engine_ready = self.queue.ready = True
            self.queue.device = message.device
            self._collector.settle()
            for part in (self.library, self.tabs):
                part.set_catalogue(message.catalogue)
            self.readiness.take_catalogue(message.catalogue)
            self.status_line.show_device(message.device)
        elif isinstance(message, EngineFailed):
            self.show_error(message.error)
            self.readiness.take_failure()
            self.status_line.show_device("")
        else:
            self.queue.take(message)
            return
        self._refresh()

    def _refresh(self) -> None:
        """Show in title, actions and status bar how things are."""
        history, running = self.document.history, self.monitor.running
        graph = not self.pages.shows_training  # what acts on it would do so unseen
        self.setWindowTitle(f"{self.document.title}[*] — Latent Loom")
        self.setWindowModified(not history.clean)
        enabled = {
            "reopen": bool(self.files.closed),
            "undo": graph and history.can_undo,
            "redo": graph and history.can_redo,
            "fit": graph,
            "run": graph and self.engine_ready and not running,
            "run_to": graph and self.engine_ready and not running,
            "queue": graph and self.engine_ready,
            "another_seed": graph and self.engine_ready,
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
        self._show_status()

    def _show_status(self) -> None:
        """Say how the run of the document in front goes, or of which other one a run goes on."""
        monitor, running = self.monitor, self.monitor.running
        colors = {"finished": "success", "failed": "danger", "cancelled": "warning"}
        text, color = monitor.status, "accent" if running else colors.get(monitor.outcome, "text_faint")
        other = next((tab for tab in self.tabs.all if tab.started), self.tabs.front)
        if not self.engine_ready:
            text, color = self.readiness.status, self.readiness.color
        elif other is not self.tabs.front:
            name = self.tabs.title(other)
            text = f"Waiting for {name}" if running else f"{name}: {other.view.monitor.status}"
            color, monitor = "accent", other.view.monitor
        self.status_line.show_state(text, color)
        if monitor.outcome == "finished" and not monitor.running and monitor.written:
            path, now = list(monitor.written.items())[-1]
            self.status_line.show_saved(path, again=not now)
        self.status_line.show_elapsed(monitor.elapsed)

    def _show_menu(self, at: QPoint) -> None:
        ask_on_canvas(self, self.actions_by_name, at, selected=bool(self.canvas.view.selected()))

    def _restore(self) -> None:
        geometry = self.settings.state("geometry")
        if geometry is not None:
            self.restoreGeometry(geometry)
        fit_screen(self, self.screen().availableGeometry())
        for name in _SPLITTERS:
            state = self.settings.state(name)
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
        if not self.tabs.may_leave(*self.tabs.all):
            event.ignore()
            return
        self._closed = True
        self.room.give_back()
        self.settings.set_state("geometry", self.saveGeometry())
        for name in _SPLITTERS:
            self.settings.set_state(name, getattr(self, f"_{name}").saveState())
        self.settings.flush()
        self.session.stop()
        self.gallery.flush()
        self.hide()
        self.pages.close_down()
        self.bridge.close()
        self.worker.close()
        self.tabs.close_down()
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
