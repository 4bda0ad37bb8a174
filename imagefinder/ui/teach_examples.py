"""What searches find: a few photos, each with its nearest others, once or side by side."""

from collections.abc import Sequence
from functools import partial
from os.path import basename

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from imagefinder.domain.training import Example, LabelledPhoto
from imagefinder.ui import theme, wording
from imagefinder.ui.labels import IconLabel, SubduedLabel
from imagefinder.ui.teach_pictures import PathPictures
from imagefinder.ui.teach_tile import AnswerTile

SIDE = 56
ARROW = 16
BETWEEN = 2 * theme.MARGIN
"""Two searches in one line."""


class ExampleGrid(QScrollArea):
    """``path_chosen`` carries the path of a picture that was pressed. ``who`` tells its wishes for pictures apart."""

    path_chosen = Signal(object)

    def __init__(self, pictures: PathPictures, who: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self._who = who
        self._tiles: dict[str, list[AnswerTile]] = {}
        self._rows: list[QWidget] = []
        self._across = 0
        self._width = 1
        self._shown: tuple[object, ...] = ()
        pictures.arrived.connect(self._on_arrived)
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setMinimumHeight(SIDE + theme.GAP)

    def show_examples(self, examples: Sequence[Example]) -> None:
        """What is looked for, then what is found at the moment; as many in a line as there is room for."""
        if not self._is_new(examples):
            return
        self._begin()
        for example in examples:
            parts = [self._tile(example.query, None), _arrow(), *self._answers(example)]
            self._rows.append(_line(parts))
        self._finish()

    def show_both(self, before: Sequence[Example], after: Sequence[Example]) -> None:
        """The same searches before and after, in one line each."""
        if not self._is_new((*before, *after)):
            return
        self._begin()
        later = {example.query.path: example for example in after}
        for example in before:
            if example.query.path in later:
                parts = [
                    self._tile(example.query, None),
                    _arrow(),
                    *self._answers(example),
                    _arrow(),
                    *self._answers(later[example.query.path]),
                ]
                self._rows.append(_line(parts))
        head = None
        if self._rows:
            head = QWidget()
            head.setFixedHeight(self.fontMetrics().lineSpacing() + theme.GRID)
            first = SubduedLabel(self.tr("Looked for"), head)
            step = SIDE + theme.GRID
            answers = len(before[0].nearest)
            first.move(0, 0)
            SubduedLabel(self.tr("Found before"), head).move(step + ARROW + theme.GRID, 0)
            SubduedLabel(self.tr("Found now"), head).move((1 + answers) * step + 2 * (ARROW + theme.GRID), 0)
        self._finish(head)

    def tiles(self) -> list[AnswerTile]:
        return [tile for tiles in self._tiles.values() for tile in tiles]

    def sizeHint(self) -> QSize:
        return QSize(2 * self._width + theme.MARGIN, 3 * (SIDE + theme.GAP))

    def content_height(self) -> int:
        """What all lines need at the present width."""
        lines = -(-len(self._rows) // max(1, self._across))
        return lines * (SIDE + theme.GAP)

    def _is_new(self, examples: Sequence[Example]) -> bool:
        new = tuple(examples) != self._shown
        self._shown = tuple(examples)
        return new

    def _begin(self) -> None:
        self._tiles = {}
        self._rows = []

    def _finish(self, head: QWidget | None = None) -> None:
        inside = QWidget()
        inside.setAutoFillBackground(False)
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        if head is not None:
            column.addWidget(head)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(BETWEEN)
        self._grid.setVerticalSpacing(theme.GAP)
        column.addLayout(self._grid)
        column.addStretch()
        self._width = max((row.sizeHint().width() for row in self._rows), default=1)
        self._across = 0
        self._place()
        place = self.verticalScrollBar().value()
        self.setWidget(inside)
        self.viewport().setAutoFillBackground(False)
        self.verticalScrollBar().setValue(place)
        self._pictures.want(self._who, self._tiles)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        across = max(1, (self.viewport().width() + BETWEEN) // (self._width + BETWEEN))
        if across == self._across or not self._rows:
            return
        self._across = across
        for number, row in enumerate(self._rows):
            self._grid.addWidget(row, number // across, number % across, Qt.AlignmentFlag.AlignLeft)
        self._grid.setColumnStretch(across, 1)

    def _answers(self, example: Example) -> list[QWidget]:
        return [self._tile(photo, photo.label == example.query.label) for photo in example.nearest]

    def _tile(self, photo: LabelledPhoto, right: bool | None) -> AnswerTile:
        said = {None: self.tr("looked for"), True: self.tr("right"), False: self.tr("wrong")}[right]
        name = f"{wording.shown(photo.label)}, {said}: {wording.shown(basename(photo.path))}"
        tile = AnswerTile(SIDE, name, right)
        tile.show_picture(self._pictures.get(photo.path))
        tile.clicked.connect(partial(self.path_chosen.emit, photo.path))
        self._tiles.setdefault(photo.path, []).append(tile)
        return tile

    def _on_arrived(self, path: str) -> None:
        for tile in self._tiles.get(path, ()):
            tile.show_picture(self._pictures.get(path))


def _arrow() -> QWidget:
    return IconLabel("arrow-right", ARROW)


def _line(parts: Sequence[QWidget]) -> QWidget:
    whole = QWidget()
    row = QHBoxLayout(whole)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(theme.GRID)
    for part in parts:
        row.addWidget(part, 0, Qt.AlignmentFlag.AlignVCenter)
    return whole
