"""Whether a process that a file speaks of is still the one that wrote it: by its id and by when it started."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

# The clock of boot counts whole seconds on Linux, and `ps` prints whole seconds.
_SLACK_S = 2.0


def is_running(pid: int, not_after: float) -> bool:
    """Whether process `pid` runs and had started by `not_after` (Unix time), so that its id was not given anew."""
    began = started_at(pid)
    return began is not None and began <= not_after + _SLACK_S


def started_at(pid: int) -> float | None:
    """When process `pid` started, in Unix time; None where there is none, or only its remains (a zombie)."""
    if pid <= 0:
        return None
    if sys.platform == "linux":
        return _linux(pid)
    return _windows(pid) if sys.platform == "win32" else _by_ps(pid)


def _linux(pid: int) -> float | None:
    try:
        # The name, in brackets, may hold blanks: count fields from behind it. See proc_pid_stat(5).
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        if fields[0] in ("Z", "X"):
            return None
        uptime = float(Path("/proc/uptime").read_text("ascii").split()[0])
        return time.time() - uptime + int(fields[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return None


def _by_ps(pid: int) -> float | None:
    environment = {**os.environ, "LC_ALL": "C"}
    command = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    told = subprocess.run(command, capture_output=True, text=True, env=environment, check=False).stdout.split()
    if len(told) < 6 or told[0].startswith("Z"):
        return None
    return time.mktime(time.strptime(" ".join(told[1:6]), "%a %b %d %H:%M:%S %Y"))


def _windows(pid: int) -> float | None:
    import ctypes

    if sys.platform != "win32":
        return None
    kernel, limited_information, still_active = ctypes.windll.kernel32, 0x1000, 259
    handle = kernel.OpenProcess(limited_information, False, pid)
    if not handle:
        return None
    try:
        code, times = ctypes.c_ulong(), [ctypes.c_ulonglong() for _ in range(4)]
        kernel.GetExitCodeProcess(handle, ctypes.byref(code))
        if code.value != still_active or not kernel.GetProcessTimes(handle, *map(ctypes.byref, times)):
            return None
        return times[0].value / 1e7 - 11_644_473_600  # 100 ns since 1601
    finally:
        kernel.CloseHandle(handle)
