"""The right panel: what is looked for, and what is known of the selected photo."""

import os

from PySide6.QtCore import Qt, Signal, SignalInstance
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
from imagefinder.ui import similarity, theme, wording
from imagefinder.ui.labels import ElidedLabel, SubduedLabel, heading
from imagefinder.ui.picture import Picture

QUERY_HEIGHT = 128
PHOTO_HEIGHT = 192


class Inspector(QScrollArea):
    """Signals carry the Photo that is shown."""

    open_requested = Signal(object)
    reveal_requested = Signal(object)
    find_similar = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._photo: Photo | None = None
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("Details"))
        self._query = _QueryPart()
        self._details = _PhotoPart()
        self._details.find_button.clicked.connect(lambda: self._emit(self.find_similar))
        self._details.open_button.clicked.connect(lambda: self._emit(self.open_requested))
        self._details.reveal_button.clicked.connect(lambda: self._emit(self.reveal_requested))
        self._note = SubduedLabel()
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(2 * theme.MARGIN)
        column.addWidget(self._query)
        column.addWidget(self._details)
        column.addWidget(self._note)
        column.addStretch()
        self.setWidget(inside)
        self.viewport().setAutoFillBackground(False)
        inside.setAutoFillBackground(False)
        self.setMinimumWidth(inside.minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width())
        self.set_query(None, None)
        self.set_photo(None)

    def set_query(self, name: str | None, pixmap: QPixmap | None, info: ImageInfo | None = None) -> None:
        """What is looked for; None where there is no query."""
        self._query.setVisible(name is not None)
        self._query.show_query(name or "", pixmap, info)

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
        self._note.setText(self.tr("Select a photo to see its details."))
        if photo is not None:
            self._details.show_photo(photo, cosine, pixmap, scale)

    def set_selected_count(self, count: int) -> None:
        """For a selection of several, whose details would say nothing."""
        self.set_photo(None)
        self._note.setText(self.tr("{count} photos selected.").format(count=wording.grouped(count)))

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
        self._folder = ElidedLabel(subdued=False)
        self._date = ElidedLabel(subdued=False)
        self._size = ElidedLabel(subdued=False)
        self._camera = ElidedLabel(subdued=False)
        self._names: dict[QLabel, str] = {
            self._similarity: self.tr("Similarity"),
            self._folder: self.tr("Folder"),
            self._date: self.tr("Date"),
            self._size: self.tr("Size"),
            self._camera: self.tr("Camera"),
        }
        self._path = QLineEdit()
        self._path.setReadOnly(True)
        self._path.setAccessibleName(self.tr("Path"))
        self.find_button = QPushButton(self.tr("Find similar"))
        self.open_button = QPushButton(self.tr("Open"))
        self.reveal_button = QPushButton(self.tr("Show in folder"))
        self._lay_out()

    def show_photo(
        self, photo: Photo, cosine: float | None, pixmap: QPixmap | None, scale: similarity.Scale | None
    ) -> None:
        self.picture.show_picture(pixmap, photo.colour)
        self._name.setText(wording.shown(photo.name))
        self._offline.setText(
            self.tr("This photo is offline. Connect the drive that holds {folder} to open it.").format(
                folder=wording.shown(photo.root)
            )
        )
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
        self._path.setToolTip(wording.shown(photo.path))
        for button in (self.open_button, self.reveal_button):
            button.setEnabled(not photo.offline)

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
        column.addWidget(self.find_button)
        column.addLayout(buttons)

    def _say(self, fact: QLabel, text: str) -> None:
        fact.setText(text)
        fact.setAccessibleName(f"{self._names[fact]}: {text}")
        self._facts.setRowVisible(fact, bool(text))
