"""What a run reports while it goes on: small frozen records in the past tense, deltas only.

They are emitted on the thread that runs the graph. A window queues and throttles them itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import LoomError


@dataclass(frozen=True)
class RunQueued:
    """A run waits for the device; emitted by whoever owns the queue."""


@dataclass(frozen=True)
class RunStarted:
    """A run began; `total` is how many nodes will report `NodeFinished` if all goes well."""

    total: int


@dataclass(frozen=True)
class NodeStarted:
    """A node's function was called (never emitted for a result that the cache held)."""

    node: str


@dataclass(frozen=True)
class StepTaken:
    """A node finished step `done` of `total`; `preview` is a small picture or None."""

    node: str
    done: int
    total: int
    preview: object | None = None


@dataclass(frozen=True)
class NodeNoted:
    """A node has something to say that is no error, in one sentence; said again when its results are cached."""

    node: str
    text: str


@dataclass(frozen=True)
class NodeFinished:
    """A node's results are there.

    Attributes:
        node: Id of the node.
        seconds: Wall-clock time of the function; 0 when `cached`.
        peak_bytes: Most device memory in use during the node, or None when nobody measures it.
        cached: Whether the results came from the cache, or were not needed because later ones did.
        summary: One short line for people, such as "Image 1x3x64x64".
        outputs: The results by output name; empty when they were not needed and are gone.
        preview: The last step's small picture that these results came with, or None.
        written: The files that the node wrote for these results.
    """

    node: str
    seconds: float
    peak_bytes: int | None
    cached: bool
    summary: str
    outputs: Mapping[str, object] = field(default_factory=dict, repr=False, compare=False)
    preview: object | None = field(default=None, repr=False, compare=False)
    written: tuple[Path, ...] = ()


@dataclass(frozen=True)
class NodeFailed:
    """A node cannot be run, or failed; `port` names the input or setting at fault, if one is."""

    node: str
    port: str | None
    error: LoomError


@dataclass(frozen=True)
class RunFinished:
    """Everything that was asked for is there, after `seconds` of wall-clock time."""

    seconds: float


@dataclass(frozen=True)
class RunFailed:
    """The run ended early with `error`; results finished before it stay in the cache."""

    error: LoomError


@dataclass(frozen=True)
class RunCancelled:
    """The run ended early because a person asked; results finished before it stay in the cache."""


Event = (
    RunQueued
    | RunStarted
    | NodeStarted
    | StepTaken
    | NodeNoted
    | NodeFinished
    | NodeFailed
    | RunFinished
    | RunFailed
    | RunCancelled
)
