"""The painter: tools at the left, the brush's settings above, the easel in the middle."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.painting.boxes import BoxTool, read_boxes, write_boxes
from app.painting.candidate_strip import CandidateStrip
from app.painting.class_choice import ClassChoice
from app.painting.commands import Commands
from app.painting.easel import Easel
from app.painting.mask_menu import MaskMenu
from app.painting.notice import Notice
from app.painting.options_bar import OptionsBar
from app.painting.palette import Palette
from app.painting.session import PaintSession
from app.painting.surface import map_colors, mask_colors, sketch_colors
from app.painting.toolbox import TOOLS, Toolbox, make_tools
from app.painting.tools import PaintOptions, Tool
from app.panels.widgets import panel_header, small_button, wrapped_label

_BOX_HINT = "Shift draws within a box, the right button removes one."


class PaintPanel(QWidget):
    """The painter of a session.

    Attributes:
        easel: Where it is painted.
        options: The brush.
        bar: Its settings.
        toolbox: The tools' buttons.
        menu: What else can be done, and how the painting is looked at.
        notice: What must be decided first.
        commands: What is done to the whole.
        classes: The class that is painted on a map.
        colors: The colour that is painted on a sketch.
        strip: The candidates.
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
        self.options, self.notice, self.toolbox = PaintOptions(), Notice(), Toolbox()
        self.classes, self.colors, self.strip = ClassChoice(), Palette(), CandidateStrip()
        self._boxes = BoxTool(session.surface, self.options, self.classes.show_class)
        self.easel = Easel(session.surface, Tool(session.surface, self.options))
        self._tools = make_tools(session.surface, self.options, self.easel, self._take_color)
        self.bar = OptionsBar(self.options)
        self.commands = Commands(session, self.notice, self)
        self.menu = MaskMenu(self.commands, self)
        self._hint = wrapped_label(_BOX_HINT, "help")
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
        return self.toolbox.tool

    def choose(self, tool: str) -> None:
        """Take a tool."""
        self.toolbox.show_tool(tool)
        self.easel.set_tool(self._tools[tool])
        self.bar.show_for(tool, labels=self._session.surface.label is not None)

    def show_look(self) -> None:
        """Look at the painting as the menu says."""
        session = self._session
        if session.sketches:
            colors = sketch_colors(session.palette)
        elif session.surface.label is not None:
            colors = map_colors(self.menu.view if session.picture is not None else "mask")
        else:
            colors = mask_colors(self.menu.view, self.menu.color)
        session.surface.set_colors(colors)

    def show_session(self) -> None:
        """Show what is painted now, and ask what to do where sizes differ."""
        session = self._session
        self.easel.set_picture(session.picture if session.mismatch is None else None)
        self.easel.setEnabled(session.ready)
        if session.target is not None:
            self.menu.suit(session.target.widget, over_picture=session.picture is not None)
        self.show_look()
        surface = session.surface
        if session.ready:
            self.bar.suit(surface.width, surface.height)
        self._show_classes()
        self._show_tools()
        sized = session.ready and not session.draws_boxes  # boxes are shares of a picture of any size
        self._title.setText(f"{surface.width} × {surface.height}" if sized else "")
        if session.mismatch is None:
            self.notice.dismiss()
            return
        mask, picture = (f"{width} × {height}" for width, height in session.mismatch)
        self.notice.ask(
            f"What is painted is {mask} pixels, the picture {picture}. Nothing is scaled unless you say so.",
            [
                ("Scale what is painted", session.scale_to_picture),
                ("Start anew", session.start_over),
                ("Leave it", lambda: None),
            ],
        )

    def _show_tools(self) -> None:
        """Offer the tools for what is painted."""
        boxes = self._session.draws_boxes
        if self.tool == "picker" and not self._session.sketches:
            self.choose("brush")
        self.toolbox.setVisible(not boxes)
        self.bar.setVisible(not boxes)
        self._hint.setVisible(boxes)
        tool = self._boxes if boxes else self._tools[self.tool]
        if self.easel.tool is not tool:
            self.easel.set_tool(tool)
        self.bar.show_for(self.tool, labels=self._session.surface.label is not None)

    def _show_boxes(self, text: str) -> None:
        if not self._boxes.busy:
            self._boxes.show(read_boxes(text))
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
        session = self._session
        classes = session.target.classes if session.target is not None and not session.sketches else ()
        self.colors.setVisible(session.sketches)
        self.toolbox.offer_picker(session.sketches)
        if session.sketches:
            self.colors.offer(session.palette, (session.surface.label or 1) - 1)
        self._boxes.classes = classes
        self._boxes.leave()  # or it would be renamed now
        self.classes.offer(classes, free=self._session.draws_boxes)
        if not session.sketches:
            self._take_class(self.classes.currentIndex())

    def _class_name(self, label: int) -> str:
        classes = self._session.target.classes if self._session.target is not None else ()
        return classes[label] if label < len(classes) else f"class {label}"

    def _take_class(self, label: int) -> None:
        if self._session.surface.label is not None and label >= 0:
            self._session.surface.label = label

    def _take_color(self, color: QColor) -> None:
        if self._session.sketches:
            self._session.take_color(color.name())
            if self.tool == "picker":
                self.choose("brush")

    def set_title(self, text: str) -> None:
        """Name what is painted."""
        self._heading.setText(text)

    def _compose(self) -> None:
        run = small_button("run", "Run and look (Ctrl+Return)", self.run_asked.emit)
        fit = small_button("fit", "Show all (F)", self.easel.fit)
        self.full_screen = small_button("full_screen", "Full screen (F11)", self.full_screen_asked.emit)
        close = small_button("close", "Close the painter", self.close_asked.emit)
        header = panel_header("PAINT", self._title, self.menu, run, fit, self.full_screen, close)
        heading = header.findChild(QLabel, "panelTitle")
        assert isinstance(heading, QLabel)
        self._heading = heading
        middle = QHBoxLayout()
        middle.setContentsMargins(8, 0, 8, 0)
        middle.setSpacing(6)
        middle.addWidget(self.toolbox)
        middle.addWidget(self.easel, 1)
        foot = QHBoxLayout()
        foot.setContentsMargins(12, 4, 12, 6)
        for label in (self._where, self._zoom):
            label.setObjectName("help")
        foot.addWidget(self._where, 1)
        foot.addWidget(self._zoom)
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 0, 8, 6)
        bar.setSpacing(8)
        bar.addWidget(self.classes)
        bar.addWidget(self.bar)
        bar.addWidget(self._hint, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(header)
        layout.addLayout(bar)
        layout.addWidget(self.colors)
        layout.addWidget(self.notice)
        layout.addLayout(middle, 1)
        layout.addWidget(self.strip)
        layout.addLayout(foot)

    def _connect(self) -> None:
        self._session.changed.connect(self.show_session)
        self.toolbox.chosen.connect(self.choose)
        self.menu.look_changed.connect(self.show_look)
        self.classes.currentIndexChanged.connect(self._take_class)
        self._session.boxes_changed.connect(self._show_boxes)
        self.colors.mixed.connect(self._take_color)
        self.colors.chosen.connect(lambda index: self._session.take_color(self._session.palette[index]))
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
            said = f"{value / 255:.0%}" if surface.label is None else self._class_name(value)
            if self._session.sketches:
                palette = self._session.palette
                said = palette[value - 1] if 0 < value <= len(palette) else "not painted"
            share = f"{place.x() / surface.width:.2f}, {place.y() / surface.height:.2f}"
            self._where.setText(share if self._session.draws_boxes else f"{x}, {y} · {said}")
        else:
            self._where.setText("")


def percent(scale: float) -> str:
    """A zoom in words, with two digits at least and no exponent."""
    return f"{scale * 100:.0f} %" if scale >= 0.1 else f"{scale * 100:.1f} %"
