"""The workflows that ship with the program, as a person chooses among them to start from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from app.document import DEFAULT_WORKFLOW, TEMPLATES
from core.errors import LoomError
from core.graph import workflow_file
from core.graph.workflow import Workflow


@dataclass(frozen=True)
class Template:
    """One of them.

    Attributes:
        path: Its file.
        title: The workflow's title.
        sentence: What it is for: the first line of its first note, or nothing.
        thumbnail: A picture that it made, which need not be there.
        workflow: What is in the file; not to be changed.
    """

    path: Path
    title: str
    sentence: str
    thumbnail: Path
    workflow: Workflow


@cache
def templates(folder: Path = TEMPLATES) -> tuple[Template, ...]:
    """Every template in `folder`, the default one first, then by title; files that cannot be read are left out."""
    found = []
    for path in sorted(folder.rglob("*.json")):
        try:
            workflow = workflow_file.load(path).workflow
        except LoomError:
            continue
        note = next(iter(workflow.notes.values()), None)
        sentence = note.text.strip().split("\n")[0] if note is not None else ""
        thumbnail = folder / "thumbnails" / f"{path.stem}.webp"
        found.append(Template(path, workflow.title or path.stem, sentence, thumbnail, workflow))
    return tuple(sorted(found, key=lambda template: (template.path.name != DEFAULT_WORKFLOW.name, template.title)))
