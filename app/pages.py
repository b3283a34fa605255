"""The pages of the window: the graph, and training, which is made when it is first shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

if TYPE_CHECKING:
    from app.panels.training.page import TrainingPage

RUNS = Path("runs")


class Pages(QStackedWidget):
    """One page above the other.

    Attributes:
        training: The training page, or None before it was first shown.

    Signals:
        failed(LoomError): Something could not be done on the training page.
        told(str): Something worth a line in the log.
        promoted(object): A model was installed; the new catalogue.
        turned(): Another page is shown.
    """

    failed = Signal(object)
    told = Signal(str)
    promoted = Signal(object)
    turned = Signal()

    def __init__(self, graph: QWidget, runs: Callable[[], Path] = RUNS.resolve) -> None:
        super().__init__()
        self._runs = runs
        self.training: TrainingPage | None = None
        self.addWidget(graph)

    @property
    def shows_training(self) -> bool:
        """Whether the training page is in front."""
        return self.currentWidget() is self.training

    def show_training(self) -> TrainingPage:
        """Show the training page."""
        if self.training is None:
            # Here, so that the window is painted before anything of it is imported.
            from app.panels.training.page import TrainingPage

            self.training = TrainingPage(self._runs())
            self.training.failed.connect(self.failed)
            self.training.told.connect(self.told)
            self.training.promoted.connect(self.promoted)
            self.addWidget(self.training)
        self.setCurrentWidget(self.training)
        self.turned.emit()
        return self.training

    def show_graph(self) -> None:
        """Show the graph."""
        self.setCurrentIndex(0)
        self.turned.emit()

    def turn(self) -> None:
        """Show the other page."""
        if self.shows_training:
            self.show_graph()
        else:
            self.show_training()

    def close_down(self) -> None:
        """Stop what the pages do."""
        if self.training is not None:
            self.training.close_down()
