"""Asking what to call photos."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCompleter, QDialog, QDialogButtonBox, QLabel, QLineEdit, QVBoxLayout, QWidget

from imagefinder.domain.errors import LibraryError
from imagefinder.domain.images import Photo
from imagefinder.domain.labels import clean_label
from imagefinder.ui import theme, wording
from imagefinder.ui.buttons import button_box
from imagefinder.ui.labels import SubduedLabel


class LabelDialog(QDialog):
    """``chosen`` carries the label, as it will be kept.

    ``counts`` are the labels there are and how many photos have each; ``current`` those of the photos.
    """

    chosen = Signal(str)

    def __init__(
        self,
        photos: Sequence[Photo],
        counts: Mapping[str, int],
        current: Mapping[int, str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Label"))
        self._counts = counts
        now = {current.get(photo.id, "") for photo in photos}
        if len(photos) == 1:
            asked = self.tr("&What does {name} show?").format(name=wording.shown(photos[0].name).replace("&", "&&"))
        else:
            asked = self.tr("&What do these {count} photos show?").format(count=wording.grouped(len(photos)))
        self._edit = QLineEdit(now.pop() if len(now) == 1 else "")
        self._edit.setClearButtonEnabled(True)
        self._edit.setPlaceholderText(self.tr("Such as Granny Smith"))
        self._edit.setAccessibleName(self.tr("Label"))
        self._edit.selectAll()
        completer = QCompleter(list(counts), self._edit)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setMaxVisibleItems(12)
        self._edit.setCompleter(completer)
        self._edit.textChanged.connect(self._check)
        label = QLabel(asked)
        label.setTextFormat(Qt.TextFormat.PlainText)  # it may hold the name of a photo
        label.setBuddy(self._edit)
        label.setWordWrap(True)
        self._note = SubduedLabel()
        self._note.setMinimumHeight(2 * self._note.fontMetrics().lineSpacing())
        self._note.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._buttons = button_box(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.GAP)
        for widget in (label, self._edit, self._note, self._buttons):
            column.addWidget(widget)
        self.setMinimumWidth(380)
        self._check()

    def accept(self) -> None:
        try:
            name = self._as_known(clean_label(self._edit.text()))
        except LibraryError:
            return
        self.chosen.emit(name)
        super().accept()

    def _as_known(self, name: str) -> str:
        """A label that only differs in upper and lower case from one there is, is that one."""
        if name in self._counts:
            return name
        return next((known for known in self._counts if known.casefold() == name.casefold()), name)

    def _check(self) -> None:
        text = self._edit.text()
        problem = ""
        note = self.tr("The names of your folders stay as they are.")
        try:
            name = self._as_known(clean_label(text))
        except LibraryError as error:
            problem = error.message if text.strip() else " "
        else:
            if name in self._counts:
                has = wording.photos(self._counts[name])
                note = self.tr("{photos} with this label so far.").format(photos=has)
            else:
                note = self.tr("A new label.")
        self._note.setText(problem.strip() or note)
        self._buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(not problem)
