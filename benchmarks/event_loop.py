"""The window while it works: delay of its event loop during sampling, how soon Cancel acts, and the first paint.

A timer of 5 ms fires on the window's thread while the worker runs the default workflow again and again with new
seeds. How much later than asked it fires is what a person feels as lag.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEventLoop, QTimer

from app.main_window import MainWindow
from app.settings import Settings
from benchmarks.screen import themed_application
from core.graph.edits import SetSetting

ROOT = Path(__file__).resolve().parent.parent
INTERVAL_MS = 5
SECONDS = 12.0
CANCELS = 5
PAINTS = 3
_FIRST_PAINT = """
import sys, time
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from app.main_window import MainWindow
from app.settings import Settings
from app.theme import apply_theme

class Timed(MainWindow):
    def start_engine(self):
        print(time.time())
        QApplication.instance().quit()

application = QApplication([])
apply_theme(application)
window = Timed(Settings(Path(sys.argv[1])))
window.show()
window.open_first()
application.exec()
window.close()
"""


def measure() -> dict[str, dict[str, Any]]:
    """Return the figures by name, in milliseconds.

    Raises:
        RuntimeError: The engine or the default workflow failed, so that nothing was measured.
    """
    themed_application()
    with tempfile.TemporaryDirectory() as folder:
        paints = [_first_paint_ms(Path(folder) / "first.ini") for _ in range(PAINTS)]
        window = MainWindow(Settings(Path(folder) / "settings.ini"))
        window.show()
        window.open_first()
        window.document.do(SetSetting("save", "folder", folder))
        try:
            _until(lambda: window.engine_ready)
            _run_once(window)
            delays = _delays_ms(window)
            cancels = [_cancel_ms(window, seed) for seed in range(CANCELS)]
        finally:
            window.document.history.mark_clean()
            window.close()
    delays.sort()
    p99, longest = delays[int(0.99 * (len(delays) - 1))], delays[-1]
    return {
        "event loop delay while sampling, p99": _figure(p99, 33.0, len(delays)),
        "event loop delay while sampling, longest": _figure(longest, 100.0, len(delays)),
        "cancel to idle, longest": _figure(max(cancels), 500.0, len(cancels)),
        "start to first paint, median": _figure(sorted(paints)[PAINTS // 2], 1500.0, len(paints)),
    }


def _figure(value: float, goal: float, n: int) -> dict[str, Any]:
    """Return one figure; it holds when it is under its goal."""
    return {"value": round(value, 2), "unit": "ms", "goal": goal, "holds": value < goal, "n": n, "peer": None}


def _until(reached: Callable[[], bool], seconds: float = 120.0) -> None:
    """Let the event loop run until `reached`; raises RuntimeError when that takes too long."""
    loop, deadline = QEventLoop(), time.monotonic() + seconds
    timer = QTimer()
    timer.timeout.connect(lambda: loop.quit() if reached() or time.monotonic() > deadline else None)
    timer.start(INTERVAL_MS)
    loop.exec()
    timer.stop()
    if not reached():
        raise RuntimeError(f"The window was not ready within {seconds:.0f} s.")


def _run_once(window: MainWindow) -> None:
    """Run the workflow to its end, models loaded and all."""
    window.run()
    _until(lambda: not window.monitor.running)
    if window.monitor.outcome != "finished":
        raise RuntimeError(f"The default workflow did not finish: {window.banner.text}")


def _delays_ms(window: MainWindow) -> list[float]:
    """Sample for `SECONDS` and return by how many milliseconds each tick of the timer was late."""
    delays: list[float] = []
    last = time.perf_counter()

    def tick() -> None:
        nonlocal last
        now = time.perf_counter()
        delays.append(max(0.0, (now - last) * 1000 - INTERVAL_MS))
        last = now

    def keep_sampling() -> bool:
        seeds = window.document.workflow.nodes["noise"].settings
        if not window.monitor.running and time.monotonic() < end:
            window.document.do(SetSetting("noise", "seed", int(str(seeds.get("seed", 0))) + 1))
            window.run()
        return not window.monitor.running and time.monotonic() >= end

    timer = QTimer()
    timer.timeout.connect(tick)
    end = time.monotonic() + SECONDS
    last = time.perf_counter()
    timer.start(INTERVAL_MS)
    _until(keep_sampling)
    timer.stop()
    return delays


def _cancel_ms(window: MainWindow, seed: int) -> float:
    """Cancel a run in the middle of its steps; return the milliseconds until the window is idle again."""
    window.document.do(SetSetting("noise", "seed", 100_000 + seed))
    window.document.do(SetSetting("scheduler", "steps", 200))
    window.run()
    _until(lambda: window.canvas.view.cards["sampler"].state.done >= 2)
    start = time.perf_counter()
    window.cancel()
    _until(lambda: not window.monitor.running)
    return (time.perf_counter() - start) * 1000


def _first_paint_ms(settings: Path) -> float:
    """Start a process of its own; return the milliseconds until its window was painted."""
    start = time.time()
    command = [sys.executable, "-c", _FIRST_PAINT, str(settings)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    return (float(done.stdout) - start) * 1000
