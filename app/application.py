"""Starting the window: `main` is what `python main.py` without a command calls."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QApplication

from app import crash
from app.crash import CrashDialog
from app.main_window import MainWindow
from app.settings import Settings
from app.theme import apply_theme, choose_theme


def main(argv: Sequence[str] = ()) -> int:
    """Open the window, with the workflow files that `argv` names in a tab each; returns the exit code."""
    settings = Settings()
    os.environ.setdefault("QT_SCALE_FACTOR", f"{settings.scale / 100:g}")  # Qt reads it once, when it starts
    choose_theme(settings.theme)
    application = QApplication.instance() or QApplication([sys.argv[0], *argv])
    assert isinstance(application, QApplication)
    application.setApplicationName("Latent Loom")
    application.setDesktopFileName("latent-loom")
    apply_theme(application)
    window = MainWindow(settings)
    crash.install(lambda error: CrashDialog(error, window).exec())
    files = [argument for argument in argv if not argument.startswith("-")]
    window.show()
    window.open_first(*map(Path, files))
    if not settings.tour_seen:
        settings.tour_seen = True
        window.tour.start()
    code = application.exec()
    window.worker.close()
    return code
