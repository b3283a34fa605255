"""The workflow that a saved picture carries in its metadata, so that it can be opened and run again."""

from __future__ import annotations

from pathlib import Path

from core.errors import InputError

WORKFLOW_KEY = "latent_loom_workflow"
PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp"})


def is_picture(path: Path) -> bool:
    """Return whether a file's name says that it is a picture and not a workflow file."""
    return path.suffix.lower() in PICTURE_SUFFIXES


def carries_workflow(path: Path) -> bool:
    """Return whether a file is a workflow, or a picture that carries one."""
    if not is_picture(path):
        return path.suffix.lower() == ".json"
    try:
        read_workflow(path)
    except InputError:
        return False
    return True


def read_workflow(path: Path) -> str:
    """Return the workflow that a picture carries, as JSON text.

    Raises:
        InputError: The file cannot be read as a picture, or carries none.
    """
    # Imported here, because the window needs this module before its first paint and Pillow only later.
    from PIL import Image as Pillow

    try:
        with Pillow.open(path) as opened:
            found = getattr(opened, "text", {}).get(WORKFLOW_KEY)
    except FileNotFoundError as error:
        raise InputError(
            f"The picture {path} does not exist.", why="It was moved, renamed or deleted.", fix="Check the path."
        ) from error
    except (OSError, SyntaxError, ValueError, Pillow.DecompressionBombError) as error:
        raise InputError(
            f"The picture {path} cannot be read.", why=f"{error}.", fix="Open a whole picture, or a workflow file."
        ) from error
    if not found:
        raise InputError(
            f"No workflow was found in {path.name}.",
            why="Only PNG pictures that Latent Loom saved carry their workflow, and some programs remove it.",
            fix="Open the workflow file itself, or the picture as it was first saved.",
        )
    return str(found)
