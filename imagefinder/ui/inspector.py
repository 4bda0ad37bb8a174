"""The right panel: what is looked for, and what is known of the selected photo."""

import os
from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication, Qt, Signal, SignalInstance
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import (
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from imagefinder.domain.images import ImageInfo, Photo
from imagefinder.domain.labels import LabelVote
from imagefinder.ui import icons, label_wording, similarity, theme, wording
from imagefinder.ui.labels import ElidedLabel, SubduedLabel, heading
from imagefinder.ui.picture import Picture
from imagefinder.ui.suggestion_panel import SuggestionPanel
from imagefinder.ui.thumbnail_loader import ThumbnailLoader

QUERY_HEIGHT = 128
PHOTO_HEIGHT = 192


class Inspector(QScrollArea):
    """Signals carry the Photo that is shown."""

    open_requested = Signal(object)
    reveal_requested = Signal(object)
    find_similar = Signal(object)
    compare_requested = Signal()
    """The selected photo with what is looked for, or the two selected ones."""
    neighbour_chosen = Signal(object)
    """One of the photos that say what is looked for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._photo: Photo | None = None
        self._has_query = False
        self._recognised = ""
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setAccessibleName(self.tr("Details"))
        self._query = _QueryPart()
        self._details = _PhotoPart()
        self._details.find_button.clicked.connect(lambda: self._emit(self.find_similar))
        self._details.open_button.clicked.connect(lambda: self._emit(self.open_requested))
        self._details.reveal_button.clicked.connect(lambda: self._emit(self.reveal_requested))
        self._details.compare_button.clicked.connect(self.compare_requested)
        self._query.suggestion.photo_chosen.connect(self.neighbour_chosen)
        self._note = SubduedLabel()
        self._compare_two = _compare_button(self.tr("Compare these two"))
        self._compare_two.clicked.connect(self.compare_requested)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(2 * theme.MARGIN)
        column.addWidget(self._query)
        column.addWidget(self._details)
        column.addWidget(self._note)
        column.addWidget(self._compare_two)
        column.addStretch()
        self.setWidget(inside)
        self.viewport().setAutoFillBackground(False)
        inside.setAutoFillBackground(False)
        self.setMinimumWidth(inside.minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width())
        self.set_query(None, None)
        self.set_photo(None)

    def set_query(self, name: str | None, pixmap: QPixmap | None, info: ImageInfo | None = None) -> None:
        """What is looked for; None where there is no query."""
        self._has_query = name is not None
        self._query.setVisible(name is not None)
        self._query.show_query(name or "", pixmap, info)
        self._query.suggestion.show_vote(None, {})
        self.set_recognised("")
        self._details.compare_button.setVisible(self._has_query)

    def set_loader(self, loader: ThumbnailLoader) -> None:
        """Where the small pictures of a suggestion come from; it serves nobody else."""
        self._query.suggestion.set_loader(loader)

    def set_suggestion(self, vote: LabelVote | None, photos: Mapping[int, Photo]) -> None:
        """What is looked for is probably this. ``photos`` are the voters, by id; None where nobody knows."""
        self._query.suggestion.show_vote(vote, photos)

    def set_recognised(self, sentence: str) -> None:
        """What the model recognises in what is looked for; "" where it has nothing to say."""
        self._recognised = sentence
        self._query.recognised.setText(label_wording.breakable(sentence))
        self._query.recognised.setAccessibleName(sentence)
        self._query.recognised.setVisible(bool(sentence))

    @property
    def recognised(self) -> str:
        return self._recognised

    @property
    def suggestion(self) -> str:
        """The sentence that is shown; "" where there is none."""
        return self._query.suggestion.sentence

    def set_label(self, photo_id: int, label: str) -> None:
        """What the shown photo is called, "" for nothing; ignored where another one is shown by now."""
        if self._photo is not None and self._photo.id == photo_id:
            self._details.show_label(label)

    def set_photo(
        self,
        photo: Photo | None,
        cosine: float | None = None,
        pixmap: QPixmap | None = None,
        scale: similarity.Scale | None = None,
    ) -> None:
        """The one selected photo, with its similarity where it answers a query; None where none is selected."""
        self._photo = photo
        self._details.setVisible(photo is not None)
        self._note.setVisible(photo is None)
        self._compare_two.hide()
        self._note.setText(self.tr("Select a photo to see its details."))
        if photo is not None:
            self._details.show_photo(photo, cosine, pixmap, scale)

    def set_selected_count(self, count: int) -> None:
        """For a selection of several, whose details would say nothing."""
        self.set_photo(None)
        self._note.setText(self.tr("{count} photos selected.").format(count=wording.grouped(count)))
        self._compare_two.setVisible(count == 2)

    def set_picture(self, photo_id: int, pixmap: QPixmap) -> None:
        """A larger picture that has arrived; ignored where another photo is shown by now."""
        if self._photo is not None and self._photo.id == photo_id:
            self._details.picture.show_picture(pixmap, self._photo.colour)

    def _emit(self, signal: SignalInstance) -> None:
        if self._photo is not None:
            signal.emit(self._photo)


class _QueryPart(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._picture = Picture(QUERY_HEIGHT)
        self._picture.setAccessibleName(self.tr("The picture that is looked for"))
        self._name = ElidedLabel(subdued=False)
        self._size = SubduedLabel()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(heading(self.tr("Looking for")))
        column.addSpacing(theme.GRID)
        column.addWidget(self._picture)
        column.addWidget(self._name)
        column.addWidget(self._size)
        self.recognised = SubduedLabel()
        column.addWidget(self.recognised)
        self.suggestion = SuggestionPanel()
        column.addWidget(self.suggestion)

    def show_query(self, name: str, pixmap: QPixmap | None, info: ImageInfo | None) -> None:
        self._picture.show_picture(pixmap)
        self._name.setText(wording.shown(name))
        self._size.setText(wording.dimensions(info) if info else "")
        self._size.setVisible(info is not None)


class _PhotoPart(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.picture = Picture(PHOTO_HEIGHT)
        self.picture.setAccessibleName(self.tr("The selected photo"))
        self._name = ElidedLabel(subdued=False)
        self._name.setFont(theme.heading_font(self._name.font()))
        self._offline = SubduedLabel()
        self._similarity = ElidedLabel(subdued=False)
        self._label = ElidedLabel(subdued=False)
        self._folder = ElidedLabel(subdued=False)
        self._date = ElidedLabel(subdued=False)
        self._size = ElidedLabel(subdued=False)
        self._camera = ElidedLabel(subdued=False)
        self._names: dict[QLabel, str] = {
            self._similarity: self.tr("Similarity"),
            self._label: self.tr("Label"),
            self._folder: self.tr("Folder"),
            self._date: self.tr("Date"),
            self._size: self.tr("Size"),
            self._camera: self.tr("Camera"),
        }
        self._path = QLineEdit()
        self._path.setReadOnly(True)
        self._path.setAccessibleName(self.tr("Path"))
        self._shown_id: int | None = None
        self.find_button = QPushButton(self.tr("Find similar"))
        self.compare_button = _compare_button(self.tr("Compare"))
        self.open_button = QPushButton(self.tr("Open"))
        self.reveal_button = QPushButton(self.tr("Show in folder"))
        self._lay_out()

    def show_photo(
        self, photo: Photo, cosine: float | None, pixmap: QPixmap | None, scale: similarity.Scale | None
    ) -> None:
        if photo.id != self._shown_id:
            self.show_label("")  # the label of this one is still to come
        self._shown_id = photo.id
        self.picture.show_picture(pixmap, photo.colour)
        self._name.setText(wording.shown(photo.name))
        offline = self.tr("This photo is offline: its file is not in {folder} now. If it is on a drive, connect it.")
        offline = offline.format(folder=wording.shown(os.path.dirname(photo.path)))
        self._offline.setText(label_wording.breakable(offline))
        self._offline.setAccessibleName(offline)
        self._offline.setVisible(photo.offline)
        said = "" if cosine is None else str(similarity.percent(cosine))
        term = "" if cosine is None else similarity.word(cosine, scale)
        size = wording.DOT.join((wording.dimensions(photo.info), wording.file_size(photo.stamp.size)))
        self._say(self._similarity, wording.DOT.join(part for part in (said, term) if part))
        self._say(self._folder, wording.shown(os.path.dirname(photo.path)))
        self._say(self._date, wording.date(photo.info, photo.stamp))
        self._say(self._size, size)
        self._say(self._camera, wording.shown(photo.info.camera))
        self._path.setText(wording.shown(photo.path))
        self._path.setToolTip(wording.tip(wording.shown(photo.path)))
        for button in (self.open_button, self.reveal_button):
            button.setEnabled(not photo.offline)

    def show_label(self, label: str) -> None:
        self._say(self._label, wording.shown(label))

    def _lay_out(self) -> None:
        self._facts = QFormLayout()
        self._facts.setContentsMargins(0, 0, 0, 0)
        self._facts.setHorizontalSpacing(theme.MARGIN)
        self._facts.setVerticalSpacing(theme.GRID)
        self._facts.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        self._facts.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for fact, name in self._names.items():
            self._facts.addRow(SubduedLabel(name), fact)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GAP)
        buttons.addWidget(self.open_button)
        buttons.addWidget(self.reveal_button, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP)
        for widget in (self.picture, self._name, self._offline):
            column.addWidget(widget)
        column.addLayout(self._facts)
        column.addWidget(self._path)
        first = QHBoxLayout()
        first.setSpacing(theme.GAP)
        first.addWidget(self.find_button, 1)
        first.addWidget(self.compare_button)
        column.addLayout(first)
        column.addLayout(buttons)

    def _say(self, fact: QLabel, text: str) -> None:
        fact.setText(text)
        fact.setAccessibleName(f"{self._names[fact]}: {text}")
        self._facts.setRowVisible(fact, bool(text))


def _compare_button(text: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(QCoreApplication.translate("Inspector", "Side by side, and how alike they are (Ctrl+D)"))
    icons.set_icon(button, "columns-2", 16)
    return button
