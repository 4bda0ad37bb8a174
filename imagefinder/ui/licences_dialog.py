"""Help > Licences: whose work the app contains, and under which terms."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPlainTextEdit, QVBoxLayout, QWidget

from imagefinder.ui import theme
from imagefinder.ui.buttons import button_box
from imagefinder.ui.labels import SubduedLabel

COLUMNS = 96


class LicencesDialog(QDialog):
    """``notice`` is plain text, long, in lines of up to 80 characters."""

    def __init__(self, notice: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Licences"))
        text = QPlainTextEdit(notice)
        text.setReadOnly(True)
        text.setAccessibleName(self.tr("Licences"))
        text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        buttons = button_box(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.MARGIN)
        column.addWidget(SubduedLabel(self.tr("imagefinder is free software and builds on the work of others.")))
        column.addWidget(text)
        column.addWidget(buttons)
        self.resize(text.fontMetrics().horizontalAdvance("m") * COLUMNS + 4 * theme.MARGIN, 560)
