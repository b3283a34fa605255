"""The training page on long and on quick runs: delay of the window's event loop, opening, and memory.

A timer of 5 ms fires on the window's thread; how much later than asked it fires is what a person feels as lag.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEventLoop, QTimer

from app.panels.training.page import TrainingPage
from benchmarks.screen import themed_application
from training.watching.curve_index import CurveIndex

ROOT = Path(__file__).resolve().parent.parent
INTERVAL_MS = 5
LINES = int(os.environ.get("LOOM_METRIC_LINES", 10_000_000))
LINES_A_SECOND = 200
SECONDS = 10.0
# A training process that writes nothing but metrics, as fast as a quick run does.
_WRITER = """
import json, random, sys, time
sys.path.insert(0, sys.argv[3])
from pathlib import Path
from training.run_folder import RunFolder
run, rate = RunFolder(Path(sys.argv[1])), float(sys.argv[2])
(run.path / "config.toml").write_text('name = "quick"')
step, began = 0, time.monotonic()
while True:
    while step < (time.monotonic() - began) * rate:
        step += 1
        terms = {f"term_{i}": random.random() / step for i in range(8)}
        run.metric(phase="second_stage", step=step, lr=1e-3, loss=random.random(), **terms)
        if step % 50 == 0:
            run.status(flush=False, state="training", phase="second_stage", step=step, steps=10**6)
    time.sleep(0.004)
"""


def measure() -> dict[str, dict[str, Any]]:
    """Return the figures by name.

    Raises:
        RuntimeError: The page did not get as far as a measurement needs.
    """
    themed_application()
    with tempfile.TemporaryDirectory() as folder:
        quick = _quick(Path(folder) / "quick")
        long = _long(Path(folder) / "long")
    return quick | long


def _quick(runs: Path) -> dict[str, dict[str, Any]]:
    """Watch a run that writes 200 lines a second, and zoom in it."""
    command = [sys.executable, "-c", _WRITER, str(runs / "quick"), str(LINES_A_SECOND), str(ROOT)]
    writer = subprocess.Popen(command, cwd=ROOT)
    try:
        page = _opened(runs)
        _until(lambda: page.curves is not None and bool(page.curves.plots))
        _until(_after(1.0))
        delays = _delays_ms(_after(SECONDS))
        page.close_down()
        page.hide()
    finally:
        writer.kill()
        writer.wait()
    return {
        f"event loop delay at {LINES_A_SECOND} lines a second, p99": _figure(_p99(delays), "ms", 16.0, len(delays)),
        f"event loop delay at {LINES_A_SECOND} lines a second, longest": _figure(max(delays), "ms", 100.0, len(delays)),
    }


def _long(runs: Path) -> dict[str, dict[str, Any]]:
    """Open a run of ten million lines for the first time, again, and zoom in it."""
    _write_long(runs / "long")
    named = f"{LINES / 1e6:g} million lines"
    first_s, page = _opening_s(runs)
    began = time.monotonic()
    delays = _delays_ms(lambda: CurveIndex(runs / "long").behind == 0, 1200)
    reading_s = time.monotonic() - began
    page.close_down()
    page.hide()
    again_s, page = _opening_s(runs)
    assert page.curves is not None
    plot, curves, place = page.curves.plots["loss"], page.curves, 0

    def zoom() -> None:
        nonlocal place
        place += 1
        width = LINES / (2 + place % 40)
        plot.plot.getViewBox().setXRange(
            place * 997 % (LINES - width), place * 997 % (LINES - width) + width, padding=0
        )
        plot.moved.emit()

    timer = QTimer()
    timer.timeout.connect(zoom)
    timer.start(33)
    zooming = _delays_ms(_after(SECONDS))
    timer.stop()
    curves.follow()
    page.close_down()
    page.hide()
    return {
        f"first opening of {named}": _figure(first_s, "s", 1.0, 1),
        f"event loop delay while {named} are read, p99": _figure(_p99(delays), "ms", 16.0, len(delays)),
        f"reading {named}, by another process": _figure(reading_s, "s", None, 1),
        f"opening of {named} again": _figure(again_s, "s", 1.0, 1),
        f"event loop delay while zooming in {named}, p99": _figure(_p99(zooming), "ms", 16.0, len(zooming)),
        "memory of the process at the end": _figure(_resident_mb(), "MB", 500.0, 1),
    }


def _write_long(run: Path) -> None:
    run.mkdir(parents=True)
    (run / "config.toml").write_text('name = "long"\nphases = ["second_stage"]\n')
    with (run / "metrics.jsonl").open("w", encoding="utf-8") as file:
        for begin in range(1, LINES + 1, 10_000):
            file.write("".join(map(_line, range(begin, min(begin + 10_000, LINES + 1)))))
    now = {"pid": 0, "started": 0, "heartbeat": time.time(), "state": "finished"}
    (run / "status.json").write_text(json.dumps(now))


def _line(step: int) -> str:
    loss, norm = 1 + step * 7919 % 1000 / (step + 1e4), step * 7817 % 997 / 997
    return f'{{"phase": "second_stage", "step": {step}, "lr": 0.001, "loss": {loss:.6f}, "grad_norm": {norm:.6f}}}\n'


def _opened(runs: Path) -> TrainingPage:
    page = TrainingPage(runs)
    page.resize(1280, 700)
    page.show()
    return page


def _opening_s(runs: Path) -> tuple[float, TrainingPage]:
    """Open the page; return the seconds until the run's state, and the first curves where there are any, are drawn."""
    began = time.monotonic()
    page = _opened(runs)
    indexed = (runs / "long" / ".curves" / "index.json").exists()
    _until(lambda: page.curves is not None and page.header.state is not None)
    if indexed:
        _until(lambda: page.curves is not None and bool(page.curves.newest("loss")))
    return time.monotonic() - began, page


def _delays_ms(ended: Callable[[], bool], seconds: float = 120.0) -> list[float]:
    """By how many milliseconds each tick of a timer was late, until `ended`."""
    delays: list[float] = []
    last = time.perf_counter()

    def tick() -> None:
        nonlocal last
        now = time.perf_counter()
        delays.append(max(0.0, (now - last) * 1000 - INTERVAL_MS))
        last = now

    timer = QTimer()
    timer.timeout.connect(tick)
    timer.start(INTERVAL_MS)
    _until(ended, seconds)
    timer.stop()
    return delays


def _until(reached: Callable[[], bool], seconds: float = 120.0) -> None:
    """Let the event loop run until `reached`, which is asked ten times a second."""
    loop, deadline = QEventLoop(), time.monotonic() + seconds
    timer = QTimer()
    timer.timeout.connect(lambda: loop.quit() if reached() or time.monotonic() > deadline else None)
    timer.start(100)
    loop.exec()
    timer.stop()
    if not reached():
        raise RuntimeError(f"The page was not ready within {seconds:.0f} s.")


def _after(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def _p99(delays: list[float]) -> float:
    return sorted(delays)[int(0.99 * (len(delays) - 1))]


def _resident_mb() -> float:
    """Memory of this process in MB, 0 where the system does not tell it in a file."""
    status = Path("/proc/self/statm")
    return int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6 if status.exists() else 0.0


def _figure(value: float, unit: str, goal: float | None, n: int) -> dict[str, Any]:
    """One figure; it holds when it is under its goal."""
    holds = None if goal is None else value < goal
    return {"value": round(value, 2), "unit": unit, "goal": goal, "holds": holds, "n": n, "peer": None}
