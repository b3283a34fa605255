"""What the chosen run is doing, and the buttons that steer it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from app.panels.banner import Banner
from app.panels.training.split_button import SplitButton, Way
from app.panels.training.words import STATE_COLORS, duration, number, phase_title, progress
from app.status import Dot
from core.errors import LoomError
from training.watching.commands import COMMANDS
from training.watching.run_state import RunState, Trouble

_RATE_OVER_S = 60.0
_TIPS = {
    **{name: COMMANDS[name] for name in ("pause", "resume", "stop", "abort", "sample", "checkpoint", "extend")},
    "resume": "Go on",  # after a stop as well
    "stop": f"{COMMANDS['stop']}; Resume goes on from there",
    "abort": f"{COMMANDS['abort']}; Resume goes on from the last checkpoint",
    "next": "Train a diffusion model in the latents of this autoencoder",
    "promote": "Put the finished model among the models that the graph can load",
}
_TEXTS = {
    "sample": "Sample now",
    "checkpoint": "Checkpoint now",
    "extend": "More steps…",
    "next": "Train diffusion model…",
    "promote": "Add to models…",
}
_TO_DISK = Way(
    "pause_to_disk", "Pause to disk",
    "Saves a checkpoint and ends the process, which frees all its memory, the GPU's too. Resume loads it and goes on "
    "from the same step, also after a restart.",
)  # fmt: skip
_WAYS = {
    "pause": (
        Way(
            "pause",
            "Pause in memory",
            "Waits after this step and keeps all memory, the GPU's too. Resume goes on at once.",
        ),
        _TO_DISK,
    ),
    "resume": (Way("resume", "Resume", "Goes on at once."), _TO_DISK),
}
_ASKED = {
    "pause": "pausing…", "pause_to_disk": "pausing to disk…", "resume": "going on…", "stop": "stopping…",
    "abort": "aborting…", "sample": "sampling…", "checkpoint": "saving…", "extend": "taking more steps…",
}  # fmt: skip


class RunHeader(QWidget):
    """Name, state, progress and buttons of one run.

    Attributes:
        buttons: By what they do.
        state: The run that is shown, or None.
        banner: Why it failed or died.
    """

    def __init__(self, steer: Callable[[str], object], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state: RunState | None = None
        self._steps: deque[tuple[float, int]] = deque(maxlen=200)
        self._trouble: Trouble | None = None
        self._device = ""
        self._name, self._says, self._facts = QLabel(), QLabel(), QLabel()
        self._name.setObjectName("runName")
        self._says.setObjectName("muted")
        self._facts.setObjectName("muted")
        self._dot = Dot()
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(4)
        self._bar.setRange(0, 1000)
        self.banner = Banner()
        self.banner.escape.setEnabled(False)
        self.buttons = {name: self._make_button(name, steer) for name in _TIPS}
        self.show_models(frozenset())
        first = QHBoxLayout()
        first.setSpacing(6)
        first.addWidget(self._name)
        first.addWidget(self._dot)
        first.addWidget(self._says)
        first.addStretch(1)
        first.addWidget(self._facts)
        second = QHBoxLayout()
        second.setSpacing(4)
        for button in self.buttons.values():
            second.addWidget(button)
        second.addStretch(1)
        inner = QVBoxLayout()
        inner.setContentsMargins(16, 12, 16, 8)
        inner.setSpacing(8)
        inner.addLayout(first)
        inner.addWidget(self._bar)
        inner.addLayout(second)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(inner)
        layout.addWidget(self.banner)

    def show_state(self, state: RunState) -> None:
        """Show a run as it is."""
        if self.state is None or (self.state.path, self.state.phase) != (state.path, state.phase):
            self._steps.clear()
        if state.state == "training" and state.step and (not self._steps or self._steps[-1][1] != state.step):
            self._steps.append((state.heartbeat or time.time(), state.step))
        self.state = state
        self._name.setText(state.name)
        asked = [_ASKED.get(command, command) for command in state.waiting] if state.alive else []
        self._says.setText(" · ".join([progress(state), *asked[:1]]))
        self._dot.show_color(STATE_COLORS.get(state.state, "text_faint"))
        known = state.steps > 0 and state.state != "finished"
        self._bar.setValue(
            1000 if state.state == "finished" else round(1000 * state.step / state.steps) if known else 0
        )
        self._show_trouble(state.trouble)
        self._enable(state)
        self.show_device(self._device)

    def show_device(self, device: str) -> None:
        """Show speed and time left, and what is said of the device."""
        self._device = device
        state, rate = self.state, self.rate
        facts = []
        if state is not None and state.state == "training" and rate:
            facts = [f"{number(rate)} steps/s", f"{duration((state.steps - state.step) / rate)} left in this phase"]
        self._facts.setText("  ·  ".join([*facts, device] if device and facts else facts))

    def show_models(self, models: frozenset[str]) -> None:
        """Offer what the finished parts of its model are good for."""
        rests = self.state is not None and not self.state.alive
        self.buttons["promote"].setVisible(rests and "denoiser" in models)
        further = self.state is not None and self.state.phase == "second_stage"
        self.buttons["next"].setVisible(rests and models == {"autoencoder"} and not further)

    @property
    def rate(self) -> float:
        """Steps a second over the last minute; 0 = not known."""
        if len(self._steps) < 2:
            return 0.0
        newest = self._steps[-1]
        oldest = next(point for point in self._steps if newest[0] - point[0] <= _RATE_OVER_S)
        return (newest[1] - oldest[1]) / (newest[0] - oldest[0]) if newest[0] > oldest[0] else 0.0

    @property
    def text(self) -> str:
        """What the run is doing, in words."""
        return self._says.text()

    def _make_button(self, name: str, steer: Callable[[str], object]) -> QAbstractButton:
        text = _TEXTS.get(name, name.capitalize())
        if name in _WAYS:
            button: QAbstractButton = SplitButton(text, _WAYS[name], steer)
        else:
            button = QPushButton(text)
            button.clicked.connect(lambda: steer(name))
        button.setToolTip(_TIPS[name])
        return button

    def _enable(self, state: RunState) -> None:
        paused, begun = state.state == "paused", state.state not in ("starting", "idle")
        shown = {
            "pause": state.alive and not paused and begun,
            "resume": paused or (not state.alive and state.state != "finished"),
            "stop": state.alive, "abort": state.alive,
            "sample": state.alive, "checkpoint": state.alive,
            "extend": state.state not in ("starting", "preparing", "idle"),
        }  # fmt: skip
        resume = self.buttons["resume"]
        resume.setText("Start" if state.state == "idle" else "Resume")
        assert isinstance(resume, SplitButton)
        resume.offer_ways(paused)
        for name, on in shown.items():
            self.buttons[name].setVisible(on)
            self.buttons[name].setEnabled((begun and name not in state.waiting) or name == "resume")

    def _show_trouble(self, trouble: Trouble | None) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            if trouble is None:
                self.banner.dismiss()
            else:
                self.banner.show_error(LoomError(trouble.what, why=trouble.why, fix=trouble.fix))


def phases_of(settings: dict[str, object]) -> list[tuple[str, str, int]]:
    """The phases of a run by its settings: name, title and steps."""
    phases = settings.get("phases")
    names = phases if isinstance(phases, list) else []
    return [(str(name), phase_title(str(name)), int(str(settings.get(f"{name}.steps", 0)))) for name in names]
