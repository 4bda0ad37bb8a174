"""Settings > Search: how results are ordered, and how photos are compared."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSpinBox,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from imagefinder.domain.search_options import RANGES, SearchOptions
from imagefinder.domain.specs import Comparison
from imagefinder.ui import model_words, theme, wording
from imagefinder.ui.indicators import CheckBox, RadioButton
from imagefinder.ui.labels import SubduedLabel, heading
from imagefinder.ui.search_settings import HowCompared

COMPARISONS: tuple[Comparison, ...] = ("cosine", "hash", "hash-rerank")


class Method(NamedTuple):
    """One way to order results."""

    name: str
    sentence: str
    cost: str
    candidates: bool = False
    """Whether it orders the nearest photos anew, so that it matters how many those are."""


class SearchPage(QScrollArea):
    """Every change is said at once."""

    options_changed = Signal(object)
    """The SearchOptions."""
    compare_changed = Signal(object, bool)
    """The Comparison, and whether the average is taken away."""

    def __init__(self, methods: Sequence[Method], options: SearchOptions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._options = options
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("Search"))
        self._with_candidates = {method.name for method in methods if method.candidates}
        self._methods = QButtonGroup(self)
        self._comparisons = QButtonGroup(self)
        self._memory: dict[str, SubduedLabel] = {}
        self._numbers: dict[QSpinBox, QWidget] = {}
        self._neighbours = self._spin("expansion_k", options.expansion_k, self.tr("Nearest photos that join"))
        self._candidates = self._spin("candidates", options.candidates, self.tr("Photos that are ordered anew"))
        self._candidates.setSingleStep(50)
        self._centred = CheckBox(self.tr("Compare with the library's &average taken away"))
        self._state = SubduedLabel()
        self._took = SubduedLabel(self.tr("The results in the window follow at once, to compare."))
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        self._column.setSpacing(theme.GRID)
        self._lay_out_methods(methods)
        self._column.addSpacing(2 * theme.MARGIN)
        self._lay_out_comparing()
        self._column.addStretch()
        self.setWidget(inside)
        self.viewport().setAutoFillBackground(False)
        inside.setAutoFillBackground(False)
        self.set_options(options)
        self.set_compared(None)
        self._methods.buttonClicked.connect(self._on_method)
        self._neighbours.valueChanged.connect(lambda value: self._change(replace(self._options, expansion_k=value)))
        self._candidates.valueChanged.connect(lambda value: self._change(replace(self._options, candidates=value)))
        self._comparisons.buttonClicked.connect(self._on_compare)
        self._centred.clicked.connect(self._on_compare)

    def set_options(self, options: SearchOptions) -> None:
        self._options = options
        for button in self._methods.buttons():
            if button.objectName() == options.lever:
                button.setChecked(True)
        self._enable()

    def set_compared(self, compared: HowCompared | None) -> None:
        """How the library compares; None while there is nothing to compare."""
        for widget in (*self._comparisons.buttons(), self._centred):
            widget.setEnabled(compared is not None)
        if compared is None:
            self._state.setText(self.tr("Add photos first: this is chosen for each library."))
            return
        self._state.setText(
            self.tr("For this library and the model {model}. No photo is read again.").format(model=compared.model)
        )
        for button in self._comparisons.buttons():
            button.setChecked(button.objectName() == compared.compare)
        self._centred.setChecked(compared.centred)
        exact = compared.photos * compared.dimension * 2
        codes = compared.photos * compared.dimension // 8
        for name, label in self._memory.items():
            label.setText(self._costs(name, exact if name == "cosine" else codes, compared.photos))

    def set_took(self, seconds: float) -> None:
        """How long the last search took, which is the honest cost of the way that is chosen."""
        milliseconds = wording.grouped(max(1, round(seconds * 1000)))
        text = self.tr("The results in the window follow at once, to compare. The last search took {count} ms.")
        self._took.setText(text.format(count=milliseconds))

    def set_busy(self, busy: bool) -> None:
        """Say that another way is being prepared."""
        if busy:
            self._state.setText(self.tr("Being prepared. Until it is ready, searches answer as before."))

    def _costs(self, name: str, size: int, photos: int) -> str:
        memory = self.tr("{size} of memory for {photos}.").format(
            size=model_words.size(size), photos=wording.photos(photos)
        )
        after = {
            "cosine": self.tr("The most precise."),
            "hash": self.tr("For millions of photos; less precise."),
            "hash-rerank": self.tr("Nearly as precise; every search reads a little from the disk."),
        }
        return f"{memory} {after[name]}"

    def _lay_out_methods(self, methods: Sequence[Method]) -> None:
        self._column.addWidget(heading(self.tr("How results are ordered")))
        self._column.addWidget(self._took)
        self._column.addSpacing(theme.GRID)
        titles = {
            "none": self.tr("By similarity alone"),
            "query-expansion": self.tr("Search twice"),
            "augmentation": self.tr("Average each photo with its neighbours"),
            "k-reciprocal": self.tr("Prefer photos with the same neighbours"),
            "diffusion": self.tr("Follow chains of similar photos"),
        }
        for method in methods:
            said = f"{method.sentence} {method.cost}"
            self._add_radio(self._methods, method.name, titles.get(method.name, method.name), said)
            if method.name == "query-expansion":
                self._add_number(self.tr("Nearest photos that join the &query:"), self._neighbours)
        self._column.addSpacing(theme.GAP)
        self._add_number(self.tr("&Photos that are ordered anew:"), self._candidates, indented=False)
        self._column.addWidget(
            SubduedLabel(
                self.tr(
                    "Whichever way is chosen, the number on a photo says how alike it is to what is looked for. "
                    "Only which photos are found, and their order, changes. To order twice as many photos anew takes "
                    "four times as long."
                )
            )
        )

    def _lay_out_comparing(self) -> None:
        self._column.addWidget(heading(self.tr("How photos are compared")))
        self._column.addWidget(self._state)
        self._column.addSpacing(theme.GRID)
        titles = {
            "cosine": self.tr("Exactly"),
            "hash": self.tr("By compact codes"),
            "hash-rerank": self.tr("By compact codes, then the best ones exactly"),
        }
        for name in COMPARISONS:
            self._memory[name] = self._add_radio(self._comparisons, name, titles[name], "")
        self._column.addSpacing(theme.GAP)
        self._column.addWidget(self._centred)
        about = SubduedLabel(
            self.tr("What all photos have in common tells none of them apart. Without it, differences count for more.")
        )
        self._centred.setAccessibleDescription(about.text())
        self._column.addWidget(self._indented(about))

    def _add_radio(self, group: QButtonGroup, name: str, title: str, said: str) -> SubduedLabel:
        button = RadioButton(title)
        button.setObjectName(name)
        button.setAccessibleDescription(said)
        group.addButton(button)
        label = SubduedLabel(said)
        self._column.addSpacing(theme.GRID)
        self._column.addWidget(button)
        self._column.addWidget(self._indented(label))
        return label

    def _add_number(self, text: str, spin: QSpinBox, indented: bool = True) -> None:
        label = QLabel(text)
        label.setBuddy(spin)
        pair = self._numbers[spin] = QWidget()
        row = QHBoxLayout(pair)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GAP)
        row.addWidget(label)
        row.addWidget(spin)
        row.addStretch()
        self._column.addWidget(self._indented(pair) if indented else pair)

    def _indented(self, widget: QWidget) -> QWidget:
        """Below the text of a radio button, not below its circle."""
        style = self.style()
        metric = QStyle.PixelMetric
        indent = style.pixelMetric(metric.PM_ExclusiveIndicatorWidth) + style.pixelMetric(
            metric.PM_RadioButtonLabelSpacing
        )
        box = QWidget()
        row = QHBoxLayout(box)
        row.setContentsMargins(indent, 0, 0, 0)
        row.addWidget(widget)
        return box

    def _spin(self, field: str, value: int, name: str) -> QSpinBox:
        spin = QSpinBox()
        lowest, highest = RANGES[field]
        spin.setRange(int(lowest), int(highest))
        spin.setValue(value)
        spin.setKeyboardTracking(False)  # half a number is none
        spin.setGroupSeparatorShown(True)
        spin.setAccessibleName(name)
        return spin

    def _on_method(self, button: QAbstractButton) -> None:
        self._change(replace(self._options, lever=button.objectName()))

    def _on_compare(self, _: object) -> None:
        chosen = self._comparisons.checkedButton()
        if chosen is not None:
            compare = next(name for name in COMPARISONS if name == chosen.objectName())
            self.compare_changed.emit(compare, self._centred.isChecked())

    def _change(self, options: SearchOptions) -> None:
        self._options = options
        self._enable()
        self.options_changed.emit(options)

    def _enable(self) -> None:
        for spin, used in (
            (self._neighbours, self._options.lever == "query-expansion"),
            (self._candidates, self._options.lever in self._with_candidates),
        ):
            self._numbers[spin].setEnabled(used)  # with its words
