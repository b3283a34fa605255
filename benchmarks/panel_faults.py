"""The training page and runs killed at random moments: whether the page always shows the run folder's truth.

    LOOM_ROUNDS=100 python -m benchmarks panel_faults

Each round begins or resumes a tiny run through the page, waits for a random moment of its start, its preparation or its
training, presses up to two random buttons, and kills (SIGKILL) the page's process, the training process, or both. The
page, started again if need be, has to show within a second what the run folder and the table of processes say; and no
process may work that the folder does not name. A round that took longer is told with how long the page's threads
waited for a processor meanwhile: that much of it is the machine's. LOOM_ROUNDS = how many rounds, 100 unless told;
LOOM_ROUNDS_SEED decides what happens in them.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.faults import CONFIG
from benchmarks.guard import ROOT, guarded, processes_of
from training.watching.processes import started_at
from training.watching.run_state import read_state

WITHIN_S = 1.0
_PATIENCE_S = 60.0
_PRESSED = ("pause", "pause_to_disk", "resume", "stop", "abort", "sample", "checkpoint")
# What a run does from its start on, how often a round waits for it, and for how long at most it lets it go on, s. The
# imports before the first status take as long as all that follows until the first steps.
_MOMENTS = {"starting": (0.5, 1.5), "preparing": (0.2, 0.5), "training": (0.3, 0.5)}
_BETWEEN_CLICKS_S = 0.5
_STEPS, _CHECKPOINT_EVERY = 200, 5


@dataclass
class Found:
    """What became of the rounds.

    Attributes:
        rounds: How many there were.
        runs: How many runs were begun in them; each is killed and resumed until it is finished.
        kills: What was killed.
        states: What the run was when page and folder were compared.
        differing: Rounds in which the page did not show the run folder's state in time, in words.
        unknown: Rounds in which a process worked on the run, or ran for it, that its folder does not name.
        left: Processes that were there at the end.
        slowest_s: The longest time until the page showed the truth, s.
    """

    rounds: int = 0
    runs: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    differing: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    left: int = 0
    slowest_s: float = 0.0


class App:
    """The page in a process of its own."""

    def __init__(self, runs: Path) -> None:
        command = [sys.executable, "-X", "faulthandler", "-m", "benchmarks.panel_app", str(runs)]
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_LOGGING_RULES": "*=false"}
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def ask(self, **order: Any) -> dict[str, Any]:
        """Give an order and return what the page then shows.

        Raises:
            RuntimeError: The page's process ended though nobody killed it.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(order or {"tell": True}) + "\n")
            self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"The page's process ended by itself, with {self.process.wait()}.")
        shown: dict[str, Any] = json.loads(line)
        return shown

    def waited_s(self) -> float:
        """How long its threads have waited for a processor, s; see schedstat in proc(5)."""
        waited_ns = 0
        for thread in Path(f"/proc/{self.process.pid}/task").glob("*/schedstat"):
            with contextlib.suppress(OSError):
                waited_ns += int(thread.read_text("ascii").split()[1])
        return waited_ns / 1e9

    def end(self) -> None:
        """Close the window."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with contextlib.suppress(BrokenPipeError):  # where it has ended already
            self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def kill(self) -> None:
        """Kill the process."""
        self.process.kill()
        self.end()


def measure() -> dict[str, dict[str, Any]]:
    """Return the counts by name."""
    rounds, seed = int(os.environ.get("LOOM_ROUNDS", "100")), int(os.environ.get("LOOM_ROUNDS_SEED", "0"))
    with tempfile.TemporaryDirectory() as place, guarded(Path(place)):
        found = kill_rounds(Path(place) / "runs", rounds, seed)
    for words in (*found.differing, *found.unknown):
        print(words, file=sys.stderr)
    figures = {
        "rounds": _figure(found.rounds, found.rounds),
        "runs begun in them": _figure(found.runs, found.rounds),
        "rounds in which page and run folder differ": _figure(len(found.differing), found.rounds, 0),
        "rounds with a process that the folder does not name": _figure(len(found.unknown), found.rounds, 0),
        "processes left at the end": _figure(found.left, found.rounds, 0),
        "until the page showed the truth, longest": _figure(round(found.slowest_s, 2), found.rounds, WITHIN_S, "s"),
    }
    figures |= {f"killed: {what}": _figure(count, found.rounds) for what, count in found.kills.most_common()}
    return figures | {f"compared while {what}": _figure(n, found.rounds) for what, n in found.states.most_common()}


def kill_rounds(runs: Path, rounds: int, seed: int, within_s: float = WITHIN_S) -> Found:
    """Do the rounds in a folder of runs, the page having `within_s` to show the truth in each.

    Nothing works on the runs at the end.
    """
    found, chance = Found(), random.Random(seed)
    runs.mkdir(parents=True, exist_ok=True)
    run, app = runs, App(runs)
    try:
        for number in range(rounds):
            if number == 0 or read_state(run).state == "finished":
                found.runs += 1
                run = runs / f"killed-{found.runs}"
            _control(app, run, chance)
            what = chance.choice(("app", "worker", "app and worker"))
            if "worker" in what and not _kill_worker(run):
                what = what.replace("worker", "no worker")
            if "app" in what:
                app.kill()
                app = App(runs)
                app.ask()
            found.kills[what] += 1
            _compare(app, run, f"round {number}, {what} killed", found, within_s)
            found.rounds += 1
    finally:
        _kill_worker(run)
        app.end()
    found.left = len(list(processes_of(runs)))
    return found


def _control(app: App, run: Path, chance: random.Random) -> None:
    """Begin or resume the run, let it come to a random moment, and press buttons."""
    if not read_state(run).alive:
        again = run.exists()
        _until_shown(app, "resume" if again else "")
        app.ask(**({"click": "resume"} if again else {"begin": _config(run)}))
    _let_go_on(run, chance)
    for _ in range(chance.randint(0, 2)):
        app.ask(click=chance.choice(_PRESSED))
        time.sleep(chance.uniform(0, _BETWEEN_CLICKS_S))


def _let_go_on(run: Path, chance: random.Random) -> None:
    """Wait until the run does what chance says, or something later, and for a while."""
    order = list(_MOMENTS)
    moment = chance.choices(order, [often for often, _ in _MOMENTS.values()])[0]
    end = time.monotonic() + _PATIENCE_S
    while read_state(run).state in order[: order.index(moment)] and time.monotonic() < end:
        time.sleep(0.02)
    time.sleep(chance.uniform(0, _MOMENTS[moment][1]))


def _config(run: Path) -> str:
    """The tiny run's configuration: long enough to be killed again and again."""
    long = CONFIG.replace("NAME", run.name).replace("steps = 8", f"steps = {_STEPS}")
    return long.replace("checkpoint_every = 1", f"checkpoint_every = {_CHECKPOINT_EVERY}")


def _until_shown(app: App, button: str) -> None:
    end = time.monotonic() + _PATIENCE_S
    while button and button not in app.ask()["buttons"] and time.monotonic() < end:
        time.sleep(0.05)


def _compare(app: App, run: Path, when: str, found: Found, within_s: float) -> None:
    """Wait until the page shows what the run folder says, and see that this takes no longer than it may."""
    began, waited = time.monotonic(), app.waited_s()
    while True:
        before, shown, after = read_state(run), app.ask(), read_state(run)
        took = time.monotonic() - began
        # A run goes on while it is looked at, so the page may show what was a moment before or what is now.
        same = any((shown["shown"], shown["pid"]) == (state.state, state.pid) for state in (before, after))
        if same or took > _PATIENCE_S:
            break
        time.sleep(0.02)
    if took > within_s:
        late = f"after {took:.2f} s, {app.waited_s() - waited:.2f} s of them without a processor"
        truth = f"the folder {after.state} of {after.pid}"
        found.differing.append(f"{when}: {late}, the page says {shown['text']!r}, {truth}")
    found.slowest_s = max(found.slowest_s, took)
    found.states[after.state] += 1
    _account(run, when, found, within_s)


def _account(run: Path, when: str, found: Found, within_s: float) -> None:
    """See that the processes of the run are those that its folder tells of, or soon will."""
    end = time.monotonic() + within_s
    while True:
        workers = {pid for pid, command in processes_of(run.parent) if "main.py" in command}
        strangers = workers - {read_state(run).pid, _launched(run)}
        if not strangers or time.monotonic() > end:
            break
        time.sleep(0.02)
    if strangers:
        found.unknown.append(f"{when}: {strangers} work on a run that is {read_state(run).state}")


def _kill_worker(run: Path) -> bool:
    """Kill the training process, if there is one."""
    killed = False
    for pid in {read_state(run).pid, _launched(run)} - {0}:
        if started_at(pid) is not None and pid in dict(processes_of(run.parent)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                killed = True
    end = time.monotonic() + _PATIENCE_S
    while killed and any("main.py" in words for _, words in processes_of(run.parent)) and time.monotonic() < end:
        time.sleep(0.01)
    return killed


def _launched(run: Path) -> int:
    try:
        return int(json.loads((run / "launch.json").read_bytes())["pid"])
    except (OSError, ValueError, KeyError):
        return 0


def _figure(value: float, n: int, goal: float | None = None, unit: str = "") -> dict[str, Any]:
    holds = None if goal is None else value <= goal
    return {"value": value, "unit": unit, "goal": goal, "holds": holds, "n": n, "peer": None}
