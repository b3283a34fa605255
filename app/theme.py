"""Look of the window: named colours and lengths from one file, applied to Qt as palette, font and style sheet."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from PySide6.QtCore import QByteArray, QRectF, QStandardPaths, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QImage, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

RESOURCES = Path(__file__).resolve().parent.parent / "resources"
_FAMILIES = ("Inter", "Segoe UI", "SF Pro Text", "Cantarell", "Noto Sans", "DejaVu Sans")


@dataclass(frozen=True)
class PortStyle:
    """Colour and shape ("circle", "square" or "diamond") of a port type."""

    color: QColor
    shape: str


@dataclass(frozen=True)
class Theme:
    """Named colours and lengths (pixels).

    Attributes:
        name: Shown to people.
        colors: Name to "#rrggbb".
        metrics: Name to pixels.
        ports: Port type's class name to colour and shape; holds "Default".
        categories: First word of a node's category to a colour; holds "Default".
        runs: Colours of the training runs that are compared, in their order.
    """

    name: str
    colors: Mapping[str, str]
    metrics: Mapping[str, int]
    ports: Mapping[str, PortStyle]
    categories: Mapping[str, str]
    runs: tuple[str, ...]

    def color(self, name: str, alpha: int = 255) -> QColor:
        """The named colour with an opacity of 0 to 255; an unknown name raises KeyError."""
        color = QColor(self.colors[name])
        color.setAlpha(alpha)
        return color

    def px(self, name: str) -> int:
        """The named length in pixels; an unknown name raises KeyError."""
        return self.metrics[name]

    def port(self, kinds: Iterable[str]) -> PortStyle:
        """Style of the first known class name in `kinds` (a type, then its bases)."""
        return next((self.ports[kind] for kind in kinds if kind in self.ports), self.ports["Default"])

    def category(self, category: str) -> QColor:
        """Stripe colour of a category such as "Sample" or "Image/Filter"."""
        first = category.replace("/", " ").split(" ")[0]
        return QColor(self.categories.get(first, self.categories["Default"]))


_chosen = ["dark"]


def choose_theme(name: str) -> None:
    """Use the theme of this file name from now on; before any widget is made, which would keep its colours."""
    _chosen[0] = name
    for cached in (theme, icon, _renderer):
        cached.cache_clear()


@functools.cache
def theme() -> Theme:
    """The theme in use, read once from resources/themes."""
    raw = _read_theme(_chosen[0])
    base = _read_theme(raw["base"]) if "base" in raw else raw
    shade = raw.get("shade", 100)
    ports = {name: PortStyle(QColor(color).darker(shade), shape) for name, (color, shape) in base["ports"].items()}
    categories = {name: QColor(color).darker(shade).name() for name, color in base["categories"].items()}
    runs = tuple(QColor(color).darker(shade).name() for color in base["runs"]["colors"])
    return Theme(raw["name"], raw["colors"], base["metrics"], ports, categories, runs)


def _read_theme(name: str) -> dict[str, Any]:
    return tomllib.loads((RESOURCES / "themes" / f"{name}.toml").read_text(encoding="utf-8"))


def font(size: str = "font", *, bold: bool = False) -> QFont:
    """System sans font at a named size of the theme."""
    base = QFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont))
    base.setFamilies([base.family(), *_FAMILIES])
    base.setPixelSize(theme().px(size))
    base.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    return base


def pixmap(name: str, color: str = "text", size: int = 16, ratio: float = 2.0) -> QPixmap:
    """Icon `name` of resources/icons drawn in a theme colour, `size` logical pixels wide."""
    side = round(size * ratio)
    image = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    paint_icon(painter, QRectF(0, 0, side, side), name, color)
    painter.end()
    result = QPixmap.fromImage(image)
    result.setDevicePixelRatio(ratio)
    return result


def paint_icon(painter: QPainter, box: QRectF, name: str, color: str) -> None:
    """Draw icon `name` in a theme colour into a square, sharp at any scale."""
    _renderer(name, color).render(painter, box)


@functools.cache
def _renderer(name: str, color: str) -> QSvgRenderer:
    text = (RESOURCES / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    return QSvgRenderer(QByteArray(text.replace("currentColor", theme().colors[color]).encode()))


def category_dot(color: QColor) -> QPixmap:
    """A small disc in a category's colour."""
    dot = QPixmap(32, 32)
    dot.fill(Qt.GlobalColor.transparent)
    painter = QPainter(dot)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawEllipse(8, 8, 16, 16)
    painter.end()
    return dot


@functools.cache
def icon(name: str, color: str = "text") -> QIcon:
    """Icon `name` in a theme colour, faint when disabled."""
    result = QIcon()
    result.addPixmap(pixmap(name, color), QIcon.Mode.Normal)
    result.addPixmap(pixmap(name, "text_faint"), QIcon.Mode.Disabled)
    return result


def apply_theme(application: QApplication) -> None:
    """Set Fusion, an explicit palette, the font and the style sheet: the platform's own dark hint is not enough."""
    application.setStyle("Fusion")
    application.setPalette(_palette())
    application.setFont(font())
    application.setStyleSheet(_style_sheet())


def _palette() -> QPalette:
    roles = {
        QPalette.ColorRole.Window: "window",
        QPalette.ColorRole.WindowText: "text",
        QPalette.ColorRole.Base: "field",
        QPalette.ColorRole.AlternateBase: "panel",
        QPalette.ColorRole.ToolTipBase: "card_header",
        QPalette.ColorRole.ToolTipText: "text",
        QPalette.ColorRole.PlaceholderText: "text_faint",
        QPalette.ColorRole.Text: "text",
        QPalette.ColorRole.Button: "hover",
        QPalette.ColorRole.ButtonText: "text",
        QPalette.ColorRole.BrightText: "danger",
        QPalette.ColorRole.Highlight: "selection",
        QPalette.ColorRole.HighlightedText: "text",
        QPalette.ColorRole.Link: "accent",
        QPalette.ColorRole.Mid: "card_border",
        QPalette.ColorRole.Dark: "separator",
        QPalette.ColorRole.Light: "pressed",
    }
    palette = QPalette()
    for role, name in roles.items():
        palette.setColor(role, theme().color(name))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, theme().color("text_faint"))
    return palette


def _style_sheet() -> str:
    names: dict[str, object] = {**theme().colors, **theme().metrics}
    icons = {"up": "text_muted", "down": "text_muted", "close": "text_muted", "parent": "text", "check": "on_accent"}
    for name, color in icons.items():
        names[f"icon_{name}"] = _icon_file(name, color)
    return Template((RESOURCES / "themes" / "dark.qss").read_text(encoding="utf-8")).substitute(names)


def _icon_file(name: str, color: str) -> str:
    """A style sheet takes pictures only from files: write the coloured icon to the cache folder once."""
    folder = Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericCacheLocation)) / "latent-loom"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{theme().colors[color].lstrip('#')}.png"
    if not path.exists():
        pixmap(name, color, 16, 2.0).save(str(path))
    return path.as_posix()
