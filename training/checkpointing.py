"""Which checkpoints a phase keeps: the newest few, and the one with the least held-out loss."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from training.control import Control, nothing
from training.disk_space import DiskSpace
from training.distributed import Ranks
from training.learner import Learner
from training.run_folder import RunFolder, write_atomically
from training.snapshot import ALONE, Restored, prune, restore_snapshot, save_snapshot, snapshot_bytes

BEST = "BEST.json"


class Checkpoints:
    """The checkpoints of one phase.

    Attributes:
        path: Where they are.
        best: The held-out loss of the best one, infinity where none was measured.
    """

    def __init__(
        self, folder: RunFolder, phase: str, keep: int, control: Control, space: DiskSpace, ranks: Ranks
    ) -> None:
        self.path, self._folder, self._phase, self._keep = folder.path / "checkpoints" / phase, folder, phase, keep
        self._space, self._ranks = space, ranks
        # Several ranks take up requests together, so the one that writes may not do so alone.
        self._between = control.poll if ranks.world == 1 else nothing
        self._saved: int | None = None
        self.best, self._best_step = math.inf, -1

    def restore(self, learner: Learner) -> Restored:
        """Load the latest whole checkpoint, if there is one.

        Raises:
            LoomError: There are checkpoints, and none is whole.
        """
        found = restore_snapshot(self.path, learner)
        for name in found.damaged:
            self._folder.event("checkpoint_damaged", phase=self._phase, checkpoint=name)
        if (self.path / BEST).exists():
            best = json.loads((self.path / BEST).read_bytes())
            self.best, self._best_step = float(best["loss"]), int(best["step"])
        self._saved = found.step if found.step else None
        return found

    def save(self, step: int, learner: Learner, extra: Mapping[str, Any], held_out: float | None = None) -> bool:
        """Save `step` and drop what need not be kept; returns whether there was anything new to save.

        Raises:
            DiskFullError: It cannot be saved, and the run ends.
            Aborted: The run was told to end as it is; the checkpoints before are whole.
        """
        ranks = self._ranks if learner.shared_out else ALONE
        if step != self._saved:
            self._space.insist(
                f"The checkpoint at step {step} of {self._phase}",
                lambda: save_snapshot(self.path, step, learner, extra, self._between, ranks),
                snapshot_bytes(learner),
                together=learner.shared_out,
            )
        new, self._saved = step != self._saved, step
        if held_out is not None and held_out < self.best:
            self.best, self._best_step = held_out, step
            note = json.dumps({"step": step, "loss": held_out}).encode()
            self._space.insist("The note of the best checkpoint", lambda: write_atomically(self.path / BEST, note))
        if self._ranks.leads:
            prune(self.path, self._keep, self._best_step)
        return new
