"""Everything a person can do, as actions: the menus, the toolbar and the shortcuts share them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QSizePolicy, QToolBar, QToolButton, QWidget

from app.theme import icon, theme


@dataclass(frozen=True)
class ActionSpec:
    """One action: its menu, words, icon and shortcut; `canvas_only` shortcuts work only with the canvas focused.

    `also` is a second shortcut.
    """

    name: str
    menu: str
    text: str
    shortcut: str = ""
    icon: str = ""
    tip: str = ""
    canvas_only: bool = False
    checkable: bool = False
    also: str = ""


ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("new", "File", "New", "Ctrl+T", "new", "New empty workflow", also="Ctrl+N"),
    ActionSpec("templates", "File", "New from template…", "Ctrl+Shift+N"),
    ActionSpec("open", "File", "Open…", "Ctrl+O", "open", "Open a workflow"),
    ActionSpec("save", "File", "Save", "Ctrl+S", "save", "Save the workflow"),
    ActionSpec("save_as", "File", "Save as…", "Ctrl+Shift+S"),
    ActionSpec("close", "File", "Close", "Ctrl+W"),
    ActionSpec("reopen", "File", "Reopen closed", "Ctrl+Shift+T"),
    ActionSpec("settings", "File", "Settings…", "Ctrl+,"),
    ActionSpec("quit", "File", "Quit", "Ctrl+Q"),
    ActionSpec("undo", "Edit", "Undo", "Ctrl+Z", "undo", "Undo"),
    ActionSpec("redo", "Edit", "Redo", "Ctrl+Shift+Z", "redo", "Redo", also="Ctrl+Y"),
    ActionSpec("cut", "Edit", "Cut", "Ctrl+X", canvas_only=True),
    ActionSpec("copy", "Edit", "Copy", "Ctrl+C", canvas_only=True),
    ActionSpec("paste", "Edit", "Paste", "Ctrl+V", canvas_only=True),
    ActionSpec("duplicate", "Edit", "Duplicate", "Ctrl+D", canvas_only=True),
    ActionSpec("delete", "Edit", "Delete", "Del", canvas_only=True),
    ActionSpec("select_all", "Edit", "Select all", "Ctrl+A", canvas_only=True),
    ActionSpec("mute", "Edit", "Mute", "M", canvas_only=True),
    ActionSpec("bypass", "Edit", "Bypass", "B", canvas_only=True),
    ActionSpec("paint", "Edit", "Paint…", "P", canvas_only=True),
    ActionSpec("add", "Edit", "Add a node…", "Ctrl+Space"),
    ActionSpec("search", "Edit", "Add here…", "Tab", canvas_only=True),
    ActionSpec("frame", "Arrange", "Frame the selection", "Ctrl+G", canvas_only=True),
    ActionSpec("note", "Arrange", "Add a note", "N", canvas_only=True),
    ActionSpec("tidy", "Arrange", "Tidy up", "T", canvas_only=True),
    ActionSpec("align_left", "Arrange", "Align left edges", "Alt+Left", canvas_only=True),
    ActionSpec("align_right", "Arrange", "Align right edges", "Alt+Right", canvas_only=True),
    ActionSpec("align_top", "Arrange", "Align upper edges", "Alt+Up", canvas_only=True),
    ActionSpec("align_bottom", "Arrange", "Align lower edges", "Alt+Down", canvas_only=True),
    ActionSpec("fit", "View", "Zoom to fit", "F", "fit", "Show the whole workflow", canvas_only=True),
    ActionSpec("fit_selected", "View", "Zoom to selection", "Shift+F", canvas_only=True),
    ActionSpec("zoom_in", "View", "Zoom in", "Ctrl++"),
    ActionSpec("zoom_out", "View", "Zoom out", "Ctrl+-"),
    ActionSpec("find", "View", "Find a node…", "Ctrl+F"),
    ActionSpec("minimap", "View", "Minimap", checkable=True),
    ActionSpec("library", "View", "Node library", "Ctrl+L", checkable=True),
    ActionSpec("log", "View", "Log", "Ctrl+J", checkable=True),
    ActionSpec(
        "training", "View", "Training", "Ctrl+M", "training", "Train models and watch them learn", checkable=True
    ),
    ActionSpec("next_tab", "View", "Next workflow", "Ctrl+Tab", also="Ctrl+PgDown"),
    ActionSpec("previous_tab", "View", "Previous workflow", "Ctrl+Shift+Tab", also="Ctrl+PgUp"),
    ActionSpec("tour", "View", "Tour again"),
    ActionSpec("run", "Run", "Run", "Ctrl+Return", "run", "Run the workflow", also="Ctrl+Enter"),
    ActionSpec(
        "run_to", "Run", "Run to here", "Shift+Return", tip="Run what the selected nodes need", canvas_only=True
    ),
    ActionSpec("another_seed", "Run", "Run with another seed", "Ctrl+R", "dice", "Draw new seeds and run"),
    ActionSpec("queue", "Run", "Queue another run", "Ctrl+Shift+Return"),
    ActionSpec("live", "Run", "Live", tip="Run again after each change", checkable=True),
    ActionSpec("cancel", "Run", "Cancel", "Esc", "cancel", "Stop at the next step"),
    ActionSpec("shortcuts", "Help", "Shortcuts", "?"),
)
_MENUS = {
    True: ("paint", "|", "cut", "copy", "paste", "duplicate", "delete", "|", "mute", "bypass", "|", "frame", "run_to"),
    False: ("add", "paste", "note", "|", "tidy", "fit", "|", "run", "another_seed"),
}
"""What the canvas' context menu offers where something is selected, and where nothing is."""
_SEPARATED = ("close", "settings", "quit", "cut", "mute", "align_left", "add", "library", "next_tab", "tour")


def make_actions(window: QMainWindow, canvas: QWidget, handlers: dict[str, Callable[[], object]]) -> dict[str, QAction]:
    """Make every action, connect it to its handler, and fill the window's menus.

    Raises:
        KeyError: An action has no handler.
    """
    menus: dict[str, QMenu] = {}
    made: dict[str, QAction] = {}
    for spec in ACTIONS:
        if spec.menu not in menus:
            menus[spec.menu] = window.menuBar().addMenu(f"&{spec.menu}")
        menu = menus[spec.menu]
        if spec.name in _SEPARATED:
            menu.addSeparator()
        action = QAction(spec.text, window)
        action.setObjectName(spec.name)
        action.setCheckable(spec.checkable)
        if spec.icon:
            action.setIcon(icon(spec.icon))
            action.setIconVisibleInMenu(False)
        if spec.shortcut:
            action.setShortcuts([QKeySequence(keys) for keys in (spec.shortcut, spec.also) if keys])
        if spec.canvas_only:
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            canvas.addAction(action)
        if spec.tip:
            native = QKeySequence(spec.shortcut).toString(QKeySequence.SequenceFormat.NativeText)
            action.setToolTip(f"{spec.tip} ({native})" if native else spec.tip)
        action.triggered.connect(_plain(handlers[spec.name]))
        menu.addAction(action)
        made[spec.name] = action
    return made


def add_recent_menu(after: QAction, fill: Callable[[QMenu], None]) -> QMenu:
    """Put "Open recent" below an action of a menu; `fill` lists the files each time it is shown."""
    (menu,) = (each for each in after.associatedObjects() if isinstance(each, QMenu))
    recent = QMenu("Open recent", menu)
    recent.setToolTipsVisible(True)
    recent.aboutToShow.connect(lambda: fill(recent))
    actions = menu.actions()
    menu.insertMenu(actions[actions.index(after) + 1], recent)
    return recent


def ask_on_canvas(parent: QWidget, actions: dict[str, QAction], at: QPoint, *, selected: bool) -> None:
    """Show the canvas' context menu at a place on the screen and wait for an answer."""
    menu = QMenu(parent)
    for name in _MENUS[selected]:
        if name == "|":
            menu.addSeparator()
        else:
            menu.addAction(actions[name])
    menu.exec(at)
    menu.deleteLater()


def make_toolbar(window: QMainWindow, actions: dict[str, QAction]) -> QToolBar:
    """The toolbar: what runs and cancels at the left, then the file, the history and the view."""
    bar = QToolBar("Toolbar")
    bar.setObjectName("toolbar")
    bar.setMovable(False)
    bar.setFloatable(False)
    bar.setIconSize(QSize(16, 16))
    bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
    bar.setFixedHeight(theme().px("toolbar"))
    for name in ("run", "another_seed", "cancel"):
        button = QToolButton()
        button.setObjectName(name)
        button.setDefaultAction(actions[name])
        if name != "another_seed":
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        if name == "run":
            actions[name].setIcon(icon("run", "on_accent"))
        bar.addWidget(button)
    bar.addSeparator()
    for name in ("new", "open", "save", "|", "undo", "redo", "|", "fit"):
        if name == "|":
            bar.addSeparator()
        else:
            bar.addAction(actions[name])
    stretch = QWidget()
    stretch.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    bar.addWidget(stretch)
    button = QToolButton()
    button.setObjectName("training")
    button.setDefaultAction(actions["training"])
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    bar.addWidget(button)
    window.addToolBar(bar)
    return bar


def _plain(handler: Callable[[], object]) -> Callable[[], None]:
    """Drop Qt's `checked` argument."""

    def call() -> None:
        handler()

    return call
