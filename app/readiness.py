"""What the window says while it cannot make pictures: the engine loads, did not load, or has no model."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from app.catalogue import Catalogue
from app.panels.offer import Offer

LOADER = ("loom.load.model", "model")
"""The setting whose choices are the installed models."""


class Readiness(QObject):
    """The state of the engine, in words.

    Attributes:
        offer: The line that asks for a model.
        status, color: For the status bar, while the engine is not ready; the colour by its name.
    """

    def __init__(self, parent: QObject, show_hint: Callable[[str], None], train: Callable[[], None]) -> None:
        super().__init__(parent)
        self._show_hint, self._train = show_hint, train
        self.offer = Offer()
        self.status, self.color = "Loading engine…", "warning"

    def take_failure(self) -> None:
        """The engine could not be loaded: nothing runs until the next start."""
        self.status, self.color = "No engine", "danger"
        self._show_hint("No engine: workflows can be edited and saved, but not run")

    def take_catalogue(self, catalogue: Catalogue) -> None:
        """The engine is there with these nodes, and its models are the choices of the node that loads one."""
        kind, name = LOADER
        card = catalogue.get(kind)
        setting = card.setting(name) if card is not None else None
        if setting is None or setting.choices:
            self.offer.hide()
            self._show_hint("")
            return
        self._show_hint("No model yet")
        self.offer.ask(
            "No model is installed. Train one on your own pictures, or load a checkpoint file with the node "
            "“Load checkpoint”.",
            {"Train a model": self._train, "Not now": lambda: None},
        )
