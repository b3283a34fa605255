"""The training page as a program that another one steers and may kill: `python -m benchmarks.panel_app RUNS`.

It takes a JSON object a line: {"begin": TOML}, {"click": BUTTON} or {"tell": true}; and answers each with what the page
shows: {"shown": STATE, "pid": PID, "text": WORDS, "buttons": [NAME, ...]}.
"""

from __future__ import annotations

import json
import sys
import threading
import tomllib
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtTest import QTest

from app.panels.training.page import TrainingPage
from app.panels.training.split_button import SplitButton
from app.runtime.garbage import WindowCollector
from benchmarks.screen import themed_application


class Ears(QObject):
    """Hands lines of stdin to the window's thread.

    Signals:
        heard(str): A line.
        closed(): There will be no more.
    """

    heard = Signal(str)
    closed = Signal()

    def listen(self) -> None:
        """Read until stdin ends."""
        for line in sys.stdin:
            self.heard.emit(line)
        self.closed.emit()


def obey(page: TrainingPage, order: dict[str, Any]) -> dict[str, Any]:
    """Do what a line says, as a person would, and tell what the page shows."""
    if "begin" in order:
        page.steering.begin(tomllib.loads(order["begin"])["name"], order["begin"])
    click(page, order.get("click", ""))
    state = page.header.state
    return {
        "shown": state.state if state else "",
        "pid": state.pid if state else 0,
        "text": page.header.text,
        "buttons": [name for name, button in page.header.buttons.items() if button.isVisible() and button.isEnabled()],
    }


def click(page: TrainingPage, name: str) -> None:
    """Press a button, or choose an entry of a button's menu, where a person could."""
    for what, button in page.header.buttons.items():
        if not (button.isVisible() and button.isEnabled()):
            continue
        if what == name:
            QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        elif isinstance(button, SplitButton) and button.menu() is not None and name in button.ways:
            button.ways[name].trigger()


def main(runs: Path) -> int:
    """Show the page until stdin ends."""
    application = themed_application()
    collector = WindowCollector(application)  # as the program's own window has it: the watcher's thread allocates, too
    page, ears = TrainingPage(runs), Ears()
    page.resize(1280, 700)
    page.show()
    ears.heard.connect(lambda line: print(json.dumps(obey(page, json.loads(line))), flush=True))
    ears.closed.connect(application.quit)
    threading.Thread(target=ears.listen, daemon=True).start()
    code = application.exec()
    page.close_down()
    collector.stop()
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
