"""`python -m benchmarks` lists the benchmarks; `python -m benchmarks NAME [--json]` measures one.

A benchmark is one or more modules of this package with `measure()`, which returns the figures by name, each a mapping
of value, unit, goal, holds (None without a goal), n (measurements) and peer (another program's value, or None).
Measuring is never a failure: the exit code is 0 also where a figure falls short of its goal.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from core.errors import LoomError

Figures = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Benchmark:
    """What is measured, and the modules that do it, one after another."""

    help: str
    modules: tuple[str, ...]


BENCHMARKS = {
    "runtime": Benchmark(
        "what the graph costs without work in its nodes, and how the window feels while it samples",
        ("benchmarks.runtime_chains", "benchmarks.event_loop"),
    ),
    "editor": Benchmark(
        "the editor with 1,000 nodes and 1,500 links, beside as many bare Qt items", ("benchmarks.editor",)
    ),
    "convergence": Benchmark(
        "how fast each sampler approaches the exact solution, by its number of steps", ("benchmarks.convergence",)
    ),
    "speed": Benchmark(
        "time and memory of the UNet and the decoder beside diffusers', on the same weights", ("benchmarks.speed",)
    ),
    "parity": Benchmark(
        "how far every golden fixture's outputs are from the reference's, by family", ("benchmarks.parity",)
    ),
    "training": Benchmark(
        "time and memory of a training step beside diffusers', on the same weights and data", ("benchmarks.training",)
    ),
    "faults": Benchmark(
        "training runs killed at random moments: whether anything is torn, or differs at the end",
        ("benchmarks.faults",),
    ),
    "training_panel": Benchmark(
        "the training page on a run that writes 200 lines a second, and on one of ten million",
        ("benchmarks.training_panel",),
    ),
    "panel_faults": Benchmark(
        "the training page and its runs killed at random moments: whether it shows the truth, and nothing is left",
        ("benchmarks.panel_faults",),
    ),
    "painting": Benchmark("strokes, undo and memory on 4096 × 4096 pixels, beside bare Qt's", ("benchmarks.painting",)),
    "quality": Benchmark("whether the shipped models' pictures show what was asked for", ("benchmarks.quality",)),
    "contact_sheets": Benchmark(
        "every shipped workflow in full, with seeds that nobody picked, as a sheet of pictures",
        ("benchmarks.contact_sheets",),
    ),
    "sweep": Benchmark(
        "what a model's pictures show by sampler, steps and guidance, to choose its settings by", ("benchmarks.sweep",)
    ),
}


def main(arguments: list[str] | None = None) -> int:
    """List the benchmarks or measure one; return 0, 1 if it could not be measured, 2 for a wrong command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure this program.")
    parser.add_argument("name", nargs="?", choices=sorted(BENCHMARKS), help="what to measure; nothing lists all")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    options = parser.parse_args(arguments)
    if options.name is None:
        listing = {name: benchmark.help for name, benchmark in BENCHMARKS.items()}
        lines = [f"{name:<{max(map(len, BENCHMARKS))}} {text}" for name, text in listing.items()]
        print(json.dumps(listing) if options.json else "\n".join(lines))
        return 0
    try:
        figures = measure(BENCHMARKS[options.name].modules)
    except (LoomError, RuntimeError) as error:
        told = (error.what, error.why, error.fix) if isinstance(error, LoomError) else _failure(options.name, error)
        print(*told, sep="\n", file=sys.stderr)
        return 1
    found = {"figures": figures, "machine": machine()}
    print(json.dumps(found, ensure_ascii=False) if options.json else table(figures))
    return 0


def measure(modules: Iterable[str]) -> Figures:
    """Return the figures of modules, one after another; what they print goes to stderr.

    Raises:
        RuntimeError: Two modules gave figures of one name.
    """
    figures: Figures = {}
    for module in modules:
        with contextlib.redirect_stdout(sys.stderr):
            found: Figures = importlib.import_module(module).measure()
        if taken := figures.keys() & found.keys():
            raise RuntimeError(f"{module} gives a second figure called {min(taken)!r}.")
        figures |= found
    return figures


def machine() -> dict[str, str | int]:
    """Return what figures depend on beside the program."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "torch": metadata.version("torch"),
        "pyside6": metadata.version("PySide6-Essentials"),
    }


def table(figures: Mapping[str, Mapping[str, Any]]) -> str:
    """Return figures as aligned lines of text under a heading, with the machine below."""
    rows = [("figure", "value", "goal", "", "n", "peer")]
    verdicts = {True: "holds", False: "falls short", None: ""}
    for name, figure in figures.items():
        value, goal, peer = (_number(figure[key]) for key in ("value", "goal", "peer"))
        rows.append((name, f"{value} {figure['unit']}", goal, verdicts[figure["holds"]], str(figure["n"]), peer))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*lines, "", ", ".join(f"{name} {value}" for name, value in machine().items())])


def _number(value: object) -> str:
    return "-" if value is None else f"{value:,g}" if isinstance(value, int | float) else str(value)


def _processor() -> str:
    """Return the processor's name; Linux tells it in a file only."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _failure(name: str, error: Exception) -> tuple[str, str, str]:
    what = f"The benchmark {name} could not be measured."
    return what, f"{error}", "Make the program work as it should first: python bootstrap.py test."


if __name__ == "__main__":
    sys.exit(main())
