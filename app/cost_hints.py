"""A quiet line on the card that sets a picture's size, where a run would take far more than the model's own pictures.

It is an estimate, from the sizes alone before the first run, and from the measured time of a step afterwards.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer

from app.document import Document
from app.editor.canvas import Canvas
from app.freshness import Freshness, Snapshot
from app.panels.training.words import duration
from app.runtime.run_queue import RunQueue
from app.status import CPU
from core.checkpoints import model_library
from core.events import NodeFinished
from core.graph.workflow import Node, Workflow
from core.run_cost import LARGE, STABLE_DIFFUSION, Cost, ModelSize, cost_of, model_size

DENOISE = "loom.sample.denoise"
MODEL, CHECKPOINT = "loom.load.model", "loom.load.checkpoint"
_PAUSE_MS = 50


class CostHints(QObject):
    """Shows the lines, while the processor computes."""

    def __init__(self, document: Document, freshness: Freshness, canvas: Canvas, queue: RunQueue) -> None:
        super().__init__(canvas)
        self._document, self._freshness, self._canvas, self._queue = document, freshness, canvas, queue
        self._sizes: dict[str, ModelSize | None] = {}
        self._pace: dict[ModelSize, float] = {}
        self._shown: set[str] = set()
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_PAUSE_MS)  # many edits may come at once
        self._later.timeout.connect(self.refresh)
        document.edited.connect(lambda: self._later.isActive() or self._later.start())
        document.replaced.connect(self.refresh)

    def refresh(self) -> None:
        """Show, change or take away the lines, as the workflow is now."""
        hints: dict[str, str] = {}
        if self._queue.device.startswith(CPU):
            for node, sized, model in self._denoisers(self._document.workflow):
                cost = self._cost(node, sized, model)
                if cost is not None and cost.pixels > LARGE:
                    hints[sized.id] = self._words(node, model, cost)
        for id in {*hints, *self._shown} & self._canvas.view.cards.keys():
            if self._canvas.view.cards[id].state.hint != hints.get(id, ""):
                self._canvas.show_run(id, hint=hints.get(id, ""))
        self._shown = set(hints)

    def learn(self, event: object, steps: int, snapshot: object) -> None:
        """Take from a denoiser (NodeFinished) of a run (Snapshot) that has taken so many steps how long one takes."""
        assert isinstance(event, NodeFinished)
        assert isinstance(snapshot, Snapshot)
        if event.cached or not steps:
            return
        for node, sized, model in self._denoisers(snapshot.workflow):
            cost = self._cost(node, sized, model)
            if node.id == event.node and cost is not None:
                self._pace[model] = event.seconds / steps / cost.work
        self.refresh()

    def _words(self, node: Node, model: ModelSize, cost: Cost) -> str:
        times = f"{_rounded(cost.pixels)} × the pixels that the model was trained on"
        memory = f"{max(cost.memory / 2**30, 0.1):.1f} GB"
        pace, steps = self._pace.get(model), self._steps(node)
        if pace is None:
            return f"{times}: an estimated {_rounded(cost.work)} × the time, and {memory} of memory."
        return f"{times}: an estimated {duration(pace * cost.work * steps, 1)}, and {memory} of memory."

    def _denoisers(self, workflow: Workflow) -> Iterator[tuple[Node, Node, ModelSize]]:
        """Each denoiser, with the nearest node before it that sets a picture's size, and the sizes of its model."""
        for node in workflow.nodes.values():
            if node.type != DENOISE or node.state != "on":
                continue
            sized = _upstream(workflow, node, "latent", lambda other: self._number(other, "width") is not None)
            loader = _upstream(workflow, node, "denoiser", lambda other: other.type in (MODEL, CHECKPOINT))
            model = self._model(loader) if loader is not None else None
            if sized is not None and model is not None:
                yield node, sized, model

    def _model(self, loader: Node) -> ModelSize | None:
        if loader.type == CHECKPOINT:
            return STABLE_DIFFUSION
        name = str(self._value(loader, "model"))
        if name not in self._sizes:
            self._sizes[name] = model_size(model_library.folders().get(name, Path(name)))
        return self._sizes[name]

    def _cost(self, node: Node, sized: Node, model: ModelSize) -> Cost | None:
        width, height = self._number(sized, "width"), self._number(sized, "height")
        if width is None or height is None:
            return None
        count, window = self._number(sized, "count"), self._number(node, "window")
        return cost_of(model, width, height, count or 1, window or 0)

    def _steps(self, node: Node) -> int:
        workflow = self._document.workflow
        grid = _upstream(workflow, node, "time_grid", lambda other: self._number(other, "steps") is not None)
        if grid is None:
            return 1
        strength = self._value(grid, "strength")
        share = float(strength) if isinstance(strength, (int, float)) else 1.0
        return max(1, round((self._number(grid, "steps") or 1) * share))

    def _number(self, node: Node, setting: str) -> int | None:
        """A setting that is a whole number; None where there is no such setting, or it is swept."""
        value = self._value(node, setting)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def _value(self, node: Node, setting: str) -> Any:
        card = self._freshness.catalogue.get(node.type)
        described = card.setting(setting) if card is not None else None
        return None if described is None else node.settings.get(setting, described.default)


def _rounded(times: float) -> str:
    """A number of times with two digits that count."""
    return f"{float(f'{times:.2g}'):,.0f}"


def _upstream(workflow: Workflow, node: Node, port: str, wanted: Callable[[Node], bool]) -> Node | None:
    """Return the nearest node that is wanted, on the way back from an input."""
    waiting = deque(link.source for link in workflow.incoming(node.id) if link.input == port)
    seen = set(waiting)
    while waiting:
        found = workflow.nodes[waiting.popleft()]
        if wanted(found):
            return found
        for link in workflow.incoming(found.id):
            if link.source not in seen:
                seen.add(link.source)
                waiting.append(link.source)
    return None
