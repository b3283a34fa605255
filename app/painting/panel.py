"""The painter: tools at the left, the brush's settings above, the easel in the middle."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QActionGroup, QColor, QIcon, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
    QWidgetAction,
)

from app.painting import tools
from app.painting.boxes import BoxTool, read_boxes, write_boxes
from app.painting.commands import Commands
from app.painting.easel import Easel
from app.painting.notice import Notice
from app.painting.options_bar import OptionsBar
from app.painting.session import PaintSession
from app.painting.surface import VIEWS, View, class_color, map_colors, mask_colors
from app.painting.tools import BrushTool, FillTool, PaintOptions, PolygonTool, ShapeTool, Tool
from app.panels.widgets import forget_hover, panel_header, small_button
from app.theme import category_dot

TOOLS = (
    ("brush", "brush", "Brush", "B", "right button erases, Shift draws straight on"),
    ("eraser", "eraser", "Eraser", "E", "takes paint away"),
    ("rectangle", "rectangle", "Rectangle", "R", "Shift: square"),
    ("ellipse", "ellipse", "Ellipse", "O", "Shift: circle"),
    ("lasso", "lasso", "Lasso", "L", "draw around what to paint"),
    ("polygon", "polygon", "Polygon", "P", "click corners; Enter or the first corner closes"),
    ("fill", "bucket", "Fill", "G", "what is connected and alike in the picture"),
)
COLORS = {"Red": "#F25C5C", "Green": "#58C878", "Blue": "#5C8CF2", "Yellow": "#F2D25C", "Magenta": "#E05CF2"}
_VIEW_WORDS: dict[View, str] = {"overlay": "Mask over the picture", "mask": "Mask alone", "result": "What is kept"}


class PaintPanel(QWidget):
    """The painter of a session.

    Attributes:
        easel: Where it is painted.
        options: The brush.
        bar: Its settings.
        notice: What must be decided first.
        commands: What is done to the whole.
        classes: The class that is painted on a map.
        tool_buttons: By the tool's name.
        full_screen: The button for the full screen.

    Signals:
        full_screen_asked(): Fill the screen, or go back.
        close_asked(): Stop painting.
        run_asked(): Run, to see what comes of it.
    """

    full_screen_asked = Signal()
    close_asked = Signal()
    run_asked = Signal()

    def __init__(self, session: PaintSession) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        self._session = session
        self.options, self.notice = PaintOptions(), Notice()
        self._boxes = BoxTool(session.surface, self.options)
        self._tools = self._make_tools()
        self.easel = Easel(session.surface, self._tools["brush"])
        self.bar = OptionsBar(self.options)
        self.commands = Commands(session, self.notice, self)
        self.classes = QComboBox()
        self.classes.setAccessibleName("Class to paint")
        self.classes.currentIndexChanged.connect(self._take_class)
        self.tool_buttons: dict[str, QToolButton] = {}
        self._view: View = "overlay"
        self._color = QColor(COLORS["Red"])
        self._title = QLabel("")
        self._title.setObjectName("help")
        self._where, self._zoom = QLabel(""), QLabel("")
        self._compose()
        self._connect()
        self.choose("brush")
        self.show_session()

    @property
    def tool(self) -> str:
        """Name of the chosen tool."""
        return next(name for name, button in self.tool_buttons.items() if button.isChecked())

    def choose(self, tool: str) -> None:
        """Take a tool."""
        self.tool_buttons[tool].setChecked(True)
        self.easel.set_tool(self._tools[tool])
        self.bar.show_for(tool, labels=self._session.surface.label is not None)

    def look(self, view: View | None = None, color: str | None = None) -> None:
        """Look at the mask in another way, or in another colour."""
        self._view = view or self._view
        self._color = QColor(color) if color else self._color
        masks = self._session.surface.label is None
        self._session.surface.set_colors(mask_colors(self._view, self._color) if masks else map_colors(self._view))

    def show_session(self) -> None:
        """Show what is painted now, and ask what to do where sizes differ."""
        session = self._session
        self.easel.set_picture(session.picture if session.mismatch is None else None)
        self.easel.setEnabled(session.ready)
        self.look()
        surface = session.surface
        if session.ready:
            self.bar.suit(surface.width, surface.height)
        self._show_classes()
        self._show_tools()
        self._title.setText(f"{surface.width} × {surface.height}" if session.ready else "")
        if session.mismatch is None:
            self.notice.dismiss()
            return
        mask, picture = (f"{width} × {height}" for width, height in session.mismatch)
        self.notice.ask(
            f"What is painted is {mask} pixels, the picture {picture}. Nothing is scaled unless you say so.",
            [
                ("Scale the mask", session.scale_to_picture),
                ("Start with an empty mask", session.start_over),
                ("Leave it", lambda: None),
            ],
        )

    def _show_tools(self) -> None:
        """Offer the tools for what is painted."""
        boxes = self._session.draws_boxes
        for button in self.tool_buttons.values():
            button.setVisible(not boxes)
        self.bar.setVisible(not boxes)
        tool = self._boxes if boxes else self._tools[self.tool]
        if self.easel.tool is not tool:
            self.easel.set_tool(tool)
        self.bar.show_for(self.tool, labels=self._session.surface.label is not None)

    def _show_boxes(self, text: str) -> None:
        if not self._boxes.busy:
            self._boxes.boxes = read_boxes(text)
            if self._boxes.chosen is not None and self._boxes.chosen >= len(self._boxes.boxes):
                self._boxes.chosen = None
        self.easel.update()

    def _name_box(self, label: str) -> None:
        if self._session.draws_boxes and label.strip() and self._boxes.rename(label.strip()):
            self._commit()

    def _commit(self) -> None:
        if self._session.draws_boxes:
            self._session.commit_boxes(write_boxes(self._boxes.boxes))
        else:
            self._session.commit()

    def _show_classes(self) -> None:
        """Offer the classes of a map, each in its colour."""
        classes = self._session.target.classes if self._session.target is not None else ()
        self.classes.setVisible(bool(classes))
        self.classes.setEditable(self._session.draws_boxes)
        self._boxes.classes = classes
        if [self.classes.itemText(index) for index in range(self.classes.count())] != list(classes):
            self.classes.clear()
            for label, name in enumerate(classes):
                self.classes.addItem(QIcon(category_dot(class_color(label))), name)
            self.classes.setCurrentIndex(min(1, len(classes) - 1))
        self._take_class(self.classes.currentIndex())

    def _take_class(self, label: int) -> None:
        if self._session.surface.label is not None and label >= 0:
            self._session.surface.label = label

    def set_title(self, text: str) -> None:
        """Name what is painted."""
        self._heading.setText(text)

    def _clicked(self, tool: str, _checked: bool = False) -> None:
        self.choose(tool)

    def _make_tools(self) -> dict[str, Tool]:
        surface, options = self._session.surface, self.options
        return {
            "brush": BrushTool(surface, options),
            "eraser": BrushTool(surface, options, eraser=True),
            "rectangle": ShapeTool(surface, options, tools.rectangle),
            "ellipse": ShapeTool(surface, options, tools.ellipse),
            "lasso": ShapeTool(surface, options, tools.polygon),
            "polygon": PolygonTool(surface, options),
            "fill": FillTool(surface, options, lambda: self.easel.picture),
            "boxes": self._boxes,
        }

    def _compose(self) -> None:
        run = small_button("run", "Run and look (Ctrl+Return)", self.run_asked.emit)
        fit = small_button("fit", "Show all (F)", self.easel.fit)
        self.full_screen = small_button("full_screen", "Full screen (F11)", self.full_screen_asked.emit)
        close = small_button("close", "Close the painter", self.close_asked.emit)
        header = panel_header("PAINT", self._title, self._menu_button(), run, fit, self.full_screen, close)
        heading = header.findChild(QLabel, "panelTitle")
        assert isinstance(heading, QLabel)
        self._heading = heading
        strip = QVBoxLayout()
        strip.setSpacing(2)
        group = QButtonGroup(self)
        for name, picture, words, key, help in TOOLS:
            button = small_button(picture, f"{words} ({key}): {help}")
            button.setCheckable(True)
            button.clicked.connect(partial(self._clicked, name))
            group.addButton(button)
            strip.addWidget(button)
            self.tool_buttons[name] = button
        strip.addStretch(1)
        middle = QHBoxLayout()
        middle.setContentsMargins(8, 0, 8, 0)
        middle.setSpacing(6)
        middle.addLayout(strip)
        middle.addWidget(self.easel, 1)
        foot = QHBoxLayout()
        foot.setContentsMargins(12, 4, 12, 6)
        for label in (self._where, self._zoom):
            label.setObjectName("help")
        foot.addWidget(self._where, 1)
        foot.addWidget(self._zoom)
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 0, 8, 6)
        bar.addWidget(self.classes)
        bar.addWidget(self.bar)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(header)
        layout.addLayout(bar)
        layout.addWidget(self.notice)
        layout.addLayout(middle, 1)
        layout.addLayout(foot)

    def _menu_button(self) -> QToolButton:
        button = small_button("more", "Edit the mask, files, view")
        menu = QMenu(button)
        act = self.commands
        self._add(menu, "Invert", act.invert, "Ctrl+I")
        self._add(menu, "Clear", act.clear, "Shift+Del")
        self._add(menu, "Paint everything", act.fill)
        menu.addSeparator()
        menu.addAction(self._edge_field(menu))
        for words, slot in (("Grow", act.grow), ("Shrink", act.shrink), ("Feather", act.feather)):
            self._add(menu, words, slot)
        menu.addSeparator()
        self._add(menu, "Import a mask…", act.ask_import)
        self._add(menu, "Export the mask…", act.ask_export)
        self._add(menu, "Export the picture, painted parts see-through…", lambda: act.ask_export(alpha=True))
        self._add(menu, "Copy the mask", act.copy, "Ctrl+C")
        self._add(menu, "Paste as mask", act.paste, "Ctrl+V")
        menu.addSeparator()
        group = QActionGroup(menu)
        for view in VIEWS:
            action = self._add(menu, _VIEW_WORDS[view], partial(self.look, view))
            action.setCheckable(True)
            action.setChecked(view == self._view)
            group.addAction(action)
        colors = menu.addMenu("Colour")
        for words, color in COLORS.items():
            action = self._add(colors, words, partial(self.look, None, color))
            action.setIcon(category_dot(QColor(color)))
        menu.aboutToHide.connect(lambda: QTimer.singleShot(0, button, lambda: forget_hover(button)))
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        return button

    def _add(self, menu: QMenu, words: str, slot: Callable[[], object], key: str = "") -> QAction:
        action = menu.addAction(words)
        action.triggered.connect(lambda _=False: slot())
        if key:
            action.setShortcut(QKeySequence(key))
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            self.addAction(action)
        return action

    def _edge_field(self, menu: QMenu) -> QWidgetAction:
        field = QSpinBox()
        field.setRange(1, 512)
        field.setValue(self.commands.edge)
        field.setPrefix("Edge by ")
        field.setSuffix(" px")
        field.valueChanged.connect(lambda value: setattr(self.commands, "edge", value))
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(16, 4, 16, 4)
        row.addWidget(field)
        action = QWidgetAction(menu)
        action.setDefaultWidget(holder)
        return action

    def _connect(self) -> None:
        self._session.changed.connect(self.show_session)
        self._session.boxes_changed.connect(self._show_boxes)
        self.classes.currentTextChanged.connect(self._name_box)
        self.easel.stroked.connect(self._commit)
        self.easel.pointed.connect(self._point)
        self.easel.zoomed.connect(lambda scale: self._zoom.setText(percent(scale)))
        self.easel.size_asked.connect(self.bar.scale_size)
        self.bar.changed.connect(self.easel.update)
        keys: dict[str, Callable[[], object]] = {key: partial(self.choose, name) for name, _, _, key, _ in TOOLS}
        keys |= {
            "[": lambda: self.bar.scale_size(1 / 1.15),
            "]": lambda: self.bar.scale_size(1.15),
            "F": self.easel.fit,
            "1": lambda: self.easel.zoom_to(1.0),
            "F11": self.full_screen_asked.emit,
        }
        for key, slot in keys.items():
            shortcut = QShortcut(QKeySequence(key), self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(slot)

    def _point(self, place: QPointF) -> None:
        x, y = int(place.x() // 1), int(place.y() // 1)
        surface = self._session.surface
        if 0 <= x < surface.width and 0 <= y < surface.height:
            value = int(surface.pixels[y, x])
            said = f"{value / 255:.0%}" if surface.label is None else f"class {value}"
            self._where.setText(f"{x}, {y} · {said}")
        else:
            self._where.setText("")


def percent(scale: float) -> str:
    """A zoom in words, with two digits at least and no exponent."""
    return f"{scale * 100:.0f} %" if scale >= 0.1 else f"{scale * 100:.1f} %"
