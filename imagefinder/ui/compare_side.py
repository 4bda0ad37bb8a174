"""One side of a comparison: a picture, or the place where one can be dropped."""

import os

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QPen
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QStackedLayout, QVBoxLayout, QWidget

from imagefinder.domain.images import Query
from imagefinder.ui import queries, theme, wording
from imagefinder.ui.card import DropCard
from imagefinder.ui.compared import Compared
from imagefinder.ui.labels import ElidedLabel, IconLabel, SubduedLabel
from imagefinder.ui.path_kinds import Kind, Kinds, PathKinds
from imagefinder.ui.zoom_picture import ZoomPicture


class CompareSide(QWidget):
    """``given`` carries the Query of a picture that the person dropped or chose here."""

    given = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self.picture = ZoomPicture()
        self.picture.setMinimumSize(160, 160)
        self.picture.setToolTip(self.tr("The wheel magnifies, + and - magnify both; a double-click shows real pixels."))
        self._invitation = SubduedLabel(self.tr("Drop a picture here, or choose one."))
        self._invitation.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._place = _Place()
        self._empty = True
        self._said = ""
        self._kinds = PathKinds(self)
        inside = QVBoxLayout(self._place)
        inside.setContentsMargins(2 * theme.MARGIN, theme.MARGIN, 2 * theme.MARGIN, theme.MARGIN)
        inside.setSpacing(theme.MARGIN)
        inside.addStretch()
        inside.addWidget(IconLabel("image", 48), 0, Qt.AlignmentFlag.AlignHCenter)
        inside.addWidget(self._invitation)
        inside.addStretch()
        self._name = ElidedLabel(subdued=False)
        self._name.setFont(theme.heading_font(self._name.font()))
        self._facts = ElidedLabel()
        self.choose_button = self._button(self.tr("Choose…"))
        self.open_button = self._button(self.tr("Open"))
        self.reveal_button = self._button(self.tr("Show in folder"))
        self.choose_button.clicked.connect(self._choose)
        self._lay_out()
        self.show_compared(None)

    def show_compared(self, compared: Compared | None) -> None:
        """None where a picture is still to be given."""
        there = compared is not None and compared.path is not None
        name = wording.shown(compared.name) if compared is not None else ""
        self._name.setText(name)
        self._facts.setText("")
        self._empty = compared is None
        self._said = self.tr("Drop a picture here, or choose one.")
        self._show_page(False)
        for button, text in (
            (
                self.choose_button,
                self.tr("Choose another picture than {name}") if name else self.tr("Choose a picture"),
            ),
            (self.open_button, self.tr("Open {name}")),
            (self.reveal_button, self.tr("Show {name} in its folder")),
        ):
            button.setEnabled(there or button is self.choose_button)
            button.setVisible(compared is not None or button is self.choose_button)
            button.setAccessibleName(text.format(name=name))
        if compared is not None:
            self.picture.set_original(compared.size, compared.colour, compared.stand_in)
            self.picture.setAccessibleName(name)
            self._facts.setText(_facts(compared))

    def show_reading(self, name: str) -> None:
        """A picture was given, and is being read."""
        self.show_compared(None)
        self._name.setText(wording.shown(name))
        self._said = self.tr("Reading…")
        self._show_page(False)

    def say(self, text: str) -> None:
        """Why there is no picture, or no sharper one."""
        if self._empty:
            self._said = text
            self._show_page(False)
        else:
            self._facts.setText(text)

    @property
    def said(self) -> str:
        """What stands in place of the picture; "" where there is one."""
        return self._said if self._empty else ""

    @property
    def name(self) -> str:
        return self._name.text()

    def _choose(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, self.tr("Choose a picture to compare"))
        if path:
            self.given.emit(Query(os.path.basename(path), path=path))

    # Drops

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if queries.has_something(event.mimeData()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self._show_page(True)
        else:
            event.ignore()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._show_page(False)
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        self._show_page(False)
        drop = queries.from_mime(event.mimeData())
        if drop is None:
            event.ignore()
            return
        event.setDropAction(Qt.DropAction.CopyAction)  # never Move: the source would delete the original
        event.accept()

        def done(kinds: Kinds) -> None:
            found = queries.told_apart(drop, kinds)
            if found is not None and found.query is not None:
                self.given.emit(found.query)
            elif Kind.SILENT in kinds.values():
                self.say(self.tr("Its drive does not answer."))
            else:
                self.say(self.tr("That is no picture."))

        if drop.paths:
            self._kinds.look(drop.paths, done)
        else:
            done({})

    def _show_page(self, dragging: bool) -> None:
        self._place.set_lit(dragging)
        self._invitation.setText(self.tr("Compare this picture") if dragging else self._said)
        self._pages.setCurrentWidget(self._place if dragging or self._empty else self.picture)

    def _lay_out(self) -> None:
        pages = QWidget()
        self._pages = QStackedLayout(pages)
        self._pages.addWidget(self.picture)
        self._pages.addWidget(self._place)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._name)
        words.addWidget(self._facts)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP)
        row.addLayout(words, 1)
        for button in (self.choose_button, self.open_button, self.reveal_button):
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP)
        column.addWidget(pages, 1)
        column.addLayout(row)

    def _button(self, text: str) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        return button


def _facts(compared: Compared) -> str:
    size = f"{wording.grouped(compared.size.width())} \N{MULTIPLICATION SIGN} {wording.grouped(compared.size.height())}"
    parts = [size, wording.file_size(compared.bytes) if compared.bytes is not None else ""]
    return wording.DOT.join(part for part in parts if part)


class _Place(DropCard):
    """Its outline is in the highlight colour while something that fits is dragged over it."""

    _lit = False

    def set_lit(self, lit: bool) -> None:
        self._lit = lit
        self.update()

    def border(self) -> QPen:
        pen = super().border()
        if self._lit:
            pen.setColor(self.palette().highlight().color())
            pen.setWidth(2)
        return pen
