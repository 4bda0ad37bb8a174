"""Trainings that ended before they were done, and what can be done with them."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from imagefinder.domain.teaching import Interrupted
from imagefinder.ui import theme, wording
from imagefinder.ui.card import Card
from imagefinder.ui.labels import IconLabel

AT_MOST = 2


class InterruptedCards(QWidget):
    """A card for each; takes no room without any. Signals carry the Interrupted."""

    continue_requested = Signal(object)
    discard_requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.GAP)
        self._cards: list[QWidget] = []
        self._found: tuple[Interrupted, ...] = ()
        self.hide()

    @property
    def found(self) -> tuple[Interrupted, ...]:
        return self._found

    def show_all(self, found: Sequence[Interrupted]) -> None:
        for card in self._cards:
            self._column.removeWidget(card)
            card.hide()
            card.deleteLater()
        self._found = tuple(found)
        self._cards = [self._card(each) for each in found[:AT_MOST]]
        for card in self._cards:
            self._column.addWidget(card)
        self.setVisible(bool(found))

    def _card(self, each: Interrupted) -> QWidget:
        card = Card()
        text = QLabel(
            self.tr("“{name}” is not finished. It goes on where it was, with {photos}.").format(
                name=wording.shown(each.spec.name), photos=wording.photos(len(each.spec.photos))
            )
        )
        text.setWordWrap(True)
        row = QHBoxLayout(card)
        row.setContentsMargins(theme.MARGIN, theme.GAP, theme.GAP, theme.GAP)
        row.setSpacing(theme.GAP)
        row.addWidget(IconLabel("info", 16))
        row.addWidget(text, 1)
        row.addWidget(_button(self.tr("Continue"), lambda: self.continue_requested.emit(each)))
        row.addWidget(_button(self.tr("Discard"), lambda: self.discard_requested.emit(each)))
        return card


def _button(text: str, slot: Callable[[], object]) -> QPushButton:
    button = QPushButton(text)
    button.setAutoDefault(False)
    button.clicked.connect(lambda checked: slot())
    return button
