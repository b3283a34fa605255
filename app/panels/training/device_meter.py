"""Memory and temperature of the graphics card, where NVIDIA's management library answers."""

from __future__ import annotations

import importlib
from typing import Any


class DeviceMeter:
    """Asks NVML, which comes with NVIDIA's driver; where there is none, or it does not know, nothing is said."""

    def __init__(self) -> None:
        self._nvml: Any = importlib.import_module("pynvml")  # not before the first paint
        self._device: Any = None
        try:
            self._nvml.nvmlInit()
            self._device = self._nvml.nvmlDeviceGetHandleByIndex(0)
        except (self._nvml.NVMLError, OSError):  # no driver, or no card
            return

    def read(self) -> str:
        """Say how much memory is used and how warm the card is, or ""."""
        if self._device is None:
            return ""
        nvml = self._nvml
        try:
            memory = nvml.nvmlDeviceGetMemoryInfo(self._device)
        except nvml.NVMLError:  # the driver was reloaded, or the card has no memory of its own
            return ""
        told = f"{memory.used / 2**30:.1f} of {memory.total / 2**30:.0f} GiB"
        try:
            degrees = nvml.nvmlDeviceGetTemperature(self._device, nvml.NVML_TEMPERATURE_GPU)
        except nvml.NVMLError:  # without a sensor
            return told
        return f"{told}  ·  {degrees} °C"
