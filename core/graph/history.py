"""Undo and redo: one stack of edits with their inverses."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from core.graph.edits import same_place
from core.graph.weight import weight
from core.graph.workflow import Edit, Workflow

Listener = Callable[[Edit], None]


@dataclass(frozen=True)
class _Done:
    """An applied edit, what takes it back, and the gesture that it belongs to."""

    edit: Edit
    inverse: Edit
    merge_key: Hashable | None
    weight: int
    """Bytes of both."""


class History:
    """Applies edits to a workflow and takes them back.

    Attributes:
        workflow: The workflow that all edits go to.
        budget: Bytes that edits may take (see `weight`); None = no limit. The oldest are forgotten beyond it, never the
            last one.
    """

    def __init__(self, workflow: Workflow, budget: int | None = None) -> None:
        self.workflow, self.budget = workflow, budget
        self._weight = 0
        self._done: list[_Done] = []
        self._undone: list[_Done] = []
        self._clean: _Done | None = None
        self._clean_reachable = True
        self._listeners: list[Listener] = []

    @property
    def can_undo(self) -> bool:
        """Whether there is something to take back."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether something was taken back and nothing else was done since."""
        return bool(self._undone)

    @property
    def clean(self) -> bool:
        """Whether the workflow is as it was at the last `mark_clean` (or at the start)."""
        return self._clean_reachable and self._top() is self._clean

    def mark_clean(self) -> None:
        """Remember the present state as the saved one."""
        self._clean, self._clean_reachable = self._top(), True

    def mark_dirty(self) -> None:
        """Say that the present state, and every one that undo or redo leads to, is not the saved one."""
        self._clean_reachable = False

    def do(self, edit: Edit, merge_key: Hashable | None = None) -> None:
        """Apply `edit`.

        Successive edits with the same `merge_key` that overwrite the same thing (a slider that moves, a text
        that is typed) are taken back together.

        Raises:
            InputError: The edit does not fit; nothing was changed.
        """
        inverse = self.workflow.apply(edit)
        top = self._top()
        if any(done is self._clean for done in self._undone):
            self._clean_reachable = False
        merges = (
            top is not None
            and merge_key is not None
            and top.merge_key == merge_key
            and not self._undone
            and not self.clean
            and same_place(top.edit, edit)
        )
        self._undone.clear()
        if merges and top is not None:
            inverse = self._done.pop().inverse
            self._weight -= top.weight
        self._push(_Done(edit, inverse, merge_key, weight(edit) + weight(inverse)))
        self._keep_within_budget()
        self._tell(edit)

    def undo(self) -> None:
        """Take the last edit back, if there is one."""
        if self._done:
            done = self._done.pop()
            self._weight -= done.weight
            self.workflow.apply(done.inverse)
            self._undone.append(done)
            self._tell(done.inverse)

    def redo(self) -> None:
        """Apply again what was taken back last, if nothing else was done since."""
        if self._undone:
            done = self._undone.pop()
            self.workflow.apply(done.edit)
            self._push(done)
            self._tell(done.edit)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every edit after it was applied, undo and redo included; returns how to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _push(self, done: _Done) -> None:
        self._done.append(done)
        self._weight += done.weight

    def _keep_within_budget(self) -> None:
        """Forget the oldest edits; the state before them is then out of reach."""
        if self.budget is None:
            return
        count, kept = 0, self._weight
        while kept > self.budget and count < len(self._done) - 1:
            oldest = self._done[count]
            kept -= oldest.weight
            count += 1
            if self._clean is None:  # the state before it was the saved one
                self._clean_reachable = False
            elif oldest is self._clean:
                self._clean = None
        del self._done[:count]
        self._weight = kept

    def _top(self) -> _Done | None:
        """Return the last edit, or None."""
        return self._done[-1] if self._done else None

    def _tell(self, edit: Edit) -> None:
        """Tell everybody who listens."""
        for listener in tuple(self._listeners):
            listener(edit)
