"""A field for a learning rate, which is written as 5e-4: no spin box can do that."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QColor, QFocusEvent, QIcon
from PySide6.QtWidgets import QLineEdit, QWidget

from imagefinder.ui import icons, theme
from imagefinder.ui.banner import Level

LEAST, MOST = 1e-7, 1.0
_MARK = 16


class RateEdit(QLineEdit):
    """What is no rate is marked while it stands there, and gives way to what was there before when the field is left,
    as in a spin box.

    ``rate_changed`` carries the rate that holds now; ``checked`` says that ``problem`` may be another.
    """

    rate_changed = Signal(float)
    checked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rate = self._before = LEAST
        self._mark: QAction | None = None
        self.textEdited.connect(self._on_edited)
        self.textChanged.connect(lambda _: self._check())

    @property
    def problem(self) -> str:
        """What can be written instead; "" where it is a rate."""
        if _rate_of(self.text()) is not None:
            return ""
        return self.tr("{least} to {most}, such as {rate}.").format(
            least=f"{LEAST:g}", most=f"{MOST:g}", rate=f"{self._before:g}"
        )

    def show_rate(self, rate: float) -> None:
        """Leaves the text alone where it says just that, in whatever way the person wrote it."""
        self._rate = self._before = rate
        if _rate_of(self.text()) != rate:
            self.setText(f"{rate:g}")

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        stays = (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason)
        if event.reason() not in stays:
            self.show_rate(self._rate)

    def _on_edited(self, text: str) -> None:
        rate = _rate_of(text)
        if rate is None:
            rate = self._before  # not what was typed until then: on the way to 1e-4 that was 1
        if rate != self._rate:
            self._rate = rate
            self.rate_changed.emit(rate)

    def _check(self) -> None:
        problem = self.problem
        if problem and self._mark is None:
            tone = QColor(Level.WARNING.value[1 + theme.is_dark(self.palette())])
            picture = icons.pixmap("triangle-alert", _MARK, tone, self.devicePixelRatioF())
            self._mark = self.addAction(QIcon(picture), QLineEdit.ActionPosition.TrailingPosition)
        if self._mark is not None:
            self._mark.setVisible(bool(problem))
            self._mark.setToolTip(problem)
        self.setAccessibleDescription(problem)
        self.checked.emit()


def _rate_of(text: str) -> float | None:
    """None for what is no rate. A comma is taken for a point."""
    try:
        rate = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return rate if LEAST <= rate <= MOST else None
