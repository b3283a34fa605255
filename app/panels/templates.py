"""Templates to start from: cards with a picture, a title and a sentence, in a dialog and on an empty canvas."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QDialog, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from app.document import Document
from app.editor.viewer import LoomViewer
from app.templates import Template, templates
from app.theme import font, pixmap, theme

_WIDTH = 368
_HEIGHTS = (80, 112)
"""Of a card where there is little room, and else."""
_GAP = 12
_MARGIN = 24
_TALLEST = 608
_HEADING = 104


class TemplateCard(QAbstractButton):
    """One template; a click or Return takes it."""

    def __init__(self, template: Template) -> None:
        super().__init__()
        self.template = template
        self._picture = QImage(str(template.thumbnail))
        self.setText(template.title)
        self.setAccessibleDescription(template.sentence)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedSize(_WIDTH, _HEIGHTS[-1])

    def paintEvent(self, event: QPaintEvent) -> None:
        look, painter = theme(), QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        marked = self.underMouse() or self.hasFocus()
        painter.setPen(look.color("accent" if marked else "card_border"))
        painter.setBrush(look.color("hover" if self.underMouse() else "card"))
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), look.px("card_radius"), look.px("card_radius"))
        unit = look.px("unit")
        side = self.height() - 2 * unit
        place = QRect(unit, unit, side, side)
        self._paint_picture(painter, place)
        words = self.rect().adjusted(place.right() + 2 * unit, unit, -unit, -look.px("half"))
        painter.setPen(look.color("text"))
        painter.setFont(font(bold=True))
        painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, self.text())
        painter.setPen(look.color("text_muted"))
        painter.setFont(font("font_card"))
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
        painter.drawText(words.adjusted(0, 20, 0, 0), flags, self.template.sentence)

    def _paint_picture(self, painter: QPainter, place: QRect) -> None:
        look, path = theme(), QPainterPath()
        path.addRoundedRect(place, look.px("radius"), look.px("radius"))
        painter.fillPath(path, look.color("field"))
        if self._picture.isNull():
            painter.drawPixmap(place.center().x() - 11, place.center().y() - 11, pixmap("picture", "text_faint", 24))
            return
        painter.save()
        painter.setClipPath(path)
        side = min(self._picture.width(), self._picture.height())
        middle = QRect(0, 0, side, side)
        middle.moveCenter(self._picture.rect().center())
        painter.drawImage(place, self._picture, middle)
        painter.restore()


class TemplateGrid(QWidget):
    """The cards side by side.

    Attributes:
        cards: One a template.

    Signals:
        chosen(Path): A person wants to start from this file.
    """

    chosen = Signal(object)

    def __init__(self, shown: Sequence[Template], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(_GAP)
        self.cards = [TemplateCard(template) for template in shown]
        for card in self.cards:
            card.clicked.connect(lambda _on=False, path=card.template.path: self.chosen.emit(path))
        self.fit(QSize(2 * _WIDTH + _GAP, 2**15))

    def fit(self, room: QSize) -> None:
        """Lay the cards out in at most two columns within `room`; those that do not fit are left out."""
        columns = 2 if room.width() >= 2 * _WIDTH + _GAP else 1
        rows = -(-len(self.cards) // columns)
        height = next((each for each in reversed(_HEIGHTS) if rows * (each + _GAP) <= room.height()), _HEIGHTS[0])
        most = columns * (room.height() // (height + _GAP))
        for place, card in enumerate(self.cards):
            card.setFixedSize(min(_WIDTH, room.width()), height)
            card.setVisible(place < most)
            self._grid.addWidget(card, place // columns, place % columns)
        self._grid.activate()
        self.updateGeometry()


class TemplateDialog(QDialog):
    """Asks which template to start from.

    Attributes:
        grid: The cards.
        path: The chosen file, or None.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("New from template")
        self.path: Path | None = None
        self.grid = TemplateGrid(templates())
        self.grid.chosen.connect(self._take)
        scrolled = QScrollArea()
        scrolled.setWidget(self.grid)
        scrolled.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        size = self.grid.sizeHint()
        scrolled.setFixedSize(size.width() + _MARGIN, min(size.height(), _TALLEST))  # the bar lies in the margin
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_MARGIN, _MARGIN, 0, _MARGIN)
        layout.addWidget(scrolled)
        layout.setSizeConstraint(QVBoxLayout.SizeConstraint.SetFixedSize)

    def _take(self, path: object) -> None:
        assert isinstance(path, Path)
        self.path = path
        self.accept()


class EmptyCanvas(QWidget):
    """What is in the middle of a canvas without anything on it; made when it is first needed.

    Signals:
        chosen(Path): A person wants to start from this file.
    """

    chosen = Signal(object)

    def __init__(self, document: Document, viewer: LoomViewer) -> None:
        super().__init__(viewer.viewport())  # what this leaves, clicks and drops among it, is then the viewer's
        self._document, self._viewport = document, viewer.viewport()
        self._grid: TemplateGrid | None = None
        self._column = QVBoxLayout(self)
        self._viewport.installEventFilter(self)
        viewer.view_changed.connect(self._settle)
        document.edited.connect(self.refresh)
        document.replaced.connect(self.refresh)
        self.hide()

    def refresh(self, _edit: object = None) -> None:
        """Show it while there is nothing else to see."""
        workflow = self._document.workflow
        empty = not (workflow.nodes or workflow.frames or workflow.notes)
        if empty and self._grid is None:
            self._make()
        self.setVisible(empty)
        self._settle()

    def _make(self) -> None:
        layout = self._column
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(_GAP)
        for words, name in (
            ("Start from a template", "runName"),
            ("Or press Tab to add a node, or drop a workflow or a picture.", "muted"),
        ):
            label = QLabel(words)
            label.setObjectName(name)
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            layout.addWidget(label, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addSpacing(_GAP)
        self._grid = TemplateGrid(templates())
        for card in self._grid.cards:
            card.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Tab belongs to the canvas below
        self._grid.chosen.connect(self.chosen)
        layout.addWidget(self._grid)

    def _settle(self) -> None:
        if not self.isHidden() and self._grid is not None:
            self._grid.fit(self._viewport.size() - QSize(2 * _GAP, _HEADING))
            self._column.invalidate()  # it would ask for the grid's new size only later
            self.adjustSize()
            self.move(self._viewport.rect().center() - self.rect().center())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._settle()
        return False
