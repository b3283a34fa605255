"""Python's cyclic garbage, collected on the window's thread only.

Left alone, a collection starts on whichever thread allocates: on the worker's it would destroy Qt items, which
only the window's thread may touch.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

INTERVAL_MS = 500
_FULL_EVERY = 120
"""Ticks between collections of everything: once a minute."""


class WindowCollector(QObject):
    """Switches automatic collection off and collects by a timer instead, until `stop`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ticks = 0
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self.tick)
        self._was_enabled = gc.isenabled()
        gc.disable()
        self._timer.start()

    def tick(self) -> None:
        """Collect what is young where enough has gathered, and everything once in a while."""
        self._ticks += 1
        young, middle, _ = gc.get_count()
        first, second, _ = gc.get_threshold()
        if self._ticks % _FULL_EVERY == 0:
            gc.collect()
        elif young > first:
            gc.collect(1 if middle > second else 0)

    def settle(self) -> None:
        """Exempt what lives now, such as the imported engine, from every later collection, which it would slow down."""
        gc.freeze()

    def stop(self) -> None:
        """Give collection back to Python."""
        self._timer.stop()
        gc.unfreeze()
        if self._was_enabled:
            gc.enable()
