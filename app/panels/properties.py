"""The properties panel: title, help and settings of the selected node."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from app.catalogue import Catalogue, NodeCard, SettingCard
from app.document import Document
from app.panels.controls import Control, LongTextControl, SeedControl, make_control
from app.panels.widgets import HistoryKeys, small_button, wrapped_label
from app.problems import Problems
from core.graph.edits import Group, Rename, ResetSetting, SetDrawn, SetSetting
from core.graph.workflow import Node

_PAUSE_S = 2.0
"""Edits of one setting within this many seconds of each other are undone together."""


class SettingRow(QWidget):
    """One setting: label, control, reset, help, and what is wrong with it.

    Signals:
        changed(str, object): A person gave the named setting this value.
        reset(str): A person wants the default back.
    """

    changed = Signal(str, object)
    reset = Signal(str)

    def __init__(self, setting: SettingCard) -> None:
        super().__init__()
        self.setting = setting
        self.control: Control = make_control(setting)
        self.control.changed.connect(lambda value: self.changed.emit(setting.name, value))
        self._label = wrapped_label(setting.label, "fieldLabel")
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self._reset = small_button("reset", "Back to the default", lambda: self.reset.emit(setting.name))
        self._problem = wrapped_label("", "fieldProblem")
        self._sweep = wrapped_label("", "help")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(2)
        wide = isinstance(self.control, (LongTextControl, SeedControl))  # ten digits and two buttons, in any panel
        policy = self._reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._reset.setSizePolicy(policy)
        grid.addWidget(self._label, 0, 0)
        grid.addWidget(self._reset, 0, 2 if wide else 1, Qt.AlignmentFlag.AlignRight)
        grid.addWidget(self.control, 1 if wide else 0, 0 if wide else 2, 1, 3 if wide else 1)
        for row, label in ((2, self._sweep), (3, wrapped_label(setting.help, "hint")), (4, self._problem)):
            grid.addWidget(label, row, 0, 1, 3)
            label.setVisible(bool(label.text()))
        grid.setColumnMinimumWidth(0, 76)
        grid.setColumnStretch(2, 1)

    def show_value(self, node: Node) -> None:
        """Show the node's own value, else the default."""
        value: Any = node.settings.get(self.setting.name, self.setting.default)
        swept = isinstance(value, dict)
        self.control.setVisible(not swept)
        self._sweep.setVisible(swept)
        if swept:
            self._sweep.setText("Sweep: " + ", ".join(str(each) for each in value.get("sweep", ())))
        else:
            self.control.show_value(value)
            self.control.show_drawn(self.setting.name in node.drawn)
        self._reset.setVisible(self.setting.name in node.settings and value != self.setting.default)

    def show_mixed(self, mixed: bool) -> None:
        """Say that the selected nodes have different values; the control shows the first one's."""
        self._label.setText(f"{self.setting.label} (differ)" if mixed else self.setting.label)

    def show_problem(self, text: str) -> None:
        """Say what is wrong with the value; empty = nothing."""
        self._problem.setText(text)
        self._problem.setVisible(bool(text))


class PropertiesPanel(QScrollArea):
    """Shows and edits one node, or several of one kind together.

    Attributes:
        rows: The present setting rows by name.

    Signals:
        painting_asked(str): A person wants to paint a setting of this node.
    """

    painting_asked = Signal(str)

    def __init__(
        self, document: Document, catalogue: Catalogue, problems: Problems, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._document, self._catalogue, self._problems = document, catalogue, problems
        self._selected: list[str] = []
        self._shown: tuple[str, NodeCard] | None = None
        self._merge: tuple[object, ...] = ()
        self._typed_at = 0.0
        self._title: QLineEdit | None = None
        self._empty_text, self._many = "", 1
        self._keys = HistoryKeys(self)
        self.rows: dict[str, SettingRow] = {}
        document.edited.connect(self.refresh)
        problems.changed.connect(self._mark)
        document.replaced.connect(lambda: self.show_nodes([]))
        self.show_nodes([])

    def set_catalogue(self, catalogue: Catalogue) -> None:
        """Take the engine's catalogue in place of the shipped one."""
        self._catalogue = catalogue
        self.refresh()

    def show_nodes(self, nodes: list[str]) -> None:
        """Show the selected nodes where they are of one kind; a word on what to do for any other selection."""
        self._selected = list(nodes)
        self.refresh()

    def refresh(self) -> None:
        """Show the present values; the controls are made anew only for another node."""
        node = self._node()
        card = self._catalogue.get(node.type) if node else None
        if node is None or card is None:
            self._build_empty(node)
            return
        if self._shown != (node.id, card) or self._many != len(self._nodes()):
            self._build(node, card)
        self._show_values(node, card)

    def focus_setting(self, name: str) -> None:
        """Put the keyboard into a setting's control, if it is in sight."""
        if name in self.rows:
            self.rows[name].control.setFocus(Qt.FocusReason.OtherFocusReason)

    def _nodes(self) -> list[Node]:
        """The selected nodes, if they are of one kind."""
        nodes = self._document.workflow.nodes
        present = [nodes[id] for id in self._selected if id in nodes]
        return present if len({node.type for node in present}) == 1 else []

    def _node(self) -> Node | None:
        return next(iter(self._nodes()), None)

    def _build_empty(self, node: Node | None) -> None:
        text = "Select a node to see its settings."
        if node is not None:
            text = f'"{node.type}" is not installed. The node keeps its settings, but cannot run.'
        elif len(self._selected) > 1:
            text = f"{len(self._selected)} nodes are selected. Select those of one kind to see their settings."
        if self._shown is None and text == self._empty_text:
            return
        self._shown, self.rows, self._title, self._empty_text = None, {}, None, text
        _, layout = self._page()
        layout.addWidget(wrapped_label(text, "muted"))
        layout.addStretch(1)

    def _page(self) -> tuple[QWidget, QVBoxLayout]:
        page = QWidget()
        page.setObjectName("panel")
        layout = QVBoxLayout(page)
        layout.setContentsMargins(16, 4, 12, 16)
        layout.setSpacing(12)
        self.setWidget(page)
        return page, layout

    def _build(self, node: Node, card: NodeCard) -> None:
        self._shown, self.rows = (node.id, card), {}
        self._many = len(self._nodes())
        _, layout = self._page()
        self._title = QLineEdit()
        self._title.setObjectName("title")
        self._title.setToolTip("Title of this node")
        self._title.setTextMargins(-3, 0, 0, 0)  # the field's own border and margin: the text aligns with what is below
        self._title.setReadOnly(self._many > 1)
        self._title.installEventFilter(self._keys)
        self._title.editingFinished.connect(self._rename)
        heading = QVBoxLayout()
        heading.setContentsMargins(0, 0, 0, 0)
        heading.setSpacing(2)
        heading.addWidget(self._title)
        summary = wrapped_label(card.summary, "help")
        summary.setToolTip(card.help)
        heading.addWidget(summary)
        layout.addLayout(heading)
        for setting in card.settings:
            row = SettingRow(setting)
            row.changed.connect(self._set)
            row.reset.connect(self._reset)
            row.control.drawing_asked.connect(partial(self._set_drawn, setting.name))
            row.control.painting_asked.connect(lambda id=node.id: self.painting_asked.emit(id))
            self.rows[setting.name] = row
            layout.addWidget(row)
        layout.addStretch(1)

    def _show_values(self, node: Node, card: NodeCard) -> None:
        nodes = self._nodes()
        title = f"{len(nodes)} × {card.title}" if len(nodes) > 1 else node.title or card.title
        if self._title is not None and self._title.text() != title:
            self._title.setText(title)
        for name, row in self.rows.items():
            row.show_value(node)
            first, *others = (each.settings.get(name, row.setting.default) for each in nodes)
            row.show_mixed(any(other != first for other in others))
        self._mark()

    def _mark(self) -> None:
        """Say at each setting what is wrong with it."""
        if self._shown is None:
            return
        errors = {error.port: error for error in self._problems.of(self._shown[0])}
        for name, row in self.rows.items():
            row.show_problem(f"{errors[name].what} {errors[name].fix}" if name in errors else "")

    def _set(self, name: str, value: object) -> None:
        if self._shown is None:
            return
        ids = tuple(node.id for node in self._nodes())
        now = time.monotonic()
        if self._merge[:2] != (ids, name) or now - self._typed_at > _PAUSE_S:
            self._merge = (ids, name, now)
        self._typed_at = now
        edits = [SetSetting(id, name, value) for id in ids]  # type: ignore[arg-type]  # controls give JSON
        self._document.do(edits[0] if len(edits) == 1 else Group(tuple(edits)), self._merge)

    def _set_drawn(self, name: str, drawn: bool) -> None:
        if self._shown is not None:
            self._document.do(Group(tuple(SetDrawn(node.id, name, drawn) for node in self._nodes())))

    def _reset(self, name: str) -> None:
        if self._shown is not None:
            self._document.do(Group(tuple(ResetSetting(node.id, name) for node in self._nodes())))

    def _rename(self) -> None:
        if self._shown is None or self._title is None or self._many > 1:
            return
        id, card = self._shown
        text = self._title.text().strip()
        title = None if text in ("", card.title) else text
        if id in self._document.workflow.nodes and title != self._document.workflow.nodes[id].title:
            self._document.do(Rename(id, title))
