"""A window with several documents, whose parts are reached as if the one in front was the only one."""

from __future__ import annotations

from PySide6.QtWidgets import QMainWindow

from app.catalogue import Catalogue
from app.document import Document
from app.document_file import DocumentFile
from app.document_view import DocumentView
from app.editor.canvas import Canvas
from app.freshness import Freshness
from app.panels.banner import Banner
from app.panels.preview import PreviewPanel
from app.panels.properties import PropertiesPanel
from app.panels.templates import EmptyCanvas
from app.problems import Problems
from app.running import Running
from app.runtime.monitor import RunMonitor
from app.runtime.run_queue import RunQueue
from app.settings import Settings
from app.tabs import Tabs


class TabbedWindow(QMainWindow):
    """Holds the tabs. What a property returns is another object as soon as another document is in front.

    Attributes:
        settings: What is remembered between starts.
        tabs: The open documents.
    """

    def __init__(self, settings: Settings, queue: RunQueue, catalogue: Catalogue) -> None:
        super().__init__()
        self.settings = settings
        self.tabs = Tabs(self, settings, queue, catalogue)

    @property
    def document(self) -> Document:
        """The workflow."""
        return self.tabs.front.document

    @property
    def file(self) -> DocumentFile:
        """Its way to the disk, its journal."""
        return self.tabs.front.file

    @property
    def view(self) -> DocumentView:
        """All its widgets, and its runs."""
        return self.tabs.front.view

    @property
    def canvas(self) -> Canvas:
        """The node editor."""
        return self.view.canvas

    @property
    def properties(self) -> PropertiesPanel:
        """The selected node."""
        return self.view.properties

    @property
    def preview(self) -> PreviewPanel:
        """The picture."""
        return self.view.preview

    @property
    def banner(self) -> Banner:
        """The error above the canvas."""
        return self.view.banner

    @property
    def empty(self) -> EmptyCanvas:
        """What an empty canvas offers."""
        return self.view.empty

    @property
    def freshness(self) -> Freshness:
        """What an edit has made stale."""
        return self.view.freshness

    @property
    def problems(self) -> Problems:
        """What is wrong with the nodes."""
        return self.view.problems

    @property
    def monitor(self) -> RunMonitor:
        """The run."""
        return self.view.monitor

    @property
    def running(self) -> Running:
        """Starts runs."""
        return self.view.running
