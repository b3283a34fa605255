"""Take the pictures of the window that the documentation shows: `python docs/take_screenshots.py [FOLDER] [--theme …]`.

A real window runs real workflows. Without a screen, start it as
`xvfb-run -a -s "-screen 0 1280x800x24" python docs/take_screenshots.py`; QT_SCALE_FACTOR sets the scale.
`--runs FOLDER` names training runs to show, which are only read.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication, QWidget

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from app.catalogue import Catalogue  # noqa: E402 - the program is found only now
from app.document import TEMPLATES  # noqa: E402
from app.main_window import MainWindow, MakeWorker  # noqa: E402
from app.panels.templates import TemplateDialog  # noqa: E402
from app.preferences import Preferences  # noqa: E402
from app.readiness import LOADER  # noqa: E402
from app.runtime.worker import Post, Worker  # noqa: E402
from app.settings import THEMES, Settings  # noqa: E402
from app.theme import apply_theme, choose_theme  # noqa: E402
from core.graph.edits import SetSetting  # noqa: E402
from core.graph.node_spec import NodeRegistry  # noqa: E402

PATIENCE_S = 240.0
IN_README = ("window", "sampling", "error")
"""These are kept as docs/images/NAME.png too."""
WEIGHTS = shutil.ignore_patterns("checkpoints", "*.safetensors", "control")
CRASH = """
import os, sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from app.main_window import MainWindow
from app.settings import Settings
from core.graph.edits import SetSetting
application = QApplication([])
window = MainWindow(Settings(Path(sys.argv[1])))
window.open_first()
window.document.do(SetSetting("noise", "seed", 7))
window.files.open(Path(sys.argv[2]))
window.document.do(SetSetting("prompt", "text", "a fox"))
QTimer.singleShot(2500, lambda: os._exit(1))
application.exec()
"""


@dataclass
class Stage:
    """Where the scenes are played.

    Attributes:
        window: The window.
        scratch: An empty folder for what the program writes.
        folder: Where the pictures go.
        theme: The look.
        only: The scenes that are wanted; all where there are none.
    """

    window: MainWindow
    scratch: Path
    folder: Path
    theme: str
    only: tuple[str, ...] = ()

    def take(self, name: str, part: QWidget | None = None) -> None:
        """Keep what the window, or a `part` of its own, looks like."""
        if self.only and name not in self.only:
            return
        pause(0.4)
        picture = self.scratch / f"{name}.png"
        (part or self.window).grab().save(str(picture))
        with Image.open(picture) as image:
            image.convert("RGB").save(self.folder / f"{name}_{self.theme}.webp", quality=84, method=6)
        if name in IN_README and self.theme == THEMES[0] and self.folder == ROOT / "docs" / "screenshots":
            shutil.copy(picture, ROOT / "docs" / "images")


def until(reached: Callable[[], bool]) -> None:
    """Let the window live until `reached`."""
    loop, deadline = QEventLoop(), time.monotonic() + PATIENCE_S
    timer = QTimer()
    timer.timeout.connect(lambda: loop.quit() if reached() or time.monotonic() > deadline else None)
    timer.start(10)
    loop.exec()
    timer.stop()
    if not reached():
        raise SystemExit("The window did not get as far as the picture needs.")


def pause(seconds: float) -> None:
    """Let the window live for a moment, so that everything is painted."""
    end = time.monotonic() + seconds
    until(lambda: time.monotonic() >= end)


def show_beginnings(stage: Stage) -> None:
    """What a person sees first: the workflow, the tour, templates, settings, an empty canvas."""
    window = stage.window
    window.begin_tour()
    stage.take("tour1")
    buttons = window.tour.line.buttons
    buttons[0].click()
    stage.take("tour2")
    window.tour.end()
    for name, dialog in (("templates", TemplateDialog(window)), ("settings", Preferences(window.settings, window))):
        dialog.show()
        stage.take(name, dialog)
        dialog.close()
        dialog.deleteLater()
    window.files.new()
    stage.take("empty")
    window.tabs.close(window.tabs.front)


def show_runs(stage: Stage) -> None:
    """A run as it goes on, its end, the gallery, two pictures compared, and a run that failed."""
    window = stage.window
    window.run()
    until(lambda: window.canvas.view.cards["sampler"].state.done >= 12 or not window.monitor.running)
    stage.take("sampling")
    until(lambda: not window.monitor.running)
    for seed in (1, 2, 3):
        window.document.do(SetSetting("noise", "seed", seed))
        window.run()
        until(lambda: not window.monitor.running)
    stage.take("window")
    gallery = window.gallery
    gallery.flush()
    for row in (0, 1):
        gallery.selectionModel().select(gallery.model().index(row, 0), gallery.selectionModel().SelectionFlag.Select)
    compared = gallery.compare()
    if compared is not None:
        stage.take("compare", compared)
        compared.close()
    gallery.clearSelection()
    window.document.do(SetSetting("noise", "width", 60))
    window.canvas.select(["noise"])
    window.run()
    until(lambda: not window.monitor.running)
    stage.take("error")
    window.document.undo()
    window.banner.dismiss()


def show_costs(stage: Stage) -> None:
    """A picture far larger than the model's own."""
    window = stage.window
    window.document.do(SetSetting("noise", "width", 2048))
    window.document.do(SetSetting("noise", "height", 2048))
    window.canvas.select(["noise"])
    stage.take("cost")
    for _ in range(2):
        window.document.undo()


def show_painting(stage: Stage) -> None:
    """The painter beside the graph, and alone."""
    window = stage.window
    window.files.open(TEMPLATES / "inpainting.json")
    node = next(id for id, node in window.document.workflow.nodes.items() if node.type == "loom.mask.paint")
    window.painting.open(node)
    pause(0.5)
    stage.take("painter")
    desk = window.painting.desk
    assert desk is not None
    desk.turn_full_screen()
    stage.take("painter_full", desk.panel.window())
    desk.turn_full_screen()
    desk.leave()


def show_tabs(stage: Stage) -> None:
    """Three workflows, and a file that is damaged."""
    window = stage.window
    window.files.open(TEMPLATES / "image_to_image.json")
    stage.take("tabs")
    damaged = stage.scratch / "damaged.json"
    text = (TEMPLATES / "text_to_image.json").read_text(encoding="utf-8")
    damaged.write_text(text[: len(text) * 2 // 3], encoding="utf-8")
    window.files.open(damaged)
    stage.take("damaged")
    window.tabs.close(window.tabs.front)


def show_training(stage: Stage) -> None:
    """A real run, and the form of a new one."""
    page = stage.window.pages.show_training()
    pause(4.0)
    stage.take("training")
    for place, name in ((1, "training_samples"), (2, "training_settings")):
        page.tabs.setCurrentIndex(place)
        pause(1.0)
        stage.take(name)
    page.tabs.setCurrentIndex(0)
    page.new_run()
    pause(4.0)
    stage.take("new_run")
    stage.window.pages.show_graph()


def show_without_model(stage: Stage) -> None:
    """The window where no model is installed."""
    kind, name = LOADER
    catalogue = stage.window.freshness.catalogue
    card = catalogue.get(kind)
    assert card is not None
    bare = replace(card, settings=tuple(replace(s, choices=()) if s.name == name else s for s in card.settings))
    cards = (bare if other.id == kind else other for other in catalogue.all())
    stage.window.readiness.take_catalogue(Catalogue(cards, complete=True))
    stage.take("no_model")
    stage.window.readiness.take_catalogue(catalogue)


def make_worker_without_engine(post: Post) -> Worker:
    """A worker on a computer on which a package is missing."""

    def fail() -> NodeRegistry:
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    return Worker(post, make_registry=fail)


Scene = Callable[[Stage], None]
SCENES: dict[Scene, tuple[str, ...]] = {
    show_beginnings: ("tour1", "tour2", "templates", "settings", "empty"),
    show_without_model: ("no_model",),
    show_runs: ("sampling", "window", "compare", "error"),
    show_costs: ("cost",),
    show_painting: ("painter", "painter_full"),
    show_tabs: ("tabs", "damaged"),
    show_training: ("training", "training_samples", "training_settings", "new_run"),
}


def play(stage: Stage, scenes: Iterable[Scene]) -> None:
    """Open the window, play the scenes, and close it."""
    window = stage.window
    window.show()
    for scene in scenes:
        if not stage.only or set(stage.only) & set(SCENES.get(scene, stage.only)):
            scene(stage)
    for tab in window.tabs.all:
        tab.document.history.mark_clean()
    window.close()


def main(folder: Path, theme: str, size: tuple[int, int], only: tuple[str, ...], runs: Path | None) -> None:
    """Write a picture of each scene into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    choose_theme(theme)
    application = QApplication([])
    apply_theme(application)
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):  # pictures are saved in ./output
        scratch = Path(name)
        if runs is not None:
            shutil.copytree(runs, scratch / "runs", ignore=WEIGHTS)

        def stage(place: str, make_worker: MakeWorker = Worker) -> Stage:
            window = MainWindow(Settings(scratch / place / "settings.ini"), make_worker=make_worker)
            window.resize(*size)
            window.open_first()
            return Stage(window, scratch, folder, theme, only)

        begun = stage("usual")
        begun.window.show()
        until(lambda: begun.window.engine_ready)
        begun.window.resize(*size)
        play(begun, SCENES)
        (scratch / "crashed").mkdir()
        ini = scratch / "crashed" / "settings.ini"
        template = scratch / "evening.json"
        shutil.copy(TEMPLATES / "image_to_image.json", template)
        subprocess.run([sys.executable, "-c", CRASH, str(ini), str(template)], cwd=ROOT, check=False)
        play(stage("crashed", make_worker_without_engine), (lambda each: each.take("crash_offer"),))
        lacking = stage("lacking", make_worker_without_engine)
        play(lacking, (lambda each: until(lambda: "engine" in each.window.readiness.status.lower()),
                       lambda each: pause(1.0), lambda each: each.take("missing_package")))  # fmt: skip


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "docs" / "screenshots")
    parser.add_argument("--theme", choices=THEMES, default=THEMES[0])
    parser.add_argument("--size", default="1280x800", help="of the window, in logical pixels")
    parser.add_argument("--only", nargs="*", default=(), help="these scenes alone are written")
    parser.add_argument("--runs", type=Path, help="a folder of training runs to show")
    return parser.parse_args()


if __name__ == "__main__":
    given = read_arguments()
    width, height = (int(side) for side in given.size.split("x"))
    main(given.folder.absolute(), given.theme, (width, height), tuple(given.only), given.runs and given.runs.absolute())
