"""The report of a mistake in the program."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from app import crash
from app.crash import CrashDialog


def failing() -> Exception:
    try:
        raise ZeroDivisionError("by accident")
    except ZeroDivisionError as error:
        return error


def test_the_report_can_be_copied_and_names_versions_and_trace(qtbot: QtBot) -> None:
    dialog = CrashDialog(failing())
    qtbot.addWidget(dialog)
    copy = next(button for button in dialog.findChildren(QPushButton) if "Copy" in button.text())
    copy.click()
    text = QGuiApplication.clipboard().text()
    for part in ("PySide6-Essentials 6", "Python 3", "ZeroDivisionError: by accident", "in failing"):
        assert part in text


def test_the_report_has_the_trace_that_only_the_hook_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "excepthook", lambda *_: None)
    reports: list[str] = []
    hook = crash.install(lambda error: reports.append(crash.report(error)))
    error = failing()
    trace, error.__traceback__ = error.__traceback__, None
    hook(type(error), error, trace)
    assert "in failing" in reports[0]


def test_the_report_says_so_where_there_is_no_trace() -> None:
    assert "No line of the program was running" in crash.report(TypeError("missing argument"))
    assert "No line of the program was running" not in crash.report(failing())


def test_an_error_while_one_is_shown_is_not_shown_on_top(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[BaseException] = []
    passed: list[Any] = []
    monkeypatch.setattr(sys, "excepthook", lambda *all: passed.append(all))

    def show(error: BaseException) -> None:
        shown.append(error)
        hook(ValueError, ValueError("second"), None)

    hook = crash.install(show)
    hook(ZeroDivisionError, failing() and ZeroDivisionError(), None)
    hook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert [type(error) for error in shown] == [ZeroDivisionError]
    assert len(passed) == 3
