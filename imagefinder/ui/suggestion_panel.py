"""What the picture that is looked for is probably called, and the photos that say so."""

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from imagefinder.domain.images import Photo
from imagefinder.domain.labels import LabelVote
from imagefinder.ui import label_wording, theme, wording
from imagefinder.ui.thumbnail_loader import ThumbnailLoader
from imagefinder.ui.tile import Tile

SIDE = 44
COLUMNS = 5
"""At most; a narrow panel has fewer."""
MOST = 10


class SuggestionPanel(QWidget):
    """Hidden while there is nothing to say. ``photo_chosen`` carries the Photo that was pressed."""

    photo_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._loader: ThumbnailLoader | None = None
        self._tiles: list[tuple[Photo, Tile]] = []
        self._said = ""
        self._columns = COLUMNS
        self._sentence = QLabel()
        self._sentence.setTextFormat(Qt.TextFormat.PlainText)
        self._sentence.setWordWrap(True)
        self._sentence.setFont(theme.heading_font(self._sentence.font()))
        self._grid = QGridLayout()
        self._grid.setSpacing(theme.GRID)
        self._grid.setAlignment(Qt.AlignmentFlag.AlignLeft)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.GRID, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(self._sentence)
        column.addLayout(self._grid)
        self.hide()

    def set_loader(self, loader: ThumbnailLoader) -> None:
        """Where the small pictures come from; it is this panel's alone, as it replaces the list of what is wanted."""
        self._loader = loader
        loader.ready.connect(self._on_ready)

    @property
    def sentence(self) -> str:
        return "" if self.isHidden() else self._said

    def show_vote(self, vote: LabelVote | None, photos: Mapping[int, Photo]) -> None:
        """``photos`` by id; a voter that is not among them is not shown. None hides the panel."""
        for _, tile in self._tiles:
            self._grid.removeWidget(tile)
            tile.hide()
            tile.deleteLater()
        self._tiles = []
        self._said = label_wording.suggestion(vote) if vote is not None else ""
        self._sentence.setText(label_wording.breakable(self._said))
        self._sentence.setAccessibleName(self._said)
        self.setVisible(bool(self._said))
        if vote is None or not self._said:
            return
        self._sentence.setToolTip(wording.tip(f"{label_wording.weighed(vote)}\n{label_wording.votes_meaning()}"))
        for voter in vote.voters:
            photo = photos.get(voter.photo_id)
            if photo is None or len(self._tiles) == MOST:
                continue
            tile = Tile(SIDE, label_wording.voter(voter, photo.name))
            tile.show_picture(self._loader.pixmap(photo) if self._loader else None, photo.colour)
            tile.clicked.connect(partial(self.photo_chosen.emit, photo))
            self._grid.addWidget(tile, *divmod(len(self._tiles), self._columns))
            self._tiles.append((photo, tile))
        if self._loader is not None:
            self._loader.want([photo for photo, _ in self._tiles], round(SIDE * self.devicePixelRatioF()))

    def tiles(self) -> list[Tile]:
        return [tile for _, tile in self._tiles]

    def minimumSizeHint(self) -> QSize:
        """One tile to a row would do, and the sentence wraps."""
        return QSize(SIDE, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        columns = max(1, min(COLUMNS, (self.width() + theme.GRID) // (SIDE + theme.GRID)))
        if columns == self._columns:
            return
        self._columns = columns
        for number, (_, tile) in enumerate(self._tiles):
            self._grid.addWidget(tile, *divmod(number, columns))  # moves one that is in the grid

    def _on_ready(self, photo_id: int) -> None:
        for photo, tile in self._tiles:
            if photo.id == photo_id and self._loader is not None:
                tile.show_picture(self._loader.pixmap(photo), photo.colour)
