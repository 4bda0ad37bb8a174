"""Deciding on proposed labels, one after the other or many at once."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QHBoxLayout,
    QPushButton,
    QSpinBox,
    QSplitter,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from imagefinder.domain.images import Photo
from imagefinder.domain.progress import Progress
from imagefinder.settings import Settings
from imagefinder.ui import label_wording, theme, wording
from imagefinder.ui.labels import SubduedLabel
from imagefinder.ui.remembered_size import RememberedSize
from imagefinder.ui.review_detail import ReviewDetail
from imagefinder.ui.review_list import ReviewList
from imagefinder.ui.review_model import ReviewModel
from imagefinder.ui.thumbnail_loader import ThumbnailLoader
from imagefinder.ui.waiting_page import WaitingPage

if TYPE_CHECKING:
    from imagefinder.usecases.labelling import Proposal

FIRST_SIZE = (880, 620)


class ReviewDialog(QDialog):
    """Not modal. Decides nothing itself: whoever acts on the wishes calls ``set_decided`` for the photos.

    ``accept_requested`` and ``reject_requested`` carry a list of Proposal, ``label_requested`` a Photo that is
    something else. ``rows`` and ``pictures`` load the small and the large thumbnails.
    """

    accept_requested = Signal(list)
    reject_requested = Signal(list)
    label_requested = Signal(object)
    photo_chosen = Signal(object)
    again_requested = Signal()
    cancel_requested = Signal()
    undo_requested = Signal()
    redo_requested = Signal()

    def __init__(
        self, rows: ThumbnailLoader, pictures: ThumbnailLoader, remembered: Settings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Review proposed labels"))
        self._accepted: set[int] = set()
        self._rejected: set[int] = set()
        self._listed = 0
        self._total = 0
        self._outdated = False
        self.model = ReviewModel(rows, self)
        self.list = ReviewList(self.model, rows)
        self.detail = ReviewDetail(pictures)
        self.waiting = WaitingPage(self.tr("Looking for labels…"))
        self._filter = QComboBox()
        self._filter.setAccessibleName(self.tr("Show proposals for"))
        self._filter.setMinimumContentsLength(18)
        self._filter.activated.connect(self._on_filter)
        self._from = QSpinBox()
        self._from.setRange(1, 100)
        self._from.setValue(90)
        self._from.setPrefix(self.tr("at least "))
        self._from.setSuffix(self.tr("\N{NO-BREAK SPACE}% of the votes"))
        self._from.setAccessibleName(self.tr("Lowest share of the votes to accept"))
        self._from.setToolTip(label_wording.votes_meaning())
        self._from.valueChanged.connect(self._count)
        self._bulk = QPushButton()
        self._bulk.setAutoDefault(False)
        self._bulk.setToolTip(
            self.tr("Those that are shown, have so many votes and are sure. It can be undone at once.")
        )
        self._bulk.clicked.connect(self._accept_many)
        self._undo = self._button(self.tr("Undo"), self.undo_requested.emit)
        self._undo.setEnabled(False)
        self._again = self._button(self.tr("Look again"), self.again_requested.emit)
        self._sentence = SubduedLabel()
        self._lay_out()
        self._connect()
        RememberedSize(self, remembered, "review_geometry", QSize(*FIRST_SIZE))

    # What the flow says

    def show_begun(self) -> None:
        self.waiting.show_begun()
        self._show(self.waiting)

    def show_progress(self, progress: Progress) -> None:
        self.waiting.show_progress(progress)

    def show_message(self, text: str, action: str = "") -> None:
        """In place of the list: why there is nothing to review. ``action`` offers to look again."""
        self.waiting.show_message(text, action)
        self._show(self.waiting)

    def set_proposals(self, proposals: "Sequence[Proposal]", voters: Mapping[int, Photo], total: int) -> None:
        """``voters`` are the photos that had a say, by id; ``total`` counts the proposals that were left out too."""
        self._accepted, self._rejected = set(), set()
        self._listed, self._total = len(proposals), total
        self._outdated = False
        self.detail.set_voters(voters)
        self.model.set_label("")
        self.model.set_proposals(proposals)
        self._filter.clear()
        self._after_change(0)

    def set_decided(self, photo_ids: Sequence[int], accepted: bool | None) -> None:
        """These were accepted, or rejected; with None they are to be decided again."""
        row = self.list.currentIndex().row()
        ids = set(photo_ids)
        self._accepted -= ids
        self._rejected -= ids
        if accepted is not None:
            (self._accepted if accepted else self._rejected).update(ids)
        self.model.set_decided(ids, accepted is not None)
        back = self.model.row_of(photo_ids[0]) if accepted is None and photo_ids else -1
        self._after_change(back if back >= 0 else row)

    def set_undo(self, text: str) -> None:
        """What Ctrl+Z would undo; "" where nothing can be."""
        self._undo.setEnabled(bool(text))
        self._undo.setToolTip(wording.tip(self.tr("Undo: {what}").format(what=text)) if text else "")

    def show_outdated(self) -> None:
        """Labels were changed elsewhere since these were proposed."""
        self._outdated = True
        self._count()

    # What the person does

    def accept_current(self) -> None:
        if (proposal := self._current()) is not None:
            self.accept_requested.emit([proposal])

    def reject_current(self) -> None:
        if (proposal := self._current()) is not None:
            self.reject_requested.emit([proposal])

    def skip_current(self) -> None:
        """Go on to the next; this one stays in the list."""
        row = self.list.currentIndex().row() + 1
        if row < self.model.rowCount():
            self.list.setCurrentIndex(self.model.index(row))
            self.list.scrollTo(self.list.currentIndex())

    def _other(self) -> None:
        if (proposal := self._current()) is not None:
            self.label_requested.emit(proposal.photo)

    def _current(self) -> "Proposal | None":
        return self.model.proposal(self.list.currentIndex().row())

    def _accept_many(self) -> None:
        proposals = self._above()
        if proposals:
            self.accept_requested.emit(proposals)

    def _above(self) -> "list[Proposal]":
        least = self._from.value() / 100
        return [each for each in self.model.proposals() if each.vote.sure and each.vote.confidence >= least]

    def _on_filter(self) -> None:
        self.model.set_label(self._filter.currentData() or "")
        self._after_change(0)
        self.list.setFocus()

    # Keeping the parts together

    def _after_change(self, row: int) -> None:
        """The list has changed: another row is current, and everything that counts is counted again."""
        counts = self.model.counts()
        label = self._filter.currentData() or ""
        if label and label not in counts:
            label = ""
            self.model.set_label("")
            row = 0
        self._fill_filter(counts, label)
        rows = self.model.rowCount()
        if rows:
            self._show(self._work)
            self.list.setCurrentIndex(self.model.index(max(0, min(row, rows - 1))))
            self.list.scrollTo(self.list.currentIndex())
            if not self._filter.hasFocus():
                self.list.setFocus()
        elif self._accepted or self._rejected:
            self._show_end()
        self._show_current()
        self._count()

    def _show_end(self) -> None:
        more = self._total - self._listed
        if more <= 0:
            self.show_message(self.tr("Every proposal is decided."), self.tr("Look again"))
            return
        text = self.tr("These {count} are decided. There are proposals for {more} more.")
        self.show_message(
            text.format(count=wording.grouped(self._listed), more=wording.photos(more)), self.tr("Look for more")
        )

    def _show(self, page: QWidget) -> None:
        self._pages.setCurrentWidget(page)
        self._again.setVisible(page is self._work)  # the other page has its own

    def _fill_filter(self, counts: Mapping[str, int], label: str) -> None:
        self._filter.clear()
        self._filter.addItem(self.tr("All labels ({count})").format(count=wording.grouped(sum(counts.values()))), "")
        for name, count in counts.items():
            self._filter.addItem(f"{wording.shown(name)} ({wording.grouped(count)})", name)
        self._filter.setCurrentIndex(max(0, self._filter.findData(label)))

    def _count(self) -> None:
        count = len(self._above())
        self._bulk.setText(self.tr("Accept all {count}").format(count=wording.grouped(count)))
        self._bulk.setEnabled(count > 0)
        left = self.tr("{count} to review").format(count=wording.grouped(sum(self.model.counts().values())))
        if self._total > self._listed:
            surest = self.tr("of the {count} surest of {total}")
            surest = surest.format(count=wording.grouped(self._listed), total=wording.grouped(self._total))
            left = f"{left}, {surest}"
        parts = [
            left,
            self.tr("{count} accepted").format(count=wording.grouped(len(self._accepted))),
            self.tr("{count} rejected").format(count=wording.grouped(len(self._rejected))),
        ]
        if self._outdated:
            parts.append(self.tr("labels were changed elsewhere since: look again"))
        self._sentence.setText(wording.DOT.join(parts))

    def _show_current(self) -> None:
        self.detail.show_proposal(self._current())

    def _connect(self) -> None:
        self.list.selectionModel().currentChanged.connect(lambda *_: self._show_current())
        self.list.accept_pressed.connect(self.accept_current)
        self.list.reject_pressed.connect(self.reject_current)
        self.list.skip_pressed.connect(self.skip_current)
        self.list.other_pressed.connect(self._other)
        self.detail.accept_button.clicked.connect(self.accept_current)
        self.detail.reject_button.clicked.connect(self.reject_current)
        self.detail.skip_button.clicked.connect(self.skip_current)
        self.detail.other_button.clicked.connect(self._other)
        self.detail.photo_chosen.connect(self.photo_chosen)
        self.waiting.cancelled.connect(self.cancel_requested)
        self.waiting.action.connect(self.again_requested)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Undo), self).activated.connect(self.undo_requested)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Redo), self).activated.connect(self.redo_requested)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(theme.GAP)
        head.addWidget(self._filter)
        head.addStretch()
        head.addWidget(self._from)
        head.addWidget(self._bulk)
        splitter = QSplitter()
        splitter.addWidget(self.list)
        splitter.addWidget(self.detail)
        splitter.setChildrenCollapsible(False)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([340, 520])
        self._work = QWidget()
        column = QVBoxLayout(self._work)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP)
        column.addLayout(head)
        column.addWidget(splitter, 1)
        pages = QWidget()
        self._pages = QStackedLayout(pages)
        self._pages.addWidget(self.waiting)
        self._pages.addWidget(self._work)
        foot = QHBoxLayout()
        foot.setSpacing(theme.GAP)
        foot.addWidget(self._sentence, 1)
        foot.addWidget(self._undo)
        foot.addWidget(self._again)
        foot.addWidget(self._button(self.tr("Close"), self.close))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        outer.setSpacing(theme.GAP)
        outer.addWidget(pages, 1)
        outer.addLayout(foot)
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, False)

    def _button(self, text: str, slot: Callable[[], object]) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.clicked.connect(lambda checked: slot())
        return button
