"""Runs killed at random moments, resumed, and compared with one that nobody disturbed.

    python -m benchmarks faults

A tiny run of all three phases saves after every step, so that many kills (SIGKILL) hit a save. After each one, the
checkpoint that a resume loads must be whole; when a run has come to its end, its models and losses must be those of the
undisturbed run, byte by byte. LOOM_FAULTS_N = how many kills, 50 unless told; LOOM_FAULTS_SEED decides the moments.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

NETWORK = """{ ch = 8, ch_mult = [1, 2], num_res_blocks = 1, attn_resolutions = [], in_channels = 3, out_ch = 3, \
resolution = 16, z_channels = 2, mid_attention = false, dropout = 0.1 }"""
CONFIG = f"""
name = "NAME"
seed = 5
log_every = 1
sample_every = 8
checkpoint_every = 1
keep_checkpoints = 2
data = {{ count = 12, scenes = {{ size = 16, classes = ["fox", "frog"], backgrounds = ["plain red", "meadow"] }} }}

[first_stage]
embed_dim = 2
steps = 8
batch_size = 4
ddconfig = {NETWORK}
discriminator = {{ disc_start = 2, disc_ndf = 4, disc_num_layers = 1, disc_weight = 0.5 }}

[decoder]
embed_dim = 2
steps = 4
batch_size = 4
latent_noise = 0.2
ddconfig = {NETWORK}

[second_stage]
steps = 8
batch_size = 4
text = {{ n_embed = 16, n_layer = 1, max_seq_len = 32 }}
unet = {{ model_channels = 32, num_res_blocks = 1, attention_resolutions = [1], channel_mult = [1], num_heads = 2 }}
"""


@dataclass
class Found:
    """What became of the runs.

    Attributes:
        kills: How many processes were killed.
        during: What they were doing.
        torn: Checkpoints that a resume would have loaded and that were not whole.
        finished: Runs that came to their end.
        differing: Those whose models or losses were not the undisturbed run's.
    """

    kills: int = 0
    during: Counter[str] = field(default_factory=Counter)
    torn: int = 0
    finished: int = 0
    differing: int = 0


def measure() -> dict[str, dict[str, Any]]:
    """Return the counts by name."""
    kills, seed = (int(os.environ.get(f"LOOM_FAULTS_{name}", given)) for name, given in (("N", "50"), ("SEED", "0")))
    with tempfile.TemporaryDirectory() as place:
        found = kill_runs(Path(place), kills, seed)
    figures = {
        "kills": _figure(found.kills, found.kills),
        "checkpoints torn after a kill": _figure(found.torn, found.kills, 0),
        "killed runs that came to their end": _figure(found.finished, found.finished),
        "of them, models or losses that differ": _figure(found.differing, found.finished, 0),
    }
    return figures | {f"kills while {what}": _figure(count, found.kills) for what, count in found.during.most_common()}


def kill_runs(place: Path, kills: int, seed: int) -> Found:
    """Kill runs `kills` times in the folder `place`, resuming each to its end."""
    found, moments = Found(), random.Random(seed)
    began = time.monotonic()
    whole = _begin(place, "whole")
    whole.join()
    if whole.exitcode:
        raise RuntimeError(f"The undisturbed run failed with exit code {whole.exitcode}.")
    longest = (time.monotonic() - began) / 2
    while found.kills < kills:
        run = place / "runs" / "killed"
        shutil.rmtree(run, ignore_errors=True)
        while found.kills < kills:
            process = _begin(place, "killed")
            process.join(moments.uniform(0, longest))
            if process.exitcode is not None:
                break
            process.kill()
            process.join()
            found.kills += 1
            found.during[_doing(run)] += 1
            found.torn += _torn(run)
        _finish(place, run)
        found.finished += 1
        found.differing += _outcome(run) != _outcome(place / "runs" / "whole")
    return found


def _begin(place: Path, name: str) -> BaseProcess:
    """Start a process that begins or resumes a run; a server that knows torch already forks it, where there is one."""
    if sys.platform == "win32":
        process: BaseProcess = multiprocessing.Process(target=_train, args=(place, name))
    else:
        server = multiprocessing.get_context("forkserver")
        server.set_forkserver_preload(["training.worker", "torch._dynamo"])  # AdamW imports the latter
        process = server.Process(target=_train, args=(place, name))
    process.start()
    return process


def _train(place: Path, name: str) -> None:
    """Train in this process, which may be killed at any moment."""
    from training import worker

    os.chdir(place)
    config, run = Path(f"{name}.toml"), Path("runs") / name
    config.write_text(CONFIG.replace("NAME", name), "utf-8")
    worker.main(run if (run / "config.toml").exists() else config)


def _finish(place: Path, run: Path) -> None:
    process = _begin(place, run.name)
    process.join()
    if process.exitcode:
        raise RuntimeError(f"The resumed run failed with exit code {process.exitcode}.")


def _doing(run: Path) -> str:
    try:
        status = json.loads((run / "status.json").read_bytes())
    except FileNotFoundError:
        return "starting"
    # A status of the process before says nothing of the one that was killed before it wrote its own.
    return str(status.get("doing") or status["state"])


def _torn(run: Path) -> int:
    """Count phases whose latest checkpoint is not whole."""
    from training.snapshot import whole_state

    latest = [file.parent / file.read_text("utf-8") for file in run.glob("checkpoints/*/LATEST")]
    return sum(whole_state(path) is None for path in latest)


def _outcome(run: Path) -> tuple[dict[str, bytes], dict[tuple[str, int, bool], Any]]:
    """Return the models, the last checkpoints and the losses of a run; a step that was repeated has to repeat them."""
    files = [*run.glob("models/*.safetensors"), *run.glob("checkpoints/*/step_*/*.safetensors")]
    losses: dict[tuple[str, int, bool], Any] = {}
    for line in (run / "metrics.jsonl").read_text("utf-8").splitlines():
        values = {name: value for name, value in json.loads(line).items() if name != "samples_per_second"}
        key = values["phase"], values["step"], "loss" in values  # else it is the held-out one's line
        losses[key] = values if losses.get(key, values) == values else "differs from itself"
    return {str(file.relative_to(run)): file.read_bytes() for file in files}, losses


def _figure(value: int, n: int, goal: int | None = None) -> dict[str, Any]:
    return {
        "value": value,
        "unit": "",
        "goal": goal,
        "holds": None if goal is None else value <= goal,
        "n": n,
        "peer": None,
    }
