"""What every test starts from: no screen, one thread for each process, and nothing of the person's own settings."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    # Two threads of torch on busy cores can be many times slower than one.
    os.environ.setdefault(variable, "1")

# Settings, journals, cached icons and user folders that the program keeps go here, and away with the run.
_home = tempfile.TemporaryDirectory(prefix="loom-tests-", ignore_cleanup_errors=True)
for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "LATENT_LOOM_HOME"):
    os.environ[variable] = _home.name

if "torch" in sys.modules:
    sys.modules["torch"].set_num_threads(1)


class PatientBot(QtBot):
    """Waits as long as a busy machine may need; what comes sooner is not waited for any longer."""

    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = 60_000) -> None:
        """Return once `callback` gives true, or no longer fails."""
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(self, signal: Any, *, timeout: int = 60_000, **more: Any) -> Any:
        """Return once the signal has come."""
        return super().waitSignal(signal, timeout=timeout, **more)


@pytest.fixture
def qtbot(qapp: object, request: pytest.FixtureRequest) -> QtBot:
    """Drive and await widgets, in place of pytest-qt's own that gives up after five seconds."""
    return PatientBot(request)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the folder of settings at the end of the run."""
    _home.cleanup()
