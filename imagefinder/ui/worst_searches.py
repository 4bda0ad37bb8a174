"""The searches that went worst: what was looked for, and the wrong photos that came first."""

from collections.abc import Callable, Hashable, Sequence
from functools import partial
from os.path import basename

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from imagefinder.domain.evaluation import WorstQuery
from imagefinder.domain.images import Pixels
from imagefinder.ui import theme, wording
from imagefinder.ui.labels import IconLabel, SubduedLabel
from imagefinder.ui.pixel_jobs import Job, PixelJobs
from imagefinder.ui.tile import Tile

SIDE = 104


class WorstSearches(QScrollArea):
    """A line for each search. ``path_chosen`` carries the path of a picture that was pressed.

    ``load(path, width, height)`` runs in a worker thread. Call ``stop()`` at the end.
    """

    path_chosen = Signal(object)

    def __init__(self, load: Callable[[str, int, int], Pixels], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._load = load
        self._tiles: dict[str, list[Tile]] = {}
        self._made: dict[str, QPixmap] = {}
        self._jobs = PixelJobs(1, self)
        self._jobs.done.connect(self._on_done)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setAccessibleName(self.tr("The searches that went worst"))

    def show_queries(self, queries: Sequence[WorstQuery]) -> None:
        self._tiles = {}
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, theme.GAP, 0, theme.GAP)
        column.setSpacing(theme.GAP)
        explanation = self.tr(
            "On the left what was looked for, with the order of its answers: 100 where all right photos come first. "
            "Then the wrong photos that came first, with their similarity."
        )
        column.addWidget(SubduedLabel(explanation))
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.GAP)
        grid.setVerticalSpacing(theme.MARGIN)
        for row, query in enumerate(queries):
            self._add_row(grid, row, query)
        grid.setColumnStretch(2 + max((len(query.wrong) for query in queries), default=0), 1)
        column.addLayout(grid)
        if not queries:
            column.addWidget(QLabel(self.tr("There is none.")))
        column.addStretch()
        self.setWidget(inside)
        self.viewport().setAutoFillBackground(False)
        inside.setAutoFillBackground(False)
        side = round(SIDE * self.devicePixelRatioF())
        self._jobs.want(
            Job(path, partial(self._load, path, side, side), side) for path in self._tiles if path not in self._made
        )

    def stop(self) -> None:
        self._jobs.close()

    def tiles(self) -> list[Tile]:
        return [tile for tiles in self._tiles.values() for tile in tiles]

    def _add_row(self, grid: QGridLayout, row: int, query: WorstQuery) -> None:
        top = Qt.AlignmentFlag.AlignTop
        score = self.tr("order {score} of 100").format(score=round(100 * query.average_precision))
        grid.addWidget(self._tile(query.path, query.label, score), row, 0, top)
        arrow = IconLabel("arrow-right", 20)
        holder = QWidget()
        holder.setFixedSize(20, SIDE)
        arrow.setParent(holder)
        arrow.move(0, (SIDE - 20) // 2)
        grid.addWidget(holder, row, 1, top)
        for place, wrong in enumerate(query.wrong):
            says = str(max(0, round(100 * wrong.similarity)))
            grid.addWidget(self._tile(wrong.path, wrong.label, says), row, 2 + place, top)

    def _tile(self, path: str, label: str, says: str) -> Tile:
        name = f"{wording.shown(label)}, {says}: {wording.shown(basename(path))}"
        tile = Tile(SIDE, name, (wording.shown(label), says))
        tile.show_picture(self._made.get(path))
        tile.clicked.connect(partial(self.path_chosen.emit, path))
        self._tiles.setdefault(path, []).append(tile)
        return tile

    def _on_done(self, key: Hashable, image: QImage, reason: str) -> None:
        path = str(key)
        if image.isNull():
            return
        self._made[path] = QPixmap.fromImage(image)
        for tile in self._tiles.get(path, ()):
            tile.show_picture(self._made[path])
