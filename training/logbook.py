"""What a phase tells of itself: metrics, status, and calm lines for a terminal."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping

from training.control import Control
from training.disk_space import DiskSpace
from training.run_folder import RunFolder
from training.status import Status

Tell = Callable[[str], None]
"""Takes a line for people."""

_SHOWN_EVERY_S = 1.0  # a run of quick steps does not flood a terminal


class Logbook:
    """Writes of one phase.

    Attributes:
        tell: Takes lines for a terminal.
    """

    def __init__(
        self, folder: RunFolder, phase: str, batch_size: int, status: Status, space: DiskSpace, control: Control,
        tell: Tell,
    ) -> None:  # fmt: skip
        self.tell, self._folder, self._phase, self._batch_size = tell, folder, phase, batch_size
        self._status, self._space, self._control = status, space, control
        self._aside_s, self._shown_at = 0.0, 0.0
        self._then: tuple[float, int] = (self._clock(), 0)

    def begin(self, step: int, steps: int) -> None:
        """Tell that the phase starts, or goes on, at `step` of `steps`."""
        self._folder.event("phase_started", phase=self._phase, step=step)
        self._status.update(state="training", phase=self._phase, step=step, steps=steps, doing=None)
        self._then = (self._clock(), step)
        self.tell(f"{self._phase}: {'goes on at' if step else 'begins at'} step {step:,} of {steps:,}")

    def stepped(self, step: int) -> None:
        """Note that `step` steps are done; the next writing of the status, such as a pause's, tells it."""
        self._status.update(step=step)

    def log(self, step: int, steps: int, lr: float, values: Mapping[str, float]) -> None:
        """Write a line of metrics, with the speed since the last one; pauses, samples and saving do not count."""
        now, (then, since) = self._clock(), self._then
        speed = (step - since) / max(1e-9, now - then)
        self._then = (now, step)
        fields = {
            "phase": self._phase,
            "step": step,
            "lr": lr,
            "samples_per_second": round(speed * self._batch_size, 2),
        }
        self._space.insist("The metrics", lambda: self._folder.metric(**fields, **values))
        if time.monotonic() - self._shown_at > _SHOWN_EVERY_S or step == steps:
            self._shown_at = time.monotonic()
            left = f", {duration((steps - step) / speed)} left" if step < steps and speed else ""
            loss, rate = values.get("loss", 0.0), fields["samples_per_second"]
            self.tell(f"{self._phase}: step {step:,} of {steps:,}, loss {loss:.4g}, {rate:,} samples/s{left}")

    def evaluated(self, step: int, figures: Mapping[str, float]) -> None:
        """Write figures of quality as a line of metrics, their names behind "eval/"."""
        fields = {f"eval/{name}": value for name, value in figures.items()}
        self._space.insist("The metrics", lambda: self._folder.metric(phase=self._phase, step=step, **fields))
        self.tell(
            f"{self._phase}: step {step:,} on held-out data: " + ", ".join(f"{n} {v:.4g}" for n, v in figures.items())
        )

    def saved(self, what: str, path: object, step: int) -> None:
        """Tell that something was written."""
        self._folder.event("saved", what=what, phase=self._phase, step=step)
        self.tell(f"{self._phase}: {what} of step {step:,} in {path}")

    @contextlib.contextmanager
    def aside(self, doing: str) -> Iterator[None]:
        """Say what is done beside training inside the block; its time does not count as training's."""
        began, paused = time.monotonic(), self._control.paused_s
        try:
            with self._status.told(doing=doing):
                yield
        finally:
            self._aside_s += time.monotonic() - began - (self._control.paused_s - paused)

    def _clock(self) -> float:
        """Return the seconds that went into training, from any beginning."""
        return time.monotonic() - self._aside_s - self._control.paused_s


def duration(seconds: float) -> str:
    """Return a duration for people, such as "2 min 5 s"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
