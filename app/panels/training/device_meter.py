"""Memory and temperature of the graphics card, where NVIDIA's management library answers."""

from __future__ import annotations

import importlib
from typing import Any


class DeviceMeter:
    """Asks NVML through `pynvml`, if that is installed; otherwise has nothing to say."""

    def __init__(self) -> None:
        self._nvml: Any = None
        try:
            nvml = importlib.import_module("pynvml")
            nvml.nvmlInit()
            self._device = nvml.nvmlDeviceGetHandleByIndex(0)
            self._nvml = nvml
        except (ImportError, OSError):
            return
        except Exception as error:
            if type(error).__module__.split(".")[0] != "pynvml":
                raise

    def read(self) -> str:
        """Say how much memory is used and how warm the card is, or ""."""
        if self._nvml is None:
            return ""
        memory = self._nvml.nvmlDeviceGetMemoryInfo(self._device)
        degrees = self._nvml.nvmlDeviceGetTemperature(self._device, self._nvml.NVML_TEMPERATURE_GPU)
        return f"{memory.used / 2**30:.1f} of {memory.total / 2**30:.0f} GiB  ·  {degrees} °C"
