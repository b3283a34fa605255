"""The editor: gestures on the viewer become edits of the document, and the document is shown on the viewer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app import document as edits
from app.catalogue import Catalogue
from app.document import Document
from app.editor.adding import Adding
from app.editor.arranging import Arranging
from app.editor.card_editor import CardEditor
from app.editor.dropping import Dropping
from app.editor.graph_search import GraphSearch
from app.editor.graph_view import GraphView
from app.editor.minimap import Minimap
from app.editor.moving import Moving
from app.editor.port_item import LoomPort
from app.editor.viewer import LoomViewer
from core.errors import LoomError
from core.graph.edits import Group, SetState
from core.graph.touched import touched_nodes
from core.graph.workflow import Link, NodeState

_MARGIN = 20.0


class Canvas(QWidget):
    """The node editor.

    Attributes:
        viewer: NodeGraphQt's viewer below.
        view: The cards and links on it.
        editor: Edits a setting in its place on the card.
        adding: Makes new nodes.
        dropping: Takes files.
        arranging: Changes the selection as a whole.
        finder: Finds a node in the workflow.
        minimap: The whole workflow, small.

    Signals:
        selection_changed(list): Ids of the selected nodes.
        refused(LoomError): A gesture that cannot be carried out.
        file_dropped(str): A workflow, or a picture that carries one, was dropped on the canvas.
        menu_asked(QPoint, QPointF): The context menu was asked for at a global and a scene position.
    """

    selection_changed = Signal(list)
    refused = Signal(object)
    file_dropped = Signal(str)
    menu_asked = Signal(object, QPointF)

    def __init__(self, document: Document, catalogue: Catalogue, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document, self._catalogue = document, catalogue
        self.viewer = LoomViewer()
        self.view = GraphView(self.viewer)
        self.editor = CardEditor(self.viewer, document)
        self._moving = Moving(self.viewer, self.view, document)
        self.adding = Adding(self.viewer, self.view, document, catalogue, self._moving)
        self.dropping = Dropping(self.viewer, document, self.adding)
        self.arranging = Arranging(self.viewer, self.view, document)
        self.finder = GraphSearch(self.viewer, self.view)
        self.minimap = Minimap(self.viewer, self.view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.viewer)
        self.finder.chosen.connect(self.reveal)
        self.arranging.select_asked.connect(self.select)
        self.arranging.refused.connect(self.refused)
        self.viewer.connection_changed.connect(self._rewire)
        self.viewer.connection_sliced.connect(self._slice)
        self.viewer.relink_asked.connect(self.refresh)
        self.viewer.refit_asked.connect(self.fit)
        self.adding.added.connect(lambda id: self.select([id]))
        self.viewer.entered.connect(self._edit_selected)
        self.dropping.dropped.connect(self.file_dropped)
        self.dropping.taken.connect(lambda id: self.select([id]))
        self.viewer.menu_asked.connect(self.menu_asked)
        self.viewer.scene().selectionChanged.connect(self._tell_selection)
        document.edited.connect(self.refresh)
        document.replaced.connect(self._replace)
        self._replace()

    def refresh(self, edit: object = None) -> None:
        """Show the document as it is now; after an `edit`, what it touched."""
        touched = None if edit is None else touched_nodes(edit)
        self.view.show(self._document.workflow, self._catalogue, touched)
        self.minimap.refresh_soon()

    def set_catalogue(self, catalogue: Catalogue) -> None:
        """Take the engine's catalogue in place of the shipped one."""
        self._catalogue = self.adding.catalogue = catalogue
        selected = self.selected()
        self.refresh()
        self.select(selected)

    def fit(self) -> None:
        """Bring the whole workflow into view."""
        rect = self.viewer.overview.whole()
        self.viewer.show_rect(rect.adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN))

    def fit_selected(self) -> None:
        """Bring the selection into view, or everything where nothing is selected."""
        rect = QRectF()
        for id in self.view.selected():
            rect = rect.united(self.view.outline(id))
        if rect.isEmpty():
            self.fit()
            return
        self.viewer.show_rect(rect.adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN), largest=1.5)
        self.viewer.fitted = False

    def selected(self) -> list[str]:
        """Ids of the selected nodes, in the workflow's order."""
        return [id for id, card in self.view.cards.items() if card.isSelected()]

    def select(self, nodes: Iterable[str]) -> None:
        """Select exactly these nodes."""
        wanted = set(nodes)
        blocked = self.viewer.scene().blockSignals(True)
        for id, item in self.view.items().items():
            item.setSelected(id in wanted)
        self.viewer.scene().blockSignals(blocked)
        self._tell_selection()

    def reveal(self, node: str) -> None:
        """Select a node or note and bring it into view."""
        item = self.view.items().get(node)
        if item is not None:
            self.select([node])
            seen = self.viewer.mapToScene(self.viewer.viewport().rect()).boundingRect()
            if not seen.contains(item.outline()):
                self.viewer.look_at(item.outline().center())

    def remove_selected(self) -> None:
        """Remove the selected nodes, links, frames and notes."""
        items = self.viewer.scene().selectedItems()
        links = [place for place, (_, item) in self.view.links.items() if item in items]
        edits.remove(self._document, self.view.selected(), links)

    def toggle_state(self, state: NodeState) -> None:
        """Mute or bypass the selected nodes, or switch them on again when all are so already."""
        nodes = [self._document.workflow.nodes[id] for id in self.selected()]
        wanted: NodeState = "on" if nodes and all(node.state == state for node in nodes) else state
        changes = tuple(SetState(node.id, wanted) for node in nodes if node.state != wanted)
        if changes:
            self._document.do(Group(changes))

    def show_run(self, node: str, **change: Any) -> None:
        """Show a part of a run's state on a node's card; unnamed parts stay as they are."""
        card = self.view.cards.get(node)
        if card is not None:
            self.view.show_state(node, replace(card.state, **change))

    def _replace(self) -> None:
        self.view.clear()
        self.refresh()
        self.fit()
        self._tell_selection()

    def _edit_selected(self) -> None:
        """Edit the selected node's text in its place, or the first setting that its card shows."""
        selected = self.selected()
        card = self.view.cards[selected[0]] if len(selected) == 1 else None
        shown = [setting for setting in card.card.settings if setting.shown] if card else []
        shown.sort(key=lambda setting: setting.widget != "multiline")
        if card is not None and shown:
            self.editor.open(card, shown[0])

    def _tell_selection(self) -> None:
        self.selection_changed.emit(self.selected())

    def _rewire(self, dropped: list[tuple[LoomPort, LoomPort]], made: list[tuple[LoomPort, LoomPort]]) -> None:
        links = []
        for first, second in made:
            output, target = (first, second) if first.outgoing else (second, first)
            links.append(Link(output.node.id, output.name, target.node.id, target.name))
        places = [_input_of(pair) for pair in dropped]
        try:
            edits.rewire(self._document, places, links)
        except LoomError as error:
            self.refused.emit(error)
        self.refresh()  # a link that was pulled off is gone from the screen even when the edit is refused

    def _slice(self, pairs: list[tuple[LoomPort, LoomPort]]) -> None:
        edits.remove(self._document, (), [_input_of(pair) for pair in pairs])


def _input_of(pair: Iterable[LoomPort]) -> tuple[str, str]:
    """Where the link between two ports ends."""
    return next((port.node.id, port.name) for port in pair if not port.outgoing)
