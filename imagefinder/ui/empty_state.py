"""What stands where the results would be, when there are none."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from imagefinder.domain.images import Hit
from imagefinder.domain.words import Understood
from imagefinder.ui import similarity, theme, word_wording, wording
from imagefinder.ui.card import DropCard
from imagefinder.ui.labels import IconLabel, SubduedLabel, heading
from imagefinder.ui.picture import Picture

WIDTH = 420
PICTURE_HEIGHT = 160


class EmptyState(QWidget):
    """One page with changing words. Signals: a folder is to be added, the nearest hit or everything is to be shown."""

    add_requested = Signal()
    nearest_requested = Signal(object)
    reset_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._nearest: Hit | None = None
        self._icon = IconLabel("images", 48)
        self._picture = Picture(PICTURE_HEIGHT)
        self._picture.setFixedWidth(WIDTH - 4 * theme.MARGIN)
        self._title = heading("", scale=1.3)
        self._title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._title.setWordWrap(True)
        self._text = SubduedLabel()
        self._text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._add = QPushButton(self.tr("Add photo folder…"))
        self._add.clicked.connect(self.add_requested)
        self._show_nearest = QPushButton(self.tr("Show the nearest"))
        self._show_nearest.clicked.connect(self._want_nearest)
        self._reset = QPushButton(self.tr("Show all"))
        self._reset.clicked.connect(self.reset_requested)
        self._frame = DropCard()
        self._lay_out()
        self.show_welcome()

    def show_welcome(self) -> None:
        """Nothing is here yet. A folder can be dropped on it."""
        self._say(
            "images",
            self.tr("Find photos that look alike"),
            self.tr("Add a folder of photos, then drop any picture here to find the ones like it."),
        )
        self._frame.set_dashed(True)
        self._offer(self._add)

    def show_no_photos(self) -> None:
        """There are folders, and nothing in them has been indexed."""
        self._say(
            "images", self.tr("No photos yet"), self.tr("The photos in your folders appear here as they are found.")
        )
        self._offer(self._add)

    def show_searching(self, text: str = "") -> None:
        """A first search is under way, so there are no old results to dim."""
        self._say("search", text or self.tr("Searching…"), "")

    def show_nothing_similar(self, threshold: int, nearest: Hit | None, pixmap: QPixmap | None = None) -> None:
        """Every answer is below the ``threshold``; the ``nearest`` of them is offered."""
        if nearest is None:
            self._say(
                "search", self.tr("No similar photos"), self.tr("No photo has been compared with this picture yet.")
            )
            return
        percent = similarity.percent(nearest.similarity)
        self._say(
            "search",
            self.tr("No photo is {count} or more similar").format(count=threshold),
            self.tr("The nearest is {name}, with {count}.").format(
                name=wording.shown(nearest.photo.name), count=percent
            ),
        )
        self._nearest = nearest
        if pixmap is not None and not pixmap.isNull():
            self._picture.show_picture(pixmap)
            self._picture.setAccessibleName(wording.shown(nearest.photo.name))
            self._picture.show()
            self._icon.hide()
        self._offer(self._show_nearest, self._reset)

    def show_nothing_named(self, terms: Sequence[Understood]) -> None:
        """No photo is all that these words name."""
        words = wording.shown(" ".join(term.text for term in terms))
        missing = [term for term in terms if "shown" not in term.kinds]
        if len(missing) == 1:
            advice = self.tr("No photo in the library has this: {meaning}. Try another word, or leave it out.")
        else:
            advice = self.tr("No photo in the library has all of this: {meaning}. Try fewer words.")
        title = self.tr("Nothing found for “{words}”").format(words=words)
        self._say("search", title, advice.format(meaning=word_wording.meant(missing)))

    def _say(self, icon: str, title: str, text: str) -> None:
        self._nearest = None
        self._icon.show_icon(icon)
        self._icon.show()
        self._title.setText(title)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        self._frame.set_dashed(False)
        for part in (self._picture, self._add, self._show_nearest, self._reset):
            part.hide()

    def _offer(self, *buttons: QPushButton) -> None:
        """Show these; the first is the likely one, and has the focus whenever this page gets it."""
        for button in buttons:
            button.show()
        self.setFocusProxy(buttons[0])

    def _want_nearest(self) -> None:
        self.nearest_requested.emit(self._nearest)

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GAP)
        buttons.addStretch()
        for button in (self._add, self._show_nearest, self._reset):
            buttons.addWidget(button)
        buttons.addStretch()
        inside = QVBoxLayout(self._frame)
        inside.setContentsMargins(2 * theme.MARGIN, 3 * theme.MARGIN, 2 * theme.MARGIN, 3 * theme.MARGIN)
        inside.setSpacing(theme.MARGIN)
        inside.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignHCenter)
        inside.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignHCenter)
        inside.addSpacing(theme.GRID)
        inside.addWidget(self._title)
        inside.addWidget(self._text)
        inside.addSpacing(theme.GRID)
        inside.addLayout(buttons)
        self._frame.setFixedWidth(WIDTH)
        self._frame.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        column = QVBoxLayout(self)
        column.addStretch()
        column.addWidget(self._frame, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch()
