"""Two pictures side by side, and how alike they are."""

from collections.abc import Callable, Hashable
from functools import partial

from PySide6.QtCore import QCoreApplication, Qt, QTimer, Signal, SignalInstance
from PySide6.QtGui import QImage, QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from imagefinder.domain.images import Pixels
from imagefinder.domain.verdicts import Comparison
from imagefinder.ui import icons, similarity, theme, wording
from imagefinder.ui.compare_side import CompareSide
from imagefinder.ui.compared import Compared
from imagefinder.ui.labels import SubduedLabel
from imagefinder.ui.pixel_jobs import Job, PixelJobs
from imagefinder.ui.zoom_picture import STEP

SHARPEN_AFTER_MS = 100
LEFT, RIGHT = 0, 1


class CompareDialog(QDialog):
    """Not modal; deletes itself when it is closed. ``load(path, width, height)`` runs in a worker thread.

    A side without a picture takes one: ``picture_given`` carries LEFT or RIGHT and the Query of what was dropped or
    chosen there. Whoever reads it calls ``set_side`` or ``say``. ``open_requested`` and ``reveal_requested`` carry a
    path.
    """

    picture_given = Signal(int, object)
    open_requested = Signal(object)
    reveal_requested = Signal(object)

    def __init__(
        self,
        left: Compared | None,
        right: Compared | None,
        load: Callable[[str, int, int], Pixels],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, False)
        self.setWindowTitle(self.tr("Compare"))
        self._load = load
        self._jobs = PixelJobs(2, self)
        self._jobs.done.connect(self._on_done)
        self._sharpen = QTimer(self, singleShot=True, interval=SHARPEN_AFTER_MS)
        self._sharpen.timeout.connect(self._want)
        self.sides = (CompareSide(), CompareSide())
        for place, side in enumerate(self.sides):
            side.picture.changed.connect(self._sharpen.start)
            side.given.connect(partial(self.picture_given.emit, place))
            side.open_button.clicked.connect(partial(self._emit, self.open_requested, side))
            side.reveal_button.clicked.connect(partial(self._emit, self.reveal_requested, side))
        self._number = QLabel()
        self._number.setFont(theme.heading_font(self._number.font(), 2.2))
        self._verdict = QLabel()
        self._verdict.setFont(theme.heading_font(self._verdict.font(), 1.3))
        self._explanation = SubduedLabel()
        self._distance = SubduedLabel()
        self._lay_out()
        for keys, factor in ((("+", "="), STEP), (("-",), 1 / STEP), (("0",), 0.0)):
            for key in keys:
                QShortcut(QKeySequence(key), self).activated.connect(partial(self.zoom_by, factor))
        self._pair = (left, right)
        self.resize(1040, 700)
        self._show_pair()
        self._show_waiting()

    @property
    def pair(self) -> tuple[Compared | None, Compared | None]:
        """Left and right, as they are shown; None where a picture is still to be given."""
        return self._pair

    @property
    def verdict(self) -> str:
        return self._verdict.text()

    @property
    def distance(self) -> str:
        return self._distance.text()

    def set_side(self, place: int, compared: Compared | None) -> None:
        """Show another picture on this side, LEFT or RIGHT."""
        left, right = self._pair
        self._pair = (compared, right) if place == LEFT else (left, compared)
        self.sides[place].show_compared(compared)
        self._swap.setEnabled(True)
        self._sharpen.start()
        self._show_waiting()

    def show_reading(self, place: int, name: str) -> None:
        """A picture that was given is on its way to ``set_side`` or ``say``."""
        self.set_side(place, None)
        self.sides[place].show_reading(name)
        self._swap.setEnabled(False)  # what comes knows only its side

    def say(self, place: int, text: str) -> None:
        """Why a picture that was given cannot be shown."""
        self.sides[place].say(text)
        self._swap.setEnabled(True)

    def show_comparison(self, found: Comparison) -> None:
        percent = similarity.percent(found.similarity)
        self._number.setText(str(percent))
        self._number.show()
        self._number.setAccessibleName(self.tr("Similarity {percent} of 100").format(percent=percent))
        self._verdict.setText(_word(found))
        self._explanation.setText(found.explanation)
        distance = self.tr("Distance {l2} (0 is equal, 2 is opposite), by the model {model}.")
        self._distance.setText(distance.format(l2=f"{found.l2:.2f}", model=found.model))
        raw = self.tr("Similarity {similarity}. Cosine {cosine}, L2 distance {l2}, by the model {model}.").format(
            similarity=f"{found.similarity:.4f}",
            cosine=f"{found.cosine:.4f}",
            l2=f"{found.l2:.4f}",
            model=found.model,
        )
        for label in (self._number, self._verdict, self._distance):
            label.setToolTip(wording.tip(raw))

    def show_problem(self, text: str) -> None:
        self._show_waiting()
        self._verdict.setText(self.tr("These two cannot be compared."))
        self._explanation.setText(text)

    def swap(self) -> None:
        """The left one to the right. How alike they are stays the same."""
        self._pair = (self._pair[RIGHT], self._pair[LEFT])
        self._show_pair()

    def zoom_by(self, factor: float) -> None:
        """Magnify both; with 0 show them whole."""
        for side in self.sides:
            if factor:
                side.picture.zoom_by(factor)
            else:
                side.picture.fit()

    def done(self, result: int) -> None:
        self._sharpen.stop()
        self._jobs.close()
        super().done(result)

    def _show_pair(self) -> None:
        for side, compared in zip(self.sides, self._pair, strict=True):
            side.show_compared(compared)
        self._sharpen.start()

    def _show_waiting(self) -> None:
        """Before the verdict."""
        both = None not in self._pair
        self._number.hide()
        self._verdict.setText(self.tr("Comparing…") if both else self.tr("Two pictures are needed"))
        self._explanation.setText("" if both else self.tr("Drop one on the empty side, or choose it there."))
        self._distance.setText("")
        for label in (self._number, self._verdict, self._distance):
            label.setToolTip("")

    def _want(self) -> None:
        jobs = []
        for place, (side, compared) in enumerate(zip(self.sides, self._pair, strict=True)):
            if compared is not None and compared.path is not None:
                size = side.picture.wanted_size()
                make = partial(self._load, compared.path, size.width(), size.height())
                jobs.append(Job((place, compared.path, size.toTuple()), make, max(size.width(), size.height())))
        self._jobs.want(jobs)

    def _on_done(self, key: Hashable, image: QImage, reason: str) -> None:
        assert isinstance(key, tuple)
        place, path, _ = key
        compared = self._pair[place]
        if compared is None or compared.path != path:
            return  # they were swapped meanwhile, or another one was given
        if image.isNull():
            self.sides[place].say(reason)
        else:
            self.sides[place].picture.set_image(image)

    def _emit(self, signal: SignalInstance, side: CompareSide) -> None:
        compared = self._pair[self.sides.index(side)]
        if compared is not None and compared.path is not None:
            signal.emit(compared.path)

    def _lay_out(self) -> None:
        pictures = QHBoxLayout()
        pictures.setSpacing(theme.MARGIN)
        for side in self.sides:
            pictures.addWidget(side, 1)
        self._swap = QPushButton(self.tr("&Swap"))
        icons.set_icon(self._swap, "arrow-left-right", 16)
        close = QPushButton(self.tr("Close"))
        self._swap.clicked.connect(self.swap)
        close.clicked.connect(self.close)
        for button in (self._swap, close):
            button.setAutoDefault(False)
        words = QVBoxLayout()
        words.setContentsMargins(0, 0, 0, 0)
        words.setSpacing(2)
        words.addWidget(self._verdict)
        words.addWidget(self._explanation)
        words.addWidget(self._distance)
        words.addStretch()
        said = QWidget()
        said.setLayout(words)
        # Room for a long sentence, so that the pictures keep their size when it comes.
        said.setMinimumHeight(self._verdict.sizeHint().height() + 4 * self._distance.fontMetrics().lineSpacing())
        foot = QHBoxLayout()
        foot.setSpacing(theme.MARGIN)
        foot.addWidget(self._number, 0, Qt.AlignmentFlag.AlignTop)
        foot.addWidget(said, 1)
        foot.addWidget(self._swap, 0, Qt.AlignmentFlag.AlignBottom)
        foot.addWidget(close, 0, Qt.AlignmentFlag.AlignBottom)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.MARGIN)
        column.addLayout(pictures, 1)
        column.addLayout(foot)


def _word(found: Comparison) -> str:
    translate = QCoreApplication.translate
    if found.verdict == "same" and not found.identical:  # whoever weeds out copies goes by this
        return translate("compare", "Nearly the same picture")
    return {
        "same": translate("compare", "The same picture"),
        "similar": translate("compare", "Similar"),
        "related": translate("compare", "Related"),
        "different": translate("compare", "Different"),
    }[found.verdict]
