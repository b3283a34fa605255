"""From the worker's thread to the window's: messages are gathered, thinned and delivered about 30 times a second."""

from __future__ import annotations

import threading
import time

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from core.events import StepTaken

INTERVAL_MS = 33


class Bridge(QObject):
    """Delivers messages on the thread that made the bridge.

    Of the steps of a node that wait together only the newest is delivered: a window cannot show more. All
    other messages arrive, in order.

    Signals:
        arrived(object): One message of the worker.
    """

    arrived = Signal(object)
    _posted = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._waiting: list[object] = []
        self._woken = self._closed = False
        self._delivered = 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._deliver)
        self._posted.connect(self._schedule, Qt.ConnectionType.QueuedConnection)

    def post(self, message: object) -> None:
        """Take a message, on any thread; returns at once."""
        with self._lock:
            if self._closed:
                return
            last = self._waiting[-1] if self._waiting else None
            if isinstance(message, StepTaken) and isinstance(last, StepTaken) and last.node == message.node:
                preview = last.preview if message.preview is None else message.preview
                self._waiting[-1] = StepTaken(message.node, message.done, message.total, preview)
            else:
                self._waiting.append(message)
            woken, self._woken = self._woken, True
        if not woken:
            self._posted.emit()

    def close(self) -> None:
        """Deliver nothing any more."""
        with self._lock:
            self._closed = True
            self._waiting.clear()
        self._timer.stop()

    def _schedule(self) -> None:
        passed = (time.monotonic() - self._delivered) * 1000
        self._timer.start(max(0, round(INTERVAL_MS - passed)))

    def _deliver(self) -> None:
        with self._lock:
            messages, self._waiting = self._waiting, []
            self._woken = False
        self._delivered = time.monotonic()
        for message in messages:
            self.arrived.emit(message)
