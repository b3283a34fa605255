"""The training loop: steps, averages, logs, sample grids, checkpoints, and obedience to control files.

A step is a function of the weights, the optimizer's state and the step's number, so a resumed phase repeats the
losses of an uninterrupted one bit by bit on the same machine.
"""

from __future__ import annotations

import time
from enum import Enum

import torch
from PIL import Image
from torch import Tensor

from core.cancellation import CancelToken
from core.errors import LoomError
from core.randomness import derived_seed
from training.config import RunConfig
from training.ema import Ema
from training.optimization import Optimization
from training.phase import Phase
from training.run_folder import RunFolder
from training.snapshot import restore_snapshot, save_snapshot


class Outcome(Enum):
    """How a phase ended."""

    FINISHED = "finished"
    STOPPED = "stopped"


class Loop:
    """Runs one phase in a run folder.

    Attributes:
        step: Optimizer steps done.
    """

    def __init__(self, config: RunConfig, folder: RunFolder, phase: Phase, cancel: CancelToken) -> None:
        self.config, self.folder, self.phase, self.cancel = config, folder, phase, cancel
        self.checkpoints = folder.path / "checkpoints" / phase.name
        self.ema = Ema(phase.module, phase.ema_decay)
        self.optimization = Optimization(phase.module, phase.optimizer, phase.steps)
        self.critic: Optimization | None = None
        if phase.critic is not None:
            self.critic = Optimization(phase.critic.module, phase.critic.optimizer, phase.steps)
        self.step = restore_snapshot(self.checkpoints, phase.module, self.ema, self.optimization, self.critic)
        self._logged = (time.monotonic(), self.step)

    def run(self) -> Outcome:
        """Train to the end, or to a stop; on either, everything is saved."""
        self.folder.event("phase_started", phase=self.phase.name, step=self.step)
        while self.step < self.phase.steps:
            if self.cancel.cancelled or "stop" in (commands := self.folder.commands()):
                self._checkpoint()
                self.folder.status(phase=self.phase.name, step=self.step, steps=self.phase.steps, state="stopped")
                return Outcome.STOPPED
            self._obey(commands)
            loss, terms, norm = self._train_step()
            last = self.step == self.phase.steps
            if self.step % self.config.log_every == 0 or last:
                self._log(loss, terms, norm)
            if self.step % self.config.sample_every == 0 or last:
                self._sample()
            if self.step % self.config.checkpoint_every == 0 or last:
                self._checkpoint()
        self.ema.swap(self.phase.module)
        self.phase.module.eval()
        self.phase.finish(self.folder.path / "models")
        self.folder.event("phase_finished", phase=self.phase.name, step=self.step)
        return Outcome.FINISHED

    def _train_step(self) -> tuple[Tensor, dict[str, Tensor], Tensor]:
        # Dropout layers draw from torch's global stream; seeding it by step keeps resume exact.
        torch.manual_seed(derived_seed(self.config.seed, self.phase.name, "global", self.step))
        self.phase.module.train()
        loss, terms = self.phase.loss(self.step)
        if not torch.isfinite(loss):
            raise self._diverged(terms)
        norm = self.optimization.descend(loss, self.step)
        if not torch.isfinite(norm):
            raise self._diverged({"gradient norm": norm})
        self.ema.update(self.phase.module)
        terms = terms | self._critic_step()
        self.step += 1
        return loss.detach(), {name: term.detach() for name, term in terms.items()}, norm

    def _critic_step(self) -> dict[str, Tensor]:
        """Let the critic learn from what the module just made."""
        if self.phase.critic is None or self.critic is None:
            return {}
        self.critic.module.train()
        judged = self.phase.critic.loss(self.step)
        if judged is None:
            return {}
        loss, terms = judged
        terms = {**terms, "critic_grad_norm": self.critic.descend(loss, self.step)}
        if not all(torch.isfinite(term).all() for term in terms.values()):
            raise self._diverged(terms)
        return terms

    def _diverged(self, terms: dict[str, Tensor]) -> LoomError:
        bad = [name for name, term in terms.items() if not torch.isfinite(term).all()] or ["the loss"]
        return LoomError(
            f"Training stopped at step {self.step} of {self.phase.name}: {', '.join(bad)} is not a finite number.",
            why="The weights diverged, usually from a learning rate that is too high for this batch size.",
            fix=f"Begin a run of another name with a lower {self.phase.name}.optimizer.lr than "
            f"{self.phase.optimizer.lr:g}; {self.checkpoints} keeps the last checkpoint from before.",
        )

    def _obey(self, commands: list[str]) -> None:
        for command in commands:
            if command == "sample":
                self._sample()
            elif command == "checkpoint":
                self._checkpoint()
            else:
                self.folder.event("control_ignored", command=command)

    def _log(self, loss: Tensor, terms: dict[str, Tensor], norm: Tensor) -> None:
        now, (then, since) = time.monotonic(), self._logged
        rate = (self.step - since) * self.phase.batch_size / max(1e-9, now - then)
        self._logged = (now, self.step)
        values = {name: round(float(term), 6) for name, term in {"loss": loss, **terms, "grad_norm": norm}.items()}
        lr = self.optimization.rate
        self.folder.metric(phase=self.phase.name, step=self.step, lr=lr, samples_per_second=round(rate, 2), **values)
        self.folder.status(phase=self.phase.name, step=self.step, steps=self.phase.steps, state="training")

    def _sample(self) -> None:
        """Save grids of the present and of the averaged weights."""
        target = self.folder.path / "samples" / self.phase.name / f"step_{self.step}"
        target.mkdir(parents=True, exist_ok=True)
        self.phase.module.eval()
        Image.fromarray(self.phase.sample_grid()).save(target / "raw.png")
        self.ema.swap(self.phase.module)
        Image.fromarray(self.phase.sample_grid()).save(target / "ema.png")
        self.ema.swap(self.phase.module)

    def _checkpoint(self) -> None:
        keep = self.config.keep_checkpoints
        save_snapshot(self.checkpoints, self.step, self.phase.module, self.ema, self.optimization, keep, self.critic)
