"""Help > About: what this is, which versions, where things are."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from imagefinder.ui import theme, wording
from imagefinder.ui.buttons import button_box
from imagefinder.ui.labels import SubduedLabel, heading


class AboutDialog(QDialog):
    """``rows`` are names and values, such as ("Qt", "6.11.3"); ``crash`` is what is known of the last crash, if any."""

    def __init__(self, rows: Sequence[tuple[str, str]], crash: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("About imagefinder"))
        self._rows = [(name, wording.shown(value)) for name, value in rows]
        self._crash = crash
        facts = QFormLayout()
        facts.setHorizontalSpacing(2 * theme.MARGIN)
        facts.setVerticalSpacing(theme.GRID)
        facts.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        for name, value in self._rows:
            facts.addRow(SubduedLabel(name), self._value(name, value))
        self._copy = QPushButton(self.tr("Copy details"))
        self._copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.details()))
        buttons = button_box(QDialogButtonBox.StandardButton.Close)
        buttons.addButton(self._copy, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * theme.MARGIN, 2 * theme.MARGIN, 2 * theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.MARGIN)
        column.addWidget(heading(self.tr("imagefinder"), scale=1.6))
        column.addWidget(SubduedLabel(self.tr("Finds the photos that look alike. Everything stays on this computer.")))
        column.addLayout(facts)
        if crash:
            note = self.tr("The app ended unexpectedly last time. The details hold what is known of it.")
            column.addWidget(SubduedLabel(note))
        column.addStretch()
        column.addWidget(buttons)
        self.setMinimumWidth(440)

    def details(self) -> str:
        """All of it as text, for a report."""
        lines = [f"{name}: {value}" for name, value in self._rows]
        return "\n".join([*lines, "", self._crash] if self._crash else lines)

    def _value(self, name: str, value: str) -> QLabel:
        label = QLabel(value)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        label.setAccessibleName(f"{name}: {value}")
        label.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        return label
