"""How much counts what a tuned model has learned, against what its base model knew: a slider, and nothing is read
again."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QToolButton, QWidget

from imagefinder.settings import Settings
from imagefinder.ui import icons, theme, wording
from imagefinder.ui.search_flow import SearchFlow
from imagefinder.ui.session import Session

if TYPE_CHECKING:
    from imagefinder.usecases.models import Models
    from imagefinder.usecases.opening import Library
    from imagefinder.usecases.weighed_search import Weighable

SETTLE_MILLISECONDS = 150
WIDTH = 180


class WeightRow(QWidget):
    """``changed`` carries the share of the tuned part in percent, ``available`` says whether a tuned model answers."""

    changed = Signal(int)
    available = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._own = 0
        self._label = QLabel()
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setFixedWidth(WIDTH)
        self.slider.setPageStep(10)
        self.slider.setToolTip(
            self.tr(
                "To the left counts what the base model sees, to the right what was learned. No photo is read again."
            )
        )
        self.slider.valueChanged.connect(self._on_value)
        self._label.setBuddy(self.slider)
        self._percent = QLabel()
        self._percent.setMinimumWidth(self._percent.fontMetrics().horizontalAdvance("100 %"))
        self.back = QToolButton()
        self.back.setAutoRaise(True)
        self.back.setToolTip(self.tr("As it was chosen by testing"))
        self.back.setAccessibleName(self.back.toolTip())
        icons.set_icon(self.back, "rotate-cw")
        self.back.clicked.connect(lambda _checked: self.slider.setValue(self._own))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GAP)
        for part in (self._label, self.slider, self._percent, self.back):
            row.addWidget(part)
        row.addStretch()
        self.hide()

    def show_model(self, found: "Weighable | None", percent: int | None = None) -> None:
        """``percent``: what the person chose before."""
        self.available.emit(found is not None)
        if found is None:
            return
        self._own = round(100 * found.weight)
        self._label.setText(self.tr("What “{name}” learned counts").format(name=wording.shown(found.model)))
        self.slider.setAccessibleName(self._label.text())
        self.slider.blockSignals(True)
        self.slider.setRange(round(100 * found.least), round(100 * found.largest))
        self.slider.setValue(self._own if percent is None else percent)
        self.slider.blockSignals(False)
        self._show()

    def _on_value(self, value: int) -> None:
        self._show()
        self.changed.emit(value)

    def _show(self) -> None:
        self._percent.setText(self.tr("{percent} %").format(percent=self.slider.value()))
        self.back.setEnabled(self.slider.value() != self._own)


class TeachWeight(QObject):
    """Lives as long as the window: what was chosen for a model counts again when the library is searched with it."""

    changed = Signal()

    def __init__(self, session: Session, flow: SearchFlow, remembered: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._flow = flow
        self._settings = remembered
        self._row: WeightRow | None = None
        self._found: Weighable | None = None
        self._settle = QTimer(self, interval=SETTLE_MILLISECONDS, singleShot=True)
        self._settle.timeout.connect(flow.refresh)
        session.opened.connect(self._ask)
        session.model_switched.connect(lambda _: self._ask())

    @property
    def found(self) -> "Weighable | None":
        """The tuned model that answers; None where another one does."""
        return self._found

    def show_in(self, row: WeightRow) -> None:
        self._row = row
        row.changed.connect(self._on_changed)
        self._show()

    def close(self) -> None:
        """For the end of the app."""
        self._settle.stop()

    def _ask(self) -> None:
        def ask(library: "Library", models: "Models") -> "Weighable | None":
            from imagefinder.usecases.weighed_search import weighable

            return weighable(library)

        self._session.ask("weight", ask, self._on_found)

    def _on_found(self, found: "Weighable | None") -> None:
        self._found = found
        chosen = self._chosen()
        self._session.tuned_weight = None if chosen is None else chosen / 100
        self._show()
        self.changed.emit()

    def _on_changed(self, percent: int) -> None:
        if self._found is None:
            return
        own = percent == round(100 * self._found.weight)
        self._settings.tuned_model = "" if own else self._found.model
        self._settings.tuned_weight = percent
        self._session.tuned_weight = None if own else percent / 100
        self._settle.start()

    def _chosen(self) -> int | None:
        if self._found is None or self._found.model != self._settings.tuned_model:
            return None
        return self._settings.tuned_weight

    def _show(self) -> None:
        if self._row is not None:
            self._row.show_model(self._found, self._chosen())
