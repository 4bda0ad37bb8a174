"""One proposed label: the photo large, and the photos that say so."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from imagefinder.domain.images import Photo
from imagefinder.ui import label_wording, theme, wording
from imagefinder.ui.labels import ElidedLabel, SubduedLabel
from imagefinder.ui.picture import Picture
from imagefinder.ui.thumbnail_loader import ThumbnailLoader
from imagefinder.ui.tile import Tile

if TYPE_CHECKING:
    from imagefinder.usecases.labelling import Proposal

SIDE = 84
COLUMNS = 5
MOST = 10
LARGE = 400
"""Of the photo in question and of its voters, in logical pixels: one size, as the loader keeps one of each photo."""


class ReviewDetail(QWidget):
    """``photo_chosen`` carries a voter's Photo that was pressed."""

    photo_chosen = Signal(object)

    def __init__(self, loader: ThumbnailLoader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._loader = loader
        self._voters: Mapping[int, Photo] = {}
        self._proposal: Proposal | None = None
        self._tiles: list[tuple[Photo, Tile]] = []
        loader.ready.connect(self._on_ready)
        self._picture = Picture(LARGE)
        self._picture.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self._picture.setMinimumHeight(120)
        self._picture.setAccessibleName(self.tr("The photo without a label"))
        self._said = ""
        self._sentence = QLabel()
        self._sentence.setTextFormat(Qt.TextFormat.PlainText)
        self._sentence.setFont(theme.heading_font(self._sentence.font(), 1.15))
        self._sentence.setWordWrap(True)
        self._name = ElidedLabel()
        self._why = SubduedLabel(self.tr("Said by the photos with labels that are most like it:"))
        self._grid = QGridLayout()
        self._grid.setSpacing(theme.GAP)
        self._grid.setColumnStretch(COLUMNS, 1)
        self.accept_button = self._button(self.tr("Accept"), self.tr("Enter or A"))
        self.reject_button = self._button(self.tr("Reject"), self.tr("Delete or R"))
        self.skip_button = self._button(self.tr("Skip"), self.tr("S or Down"))
        self.other_button = self._button(self.tr("Another label…"), self.tr("L"))
        self._lay_out()
        self.show_proposal(None)

    def set_voters(self, photos: Mapping[int, Photo]) -> None:
        self._voters = photos

    def show_proposal(self, proposal: "Proposal | None") -> None:
        if proposal is self._proposal and proposal is not None:
            return
        self._proposal = proposal
        for _, tile in self._tiles:
            self._grid.removeWidget(tile)
            tile.hide()
            tile.deleteLater()
        self._tiles = []
        for button in self.buttons():
            button.setEnabled(proposal is not None)
        self._said = label_wording.suggestion(proposal.vote) if proposal is not None else ""
        self._sentence.setText(label_wording.breakable(self._said))
        self._sentence.setAccessibleName(self._said)
        self._sentence.setToolTip(
            wording.tip(f"{label_wording.weighed(proposal.vote)}\n{label_wording.votes_meaning()}") if proposal else ""
        )
        if proposal is None:
            self._picture.show_picture(None)
            self._name.setText("")
            return
        self._name.setText(wording.shown(proposal.photo.path))
        for voter in proposal.vote.voters:
            photo = self._voters.get(voter.photo_id)
            if photo is None or len(self._tiles) == MOST:
                continue
            similarity = str(max(0, round(voter.similarity * 100)))
            captions = (wording.shown(voter.label), similarity)
            tile = Tile(SIDE, label_wording.voter(voter, photo.name), captions)
            tile.show_picture(self._loader.pixmap(photo), photo.colour)
            tile.clicked.connect(partial(self.photo_chosen.emit, photo))
            self._grid.addWidget(tile, *divmod(len(self._tiles), COLUMNS))
            self._tiles.append((photo, tile))
        self._picture.show_picture(self._loader.pixmap(proposal.photo), proposal.photo.colour)
        side = round(LARGE * self.devicePixelRatioF())
        self._loader.want([proposal.photo, *(photo for photo, _ in self._tiles)], side)

    def tiles(self) -> list[Tile]:
        return [tile for _, tile in self._tiles]

    def buttons(self) -> tuple[QPushButton, ...]:
        return self.accept_button, self.reject_button, self.skip_button, self.other_button

    @property
    def sentence(self) -> str:
        return self._said

    def _on_ready(self, photo_id: int) -> None:
        proposal = self._proposal
        if proposal is not None and proposal.photo.id == photo_id:
            self._picture.show_picture(self._loader.pixmap(proposal.photo), proposal.photo.colour)
        for photo, tile in self._tiles:
            if photo.id == photo_id:
                tile.show_picture(self._loader.pixmap(photo), photo.colour)

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GAP)
        for button in self.buttons():
            buttons.addWidget(button)
        buttons.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, 0, 0, 0)
        column.setSpacing(theme.GAP)
        column.addWidget(self._picture, 1)
        column.addWidget(self._sentence)
        column.addWidget(self._name)
        column.addLayout(buttons)
        keys = self.tr("Enter accepts, Delete rejects, S skips, L gives another label, Ctrl+Z undoes.")
        column.addWidget(SubduedLabel(keys))
        column.addSpacing(theme.GRID)
        column.addWidget(self._why)
        column.addLayout(self._grid)

    def _button(self, text: str, keys: str) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.setToolTip(self.tr("Key: {keys}").format(keys=keys))
        return button
