"""From a configuration to data that is ready to be learned from, and its report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.errors import InputError
from training.data.config import HELD_OUT_SEED, DataConfig
from training.data.folder_source import FolderSource
from training.data.inspection import Seen, look_at
from training.data.item import Source
from training.data.report import DataReport, Tally
from training.data.scan import Scan
from training.data.scene_source import SceneSource
from training.data.split import split
from training.data.training_set import TrainingSet
from training.data.watch import Watch

SCENES_HELD_OUT = 64


@dataclass(frozen=True)
class Opened:
    """Data that is ready to be learned from.

    Attributes:
        train: What is trained on.
        held_out: What is never trained on; of a single picture, that one.
        report: What all of it holds.
    """

    train: TrainingSet
    held_out: TrainingSet
    report: DataReport


def open_data(config: DataConfig, cache: Path, watch: Watch, seen: Seen = lambda _: None) -> Opened:
    """Open the data of a run.

    Args:
        config: Which data, and how it is cut.
        cache: Where what takes long to find out is kept.
        watch: Is told how far it is.
        seen: Called now and then with what was seen so far.

    Raises:
        InputError: The data is not there, or nothing of it can be used.
    """
    if config.kind == "scenes":
        return _open_scenes(config, cache, watch)
    folder, tally = Path(config.path), Tally(config.kind, config.path)
    annotations = folder / config.annotations if config.kind == "coco" else None
    scan = look_at(folder, annotations, tally, cache, watch, seen, config.smallest)
    kept, held = split(scan.records, config.held_out)
    if not kept:
        raise _nothing(folder, scan)
    train = FolderSource(folder, kept)
    held_out = FolderSource(folder, held or kept[:SCENES_HELD_OUT])
    fingerprint = FolderSource(folder, scan.records).fingerprint
    report = tally.report(held_out=len(held), ignored=scan.ignored, fingerprint=fingerprint)
    return _opened(train, held_out, config, report)


def _open_scenes(config: DataConfig, cache: Path, watch: Watch) -> Opened:
    def made(first: int, count: int) -> SceneSource:
        return SceneSource(config.scenes, first, count, cache, watch)

    train, held_out = made(config.seed, config.count), made(HELD_OUT_SEED, SCENES_HELD_OUT)
    tally = Tally("scenes")
    for record in train.records:
        tally.add(record)
    report = tally.report(held_out=SCENES_HELD_OUT, fingerprint=train.fingerprint)
    return _opened(train, held_out, config, report)


def _opened(train: Source, held_out: Source, config: DataConfig, report: DataReport) -> Opened:
    shown = TrainingSet(held_out, config).shown(len(held_out.records))
    return Opened(TrainingSet(train, config), shown, report)


def _nothing(folder: Path, scan: Scan) -> InputError:
    first = "; ".join(f"{bad.name}: {bad.reason}" for bad in scan.bad[:3])
    return InputError(
        f"The folder {folder} holds no picture that can be used.",
        why=f"{len(scan.bad)} files were left out: {first}." if scan.bad else "There is no picture in it.",
        fix="Put PNG, JPEG or WebP pictures into it, or choose another folder.",
    )
