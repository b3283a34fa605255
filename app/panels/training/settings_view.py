"""The settings of the chosen run, or those that differ between several."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush
from PySide6.QtWidgets import QHeaderView, QLabel, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from app.panels.training.run_list import run_color
from app.theme import theme
from training.watching.settings import differences, read_settings, settings_changed


class SettingsView(QWidget):
    """A table: a setting a line, a run a column."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: list[tuple[Path, float]] = []
        self._says = QLabel()
        self._says.setObjectName("hint")
        self._says.setContentsMargins(16, 10, 16, 8)
        self.table = QTableWidget()
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setAlternatingRowColors(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._says)
        layout.addWidget(self.table, 1)

    def show_runs(self, runs: Sequence[Path]) -> None:
        """Show the settings of these runs; they are read if their files are others than when this was last called."""
        files = [(run, settings_changed(run)) for run in runs]
        if files == self._shown:
            return
        self._shown = files
        tables = [read_settings(run) for run in runs]
        if len(runs) > 1:
            rows = differences(tables)
            self._says.setText(f"{len(rows)} settings differ between these {len(runs)} runs")
        else:
            rows = {name: (value,) for table in tables for name, value in table.items()}
            self._says.setText("Choose several runs to see only what differs between them")
        self.table.setColumnCount(1 + len(runs))
        self.table.setHorizontalHeaderLabels(["Setting", *(run.name for run in runs)])
        self.table.setRowCount(len(rows))
        for line, (name, values) in enumerate(rows.items()):
            self._put(line, 0, name, theme().color("text_muted"))
            for column, value in enumerate(values):
                color = run_color(column) if len(runs) > 1 else theme().color("text")
                self._put(line, column + 1, _said(value), color)
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)

    def _put(self, row: int, column: int, text: str, color: Any) -> None:
        item = QTableWidgetItem(text)
        item.setForeground(QBrush(color))
        item.setToolTip(text)
        self.table.setItem(row, column, item)


def _said(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
