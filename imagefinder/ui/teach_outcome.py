"""The last page of the dialog: whether it got better, what it cost elsewhere, and what to do with it."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QTabWidget, QVBoxLayout, QWidget

from imagefinder.domain.training import TrainingOutcome
from imagefinder.ui import teach_words, theme
from imagefinder.ui.banner import Level
from imagefinder.ui.labels import IconLabel, SubduedLabel
from imagefinder.ui.teach_adopt import AdoptCard
from imagefinder.ui.teach_examples import ExampleGrid
from imagefinder.ui.teach_notes import NoteList
from imagefinder.ui.teach_pictures import PathPictures
from imagefinder.ui.teach_tables import LabelsTable, OverallTable
from imagefinder.ui.teach_words import Verdict

_TONES = {
    "check": ("#1c7a3d", "#7fd19a"),
    "info": Level.INFO.value[1:],
    "triangle-alert": Level.WARNING.value[1:],
}


class OutcomePage(QWidget):
    """``path_chosen`` carries the path of a picture that was pressed."""

    path_chosen = Signal(object)

    def __init__(self, pictures: PathPictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._verdict: Verdict | None = None
        self._mark = IconLabel("check", 24, self._tone)
        self._mark_name = "check"
        self._headline = QLabel()
        self._headline.setFont(theme.heading_font(self._headline.font(), 1.15))
        self._headline.setWordWrap(True)
        self._advice = QLabel()
        self._advice.setWordWrap(True)
        self.card = AdoptCard()
        self.overall = OverallTable()
        self.labels = LabelsTable()
        self.examples = ExampleGrid(pictures, "outcome", self.tr("The same searches before and after"))
        self.examples.path_chosen.connect(self.path_chosen)
        self._how = SubduedLabel()
        self._elsewhere = QLabel()
        self._elsewhere.setWordWrap(True)
        self.notes = NoteList(self.tr("What to know about it"))
        self._tabs = QTabWidget()
        self._tabs.setDocumentMode(True)
        self._lay_out()

    @property
    def verdict(self) -> Verdict | None:
        """What is said of the training that is shown."""
        return self._verdict

    @property
    def elsewhere(self) -> str:
        """What is said of photos that nobody labelled."""
        return self._elsewhere.text()

    def show_outcome(self, outcome: TrainingOutcome) -> None:
        comparison = outcome.test or outcome.held_out
        self._verdict = verdict = teach_words.verdict(outcome)
        self._headline.setText(verdict.headline)
        self._advice.setText(verdict.advice)
        self._mark_name = "check" if verdict.sure else "info" if verdict.good else "triangle-alert"
        self._mark.show_icon(self._mark_name)
        self.overall.show_comparison(comparison)
        self.labels.show_comparison(comparison)
        self.examples.show_both(outcome.examples_before, outcome.examples_after)
        self._tabs.setTabVisible(self._tabs.indexOf(self.examples), bool(outcome.examples_before))
        self._how.setText(teach_words.measured_with(comparison, outcome.base))
        self._elsewhere.setText(teach_words.elsewhere(outcome))
        notes = list(outcome.warnings)
        if outcome.stopped_early:
            notes.insert(0, self.tr("It was stopped early; this is the best until then."))
        self.notes.show_notes(notes)
        self._tabs.setCurrentIndex(0)

    def _tone(self, palette: QPalette) -> QColor:
        return QColor(_TONES[self._mark_name][theme.is_dark(palette)])

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(theme.GAP)
        head.addWidget(self._mark)
        head.addWidget(self._headline, 1)
        numbers = QWidget()
        inside = QVBoxLayout(numbers)
        inside.setContentsMargins(0, theme.MARGIN, 0, 0)
        inside.setSpacing(theme.MARGIN)
        inside.addWidget(self.overall)
        inside.addWidget(self._how)
        inside.addWidget(self._elsewhere)
        inside.addWidget(self.notes)
        inside.addStretch()
        self._tabs.addTab(numbers, self.tr("All searches"))
        self._tabs.addTab(self.labels, self.tr("By label"))
        self._tabs.addTab(self.examples, self.tr("Side by side"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP)
        column.addLayout(head)
        column.addWidget(self._advice)
        column.addWidget(self.card)
        column.addWidget(self._tabs, 1)
