"""The application that benchmarks of windows run in: on the screen where there is one, else off screen."""

from __future__ import annotations

import functools
import os
import sys

from PySide6.QtWidgets import QApplication

from app.commands.command_line import has_screen
from app.theme import apply_theme


@functools.cache  # it lives as long as somebody holds it
def themed_application() -> QApplication:
    """Return the application in the program's looks; it is made at the first call."""
    if not has_screen(sys.platform, os.environ):
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    apply_theme(application)
    return application
