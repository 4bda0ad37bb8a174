"""Editing which names in a folder are not looked at."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from imagefinder.domain.excludes import DEFAULT_EXCLUDES
from imagefinder.ui import theme
from imagefinder.ui.buttons import button_box
from imagefinder.ui.labels import SubduedLabel


class ExcludesDialog(QDialog):
    """One pattern to a line. ``chosen`` carries them as a tuple."""

    chosen = Signal(object)

    def __init__(self, folder: str, patterns: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Exclude patterns for {folder}").format(folder=folder))
        self._edit = QPlainTextEdit("\n".join(patterns))
        self._edit.setAccessibleName(self.tr("Exclude patterns, one to a line"))
        self._edit.setTabChangesFocus(True)
        self._edit.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._edit.textChanged.connect(self._check)
        label = QLabel(self.tr("&Leave out files and folders with these names:"))
        label.setBuddy(self._edit)
        self._note = SubduedLabel()
        self._note.setMinimumHeight(2 * self._note.fontMetrics().lineSpacing())
        self._note.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._buttons = button_box(
            QDialogButtonBox.StandardButton.Ok
            | QDialogButtonBox.StandardButton.Cancel
            | QDialogButtonBox.StandardButton.RestoreDefaults
        )
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        self._buttons.button(QDialogButtonBox.StandardButton.RestoreDefaults).clicked.connect(
            lambda: self._edit.setPlainText("\n".join(DEFAULT_EXCLUDES))
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.GAP)
        for widget in (label, self._edit, self._note, self._buttons):
            column.addWidget(widget)
        self.resize(440, 360)
        self._check()

    def patterns(self) -> tuple[str, ...]:
        """What is written, without blank lines and repetitions."""
        lines = (line.strip() for line in self._edit.toPlainText().splitlines())
        return tuple(dict.fromkeys(line for line in lines if line))

    def accept(self) -> None:
        self.chosen.emit(self.patterns())
        super().accept()

    def _check(self) -> None:
        wrong = next((pattern for pattern in self.patterns() if "/" in pattern or "\\" in pattern), None)
        everything = next((pattern for pattern in self.patterns() if not pattern.strip("*")), None)
        if wrong is not None:
            note = self.tr("“{pattern}” holds a slash. Patterns are names, not paths.").format(pattern=wrong)
        elif everything is not None:
            note = self.tr("“{pattern}” leaves out everything.").format(pattern=everything)
        else:
            note = self.tr("* stands for anything, ? for one character. A leading dot means hidden files and folders.")
        self._note.setText(note)
        self._buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(wrong is None and everything is None)
