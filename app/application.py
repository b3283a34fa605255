"""Starting the window: `main` is what `python main.py` without a command calls."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QApplication

from app.main_window import MainWindow
from app.settings import Settings
from app.theme import apply_theme


def main(argv: Sequence[str] = ()) -> int:
    """Open the window, with the workflow file named in `argv` if there is one; returns the exit code."""
    application = QApplication.instance() or QApplication([sys.argv[0], *argv])
    assert isinstance(application, QApplication)
    application.setApplicationName("Latent Loom")
    application.setDesktopFileName("latent-loom")
    apply_theme(application)
    window = MainWindow(Settings())
    files = [argument for argument in argv if not argument.startswith("-")]
    window.show()
    window.open_first(Path(files[0]) if files else None)
    code = application.exec()
    window.worker.close()
    return code
