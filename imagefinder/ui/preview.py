"""One photo, large, over the whole window."""

from collections.abc import Callable, Hashable
from functools import partial
from typing import NamedTuple, cast

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent, QColor, QIcon, QImage, QKeyEvent, QPalette
from PySide6.QtWidgets import QApplication, QGridLayout, QHBoxLayout, QLabel, QToolButton, QWidget

from imagefinder.domain.images import Photo, Pixels
from imagefinder.ui import icons, theme, wording
from imagefinder.ui.labels import ElidedLabel
from imagefinder.ui.pixel_jobs import Job, PixelJobs
from imagefinder.ui.results_model import ResultsModel
from imagefinder.ui.similarity import percent
from imagefinder.ui.thumbnail_loader import ThumbnailLoader
from imagefinder.ui.zoom_picture import STEP, ZoomPicture

SHARPEN_AFTER_MS = 100
_BACKDROP = QColor(24, 24, 24)  # dark in either scheme: the photo is what shines
_RAISED = QColor(56, 56, 56)
_TEXT = QColor(235, 235, 235)
_ICON_SIDE = 20
_BUTTON_SIDE = 36

_Key = Qt.Key
_ALL = 2**31
_STEPS = {
    _Key.Key_Left: -1,
    _Key.Key_Up: -1,
    _Key.Key_PageUp: -1,
    _Key.Key_Right: 1,
    _Key.Key_Down: 1,
    _Key.Key_PageDown: 1,
    _Key.Key_Home: -_ALL,
    _Key.Key_End: _ALL,
}
_Load = Callable[[str, int, int], Pixels]


class _Made(NamedTuple):
    size: QSize
    """That was asked for."""
    image: QImage
    reason: str
    """Why the image is null."""


class Preview(QWidget):
    """Covers its parent while it is open; moves through the rows of the model.

    ``load(path, width, height)`` runs in a worker thread and gives upright pixels within the box, or raises an
    ImageFinderError. The photos before and after are loaded ahead. Call ``stop()`` at the end.
    """

    moved = Signal(int)
    """To a row."""
    closed = Signal()

    def __init__(self, parent: QWidget, model: ResultsModel, thumbnails: ThumbnailLoader, load: _Load) -> None:
        super().__init__(parent)
        self._window = parent
        self._model = model
        self._thumbnails = thumbnails
        self._load = load
        self._row = -1
        self._photo: Photo | None = None
        self._made: dict[bytes, _Made] = {}  # by content, of the photo shown and its two neighbours
        self._wanted: dict[bytes, QSize] = {}
        self._focus_before: QWidget | None = None
        self._jobs = PixelJobs(1, self)
        self._jobs.done.connect(self._on_done)
        self._sharpen_timer = QTimer(self, singleShot=True, interval=SHARPEN_AFTER_MS)
        self._sharpen_timer.timeout.connect(self._want)
        self._picture = ZoomPicture()
        self._picture.changed.connect(self._on_zoom)
        self._name = ElidedLabel(subdued=False)
        self._note = QLabel()
        self._position = QLabel()
        self._back = self._button("arrow-left", self.tr("Previous photo"), self._go_back)
        self._forward = self._button("arrow-right", self.tr("Next photo"), self._go_forward)
        self._lay_out()
        self.hide()
        parent.installEventFilter(self)
        model.modelReset.connect(self._on_reset)

    def show_row(self, row: int) -> None:
        """Open, or go to another row. Raises IndexError for a row that is not there."""
        photo = self._model.photo(row)
        if self.isHidden():
            self._focus_before = QApplication.focusWidget()
            self.setGeometry(self._window.rect())
            self._grid.activate()  # the picture must know its size before it can say what it wants
            self.show()
            self.raise_()
            self.setFocus()
        self._row, self._photo = row, photo
        size = QSize(photo.info.width, photo.info.height)
        self._picture.set_original(size, photo.colour, self._thumbnails.pixmap(photo))
        self._want()
        self._show_made()
        self._describe()

    def step(self, by: int) -> None:
        """So many rows on, or back, as far as there are any."""
        row = max(0, min(self._model.rowCount() - 1, self._row + by))
        if row != self._row:
            self.show_row(row)
            self.moved.emit(row)

    def stop(self) -> None:
        """For the end of the app: does not wait for a file that is being read."""
        self._jobs.close()

    # Pixels

    def _want(self) -> None:
        """The photo as large as it is on the screen, then the next and the one before as they will be."""
        if self._photo is None:
            return
        wanted = {self._photo.content_key: (self._photo, self._picture.wanted_size())}
        for row in (self._row + 1, self._row - 1):
            for photo in self._model.photos(max(0, row), row + 1):
                size = self._picture.fitting_size(QSize(photo.info.width, photo.info.height))
                wanted.setdefault(photo.content_key, (photo, size))
        self._wanted = {key: size for key, (_, size) in wanted.items()}
        self._made = {key: made for key, made in self._made.items() if key in wanted}
        self._jobs.want(
            Job(
                (key, size.width(), size.height()),
                partial(self._load, photo.path, *size.toTuple()),
                max(size.toTuple()),
            )
            for key, (photo, size) in wanted.items()
            if key not in self._made or self._made[key].size != size
        )

    @Slot(object, QImage, str)
    def _on_done(self, key: Hashable, image: QImage, reason: str) -> None:
        content, width, height = cast(tuple[bytes, int, int], key)
        if self._wanted.get(content) != QSize(width, height):
            return  # for a zoom or a photo that is left by now
        self._made[content] = _Made(QSize(width, height), image, reason)
        if self._photo is not None and content == self._photo.content_key:
            self._show_made()

    def _show_made(self) -> None:
        made = None if self._photo is None else self._made.get(self._photo.content_key)
        if made is not None and not made.image.isNull():
            self._picture.set_image(made.image)
        if self._photo is not None and self._photo.offline:
            self._note.setText(self.tr("The file of this photo, or its drive, is not there at the moment."))
        else:
            self._note.setText("" if made is None else made.reason)

    # The model, the window and the person

    def _on_reset(self) -> None:
        """Stay with the photo as long as it is among the results."""
        if self._photo is None:
            return
        row = self._model.row_of(self._photo.id)
        if row is None:
            self.close()
            return
        self._row = row
        self._describe()
        self._want()

    def _on_zoom(self) -> None:
        self._sharpen_timer.start()
        self._describe()

    def _describe(self) -> None:
        if self._photo is None:
            return
        name, count = wording.shown(self._photo.name), self._model.rowCount()
        position = self.tr("{row} of {count}").format(row=wording.grouped(self._row + 1), count=wording.grouped(count))
        parts = [position]
        hit = self._model.hit(self._row)
        if hit is not None:
            parts.append(self.tr("similarity {percent}").format(percent=percent(hit.similarity)))
        if self._picture.zoom > 1:
            parts.append(f"{self._picture.scale:.0%}")
        self._name.setText(name)
        self._position.setText(wording.DOT.join(parts))
        self._back.setVisible(self._row > 0)
        self._forward.setVisible(self._row < count - 1)
        self.setAccessibleName(f"{name}, {position}")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (_Key.Key_Escape, _Key.Key_Space):
            if not event.isAutoRepeat():  # the Space that opened may still be held
                self.close()
        elif key in _STEPS:
            self.step(_STEPS[_Key(key)])
        elif key in (_Key.Key_Plus, _Key.Key_Equal):
            self._picture.zoom_by(STEP)
        elif key == _Key.Key_Minus:
            self._picture.zoom_by(1 / STEP)
        elif key == _Key.Key_0:
            self._picture.fit()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.key() in (_Key.Key_Tab, _Key.Key_Backtab):
            return True  # everything behind is covered, and should not get the focus
        return super().event(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and not self.isHidden():
            self.setGeometry(self._window.rect())
        return super().eventFilter(watched, event)

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self._photo = None
        self._made, self._wanted = {}, {}
        self._sharpen_timer.stop()
        self._jobs.want(())
        if self._focus_before is not None:
            self._focus_before.setFocus()
            self._focus_before = None
        self.closed.emit()

    # Looks

    def _lay_out(self) -> None:
        palette = QPalette(self.palette())
        palette.setColor(QPalette.ColorRole.Window, _BACKDROP)
        palette.setColor(QPalette.ColorRole.Button, _RAISED)
        for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
            palette.setColor(role, _TEXT)
        self.setPalette(palette)
        self.setAutoFillBackground(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        for label in (self._note, self._position):
            label.setTextFormat(Qt.TextFormat.PlainText)
        close = self._button("x", self.tr("Close the preview"), self._close)
        caption = QHBoxLayout()
        caption.setSpacing(2 * theme.MARGIN)
        caption.addWidget(self._name, 1)
        caption.addWidget(self._note)
        caption.addWidget(self._position)
        self._grid = grid = QGridLayout(self)
        grid.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        grid.setSpacing(theme.GAP)
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(0, 1)
        grid.addWidget(self._picture, 0, 1)
        grid.addWidget(self._back, 0, 0)
        grid.addWidget(self._forward, 0, 2)
        grid.addWidget(close, 0, 2, Qt.AlignmentFlag.AlignTop)
        grid.addLayout(caption, 1, 1)

    def _button(self, icon: str, text: str, slot: Callable[[], None]) -> QToolButton:
        button = QToolButton(self)
        button.setIcon(QIcon(icons.pixmap(icon, _ICON_SIDE, _TEXT, self.devicePixelRatioF())))
        button.setIconSize(QSize(_ICON_SIDE, _ICON_SIDE))
        button.setFixedSize(_BUTTON_SIDE, _BUTTON_SIDE)
        button.setAutoRaise(True)
        policy = button.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # at either end of the results nothing moves
        button.setSizePolicy(policy)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the keys do all that the buttons do
        button.setToolTip(text)
        button.setAccessibleName(text)
        button.clicked.connect(slot)
        return button

    def _go_back(self) -> None:
        self.step(-1)

    def _go_forward(self) -> None:
        self.step(1)

    def _close(self) -> None:
        self.close()
