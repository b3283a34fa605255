"""Runs killed at random moments, resumed, and compared with one that nobody disturbed.

    python -m benchmarks faults

A tiny run of all three phases saves after every step, so that many kills (SIGKILL) hit a save. After each one, the
checkpoint that a resume loads must be whole; when a run has come to its end, everything that `benchmarks.run_outcome`
names must be the undisturbed run's. Then the same with the denoiser shared out between two ranks (gloo), of which one
or both are killed; the other one has to end by itself.
LOOM_FAULTS_N = how many kills, 50 unless told; LOOM_FAULTS_SHARED = how many of shared-out runs, a fifth of these
unless told; LOOM_FAULTS_SEED decides the moments.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import shutil
import socket
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from benchmarks.guard import guarded
from benchmarks.run_outcome import differences, outcome

RUN = Path("runs/faults")
_PATIENCE_S = 60.0  # for a rank to see that another one is gone, on a busy machine
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
        kills: How often processes were killed.
        during: What they were doing.
        torn: Checkpoints that a resume would have loaded and that were not whole.
        finished: Runs that came to their end.
        differing: Those of which something is not the undisturbed run's.
        left: Ranks that went on for long after another one was killed.
        differences: What was not the undisturbed run's.
    """

    kills: int = 0
    during: Counter[str] = field(default_factory=Counter)
    torn: int = 0
    finished: int = 0
    differing: int = 0
    left: int = 0
    differences: set[str] = field(default_factory=set)


def measure() -> dict[str, dict[str, Any]]:
    """Return the counts by name."""
    kills, seed = (int(os.environ.get(f"LOOM_FAULTS_{name}", given)) for name, given in (("N", "50"), ("SEED", "0")))
    shared = int(os.environ.get("LOOM_FAULTS_SHARED", str(-(-kills // 5))))
    with tempfile.TemporaryDirectory() as place, guarded(Path(place)):
        figures = _figures(kill_runs(Path(place), kills, seed), "")
    if sys.platform == "win32":  # torch has no gloo ranks that share out there
        return figures
    with tempfile.TemporaryDirectory() as place, guarded(Path(place)):
        found = kill_runs(Path(place), shared, seed, ranks=2)
    left = {"two ranks: ranks that did not end with a killed one": _figure(found.left, found.kills, 0)}
    return figures | _figures(found, "two ranks: ") | left


def _figures(found: Found, which: str) -> dict[str, dict[str, Any]]:
    for name in sorted(found.differences):
        print(f"{which}differs: {name}", file=sys.stderr)
    figures = {
        "kills": _figure(found.kills, found.kills),
        "checkpoints torn after a kill": _figure(found.torn, found.kills, 0),
        "killed runs that came to their end": _figure(found.finished, found.finished),
        "of them, those of which something differs": _figure(found.differing, found.finished, 0),
    }
    figures |= {f"kills while {what}": _figure(count, found.kills) for what, count in found.during.most_common()}
    return {f"{which}{name}": figure for name, figure in figures.items()}


def kill_runs(place: Path, kills: int, seed: int, ranks: int = 1) -> Found:
    """Kill runs on so many ranks `kills` times in the folder `place`, resuming each to its end.

    Raises:
        RuntimeError: A run failed that nobody killed.
    """
    found, moments = Found(), random.Random(seed)
    began = time.monotonic()
    undisturbed, disturbed = place / "undisturbed", place / "disturbed"
    for folder in (undisturbed, disturbed):
        folder.mkdir()
    _finish(undisturbed, ranks)
    longest = (time.monotonic() - began) / 2
    whole, run = outcome(undisturbed / RUN), disturbed / RUN
    while found.kills < kills:
        shutil.rmtree(run, ignore_errors=True)
        while found.kills < kills:
            processes = _begin(disturbed, ranks)
            _wait(processes, moments.uniform(0, longest))
            if all(process.exitcode is not None for process in processes):
                break
            found.left += _kill(processes, moments)
            found.kills += 1
            found.during[_doing(run)] += 1
            found.torn += _torn(run)
        _finish(disturbed, ranks)
        found.finished += 1
        differing = differences(outcome(run), whole)
        found.differing += bool(differing)
        found.differences |= set(differing)
    return found


def _kill(processes: list[BaseProcess], moments: random.Random) -> int:
    """Kill some of the processes that go on; return how many of the others did not end with them."""
    going = [process for process in processes if process.exitcode is None]
    for process in moments.sample(going, moments.randint(1, len(going))):
        process.kill()
    _wait(processes, _PATIENCE_S)
    left = [process for process in processes if process.exitcode is None]
    for process in left:
        process.kill()
        process.join()
    return len(left)


def _wait(processes: list[BaseProcess], seconds: float) -> None:
    end = time.monotonic() + seconds
    for process in processes:
        process.join(max(0.0, end - time.monotonic()))


def _begin(place: Path, ranks: int) -> list[BaseProcess]:
    """Start the processes that begin or resume a run; a server that knows torch forks them, where there is one."""
    world = {} if ranks == 1 else {"TORCHELASTIC_RUN_ID": "faults", "WORLD_SIZE": str(ranks), **_meeting_place()}
    processes: list[BaseProcess] = []
    for rank in range(ranks):
        told = (place, world and {**world, "RANK": str(rank), "LOCAL_RANK": str(rank)})
        if sys.platform == "win32":
            process: BaseProcess = multiprocessing.Process(target=_train, args=told)
        else:
            server = multiprocessing.get_context("forkserver")
            server.set_forkserver_preload(["training.worker", "torch._dynamo"])  # AdamW imports the latter
            process = server.Process(target=_train, args=told)
        process.start()
        processes.append(process)
    return processes


def _meeting_place() -> dict[str, str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1])}


def _train(place: Path, world: dict[str, str]) -> None:
    """Train in this process, which may be killed at any moment, as one of the ranks of `world`."""
    from training import worker

    os.chdir(place)
    os.environ.update(world)
    config = Path("faults.toml")
    if world and world["RANK"] != "0":  # told where the run is by the one that leads
        sys.exit(worker.main(Path()))
    config.write_text(CONFIG.replace("NAME", RUN.name), "utf-8")
    fresh = not (RUN / "config.toml").exists()
    worker.main(config if fresh else RUN, {"distributed.mode": "shard"} if fresh and world else {})


def _finish(place: Path, ranks: int) -> None:
    processes = _begin(place, ranks)
    for process in processes:
        process.join()
    codes = [process.exitcode for process in processes]
    if any(codes):
        raise RuntimeError(f"The run in {place}, which nobody killed, failed with exit codes {codes}.")


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


def _figure(value: int, n: int, goal: int | None = None) -> dict[str, Any]:
    return {
        "value": value,
        "unit": "",
        "goal": goal,
        "holds": None if goal is None else value <= goal,
        "n": n,
        "peer": None,
    }
