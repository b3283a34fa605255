"""Render what each shipped workflow makes as the thumbnail of its template: `python docs/make_thumbnails.py`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from app.commands.run import write_into_output_folder  # noqa: E402 - the program is found only now
from core.graph import workflow_file  # noqa: E402
from core.graph.execution import Executor  # noqa: E402
from nodes import registry  # noqa: E402

WORKFLOWS = ROOT / "resources" / "workflows"
SIDE = 192
QUALITY = 85


def render(file: Path, target: Path) -> None:
    """Run the workflow in `file` and write the last picture that it saves to `target`, `SIDE` pixels wide at most."""
    workflow, nodes = workflow_file.load(file).workflow, registry()
    write_into_output_folder(workflow, nodes)
    with tempfile.TemporaryDirectory() as folder:
        Executor(nodes).run(workflow, output_folder=Path(folder))
        picture = sorted(Path(folder).rglob("*.png"))[-1]
        with Image.open(picture) as image:
            scale = SIDE / max(image.size)
            size = (round(image.width * scale), round(image.height * scale))
            image.convert("RGB").resize(size, Image.Resampling.LANCZOS).save(target, quality=QUALITY, method=6)


def main() -> None:
    """Render every workflow anew."""
    for file in sorted(WORKFLOWS.rglob("*.json")):
        target = WORKFLOWS / "thumbnails" / f"{file.stem}.webp"
        target.parent.mkdir(exist_ok=True)
        render(file, target)


if __name__ == "__main__":
    main()
