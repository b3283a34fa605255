"""What happens when the program itself is at fault: a report that can be copied, and the work is kept."""

from __future__ import annotations

import platform
import sys
import traceback
from collections.abc import Callable
from importlib import metadata
from types import TracebackType

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from app.panels.widgets import wrapped_label

Hook = Callable[[type[BaseException], BaseException, TracebackType | None], object]


def report(error: BaseException) -> str:
    """Return what a developer needs to know about an error: versions and traceback, nothing of a person's files."""
    packages = ("PySide6-Essentials", "NodeGraphQt", "torch", "numpy", "pillow")
    versions = [f"{name} {_version(name)}" for name in packages]
    head = [f"Latent Loom {_version('latent-loom')}", f"Python {platform.python_version()}", platform.platform()]
    trace = "".join(traceback.format_exception(error))
    if error.__traceback__ is None:  # a slot that Qt called with other arguments than it takes
        trace += "\nNo line of the program was running: the mistake lies where it is called.\n"
    return "\n".join([*head, ", ".join(versions), "", trace])


class CrashDialog(QDialog):
    """Says what happened and offers the report.

    Attributes:
        text: The report.
    """

    def __init__(self, error: BaseException, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Something went wrong")
        self.resize(680, 420)
        self.text = report(error)
        box = QPlainTextEdit(self.text)
        box.setReadOnly(True)
        box.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        copy = QPushButton("Copy the report")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.addButton(copy, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(10)
        layout.addWidget(wrapped_label("<b>A mistake in the program stopped the last action.</b>", "fieldLabel"))
        layout.addWidget(
            wrapped_label(
                "Your workflow is as it was, and its unsaved changes are kept. You can go on; if the window behaves "
                "oddly, save and start again. The report below names no file of yours but those in the trace.",
                "muted",
            )
        )
        layout.addWidget(box, 1)
        layout.addWidget(buttons)


def install(show: Callable[[BaseException], object]) -> Hook:
    """Show every error that nothing caught on the window's thread, once at a time; return the hook for tests."""
    earlier = sys.excepthook
    showing = False

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        nonlocal showing
        earlier(kind, error, trace)
        if showing or not isinstance(error, Exception):
            return
        showing = True
        try:
            show(error if error.__traceback__ is not None else error.with_traceback(trace))
        finally:
            showing = False

    sys.excepthook = hook
    return hook


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "(not installed)"
