"""The form for a new run: a template to begin with, pages of fields, and the same as TOML."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.panels.training.form.data_view import DataView
from app.panels.training.form.draft import FIELDS, Draft
from app.panels.training.form.estimate import Estimate
from app.panels.training.form.field_row import FieldRow
from app.panels.training.form.head import FormHead
from app.panels.training.form.pages import PAGES, matters, page_of, section_of
from app.panels.training.form.toml_view import TomlView
from app.panels.training.next_stage import latents_of
from app.panels.widgets import wrapped_label
from training.model_sizes import SIZES, ModelSize

_WIDEST = 1200  # logical pixels of the form; in longer lines a field is far from its name


class FormPage(QWidget):
    """The form.

    Args:
        cache: Where runs keep what they find out about data.

    Attributes:
        draft: The run that is being made.
        name, goal, template: Above the pages.
        tabs: The pages.
        toml: The same as text; while that is no configuration, the pages show the last one that was.
        begin, try_out, cancel: Below them.
        rows: The fields of the pages that were shown, by name.

    Signals:
        begun(str, str): A person wants a run of this name with this TOML.
        cancelled(): A person wants no new run.
    """

    begun = Signal(str, str)
    cancelled = Signal()

    def __init__(self, cache: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.draft = Draft(parent=self)
        self.estimate = Estimate(self.draft, self)
        self.rows: dict[str, FieldRow] = {}
        self._sections: dict[str, tuple[QLabel, list[FieldRow]]] = {}
        self.data_view = DataView(cache)
        self._taken: frozenset[str] = frozenset()
        self._check_soon = QTimer(self, singleShot=True, interval=0)
        self._check_soon.timeout.connect(self._refresh)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        head = FormHead(self.draft)
        self.name, self.goal, self.template, self._head = head.name, head.goal, head.template, head
        self.template.activated.connect(self._take_template)
        self._latents = wrapped_label("", "muted")
        self._latents.setContentsMargins(16, 0, 16, 8)
        layout.addWidget(head)
        layout.addWidget(self._latents)
        layout.addWidget(self._make_tabs(), 1)
        layout.addWidget(self._make_foot())
        self.draft.changed.connect(self._check_soon.start)
        self.estimate.counted.connect(self._sizes.setText)
        self.estimate.tried.connect(self._show_trial)
        self.data_view.dropped.connect(self._take_data)
        self._take_template(self.template.currentIndex())

    def prepare(self, taken: frozenset[str], table: Mapping[str, Any] | None = None) -> None:
        """Begin a run of a free name; from `table`, or from the template that is chosen."""
        self._taken = taken
        if table is None:
            self.template.setCurrentIndex(max(0, self.template.currentIndex()))
            self._take_template(self.template.currentIndex())
        else:
            self.template.setCurrentIndex(-1)
            self.draft.replace(copy.deepcopy(dict(table)))
            self.draft.set_value("name", free_name(str(table.get("name", "run")), taken))
            self.toml.start_over()
        self.tabs.setCurrentIndex(0)
        self.name.setText(str(self.draft.value("name")))  # also where the cursor is in it
        self._refresh()

    @property
    def latents(self) -> str:
        """What is said of the latents that the run trains in, or ""."""
        return self._latents.text()

    @property
    def problem(self) -> str:
        """What keeps the run from being started, or ""."""
        return self._problem.text()

    @property
    def trial(self) -> str:
        """What the last trial told, or ""."""
        return self._trial.text()

    def close_down(self) -> None:
        """End what goes on in the background."""
        self.estimate.close_down()
        self.data_view.close_down()

    def _make_tabs(self) -> QTabWidget:
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self._pages = [QWidget() for _ in PAGES]
        for title, page in zip(PAGES, self._pages, strict=True):
            self.tabs.addTab(page, title)
        self.toml = TomlView(self.draft)
        self.toml.judged.connect(self._check_soon.start)
        self.tabs.addTab(self.toml, "As TOML")
        self.tabs.currentChanged.connect(self._fill)
        return self.tabs

    def _make_foot(self) -> QWidget:
        foot = QWidget()
        self._problem, self._trial = wrapped_label("", "fieldProblem"), wrapped_label("", "muted")
        self.cancel, self.try_out, self.begin = (
            QPushButton("Cancel"),
            QPushButton("Try 3 steps"),
            QPushButton("Start training"),
        )
        self.begin.setObjectName("primary")
        self.try_out.setToolTip("Train three steps of each phase in a process of its own, to estimate time and memory")
        self.cancel.clicked.connect(lambda: self.cancelled.emit())
        self.try_out.clicked.connect(self._try)
        self.begin.clicked.connect(lambda: self.begun.emit(str(self.draft.value("name")), self.draft.to_toml()))
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._problem)
        words.addWidget(self._trial)
        row = QHBoxLayout(foot)
        row.setContentsMargins(16, 10, 16, 10)
        row.setSpacing(8)
        row.addLayout(words, 1)
        for button in (self.cancel, self.try_out, self.begin):
            row.addWidget(button)
        self._sizes = wrapped_label("", "muted")
        return foot

    def _take_template(self, index: int) -> None:
        file = self.template.itemData(index)
        if isinstance(file, Path):
            table = tomllib.loads(file.read_text("utf-8"))
            table["name"] = free_name(str(table["name"]), self._taken)
            self.draft.replace(table)
            self.toml.start_over()

    def _take_data(self, path: str) -> None:
        is_coco = path.lower().endswith(".json")
        self.draft.set_value("data.kind", "coco" if is_coco else "folder")
        self.draft.set_value("data.path", str(Path(path).parent) if is_coco else path)
        if is_coco:
            self.draft.set_value("data.annotations", path)

    def _take_size(self, size: ModelSize, _down: bool = False) -> None:
        for stage, fields in (
            ("first_stage", size.first_stage),
            ("decoder", size.first_stage),
            ("second_stage", size.second_stage),
        ):
            for name in ("ddconfig", "decoder_config", "unet"):
                self.draft.table.get(stage, {}).pop(name, None)
            for name, value in fields.items():
                if stage in (self.draft.value("phases") or ()):
                    self.draft.set_value(f"{stage}.{name}", copy.deepcopy(value))

    def _fill(self, index: int) -> None:
        """Make the rows of a page when it is first shown."""
        page = self.tabs.tabText(index)
        if page in PAGES and page not in {page_of(name) for name in self.rows}:
            holder = QWidget()
            holder.setObjectName("panel")
            holder.setMaximumWidth(_WIDEST)
            column = QVBoxLayout(holder)
            column.setContentsMargins(16, 10, 16, 16)
            column.setSpacing(0)
            if page == "Data":
                column.addWidget(self.data_view)
            if page == "Model":
                column.addWidget(self._make_sizes())
            self._add_rows(page, column)
            column.addStretch(1)
            scroll = QScrollArea()
            scroll.setWidgetResizable(True)
            scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            scroll.setWidget(holder)
            place = QVBoxLayout(self.tabs.widget(index))
            place.setContentsMargins(0, 0, 0, 0)
            place.addWidget(scroll)
        self._refresh()

    def _add_rows(self, page: str, column: QVBoxLayout) -> None:
        for name in [name for name in FIELDS if page_of(name) == page]:
            section = f"{page} {section_of(name)}"
            if section not in self._sections:
                heading = QLabel(section_of(name))
                heading.setObjectName("sectionTitle")
                column.addWidget(heading)
                self._sections[section] = (heading, [])
            self.rows[name] = FieldRow(FIELDS[name], self.draft)
            self._sections[section][1].append(self.rows[name])
            column.addWidget(self.rows[name])

    def _make_sizes(self) -> QWidget:
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 6)
        column.setSpacing(6)
        row = QHBoxLayout()
        row.setSpacing(6)
        for size in SIZES:
            button = QPushButton(size.title)
            button.setToolTip(size.text)
            button.clicked.connect(partial(self._take_size, size))
            row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self._sizes)
        return box

    def _refresh(self) -> None:
        """Show the draft everywhere but where a person is typing."""
        draft = self.draft
        self._head.refresh()
        for name, row in self.rows.items():
            row.refresh()
            row.setVisible(matters(name, draft))
        for heading, rows in self._sections.values():
            heading.setVisible(any(not row.isHidden() for row in rows))
        models = str(draft.value("initial") or "")
        self._latents.setText(latents_of(Path(models)) if models and matters("initial", draft) else "")
        self._latents.setVisible(bool(self._latents.text()))
        folder = draft.value("data.kind") != "scenes"
        self.data_view.show_path(str(draft.value("data.path")) if folder else "")
        self.toml.refresh()
        self._check()

    def _check(self) -> None:
        problem = self.toml.problem
        # What is changed elsewhere meanwhile would be lost when the text is mended; a template replaces it.
        for part in (self.name, self.goal, *self._pages):
            part.setEnabled(not problem)
        if problem and self.tabs.currentWidget() is not self.toml:
            problem = f"The TOML tab has an error, and these are the settings before it. {problem}"
        problem = problem or mark_fault(self.rows, self.draft)
        if not problem and self.draft.value("name") in self._taken:
            problem = f"There is a run called {self.draft.value('name')}: choose another name."
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))
        for button in (self.begin, self.try_out):
            button.setEnabled(not problem)
        if self.estimate.trying:
            self.try_out.setEnabled(False)

    def _try(self) -> None:
        self._trial.setText("Trying three steps of each phase…")
        self.estimate.try_out()
        self._check()

    def _show_trial(self, words: str) -> None:
        self._trial.setText(words)
        self._check()

    def showEvent(self, event: Any) -> None:
        super().showEvent(event)
        self._fill(self.tabs.currentIndex())


def mark_fault(rows: Mapping[str, FieldRow], draft: Draft) -> str:
    """Mark the field that is wrong; returns what is wrong, with the page and section where it is, or ""."""
    fault = draft.fault()
    for name, row in rows.items():
        row.mark(fault.words if fault is not None and fault.field == name else "")
    if fault is None:
        return ""
    page = page_of(fault.field) if fault.field else ""
    place = ", ".join(dict.fromkeys((page, section_of(fault.field)))) if page else ""
    return f"{place}: {fault.words}" if place else fault.words


def free_name(name: str, taken: frozenset[str]) -> str:
    """`name`, or the first of name-2, name-3… that is free."""
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name}-{number}"
    return found
