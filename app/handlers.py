"""What each action does, to the document in front."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from app.editor.arranging import EDGES
from app.panels.shortcut_sheet import ShortcutSheet
from app.preferences import Preferences

if TYPE_CHECKING:
    from app.main_window import MainWindow

Handlers = dict[str, Callable[[], object]]


def handlers(window: MainWindow) -> Handlers:
    """Return what to call for each action, by its name."""
    files = window.files
    return {
        "new": files.new,
        "templates": files.ask_template,
        "tour": window.begin_tour,
        "open": files.ask_open,
        "save": lambda: window.file.save(),
        "save_as": lambda: window.file.save_as(),
        "close": lambda: _close(window),
        "reopen": files.reopen,
        "next_tab": lambda: window.tabs.turn(1),
        "previous_tab": lambda: window.tabs.turn(-1),
        "settings": lambda: Preferences(window.settings, window).exec(),
        "quit": window.close,
        "undo": lambda: window.document.undo(),
        "redo": lambda: window.document.redo(),
        "paint": window.painting.open_selected,
        "add": window.add_node,
        "library": lambda: window.library.setVisible(window.library.isHidden()),
        "log": lambda: window.log.setVisible(window.log.isHidden()),
        "training": window.pages.turn,
        "run": window.run,
        "run_to": lambda: window.running.run_to(window.canvas.selected()),
        "queue": lambda: window.running.queue(),
        "another_seed": lambda: window.running.queue_another_seed(),
        "live": lambda: window.running.turn_live(),
        "shortcuts": lambda: ShortcutSheet(window).exec(),
        "cancel": window.cancel,
        **_on_the_canvas(window),
    }


def _close(window: MainWindow) -> None:
    """Close what is looked at: the document in front, or the page above it."""
    if window.pages.shows_training:
        window.pages.show_graph()
    else:
        window.tabs.close(window.tabs.front)


def _on_the_canvas(window: MainWindow) -> Handlers:
    """What changes the selection or the view; the canvas is looked up when it is called."""
    return {
        "cut": lambda: window.canvas.arranging.cut(window.canvas.remove_selected),
        "copy": lambda: window.canvas.arranging.copy(),
        "paste": lambda: window.canvas.arranging.paste(),
        "duplicate": lambda: window.canvas.arranging.duplicate(),
        "delete": lambda: window.canvas.remove_selected(),
        "select_all": lambda: window.canvas.select(window.canvas.view.items()),
        "mute": lambda: window.canvas.toggle_state("muted"),
        "bypass": lambda: window.canvas.toggle_state("bypassed"),
        "frame": lambda: window.canvas.arranging.frame(),
        "note": lambda: window.canvas.arranging.note(),
        "tidy": lambda: window.canvas.arranging.tidy(),
        **{f"align_{edge}": partial(lambda edge: window.canvas.arranging.align(edge), edge) for edge in EDGES},
        "search": lambda: window.canvas.adding.ask(),
        "fit": lambda: window.canvas.fit(),
        "fit_selected": lambda: window.canvas.fit_selected(),
        "zoom_in": lambda: window.canvas.viewer.zoom(1.2),
        "zoom_out": lambda: window.canvas.viewer.zoom(1 / 1.2),
        "find": lambda: window.canvas.finder.ask(),
        "minimap": lambda: window.canvas.minimap.turn(),
    }
