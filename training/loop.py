"""The training loop: steps, averages, logs, sample grids, checkpoints, and obedience.

A step is a function of the weights, the optimizer's state and the step's number, so a resumed phase repeats the
losses of an uninterrupted one bit by bit on the same machine.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from core.errors import Cancelled
from core.randomness import derived_seed
from training.checkpointing import Checkpoints
from training.config import RunConfig
from training.control import Aborted, Poll, Request
from training.disk_space import DiskSpace
from training.distributed import Ranks, SharedControl
from training.divergence import DivergenceGuard
from training.learner import make_learner
from training.logbook import Logbook, Tell
from training.out_of_memory import explained, is_out_of_memory
from training.phase import Phase
from training.run_folder import RunFolder
from training.sharding import gather
from training.status import Status

T = TypeVar("T")


class Outcome(Enum):
    """How a phase ended."""

    FINISHED = "finished"
    STOPPED = "stopped"


class Loop:
    """Runs one phase in a run folder.

    Attributes:
        phase: What is trained.
        step: Optimizer steps done.
    """

    def __init__(
        self, config: RunConfig, folder: RunFolder, phase: Phase, status: Status, control: SharedControl,
        tell: Tell, extend: Callable[[str, int], None], ranks: Ranks,
    ) -> None:  # fmt: skip
        """Prepare `phase`, which all `ranks` train; `extend` is told when its steps become more."""
        self.ranks, phase.parts = ranks, ranks.parts(phase.name, phase.parts, phase.batch_size)
        self.config, self.folder, self.phase, self.control = config, folder, phase, control
        self._extend_run = extend
        self.space = DiskSpace(folder, control, tell, ranks)
        self.checkpoints = Checkpoints(folder, phase.name, config.keep_checkpoints, control, self.space, ranks)
        self.logbook = Logbook(folder, phase.name, phase.batch_size, status, self.space, control, tell)
        self.learner = make_learner(phase, ranks, shard=config.distributed.mode == "shard")
        self.guard = DivergenceGuard(phase.name, phase.optimizer.lr, self.checkpoints.path)
        restored = self.checkpoints.restore(self.learner)
        self.step = restored.step
        if "guard" in restored.extra:
            self.guard.restore(restored.extra["guard"])

    def run(self) -> Outcome:
        """Train to the end, or to a stop; on either, everything is saved.

        Raises:
            LoomError: Training diverged, or something it needs is not there.
            DeviceMemoryError: Memory was not enough.
            Cancelled: It was told to end as it is, or while the finished model was being made.
        """
        try:
            return self._run()
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            in_parts = hasattr(getattr(self.config, self.phase.name), "accumulate")
            raise explained(self.phase, self.learner, self.step, in_parts=in_parts) from error

    def _run(self) -> Outcome:
        self.logbook.begin(self.step, self.phase.steps)
        while True:
            # Also after the last step, which may not be the last if more are asked for meanwhile.
            self.control.between_steps(self._serve)
            if self.control.ending:
                self._checkpoint()
                return Outcome.STOPPED
            if self.step >= self.phase.steps:
                self._finish()
                return Outcome.FINISHED
            self._do_step()

    def _do_step(self) -> None:
        """Train for a step, and do what is due after it."""
        loss, terms, norm = self._train_step()
        self.logbook.stepped(self.step)
        last = self.step == self.phase.steps
        if self.step % self.config.log_every == 0 or last:
            self._log(loss, terms, norm)
        if self.step % self.config.sample_every == 0 or last:
            self._sample()
        if self.step % self.config.checkpoint_every == 0 or last:
            self._checkpoint(measured=True)
        if (every := self.config.evaluation.every) and self.step % every == 0:
            self._evaluate()

    def _train_step(self) -> tuple[Tensor, dict[str, Tensor], Tensor]:
        # Dropout layers draw from torch's global stream; seeding it by step keeps resume exact.
        rank = [self.ranks.rank] if self.ranks.rank else []
        torch.manual_seed(derived_seed(self.config.seed, self.phase.name, "global", self.step, *rank))
        self.phase.module.train()
        optimization, found = self.learner.optimization, list[Mapping[str, Tensor]]()
        norm = optimization.descend(self._losses(found), self.step)
        if not optimization.skipped:
            self.guard.check(self.step, {"gradient norm": norm})
            self.learner.ema.update(self.phase.module)
        terms = mean_terms(found) | self._critic_step()
        self.step += 1
        return terms.pop("loss"), terms, norm

    def _losses(self, found: list[Mapping[str, Tensor]]) -> Iterator[Tensor]:
        """Give the loss of each part of the step, as a part of their mean; what they were made of joins `found`."""
        parts = self.phase.parts
        mine = range(self.ranks.rank, parts, self.ranks.world)
        for part in mine:
            loss, terms = self.phase.loss(self.step, part)
            found.append({"loss": loss.detach()} | {name: term.detach() for name, term in terms.items()})
            if part == mine[-1]:
                found[:] = self.ranks.joined(found)
                for of_part in found:
                    self.guard.check(self.step, of_part)
                means = mean_terms(found)
                self.guard.follow(self.step, means.pop("loss"), means)
            yield loss if parts == 1 else loss / parts

    def _critic_step(self) -> dict[str, Tensor]:
        """Let the critic learn from what the module just made."""
        critic = self.learner.critic
        if self.phase.critic is None or critic is None:
            return {}
        critic.module.train()
        judged = self.phase.critic.loss(self.step)
        if judged is None:
            return {}
        loss, terms = judged
        self.guard.check(self.step, {"the critic's loss": loss, **terms})
        norm = critic.descend(loss, self.step)
        self.guard.check(self.step, {"critic_grad_norm": norm})
        return {**terms, "critic_grad_norm": norm}

    def _serve(self, request: Request) -> None:
        """Do what was asked for between two steps."""
        if request["command"] == "sample":
            self._sample()
        elif request["command"] == "checkpoint":
            self._checkpoint(measured=True)
        else:
            self._extend(request)

    def _extend(self, request: Request) -> None:
        phase, steps = request.get("phase", self.phase.name), request.get("steps")
        if phase != self.phase.name or not isinstance(steps, int) or steps <= self.phase.steps:
            self.folder.event("control_ignored", **request)
            return
        # The rate's course depends on the number of steps, so what was done under the old one is saved first.
        self._checkpoint()
        self._extend_run(self.phase.name, steps)
        self.phase.steps = steps
        for one in (self.learner.optimization, self.learner.critic):
            if one is not None:
                one.steps = steps
        self.folder.event("extended", phase=self.phase.name, step=self.step, to=steps)
        self.logbook.begin(self.step, steps)

    def _log(self, loss: Tensor, terms: dict[str, Tensor], norm: Tensor) -> None:
        values = {name: round(float(term), 6) for name, term in {"loss": loss, **terms, "grad_norm": norm}.items()}
        self.logbook.log(self.step, self.phase.steps, self.learner.optimization.rate, values)

    def _sample(self) -> None:
        """Save grids of the present and of the averaged weights; a stop meanwhile leaves them out."""
        target = self.folder.path / "samples" / self.phase.name / f"step_{self.step}"
        self.phase.module.eval()
        try:
            with self.logbook.aside("sampling"):
                self._save_grid(target / "raw.png", self.phase.sample_grid(self.control.check))
                with self.learner.ema.applied(self.phase.module):
                    self._save_grid(target / "ema.png", self.phase.sample_grid(self.control.check))
        except Aborted:
            raise
        except Cancelled:
            return
        self.logbook.saved("samples", target, self.step)

    def _save_grid(self, file: Path, grid: np.ndarray) -> None:
        def write() -> None:
            file.parent.mkdir(parents=True, exist_ok=True)
            aside = file.with_name(f".{file.name}")
            Image.fromarray(grid).save(aside, "png")
            aside.replace(file)

        self.space.insist("A sample grid", write, grid.nbytes)

    def _checkpoint(self, *, measured: bool = False) -> None:
        """Save; if `measured`, by its held-out loss too."""
        held_out = self._held_out_loss() if measured else None
        with self.logbook.aside("saving"):
            save = functools.partial(self.checkpoints.save, self.step, self.learner, {"guard": self.guard.state()})
            if save(held_out):
                self.logbook.saved("checkpoint", self.checkpoints.path / f"step_{self.step}", self.step)

    def _held_out_loss(self) -> float | None:
        """Measure the averaged weights on what is never trained on; None where the run is being ended."""
        loss = self._of_averaged_weights("measuring", self.phase.held_out_loss)
        if loss is not None:
            self.logbook.evaluated(self.step, {"loss": loss})
        return loss

    def _evaluate(self) -> None:
        """Log figures of quality of the averaged weights; a stop meanwhile leaves them out."""
        figures = self._of_averaged_weights("evaluating", self.phase.evaluate)
        if figures is not None:
            self.logbook.evaluated(self.step, figures)

    def _of_averaged_weights(self, doing: str, measure: Callable[[Poll], T]) -> T | None:
        self.phase.module.eval()
        try:
            with self.logbook.aside(doing), self.learner.ema.applied(self.phase.module):
                return measure(self.control.check)
        except Aborted:
            raise
        except Cancelled:
            return None

    def _finish(self) -> None:
        self.learner.ema.swap(self.phase.module)
        self.phase.module.eval()
        gather(self.phase.module, keep=self.ranks.leads)
        models = self.folder.path / "models"
        with self.logbook.aside("finishing"):
            self.control.first(lambda: self.phase.finish(models, self.control.check), lambda: None)
        self.folder.event("phase_finished", phase=self.phase.name, step=self.step)


def mean_terms(found: list[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Return the mean of each scalar over the parts of a step that have it."""
    if len(found) == 1:
        return dict(found[0])
    names = dict.fromkeys(name for terms in found for name in terms)
    return {name: torch.stack([terms[name] for terms in found if name in terms]).mean() for name in names}
