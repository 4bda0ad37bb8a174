"""A question about folders in folders, as in class/year/photo.jpg: which of them are the labels?"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QRadioButton, QVBoxLayout, QWidget

from imagefinder.ui import theme, wording
from imagefinder.ui.banner import Level
from imagefinder.ui.card import Card
from imagefinder.ui.labels import IconLabel

if TYPE_CHECKING:
    from imagefinder.usecases.label_levels import Nested

SHOWN = 4
"""Names in a line."""


class LevelQuestion(Card):
    """Takes no room where there is nothing to ask. ``answered`` says whether the folders further out are the labels."""

    answered = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sentence = QLabel()
        self._sentence.setTextFormat(Qt.TextFormat.PlainText)
        self._sentence.setWordWrap(True)
        self.inner, self.outer = QRadioButton(), QRadioButton()
        self.outer.toggled.connect(self.answered)
        column = QVBoxLayout()
        column.setSpacing(theme.GRID)
        for part in (self._sentence, self.inner, self.outer):
            column.addWidget(part)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.GAP)
        row.setSpacing(theme.GAP)
        row.addWidget(IconLabel(Level.WARNING.value[0], 16), 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(column, 1)
        self.hide()

    @property
    def sentence(self) -> str:
        return self._sentence.text()

    def ask(self, nested: "Nested | None") -> None:
        """None: there is nothing to ask."""
        self.setVisible(nested is not None)
        self.blockSignals(True)
        self.inner.setChecked(True)
        self.blockSignals(False)
        if nested is None:
            return
        text = self.tr(
            "Folders of the same name lie below several folders, and are one label each. What are the labels?"
        )
        self._sentence.setText(text)
        self.inner.setText(self.tr("The folders that photos lie in: {names}").format(names=_some(nested.names)))
        self.outer.setText(self.tr("Folders further out: {names}").format(names=_some(nested.above)))


def _some(names: Sequence[str]) -> str:
    """Fit for a button, which takes an & for the mark of a key."""
    shown = ", ".join(wording.shown(name) for name in names[:SHOWN]).replace("&", "&&")
    return f"{shown}…" if len(names) > SHOWN else shown
