"""The first page of the dialog: which photos, and what they are called."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QPushButton, QStackedLayout, QVBoxLayout, QWidget

from imagefinder.domain.progress import Progress
from imagefinder.domain.teaching import Group, Interrupted, Selection
from imagefinder.domain.training import LabelledPhoto
from imagefinder.ui import teach_words, theme
from imagefinder.ui.labels import SubduedLabel
from imagefinder.ui.teach_interrupted import InterruptedCards
from imagefinder.ui.teach_labels import LabelTable
from imagefinder.ui.teach_level import LevelQuestion
from imagefinder.ui.teach_notes import NoteList
from imagefinder.ui.teach_pictures import PathPictures
from imagefinder.ui.teach_source import SourceChooser, accepts, dropped
from imagefinder.ui.waiting_page import WaitingPage

if TYPE_CHECKING:
    from imagefinder.usecases.labelled_folders import FolderSurvey


class WhatPage(QWidget):
    """``look_requested`` carries a Source; ``changed`` says that ``photos`` is another now; ``export_requested``
    carries the photos, the file for pairs of them, and whether triplets are wanted instead."""

    look_requested = Signal(object)
    cancel_requested = Signal()
    continue_requested = Signal(object)
    discard_requested = Signal(object)
    export_requested = Signal(object, object, bool)
    changed = Signal()

    def __init__(self, pictures: PathPictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found_first: FolderSurvey | None = None
        self._survey: FolderSurvey | None = None
        self._selection: Selection | None = None
        self._photos: tuple[LabelledPhoto, ...] = ()
        self.source = SourceChooser()
        self.interrupted = InterruptedCards()
        self.level = LevelQuestion()
        self.table = LabelTable(pictures)
        self.notes = NoteList(self.tr("What to know before going on"))
        self.waiting = WaitingPage(self.tr("Looking at the photos…"))
        self._merge = self._button(self.tr("Merge"), self._on_merge)
        self._separate = self._button(self.tr("Separate"), self._on_separate)
        self._all = self._button(self.tr("Tick all"), lambda: self._tick_all(True))
        self._none = self._button(self.tr("Untick all"), lambda: self._tick_all(False))
        self._export = self._button(self.tr("Save as pairs…"), self._ask_export)
        self._export.setToolTip(
            self.tr("Write a table of similar and dissimilar pairs, or of triplets, for other programs.")
        )
        self._merge.setToolTip(self.tr("From now on the selected labels are one, named after the first."))
        self._sentence = SubduedLabel()
        self._lay_out()
        self._connect()
        self.setAcceptDrops(True)
        self.show_nothing()

    @property
    def photos(self) -> tuple[LabelledPhoto, ...]:
        """Those to learn from."""
        return self._photos

    @property
    def sentence(self) -> str:
        """What is said of the choice."""
        return self._sentence.text()

    @property
    def is_enough(self) -> bool:
        """Whether there is something to tell apart."""
        counts = teach_words.counts(self._photos)
        return sum(count > 1 for count in counts.values()) > 1

    def set_interrupted(self, found: Sequence[Interrupted]) -> None:
        self.interrupted.show_all(found)

    def show_nothing(self) -> None:
        """Nothing of this kind is chosen yet."""
        self._survey = self._selection = None
        self.waiting.show_message(teach_words.how_to_choose(self.source.wanted), self.tr("Choose…"))
        self._show(self.waiting)
        self._update()

    def show_begun(self) -> None:
        self._survey = self._selection = None
        self.waiting.show_begun()
        self._show(self.waiting)
        self._update()

    def show_progress(self, progress: Progress) -> None:
        if self._survey is None:
            self.waiting.show_progress(progress)

    def show_problem(self, text: str) -> None:
        self.waiting.show_message(text, self.tr("Choose again…"))
        self._show(self.waiting)
        self._update()

    def show_survey(self, survey: "FolderSurvey") -> None:
        self._found_first = survey
        self.level.ask(survey.nested)
        self._show(self._found)
        self._choose_from(survey)
        self.table.setFocus()

    def _choose_from(self, survey: "FolderSurvey") -> None:
        self._survey = survey
        self._selection = Selection(survey)
        self._refill()

    def _on_level(self, further_out: bool) -> None:
        found = self._found_first
        if found is not None:
            self._choose_from(found.outer if further_out and found.outer is not None else found)

    def groups(self) -> list[Group]:
        return self._selection.groups() if self._selection is not None else []

    def tick(self, group: Group, ticked: bool) -> None:
        if self._selection is not None:
            self._selection.tick(group, ticked)
            self._refill()

    # What the person does

    def _tick_all(self, ticked: bool) -> None:
        if self._selection is not None:
            for group in self._selection.groups():
                self._selection.tick(group, ticked)
            self._refill()

    def _on_merge(self) -> None:
        chosen = self.table.chosen()
        if self._selection is not None and len(chosen) > 1:
            self._selection.merge(chosen, chosen[0].label)
            self._refill()

    def _on_separate(self) -> None:
        if self._selection is not None:
            for group in self.table.chosen():
                self._selection.separate(group)
            self._refill()

    def _ask_export(self) -> None:
        start = str(Path.home() / "pairs.csv")
        pairs, triplets = self.tr("Table of pairs (*.csv)"), self.tr("Table of triplets (*.csv)")
        path, kind = QFileDialog.getSaveFileName(self, self.tr("Save as pairs"), start, f"{pairs};;{triplets}")
        if path:
            self.export_requested.emit(self.photos, Path(path), kind == triplets)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if not accepts(event):
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        dropped(event, self.source)

    # Keeping the parts together

    def _refill(self) -> None:
        self.table.show_groups(self.groups())
        self._update()

    def _update(self) -> None:
        selection, survey = self._selection, self._survey
        photos = self._photos = selection.photos() if selection is not None else ()
        notes: list[str] = []
        if selection is not None and survey is not None:
            from imagefinder.usecases.teaching import considered  # imported where the survey was made

            notes = list(considered(survey, selection.left_out, selection.merged).warnings())
        self.notes.show_notes(notes)
        there = {each.label: len(each.photos) for each in survey.labels} if survey is not None else {}
        sentence = teach_words.chosen(photos, there, self.source.wanted) if survey is not None else ""
        self._sentence.setText(sentence)
        several = len(self.table.chosen()) > 1
        self._merge.setEnabled(several)
        self._separate.setEnabled(any(len(group.members) > 1 for group in self.table.chosen()))
        self._export.setEnabled(self.is_enough)
        self.changed.emit()

    def _show(self, page: QWidget) -> None:
        self._pages.setCurrentWidget(page)

    def _connect(self) -> None:
        self.source.chosen.connect(self.look_requested)
        self.source.switched.connect(self.show_nothing)
        self.waiting.cancelled.connect(self.cancel_requested)
        self.waiting.action.connect(self.source.ask)
        self.level.answered.connect(self._on_level)
        # Queued: the table is filled anew, and must not lose the very item that says it was ticked.
        self.table.ticked.connect(self.tick, Qt.ConnectionType.QueuedConnection)
        self.table.itemSelectionChanged.connect(self._on_selection)
        self.interrupted.continue_requested.connect(self.continue_requested)
        self.interrupted.discard_requested.connect(self.discard_requested)

    def _on_selection(self) -> None:
        chosen = self.table.chosen()
        self._merge.setEnabled(len(chosen) > 1)
        self._separate.setEnabled(any(len(group.members) > 1 for group in chosen))

    def _lay_out(self) -> None:
        intro = QLabel(
            self.tr(
                "Show imagefinder what belongs together: photos of one label are to be found together, photos of "
                "different labels apart. It only reads your photos."
            )
        )
        intro.setWordWrap(True)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GAP)
        for button in (self._all, self._none, self._merge, self._separate):
            buttons.addWidget(button)
        buttons.addStretch()
        buttons.addWidget(self._export)
        self._found = QWidget()
        inside = QVBoxLayout(self._found)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(theme.GAP)
        inside.addWidget(self.level)
        inside.addWidget(self.table, 1)
        inside.addLayout(buttons)
        inside.addWidget(self._sentence)
        inside.addWidget(self.notes)
        pages = QWidget()
        self._pages = QStackedLayout(pages)
        self._pages.addWidget(self.waiting)
        self._pages.addWidget(self._found)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.MARGIN)
        column.addWidget(intro)
        column.addWidget(self.interrupted)
        column.addWidget(self.source)
        column.addWidget(pages, 1)

    def _button(self, text: str, slot: Callable[[], object]) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.clicked.connect(lambda checked: slot())
        return button
