"""Take the pictures of the window that the documentation shows: `python docs/take_screenshots.py [FOLDER]`.

A real window runs the default workflow. Without a screen, start it as
`xvfb-run -a -s "-screen 0 1280x800x24" python docs/take_screenshots.py`.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from app.main_window import MainWindow  # noqa: E402 - the program is found only now
from app.settings import Settings  # noqa: E402
from app.theme import apply_theme  # noqa: E402
from core.graph.edits import SetSetting  # noqa: E402

PATIENCE_S = 120.0


def until(reached: Callable[[], bool]) -> None:
    """Let the window live until `reached`."""
    loop, deadline = QEventLoop(), time.monotonic() + PATIENCE_S
    timer = QTimer()
    timer.timeout.connect(lambda: loop.quit() if reached() or time.monotonic() > deadline else None)
    timer.start(10)
    loop.exec()
    timer.stop()
    if not reached():
        raise SystemExit("The window did not get as far as the picture needs.")


def pause(seconds: float) -> None:
    """Let the window live for a moment, so that everything is painted."""
    end = time.monotonic() + seconds
    until(lambda: time.monotonic() >= end)


def main(folder: Path) -> None:
    """Write window.png, sampling.png and error.png into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    application = QApplication([])
    apply_theme(application)
    with tempfile.TemporaryDirectory() as scratch, contextlib.chdir(scratch):  # pictures are saved in ./output
        window = MainWindow(Settings(Path(scratch) / "settings.ini"))
        window.show()
        window.resize(1280, 800)
        window.open_first(None)
        until(lambda: window.engine_ready)
        window.run()
        until(lambda: window.canvas.view.cards["sampler"].state.done >= 12 or not window.monitor.running)
        window.grab().save(str(folder / "sampling.png"))
        until(lambda: not window.monitor.running)
        pause(0.3)
        window.grab().save(str(folder / "window.png"))
        window.document.do(SetSetting("noise", "width", 60))
        window.canvas.select(["noise"])
        window.run()
        until(lambda: not window.monitor.running)
        pause(0.3)
        window.grab().save(str(folder / "error.png"))
        window.document.history.mark_clean()
        window.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute() if len(sys.argv) > 1 else ROOT / "docs" / "images")
