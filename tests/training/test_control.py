"""Obedience: what is asked for through the run folder is taken up between the parts of any work."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.cancellation import CancelToken
from core.errors import Cancelled
from training.control import Aborted, Control, Request
from training.run_folder import RunFolder, read_lines
from training.status import Status


class Asked:
    """A run folder with a process on one side and a watcher on the other."""

    def __init__(self, path: Path) -> None:
        self.path, self.folder = path, RunFolder(path)
        self.status, self.cancel = Status(self.folder), CancelToken()
        self.control = Control(self.folder, self.status, self.cancel)
        self._count = 0

    def ask(self, command: str, **more: Any) -> None:
        self._count += 1
        (self.path / "control" / f"{self._count:03}.json").write_text(json.dumps({"command": command, **more}))

    def told(self) -> dict[str, Any]:
        record: dict[str, Any] = json.loads((self.path / "status.json").read_bytes())
        return record

    def when(self, holds: Callable[[], bool], then: Callable[[], None]) -> threading.Thread:
        def wait() -> None:
            deadline = time.monotonic() + 20
            while not holds() and time.monotonic() < deadline:
                time.sleep(0.01)
            then()

        thread = threading.Thread(target=wait)
        thread.start()
        return thread


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Asked]:
    made = Asked(tmp_path)
    with made.status:
        made.status.update(state="training", phase="first_stage", step=7)
        yield made


def paused(asked: Asked) -> Callable[[], bool]:
    return lambda: bool(asked.told()["state"] == "paused")


def test_a_pause_lasts_until_somebody_resumes_and_the_status_says_so(asked: Asked) -> None:
    asked.ask("pause")
    watcher = asked.when(paused(asked), lambda: asked.ask("resume"))
    asked.control.poll()
    watcher.join()
    assert asked.told()["state"] == "training"
    assert asked.control.paused_s > 0
    events = [(line["event"], line["step"]) for line in read_lines(asked.path / "events.jsonl")]
    assert events == [("paused", 7), ("resumed", 7)]


@pytest.mark.parametrize("command", ["stop", "pause_to_disk"])
def test_a_stop_ends_a_pause_and_any_work_that_checks(asked: Asked, command: str) -> None:
    asked.ask("pause")
    watcher = asked.when(paused(asked), lambda: asked.ask(command))
    asked.control.poll()
    watcher.join()
    assert asked.control.ending == command
    with pytest.raises(Cancelled):
        asked.control.check()


def test_an_abort_ends_everything_at_once(asked: Asked) -> None:
    asked.ask("stop")
    asked.ask("abort")
    with pytest.raises(Aborted):
        asked.control.poll()


def test_an_interrupt_is_a_stop(asked: Asked) -> None:
    asked.cancel.cancel()
    asked.control.poll()
    assert asked.control.ending == "stop"


def test_what_is_asked_for_during_long_work_is_done_between_steps(asked: Asked) -> None:
    served: list[Request] = []
    asked.ask("sample")
    asked.ask("extend", phase="first_stage", steps=9)
    asked.control.check()
    assert served == []
    asked.control.between_steps(served.append)
    assert served == [{"command": "sample"}, {"command": "extend", "phase": "first_stage", "steps": 9}]


def test_a_paused_run_still_samples_and_saves_on_command(asked: Asked) -> None:
    served: list[str] = []

    def serve(request: Request) -> None:
        asked.control.check()  # as sampling does; it must not wait for the end of the pause
        served.append(request["command"])
        asked.ask("checkpoint" if len(served) == 1 else "resume")

    asked.ask("pause")
    watcher = asked.when(paused(asked), lambda: asked.ask("sample"))
    asked.control.between_steps(serve)
    watcher.join()
    assert served == ["sample", "checkpoint"]


def test_strange_commands_are_told_and_change_nothing(asked: Asked) -> None:
    asked.ask("dance")
    asked.control.check()
    assert [line["command"] for line in read_lines(asked.path / "events.jsonl")] == ["dance"]


def test_the_heartbeat_goes_on_while_the_process_is_busy(asked: Asked) -> None:
    asked.status.update(step=8)
    before = asked.told()
    deadline = time.monotonic() + 20
    while asked.told()["heartbeat"] == before["heartbeat"] and time.monotonic() < deadline:
        pass  # busy, as a long step is
    after = asked.told()
    assert after["heartbeat"] > before["heartbeat"]
    assert (before["step"], after["step"]) == (7, 8)  # a step alone waits for the heartbeat


def test_a_field_is_given_back_when_its_block_ends(asked: Asked) -> None:
    with asked.status.told(doing="sampling"):
        assert asked.told()["doing"] == "sampling"
    assert "doing" not in asked.told()
