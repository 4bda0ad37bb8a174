"""The row above the results: the query, and how much of the answer is shown."""

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSlider, QToolButton, QWidget

from imagefinder.ui import icons, theme
from imagefinder.ui.labels import IconLabel
from imagefinder.ui.query_chip import HEIGHT, QueryChip
from imagefinder.ui.word_field import WordField

LIMITS = (20, 50, 100, 200, 500)
SMALLEST, LARGEST = 96, 320
"""Of a thumbnail's side, in logical pixels."""


class QueryBar(QWidget):
    """Emits what the person asks for; ``set_`` methods show how things are, and emit like a Qt setter where it changes.

    ``sort_changed`` carries "similarity", "name", "date" or "folder".
    """

    back = Signal()
    forward = Signal()
    open_requested = Signal()
    cleared = Signal()
    min_similarity_changed = Signal(int)
    limit_changed = Signal(int)
    sort_changed = Signal(str)
    size_changed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._back = self._button("arrow-left", self.tr("Previous query"))
        self._forward = self._button("arrow-right", self.tr("Next query"))
        self._open = self._button("plus", self.tr("Open a picture to find similar photos"))
        self._chip = QueryChip()
        self.words = WordField()
        """Where words are typed."""
        self._way = ""
        self._similarity = self._slider(0, 100, 10, self.tr("Similarity at least"))
        self._label = QLabel(self.tr("Similarity ≥"))
        self._label.setBuddy(self._similarity)
        self._number = QLabel()
        self._number.setFixedWidth(self._number.fontMetrics().horizontalAdvance("100") + theme.GRID)
        self._number.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self._measures = (self._label, self._similarity, self._number)
        self._measured = True
        self._limit = self._choice((self.tr("{count} results").format(count=n), n) for n in LIMITS)
        self._limit.setAccessibleName(self.tr("Number of results"))
        self._sort = self._choice(
            (
                (self.tr("By similarity"), "similarity"),
                (self.tr("By name"), "name"),
                (self.tr("By date"), "date"),
                (self.tr("By folder"), "folder"),
            )
        )
        self._sort.setAccessibleName(self.tr("Order of the results"))
        self._size = self._slider(SMALLEST, LARGEST, 32, self.tr("Thumbnail size"))
        self._size.setToolTip(self.tr("Thumbnail size"))
        self._lay_out()
        self._connect()
        self.set_history(False, False)
        self._show_similarity(0)
        self.set_query(None, None)
        self.set_measured(True)

    def set_query(self, name: str | None, pixmap: QPixmap | None) -> None:
        """The name and small picture in the chip, which is there only while a picture is looked for."""
        self._chip.set_query(name or "", pixmap)
        self._chip.setVisible(bool(name))
        self.words.set_beside_picture(bool(name))

    def set_waiting(self, text: str) -> None:
        """Why there is no answer yet ("Searching…", "Waiting for the model…"); empty when there is one."""
        self._chip.set_waiting(text)

    def set_history(self, can_back: bool, can_forward: bool) -> None:
        self._back.setEnabled(can_back)
        self._forward.setEnabled(can_forward)

    def set_min_similarity(self, percent: int) -> None:
        self._similarity.setValue(percent)

    def set_limit(self, limit: int) -> None:
        """A number that is not on offer is ignored."""
        if limit in LIMITS:
            self._limit.setCurrentIndex(LIMITS.index(limit))

    def set_sort(self, sort: str) -> None:
        """A word that is not on offer is ignored."""
        index = self._sort.findData(sort)
        if index >= 0:
            self._sort.setCurrentIndex(index)

    def set_way(self, method: str) -> None:
        """Say by which of the methods in Settings > Search the most similar photos come first."""
        self._way = method
        self._name_order()

    def set_measured(self, measured: bool) -> None:
        """Whether photos have a similarity. To words they have none: what fits best comes first, but how well a photo
        fits has no scale that would be the same for every word."""
        for part in self._measures:
            part.setEnabled(measured)
            part.setToolTip(
                self.tr("Hide photos that are less similar than this, from 0 to 100")
                if measured
                else self.tr("For pictures. With words, the photos that fit best come first.")
            )
        self._measured = measured
        self._name_order()

    def _name_order(self) -> None:
        if not self._measured:
            self._sort.setItemText(self._sort.findData("similarity"), self.tr("Best first"))
            self._sort.setToolTip("")
            return
        method = self._way
        named = {
            "query-expansion": self.tr("By two searches"),
            "augmentation": self.tr("By averages"),
            "k-reciprocal": self.tr("By shared neighbours"),
            "diffusion": self.tr("By chains"),
        }
        self._sort.setItemText(self._sort.findData("similarity"), named.get(method, self.tr("By similarity")))
        self._sort.setToolTip(self.tr("Chosen in Edit > Settings > Search") if method in named else "")

    def set_thumbnail_side(self, side: int) -> None:
        self._size.setValue(side)

    @property
    def min_similarity(self) -> int:
        return self._similarity.value()

    @property
    def limit(self) -> int:
        return int(self._limit.currentData())

    @property
    def sort(self) -> str:
        return str(self._sort.currentData())

    @property
    def thumbnail_side(self) -> int:
        return self._size.value()

    def focus_query(self) -> None:
        """Where Ctrl+F goes."""
        self.words.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.words.selectAll()

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.GAP)
        row.setSpacing(theme.GRID)
        row.addWidget(self._back)
        row.addWidget(self._forward)
        row.addSpacing(theme.GRID)
        row.addWidget(self._chip, 2)
        row.addWidget(self.words, 3)
        row.addWidget(self._open)
        self.setFixedHeight(HEIGHT + 2 * theme.GAP)  # with a chip and without
        row.addSpacing(theme.GAP)
        row.addStretch()
        row.addWidget(self._label)
        row.addSpacing(theme.GRID)
        row.addWidget(self._similarity)
        row.addSpacing(theme.GRID)
        row.addWidget(self._number)
        row.addSpacing(theme.GAP)
        row.addWidget(self._limit)
        row.addSpacing(theme.GRID)
        row.addWidget(self._sort)
        row.addSpacing(theme.GAP)
        row.addWidget(IconLabel("image", 16))
        row.addSpacing(theme.GRID)
        row.addWidget(self._size)

    def _connect(self) -> None:
        self._back.clicked.connect(self.back)
        self._forward.clicked.connect(self.forward)
        self._open.clicked.connect(self.open_requested)
        self._chip.clicked.connect(self.open_requested)
        self._chip.cleared.connect(self.cleared)
        self._similarity.valueChanged.connect(self._show_similarity)
        self._similarity.valueChanged.connect(self.min_similarity_changed)
        self._limit.currentIndexChanged.connect(lambda _: self.limit_changed.emit(self.limit))
        self._sort.currentIndexChanged.connect(lambda _: self.sort_changed.emit(self.sort))
        self._size.valueChanged.connect(self.size_changed)

    def _show_similarity(self, percent: int) -> None:
        self._number.setText(str(percent))

    def _button(self, icon: str, name: str) -> QToolButton:
        button = QToolButton()
        button.setAutoRaise(True)
        button.setToolTip(name)
        button.setAccessibleName(name)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        icons.set_icon(button, icon, 20)
        return button

    def _slider(self, low: int, high: int, page: int, name: str) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(low, high)
        slider.setPageStep(page)
        slider.setMinimumWidth(48)
        slider.setMaximumWidth(120)
        slider.setAccessibleName(name)
        return slider

    def _choice(self, options: Iterable[tuple[str, int | str]]) -> QComboBox:
        box = QComboBox()
        for text, value in options:
            box.addItem(text, value)
        return box
