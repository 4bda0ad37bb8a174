"""Everything about a training that can be chosen, in the field's own terms."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QBoxLayout,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from imagefinder.domain.teaching import Choices
from imagefinder.domain.training import POOLINGS, RECIPES, Mode, Recipe
from imagefinder.ui import theme, wording
from imagefinder.ui.labels import SubduedLabel
from imagefinder.ui.teach_meanings import meanings, miner_meanings
from imagefinder.ui.teach_rate import RateEdit

INDENT = 24
TWO_COLUMNS = 700
"""Pixels from which on the fields stand in two columns."""
LARGEST_MARGIN = 90.0
"""ArcFace's is in degrees."""
_MARGINS = ("margin", "neg_margin")
"""What losses call the one margin that is shown."""


class AdvancedForm(QWidget):
    """What the person changes stays over a change of the mode; the rest follows the mode's recipe.

    ``checked`` says that ``problem`` may be another.
    """

    changed = Signal()
    checked = Signal()
    base_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._choices: Choices | None = None
        self._mode: Mode = "quick"
        self._edited: dict[str, Any] = {}
        self._filling = False
        self._writers: dict[str, Callable[[Any], object]] = {}
        self._base = QComboBox()
        self._base.currentIndexChanged.connect(lambda _: self._on_base())
        self._margin = QDoubleSpinBox()
        self._margin.setRange(0.0, LARGEST_MARGIN)
        self._margin.setSingleStep(0.05)
        self._margin.valueChanged.connect(self._on_margin)
        self._free_weight = QCheckBox(self.tr("chosen by testing"))
        self._weight = QDoubleSpinBox()
        self._weight.setRange(0.02, 0.98)
        self._weight.setSingleStep(0.05)
        self._weight.setValue(0.5)
        self._free_weight.toggled.connect(lambda _: self._on_weight())
        self._weight.valueChanged.connect(lambda _: self._on_weight())
        self._about, self._about_miner = SubduedLabel(), SubduedLabel()
        self._rates: dict[str, RateEdit] = {}
        self._lay_out()
        self._fill()

    @property
    def base(self) -> str:
        return str(self._base.currentData() or "")

    @property
    def problem(self) -> str:
        """What has to be written otherwise before it can start; "" where nothing has to."""
        for name, edit in self._rates.items():
            if edit.problem:
                return f"{self._called[name]}: {edit.problem}"
        return ""

    def recipe(self, mode: Mode) -> Recipe:
        """The recipe of a mode with what the person changed."""
        return replace(RECIPES[mode], **self._edited)

    def set_choices(self, choices: Choices) -> None:
        self._choices = choices
        self._filling = True
        base = self.base or choices.base
        self._base.clear()
        for name in choices.bases:
            self._base.addItem(wording.shown(name), name)
        self._base.setCurrentIndex(max(0, self._base.findData(base)))
        loss, miner = self.recipe(self._mode).loss, self.recipe(self._mode).miner
        self._loss.clear()
        for each in choices.losses:
            self._loss.addItem(each.name, each.name)
            self._loss.setItemData(self._loss.count() - 1, each.description, Qt.ItemDataRole.ToolTipRole)
        self._miner.clear()
        for name in choices.miners:
            self._miner.addItem(name, name)
            about = miner_meanings().get(name, "")
            self._miner.setItemData(self._miner.count() - 1, about, Qt.ItemDataRole.ToolTipRole)
        self._loss.setCurrentIndex(self._loss.findData(loss))
        self._miner.setCurrentIndex(self._miner.findData(miner))
        self._filling = False
        self._fill()

    def set_mode(self, mode: Mode) -> None:
        self._mode = mode
        self._fill()

    def choose_base(self, name: str) -> None:
        """As the person does."""
        self._base.setCurrentIndex(self._base.findData(name))

    def set_value(self, name: str, value: Any) -> None:
        """As the person does, by the name of the recipe's field."""
        self._set(name, value)
        self._fill()

    def reset(self) -> None:
        """Back to what the mode says."""
        self._edited = {}
        self._fill()
        self.changed.emit()

    # What changes

    def _set(self, name: str, value: Any) -> None:
        if self._filling:
            return
        self._edited[name] = value
        if name == "miner":
            self._about_miner.setText(miner_meanings().get(value, ""))
        if getattr(RECIPES[self._mode], name) == value:
            del self._edited[name]
        if name == "loss":
            self._edited.pop("loss_options", None)
            self._fill()
        self.changed.emit()

    def _on_base(self) -> None:
        if not self._filling:
            self.base_changed.emit()

    def _on_margin(self, value: float) -> None:
        name = next((name for name in _MARGINS if name in self._options()), "")
        if name:
            self._set("loss_options", {name: round(value, 4)})

    def _on_weight(self) -> None:
        self._weight.setEnabled(not self._free_weight.isChecked())
        self._set("weight", None if self._free_weight.isChecked() else round(self._weight.value(), 2))

    def _options(self) -> Mapping[str, float]:
        loss = self.recipe(self._mode).loss
        known = self._choices.losses if self._choices is not None else ()
        return next((each.options for each in known if each.name == loss), {})

    def _fill(self) -> None:
        recipe = self.recipe(self._mode)
        self._filling = True
        for name, write in self._writers.items():
            write(getattr(recipe, name))
        options = self._options()
        margin = next((name for name in _MARGINS if name in options), "")
        self._margin.setEnabled(bool(margin))
        self._margin.setValue({**options, **recipe.loss_options}.get(margin, 0.0))
        self._free_weight.setChecked(recipe.weight is None)
        self._weight.setEnabled(recipe.weight is not None)
        if recipe.weight is not None:
            self._weight.setValue(recipe.weight)
        known = self._choices.losses if self._choices is not None else ()
        loss = next((each for each in known if each.name == recipe.loss), None)
        self._miner.setEnabled(loss is None or loss.mined)
        self._about.setText(loss.description if loss is not None else "")
        self._about_miner.setText(miner_meanings().get(recipe.miner, "") if self._miner.isEnabled() else "")
        deep = self._mode != "quick"
        for field in self._deep:
            field.setEnabled(deep)
        self._filling = False

    def fit(self, width: int) -> None:
        """Side by side, or one below the other where ``width`` is little."""
        narrow = width < TWO_COLUMNS
        self._columns.setDirection(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)
        self._columns.setSpacing(theme.GRID + 2 if narrow else 3 * theme.MARGIN)

    # The fields

    def _lay_out(self) -> None:
        self._loss, self._miner = self._combo("loss"), self._combo("miner")
        classes, photos = self._spin("classes", 2, 256), self._spin("photos", 2, 64)
        times = SubduedLabel("\N{MULTIPLICATION SIGN}")
        layers, pooling = self._spin("layers", 0, 24), self._combo("pooling", POOLINGS)
        network_epochs = self._spin("epochs", 0, 500)
        network_rate, tuned_rate = self._rate("network_rate"), self._rate("tuned_head_rate")
        blocks, views = self._spin("blocks", 1, 24), self._spin("views", 0, 16)
        cut = self._percent("smallest_cut")
        self._deep: tuple[QWidget, ...] = (network_epochs, network_rate, tuned_rate, blocks)
        left, right = QFormLayout(), QFormLayout()
        rows: tuple[tuple[QFormLayout, str, str, QWidget], ...] = (
            (left, "base", self.tr("Base model"), self._base),
            (left, "loss", self.tr("Loss"), self._loss),
            (left, "", "", self._about),
            (left, "margin", self.tr("Margin"), self._margin),
            (left, "miner", self.tr("Miner"), self._miner),
            (left, "", "", self._about_miner),
            (left, "dimension", self.tr("Embedding size"), self._spin("dimension", 2, 4096)),
            (left, "layers", self.tr("Layers that the head sees"), layers),
            (left, "pooling", self.tr("Pooling of these layers"), pooling),
            (left, "dropout", self.tr("Dropout"), self._number("dropout", 0.0, 0.9)),
            (left, "classes", self.tr("Batch: labels, photos of each (P, K)"), _row(classes, times, photos)),
            (left, "weight", self.tr("Weight of the tuned part"), _row(self._free_weight, self._weight)),
            (left, "seed", self.tr("Seed"), self._spin("seed", 0, 2**31 - 1)),
            (right, "head_epochs", self.tr("Epochs of the head"), self._spin("head_epochs", 1, 1000)),
            (right, "epochs", self.tr("Epochs of the network"), network_epochs),
            (right, "patience", self.tr("Patience"), self._spin("patience", 1, 1000)),
            (right, "head_rate", self.tr("Rate of the head"), self._rate("head_rate")),
            (right, "tuned_head_rate", self.tr("Rate of the head, later"), tuned_rate),
            (right, "network_rate", self.tr("Rate of the network"), network_rate),
            (right, "blocks", self.tr("Blocks that learn"), blocks),
            (right, "views", self.tr("Augmented views of a photo"), views),
            (right, "smallest_cut", self.tr("Smallest cut"), cut),
            (right, "jitter", self.tr("Varied light and colour"), self._percent("jitter", 0)),
            (right, "flip", "", self._check("flip", self.tr("mirrored, too"))),
            (right, "memory", self.tr("Cross-batch memory"), self._spin("memory", 0, 65536)),
            (right, "held_out", self.tr("Held out"), self._percent("held_out", 5, 50)),
        )
        said = meanings()
        self._called = {name: text for _, name, text, _ in rows if name}
        for form, name, text, field in rows:
            form.setHorizontalSpacing(theme.MARGIN)
            form.setVerticalSpacing(theme.GRID + 2)
            form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
            if text:
                field.setAccessibleName(text)
            form.addRow(text, field)
            for part in (field, form.labelForField(field)):
                if part is not None and name:
                    part.setToolTip(said[name])
        photos.setToolTip(said["photos"])
        classes.setAccessibleName(self.tr("Labels in a batch"))
        photos.setAccessibleName(self.tr("Photos of each label in a batch"))
        self._weight.setAccessibleName(self.tr("Weight of the tuned part"))
        back = QPushButton(self.tr("As recommended"))
        back.setAutoDefault(False)
        back.clicked.connect(lambda _checked: self.reset())
        self._columns = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._columns.setSpacing(3 * theme.MARGIN)
        self._columns.addLayout(left, 1)
        self._columns.addLayout(right, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(INDENT, 0, 0, 0)
        column.addLayout(self._columns)
        foot = QHBoxLayout()
        foot.addStretch()
        foot.addWidget(back)
        column.addLayout(foot)

    def _combo(self, name: str, words: Sequence[str] = ()) -> QComboBox:
        combo = QComboBox()
        for word in words:
            combo.addItem(word.replace("+", " + "), word)
        combo.currentIndexChanged.connect(lambda _: self._set(name, combo.currentData()))
        self._writers[name] = lambda value: combo.setCurrentIndex(combo.findData(value))
        return combo

    def _spin(self, name: str, least: int, most: int) -> QSpinBox:
        spin = QSpinBox()
        spin.setRange(least, most)
        spin.valueChanged.connect(lambda value: self._set(name, value))
        self._writers[name] = spin.setValue
        return spin

    def _number(self, name: str, least: float, most: float) -> QDoubleSpinBox:
        spin = QDoubleSpinBox()
        spin.setRange(least, most)
        spin.setSingleStep(0.05)
        spin.valueChanged.connect(lambda value: self._set(name, round(value, 4)))
        self._writers[name] = spin.setValue
        return spin

    def _percent(self, name: str, least: int = 1, most: int = 100) -> QSpinBox:
        spin = QSpinBox()
        spin.setRange(least, most)
        spin.setSuffix(" %")
        spin.valueChanged.connect(lambda value: self._set(name, value / 100))
        self._writers[name] = lambda value: spin.setValue(round(100 * value))
        return spin

    def _check(self, name: str, text: str) -> QCheckBox:
        box = QCheckBox(text)
        box.toggled.connect(lambda value: self._set(name, value))
        self._writers[name] = box.setChecked
        return box

    def _rate(self, name: str) -> RateEdit:
        edit = RateEdit()
        edit.rate_changed.connect(lambda rate: self._set(name, rate))
        edit.checked.connect(self.checked)
        self._writers[name] = edit.show_rate
        self._rates[name] = edit
        return edit


def _row(*parts: QWidget) -> QWidget:
    whole = QWidget()
    row = QHBoxLayout(whole)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(theme.GAP)
    for part in parts:
        row.addWidget(part, 0 if isinstance(part, SubduedLabel) else 1)
    return whole
