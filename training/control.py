"""Obedience: what watchers ask of a run is taken up within a step, and between the parts of all that takes longer.

A watcher puts {"command": NAME} into the run folder's control/. pause and resume act in memory; pause_to_disk and stop
save and end the process; abort ends it as it is; sample and checkpoint are done between two steps; extend, with
"phase" and "steps", lets a phase go on for longer.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from core.cancellation import CancelToken
from core.errors import Cancelled
from training.run_folder import RunFolder
from training.status import Status

Request = Mapping[str, Any]
Serve = Callable[[Request], None]
Poll = Callable[[], None]
"""Called between the parts of long work; waits while the run is paused, and raises `Cancelled` to end the work."""

ENDING = ("stop", "abort", "pause_to_disk")
SERVED = ("sample", "checkpoint", "extend")
_LOOK_S = 0.05


def nothing() -> None:
    """Look for no requests; a `Poll` of work that nobody steers."""


class Aborted(Cancelled):
    """The run was told to end as it is, without saving."""


class Control:
    """Takes requests out of the run folder.

    Attributes:
        ending: By which command the run ends, or "" while it goes on.
        paused_s: Seconds spent in pauses.
    """

    def __init__(self, folder: RunFolder, status: Status, cancel: CancelToken) -> None:
        """Obey requests in `folder`; `cancel` is a stop from elsewhere, such as a signal."""
        self._folder, self._status, self._cancel = folder, status, cancel
        self._waiting: deque[Request] = deque()
        self._paused = self._in_pause = False
        self.ending, self.paused_s = "", 0.0

    def poll(self) -> None:
        """Take up what was asked for, and wait here while the run is paused.

        Raises:
            Aborted: The run has to end as it is.
        """
        self._take()
        if self._paused and not self._in_pause:
            self._pause(None)

    def check(self) -> None:
        """Do as `poll`; a `Poll`.

        Raises:
            Cancelled: The run has to end.
        """
        self.poll()
        if self.ending:
            raise Cancelled

    def between_steps(self, serve: Serve) -> None:
        """Do as `poll`, and hand over what can be served between two steps, also during a pause.

        Raises:
            Aborted: The run has to end as it is.
        """
        self._take()
        self._serve(serve)
        if self._paused:
            self._pause(serve)

    def pause(self, until: Callable[[], bool], **told: Any) -> None:
        """Wait until something holds, or somebody resumes or ends the run; `told` joins the status meanwhile.

        Raises:
            Aborted: The run has to end as it is.
        """
        self._paused = True
        self._pause(None, until, **told)

    def _take(self) -> None:
        for request in self._asked():
            command = request["command"]
            if command in ENDING:
                self._end(command)
            elif command in ("pause", "resume"):
                self._paused = command == "pause"
            elif command in SERVED:
                self._waiting.append(request)
            else:
                self._folder.event("control_ignored", command=command)
        if self.ending == "abort":
            raise Aborted

    def _asked(self) -> list[Request]:
        interrupted: list[Request] = [{"command": "stop"}] if self._cancel.cancelled else []
        return interrupted + self._folder.requests()

    def _over(self, until: Callable[[], bool]) -> bool:
        return until()

    def _end(self, command: str) -> None:
        if self.ending != "abort":
            self.ending = command

    def _pause(self, serve: Serve | None, until: Callable[[], bool] = lambda: False, **told: Any) -> None:
        began, self._in_pause = time.monotonic(), True
        self._folder.event("paused", **self._where())
        try:
            with self._status.told(state="paused", **told):
                while self._paused and not self.ending and not self._over(until):
                    time.sleep(_LOOK_S)
                    self._take()
                    if serve is not None:
                        self._serve(serve)
        finally:
            self._paused = self._in_pause = False
            self.paused_s += time.monotonic() - began
        self._folder.event("resumed", **self._where())

    def _serve(self, serve: Serve) -> None:
        while self._waiting and not self.ending:
            serve(self._waiting.popleft())

    def _where(self) -> dict[str, Any]:
        return {name: self._status[name] for name in ("phase", "step") if self._status[name] is not None}


class Obedience(CancelToken):
    """Lets work that looks at a token, and knows nothing of runs, obey a control, pauses included."""

    def __init__(self, control: Control) -> None:
        super().__init__()
        self._control = control

    def check(self) -> None:
        """Take up what was asked for; raises `Cancelled` if the run has to end."""
        super().check()
        self._control.check()
