"""The training process: phases one after another in a run folder.

`python main.py train CONFIG.toml` makes runs/<name>; `python main.py train RUN_FOLDER` resumes it.
"""

from __future__ import annotations

import contextlib
import functools
import json
import shutil
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType

import torch

from core.cancellation import CancelToken
from core.checkpoints.model_folder import load_autoencoder
from core.device import select
from core.errors import Cancelled, DeviceMemoryError, InputError, LoomError
from core.randomness import derived_seed
from training.base_model import load_base
from training.config import PHASES, RunConfig, load_config
from training.control import Obedience
from training.data.latent_cache import cached_latents
from training.data.opening import Opened, open_data
from training.data.watch import Watch
from training.denoiser_setup import fresh_setup, further_setup
from training.disk_space import disk_full
from training.distributed import FollowingFolder, Ranks, SharedControl, ranks_of_this_run
from training.first_stage import DecoderTuning, FirstStage
from training.logbook import Tell
from training.loop import Loop, Outcome
from training.lost_rank import leave_note, noted, notes_told, vanished
from training.opening_run import FINISHED, FROZEN, RUNS, extend_run, finished_phases, held, open_run, resuming
from training.out_of_memory import explained_beside, is_out_of_memory
from training.phase import Phase
from training.preparing import Preparing, open_run_data
from training.run_folder import RunFolder, is_full, write_atomically
from training.second_stage import SecondStage
from training.status import Status

CACHE = ".cache"
BUILDING = "building the networks"


def main(target: Path, overrides: Mapping[str, str] | None = None, tell: Tell = lambda line: None) -> int:
    """Run or resume training; return 0 when finished or stopped on request.

    Args:
        target: A configuration file, or a run folder.
        overrides: Values of the configuration by dotted name.
        tell: Takes lines for people about how it goes.

    Raises:
        LoomError: The configuration cannot be used, or the run failed; status.json says the same.
    """
    with ranks_of_this_run() as ranks:
        if ranks.leads:
            return _lead(target, overrides or {}, tell, ranks)
        return _follow(ranks)


def _lead(target: Path, overrides: Mapping[str, str], tell: Tell, ranks: Ranks) -> int:
    """Train on the rank that writes the run folder, which is the only one unless torchrun started more."""
    with contextlib.ExitStack() as stack:

        def opened() -> tuple[RunConfig, RunFolder]:
            config, folder = open_run(target, overrides)
            stack.enter_context(held(folder))
            return config, folder

        config, folder = ranks.first(opened, opened)
        ranks.agree(folder.path)
        status, cancel = stack.enter_context(Status(folder)), stack.enter_context(interruptible())
        if ranks.world > 1:
            stack.enter_context(notes_told(folder.path, lambda error: _fail(folder, status, error)))
        try:
            Process(config, folder, status, SharedControl(folder, status, cancel, ranks), tell, ranks).train()
        except LoomError as error:
            _fail(folder, status, error)
            raise
        except OSError as error:
            if not is_full(error):
                _fail(folder, status, _unexpected(error))
                raise
            full = disk_full(folder, error)
            _fail(folder, status, full)
            raise full from error
        except KeyboardInterrupt:
            status.update(state="stopped", doing=None, asked="abort")
            tell(f"aborted; go on from the last checkpoint with: {resuming(folder.path)}")
        except Exception as error:
            # Whoever watches the folder learns of it; the traceback of a mistake goes on.
            known = _known(error, folder, status, ranks)
            _fail(folder, status, known or _unexpected(error))
            if known is not None:
                raise known from error
            raise
    return 0


def _follow(ranks: Ranks) -> int:
    """Train on another rank, as the one that leads tells; it tells people why, too, where all of them fail."""
    path = None
    try:
        ranks.first(lambda: None, lambda: None)
        path = ranks.agree(Path())
        config, folder = load_config(path / FROZEN), FollowingFolder(path)
        status = Status(folder)
        with interruptible():
            control = SharedControl(folder, status, CancelToken(), ranks)
            Process(config, folder, status, control, lambda line: None, ranks).train()
    except Exception as error:
        # This rank alone may have too little memory, or meet with a mistake; the others stop by themselves.
        alone = not isinstance(error, LoomError | Cancelled) or isinstance(error, DeviceMemoryError)
        if not alone or path is None:
            return 1
        leave_note(path, ranks.rank, error if isinstance(error, LoomError) else _unexpected(error))
        raise
    return 0


@contextlib.contextmanager
def interruptible() -> Iterator[CancelToken]:
    """Let the first signal to end set a token inside the block, and a second one interrupt at once."""
    cancel = CancelToken()

    def asked(number: int, frame: FrameType | None) -> None:
        if cancel.cancelled:
            raise KeyboardInterrupt
        cancel.cancel()

    earlier = {number: signal.signal(number, asked) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield cancel
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


class Process:
    """The phases of a run, one after another."""

    def __init__(
        self, config: RunConfig, folder: RunFolder, status: Status, control: SharedControl, tell: Tell, ranks: Ranks
    ) -> None:
        self.config, self.folder, self.status, self.control, self.tell = config, folder, status, control, tell
        self.ranks = ranks
        # What takes long is prepared by the first rank and kept on disk, where the others find it.
        self.watch = Watch(Obedience(control), Preparing(folder, status, tell)) if ranks.leads else Watch()

    def train(self) -> None:
        """Run the phases that are not finished yet, and tell how it ended."""
        torch.set_num_threads(1)
        self.tell(f"run {self.config.name} in {self.folder.path}")
        self.status.update(state="preparing", phase="data")
        try:
            finished = self._phases()
        except Cancelled:
            finished = False
        if finished:
            self.status.update(state="finished", doing=None)
            self.tell(f"finished; the models are in {self.folder.path / 'models'}")
            return
        ending = self.control.ending
        step = self.status["step"] if self.status["state"] == "training" else 0
        self.status.update(state="stopped", doing=None, step=step, asked=ending)
        how = "aborted near" if ending == "abort" else "stopped at"
        self.tell(f"{how} step {step:,}; go on with: {resuming(self.folder.path)}")

    def _phases(self) -> bool:
        config, folder = self.config, self.folder
        models = folder.path / "models"
        if config.initial and not (models / "model.json").exists() and self.ranks.leads:
            shutil.copytree(config.initial, models, dirs_exist_ok=True)
        done = self.ranks.agree(finished_phases(folder))
        data = self.control.first(
            lambda: open_run_data(config, folder, RUNS / CACHE, self.watch),
            lambda: open_data(config.data, RUNS / CACHE, self.watch),
        )
        for name in PHASES:
            if name not in config.phases or name in done:
                continue
            self.status.update(state="preparing", phase=name, doing=BUILDING)
            make = functools.partial(make_phase, name, config, models, data, self.watch)
            phase = self.control.first(make, make)
            self.control.check()
            extend = functools.partial(extend_run, folder) if self.ranks.leads else lambda phase, steps: None
            loop = Loop(config, folder, phase, self.status, self.control, self.tell, extend, self.ranks)
            if loop.run() is Outcome.STOPPED:
                return False
            done.append(name)
            if self.ranks.leads:
                write_atomically(folder.path / FINISHED, json.dumps(done).encode())
        return True


def _fail(folder: RunFolder, status: Status, error: LoomError) -> None:
    if status["state"] == "failed":
        return  # what comes of a failure is not told as another one
    told = {"what": error.what, "why": error.why, "fix": error.fix}
    folder.event("failed", **told)
    status.update(state="failed", doing=None, error=told)


def _known(error: Exception, folder: RunFolder, status: Status, ranks: Ranks) -> LoomError | None:
    """Return what people are told of an error that is no mistake in the program, else None."""
    if is_out_of_memory(error):
        return explained_beside(status["doing"] or "preparing the run")
    return (noted(folder.path) or vanished(error)) if ranks.world > 1 else None


def _unexpected(error: Exception) -> LoomError:
    return LoomError(f"Training failed: {error!r}.", why="This is a mistake in the program.", fix="Report it.")


def make_phase(name: str, config: RunConfig, models: Path, data: Opened, watch: Watch) -> Phase:
    """Build a phase; its first weights depend on the run's seed alone.

    Raises:
        InputError: The networks cannot be built as configured.
        ModelFileError: The phase needs the model of an earlier one, which is not there.
    """
    try:
        return _make_phase(name, config, models, data, watch)
    except (TypeError, ValueError, KeyError, AssertionError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise
        raise InputError(
            f"The networks of {name} cannot be built as configured.",
            why=f"{type(error).__name__}: {error}",
            fix=f"Change the network's arguments under {name} in the configuration.",
        ) from error


def _make_phase(name: str, config: RunConfig, models: Path, data: Opened, watch: Watch) -> Phase:
    device = select(config.device or None)
    torch.manual_seed(derived_seed(config.seed, name, "weights"))
    if name == "first_stage":
        path = config.first_stage.begins_from
        if path:
            watch.reached("loading the model to begin with", 0, 0)
        other = load_autoencoder(Path(path)) if path else None
        return FirstStage(config, config.first_stage, data.train, data.held_out, device, other, watch.cancel.check)
    if name == "second_stage":
        return _second_stage(config, models, data, watch, device)
    watch.reached("loading the autoencoder", 0, 0)
    autoencoder = load_autoencoder(models)
    autoencoder.module.to(device)
    latents = cached_latents(data.train, autoencoder, RUNS / CACHE, watch)
    watch.reached(BUILDING, 0, 0)
    return DecoderTuning(config, config.decoder, autoencoder, latents, data.train, data.held_out, device)


def _second_stage(
    config: RunConfig, models: Path, data: Opened, watch: Watch, device: torch.device
) -> SecondStage:  # fmt: skip
    stage = config.second_stage
    watch.reached("loading the model to begin with" if stage.base else "loading the autoencoder", 0, 0)
    base = load_base(Path(stage.base), watch.cancel) if stage.base else None
    autoencoder = load_autoencoder(models) if base is None else base.autoencoder
    autoencoder.module.to(device)
    latents = cached_latents(data.train, autoencoder, RUNS / CACHE, watch)
    # Conditions are tried out on the CPU first, so that weights are the same on every device.
    autoencoder.module.cpu()
    watch.reached(BUILDING, 0, 0)
    # Again, so that first weights do not depend on how the autoencoder was loaded.
    torch.manual_seed(derived_seed(config.seed, "second_stage", "weights"))
    if base is None:
        other = load_base(Path(stage.begins_from), watch.cancel) if stage.begins_from else None
        setup = fresh_setup(stage, autoencoder, latents.shape[-1], data.train, device, other)
    else:
        setup = further_setup(stage, base, data.train, RUNS / CACHE, watch, device)
    return SecondStage(config, setup, latents, data.train, data.held_out, device)
