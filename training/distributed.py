"""A run on several processors or machines: the same command under torchrun.

    torchrun --nproc-per-node 2 main.py train CONFIG.toml

Ranks are the parts of a step, computed side by side: with r ranks a batch is cut into r times as many parts, and rank i
computes every r-th one. What is random of a sample does not depend on the parts, so the losses are those of one rank
with the same batch, up to the rounding of sums. Rank 0 alone writes the run folder and listens to it, but for pieces of
checkpoints; what it decides is told to the others at the same places of the program.
"""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from core.cancellation import CancelToken
from core.errors import Cancelled, InputError
from training.control import Control, Request
from training.run_folder import RunFolder
from training.status import Status

T = TypeVar("T")
_LONGEST_PAUSE = timedelta(days=30)  # the others wait for rank 0 while a run is paused


@dataclass(frozen=True)
class Ranks:
    """The processes of a run, and this one among them.

    Attributes:
        rank: Number of this process, from 0.
        world: How many there are.
    """

    rank: int = 0
    world: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process writes the run folder."""
        return self.rank == 0

    def agree(self, value: T) -> T:
        """Return the value of rank 0; every rank has to come here."""
        if self.world == 1:
            return value
        told = [value]
        dist.broadcast_object_list(told, src=0)
        return told[0]

    def first(self, lead: Callable[[], T], follow: Callable[[], T]) -> T:
        """Return what `lead` gives on rank 0, and then what `follow` gives on the others.

        Raises:
            Cancelled: On the others, where rank 0 did not succeed; it tells why.
        """
        if not self.leads:
            if not self.agree(False):
                raise Cancelled
            return follow()
        try:
            made = lead()
        except BaseException:
            self.agree(False)
            raise
        self.agree(True)
        return made

    def joined(self, mine: Sequence[Mapping[str, Tensor]]) -> list[Mapping[str, Tensor]]:
        """Return the named scalars of all ranks' parts, those of the first rank first."""
        if self.world == 1:
            return list(mine)
        found: list[list[Mapping[str, Tensor]]] = [[] for _ in range(self.world)]
        dist.all_gather_object(found, [{name: value.cpu() for name, value in terms.items()} for terms in mine])
        return [terms for part in found for terms in part]

    def parts(self, phase: str, parts: int, batch_size: int) -> int:
        """Return in how many parts a batch is computed.

        Raises:
            InputError: The batch cannot be shared out.
        """
        if batch_size % (parts * self.world):
            raise InputError(
                f"Batches of {batch_size} in {phase} cannot be shared out among {self.world} ranks.",
                why=f"Each computes as many samples at a time, in {parts} turns.",
                fix=f"Set {phase}.batch_size to a multiple of {parts * self.world}, or start fewer ranks.",
            )
        return parts * self.world

    def add_gradients(self, parameters: Sequence[nn.Parameter]) -> None:
        """Let the gradients of all ranks be their sum, in one message for each kind of number.

        A parameter that no rank used keeps no gradient.
        """
        if self.world == 1 or not parameters:
            return
        used = torch.tensor([float(parameter.grad is not None) for parameter in parameters])
        dist.all_reduce(used, dist.ReduceOp.MAX)
        groups: dict[tuple[torch.device, torch.dtype], list[Tensor]] = {}
        for parameter, counts in zip(parameters, used.tolist(), strict=True):
            if counts:
                parameter.grad = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
                groups.setdefault((parameter.device, parameter.dtype), []).append(parameter.grad)
        for gradients in groups.values():
            flat = torch.cat([gradient.flatten() for gradient in gradients])
            dist.all_reduce(flat)
            pieces = flat.split([gradient.numel() for gradient in gradients])
            for gradient, piece in zip(gradients, pieces, strict=True):
                gradient.copy_(piece.view_as(gradient))


class FollowingFolder(RunFolder):
    """The run folder on ranks that only compute: nothing is written, and nothing taken."""

    def __init__(self, path: Path) -> None:  # the folders are made by rank 0
        self.path = path

    def status(self, *, flush: bool = True, **fields: Any) -> None:
        """Do nothing."""

    def metric(self, **fields: Any) -> None:
        """Do nothing."""

    def event(self, kind: str, **fields: Any) -> None:
        """Do nothing."""

    def requests(self) -> list[Mapping[str, Any]]:
        """Return none; rank 0 takes them for all."""
        return []


class SharedControl(Control):
    """Obeys, on every rank at the same place, what rank 0 was asked for."""

    def __init__(self, folder: RunFolder, status: Status, cancel: CancelToken, ranks: Ranks) -> None:
        super().__init__(folder, status, cancel)
        self._ranks = ranks

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Obey on this rank without the others inside the block, where they wait or do something else."""
        ranks, self._ranks = self._ranks, Ranks()
        try:
            yield
        finally:
            self._ranks = ranks

    def first(self, lead: Callable[[], T], follow: Callable[[], T]) -> T:
        """Do as `Ranks.first`, with the leading rank obeying alone meanwhile."""
        ranks = self._ranks
        with self.alone():
            made = ranks.first(lead, follow)
        self._share()
        return made

    def _share(self) -> None:
        """Let all ranks know what this one took up alone; all have to come here."""
        known = (list(self._waiting), self._paused, self.ending)
        waiting, self._paused, self.ending = self._ranks.agree(known)
        self._waiting = deque(waiting)

    def _asked(self) -> list[Request]:
        return self._ranks.agree(super()._asked())

    def _over(self, until: Callable[[], bool]) -> bool:
        return self._ranks.agree(super()._over(until))


@contextlib.contextmanager
def ranks_of_this_run() -> Iterator[Ranks]:
    """Join the other processes that torchrun started, inside the block; without torchrun there is one."""
    if "TORCHELASTIC_RUN_ID" not in os.environ or int(os.environ["WORLD_SIZE"]) == 1:
        yield Ranks()
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    dist.init_process_group(backend, timeout=_LONGEST_PAUSE)
    try:
        yield Ranks(dist.get_rank(), dist.get_world_size())
    finally:
        dist.destroy_process_group()
