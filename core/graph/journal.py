"""The autosave journal: what was done since the last save, a line each, so that a crash loses nothing.

The first line holds the whole workflow as it was; each later one is an edit, undo and redo included. Lines
are only ever appended, so at worst the last one is torn, and that one is left out when the file is replayed.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import IO

from core.errors import InputError
from core.graph import workflow_file
from core.graph.atomic_write import write_atomically
from core.graph.edit_json import edit_from_json
from core.graph.workflow import Edit, Workflow
from core.graph.workflow_file import Loaded


def journal_path(workflow_path: Path) -> Path:
    """Return where the journal of a workflow file lies: beside it, hidden."""
    return workflow_path.with_name(f".{workflow_path.name}.journal")


class Journal:
    """Appends edits to one file; give `append` to `History.subscribe`.

    Attributes:
        path: The file; it is there from `start` to `discard`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] | None = None

    def start(self, workflow: Workflow) -> None:
        """Begin anew from `workflow`: when it is opened, and after each save.

        Raises:
            OSError: The folder cannot be written to; an earlier journal there is unharmed.
        """
        self.close()
        write_atomically(self.path, _line(workflow_file.to_json(workflow)))
        self._file = self.path.open("ab")

    def append(self, edit: Edit) -> None:
        """Note an applied edit; it survives the end of this process. Does nothing before `start`.

        Raises:
            OSError: The disk is full; the edits before this one are unharmed.
        """
        if self._file is not None:
            self._file.write(_line(edit.to_json()))
            self._file.flush()

    def close(self) -> None:
        """Stop, and leave the file for `recover`."""
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):  # it tries once more to write what a full disk refused
                file.close()

    def discard(self) -> None:
        """Stop and remove the file: everything in it is saved, or a person does not want it."""
        self.close()
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()


def recover(path: Path) -> Loaded | None:
    """Replay a journal that a crash left; None when there is none or it holds no edit.

    Replaying stops at the first line that cannot be read or does not fit, with a warning unless it is a torn
    last one.

    Raises:
        InputError: Its first line is so damaged that not even a node is left.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return None
    if len(lines) < 3:  # the workflow, at least one whole edit, and what follows its line end
        return None
    loaded = workflow_file.loads(lines[0].decode("ascii", "replace"), source=str(path))
    warnings = list(loaded.warnings)
    for number, line in enumerate(lines[1:-1], start=2):  # what follows the last line end is torn, or empty
        try:
            loaded.workflow.apply(edit_from_json(json.loads(line)))
        except (ValueError, InputError) as error:
            left = len(lines) - number
            warnings.append(f"The last {left} changes could not be restored (line {number} of the journal: {error})")
            break
    return Loaded(loaded.workflow, tuple(warnings), loaded.whole)


def _line(value: object) -> bytes:
    """Return one line of the journal."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii") + b"\n"
