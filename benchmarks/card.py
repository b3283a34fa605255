"""Writes a shipped model's card: data, configuration, steps, seconds, machine, quality with its ceilings, licence.

    python -m benchmarks quality --json > quality.json
    python -m benchmarks sweep --json > sweep.json
    python -m benchmarks.card stickers-24 --run runs/stickers-24 --quality quality.json --sweep sweep.json \
        --notes notes.md > resources/models/stickers-24/card.md

What a person has to say of the model, such as what its pictures look like, is the text of --notes. Runs that trained a
phase each are named one after another; figures of other models in the files are passed over.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.quality import CONFIGS
from core.checkpoints.model_folder import read_description
from core.checkpoints.model_library import find
from core.checkpoints.safetensors_file import read_header
from training.config import FirstStageConfig, RunConfig, SecondStageConfig, load_config
from training.opening_run import FROZEN
from training.run_folder import read_lines

PARTS = ("autoencoder", "text_encoder", "conditioner", "denoiser")
CEILINGS = ("reconstructed", "real")
Json = Mapping[str, Any]


def main(arguments: list[str] | None = None) -> int:
    """Print the card of a model; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.card", description="Write a model's card.")
    parser.add_argument("model", help="an installed model with a configuration of its name")
    parser.add_argument("--run", type=Path, action="append", default=[], help="a run that trained phases of it")
    parser.add_argument("--quality", type=Path, help="what python -m benchmarks quality --json printed")
    parser.add_argument("--sweep", type=Path, help="what python -m benchmarks sweep --json printed")
    parser.add_argument("--notes", type=Path, help="text for the card's end")
    parser.add_argument("--licence", default="MIT, as the pictures it learned from")
    options = parser.parse_args(arguments)
    quality, sweep = (
        None if path is None else json.loads(path.read_text("utf-8")) for path in (options.quality, options.sweep)
    )
    notes = "" if options.notes is None else options.notes.read_text("utf-8").strip()
    sys.stdout.write(card(options.model, options.run, quality, sweep, notes, options.licence))
    return 0


def card(name: str, runs: Iterable[Path], quality: Json | None, sweep: Json | None, notes: str, licence: str) -> str:
    """Return the card of an installed model as Markdown."""
    path = CONFIGS / f"{name}.toml"
    config = load_config(path)
    sampled = config.evaluation
    facts = {
        "parts": ", ".join(parts_of(find(name))),
        "data": data_of(config),
        "configuration": f"`resources/training/{name}.toml`, seed {config.seed}",
        "steps": ", ".join(steps_of(config)),
        "training time": ", ".join(times_of(runs)) or "not recorded",
        "machine": machine_of(quality),
        "weights": "float16, moving averages",
        "sampling": f"{sampled.sampler}, {sampled.steps} steps, guidance {sampled.guidance:g}",
        "licence": licence,
    }
    title = path.read_text("utf-8").splitlines()[0].removeprefix("# ")
    blocks = [f"# {name}", title, "\n".join(["| | |", "| --- | --- |", *(f"| {a} | {b} |" for a, b in facts.items())])]
    if quality is not None:
        blocks += ["## Quality", ABOUT_QUALITY, "\n".join(quality_rows(name, quality["figures"]))]
    if sweep is not None:
        blocks += ["## Sampling", ABOUT_SWEEP]
        blocks += ["\n".join(rows) for rows in sweep_tables(name, sweep["figures"])]
    return "\n\n".join([*blocks, *filter(None, [notes])]) + "\n"


ABOUT_QUALITY = """\
`python -m benchmarks quality` on held-out scenes, N of each kind. What pictures show is judged by a segmentation
network that was trained on real scenes (`judge.safetensors`); beside it stands what the same network says of the
scenes' reconstructions by the autoencoder and of the real pictures, which no model can exceed."""
ABOUT_SWEEP = "`python -m benchmarks sweep`, on other scenes than those of the table above."


def parts_of(folder: Path) -> Iterator[str]:
    """Yield the parts of a model with their millions of parameters."""
    about = read_description(folder)
    for part in PARTS:
        file = folder / f"{part}.safetensors"
        if "model" in about.get(part, {}):
            yield f"the autoencoder of {about[part]['model']}"
        elif file.exists():
            millions = sum(entry.count for entry in read_header(file).values()) / 1e6
            yield f"{part.replace('_', ' ')} ({millions:.1f}M parameters)"


def data_of(config: RunConfig) -> str:
    """Say what a model learned from."""
    scenes = config.data.scenes
    counts = ", ".join(f"{weight / scenes.weight:.0%} with {number}" for number, weight in scenes.counts)
    return (
        f"{config.data.count:,} scenes of this project's generator, {scenes.size} × {scenes.size} pixels: "
        f"{len(scenes.classes)} things on {len(scenes.backgrounds)} backgrounds; {counts}"
    )


def steps_of(config: RunConfig) -> Iterator[str]:
    """Yield the steps of every phase."""
    for phase in config.phases:
        stage: FirstStageConfig | SecondStageConfig = getattr(config, phase)
        begun = Path(getattr(stage, "begins_from", "")).name
        after = f", begun with the weights of {begun}" if begun else ""
        yield f"{phase.replace('_', ' ')} {stage.steps:,} × {stage.batch_size} ({stage.precision}{after})"


def times_of(runs: Iterable[Path]) -> Iterator[str]:
    """Yield the minutes of the steps of every phase, from the rates in the metrics of runs."""
    for run in runs:
        config, seconds, before = load_config(run / FROZEN), dict[str, float](), dict[str, int]()
        for row in read_lines(run / "metrics.jsonl"):
            if rate := row.get("samples_per_second"):
                phase, step = row["phase"], row["step"]
                steps = max(0, step - before.get(phase, 0))
                batch = getattr(config, phase).batch_size
                seconds[phase] = seconds.get(phase, 0.0) + steps * batch / rate
                before[phase] = step
        yield from (f"{phase.replace('_', ' ')} {spent / 60:.0f} minutes" for phase, spent in seconds.items())


def machine_of(quality: Json | None) -> str:
    """Say where the figures were measured."""
    if quality is None:
        return "not recorded"
    about = quality["machine"]
    return f"{about['cores']} cores of {about['processor']}, one thread, torch {about['torch']}"


def quality_rows(name: str, figures: Json) -> Iterator[str]:
    """Yield the rows of the table of a model's figures, ceilings in the columns beside."""
    yield "| | value | goal | reconstructed | real | peer | N |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    mine = {key.removeprefix(f"{name}/"): one for key, one in figures.items() if key.startswith(f"{name}/")}
    for key, one in mine.items():
        if key.rpartition("/")[2] in CEILINGS:
            continue
        ceilings = (mine.get(f"{key}/{ceiling}", {}).get("value") for ceiling in CEILINGS)
        verdict = {True: "", False: " (falls short)", None: ""}[one["holds"]]
        cells = (
            f"{_number(one['value'])} {one['unit']}".strip(),
            _number(one["goal"]) + verdict,
            *map(_number, ceilings),
        )
        title = key.replace("/", ": ").replace("_", " ")
        yield f"| {title} | {' | '.join(cells)} | {_number(one['peer'])} | {one['n']} |"


def sweep_tables(name: str, figures: Json) -> Iterator[list[str]]:
    """Yield a table for each task: a row for each way to sample."""
    tables: dict[str, dict[str, dict[str, float]]] = {}
    for key, one in figures.items():
        model, _, rest = key.partition("/")
        task, scenes, sampler, steps, guidance, about = rest.split("/")
        if model == name:
            way = f"{sampler} | {steps} | {guidance}"
            tables.setdefault(f"{task}, {scenes}", {}).setdefault(way, {})[about] = one["value"]
    for task, ways in tables.items():
        columns = list(next(iter(ways.values())))
        heads = ("sampler", "steps", "guidance", *(column.replace("_", " ") for column in columns))
        rows = [
            f"| {way} | {' | '.join(_number(found[column]) for column in columns)} |" for way, found in ways.items()
        ]
        yield [f"{task.replace('_', ' ')}:", "", f"| {' | '.join(heads)} |", "|" + " --- |" * len(heads), *rows]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


if __name__ == "__main__":
    sys.exit(main())
