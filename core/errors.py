"""The one family of errors that people see: what happened, why, and what to do about it."""

from __future__ import annotations


class LoomError(Exception):
    """A mistake or a failure that a person can act on.

    Attributes:
        what: What happened, one sentence, with the offending value.
        why: The cause, one sentence.
        fix: What to do now, one sentence, with the nearest valid choice where there is one.
        node: Id of the workflow node at fault, or None outside a graph.
        port: Name of the input or setting at fault, or None.
    """

    def __init__(self, what: str, *, why: str, fix: str, node: str | None = None, port: str | None = None) -> None:
        super().__init__(what, why, fix)
        self.what, self.why, self.fix = what, why, fix
        self.node, self.port = node, port

    def __str__(self) -> str:
        return f"{self.what} {self.why} {self.fix}"

    def at(self, node: str | None = None, port: str | None = None) -> LoomError:
        """Return this error, placed on a node and port where none was named yet."""
        self.node = self.node or node
        self.port = self.port or port
        return self


class InputError(LoomError):
    """A value, file or workflow that a person gave cannot be used as it is."""


class ModelFileError(InputError):
    """A weight file is damaged, of another kind, or does not fit the model it is meant for."""


class DeviceMemoryError(LoomError):
    """The work did not fit into the device's memory, after freeing and one retry."""


class Cancelled(Exception):  # noqa: N818 - an outcome that a person asked for, not an error
    """The work was stopped on request; whatever was finished before stays."""
