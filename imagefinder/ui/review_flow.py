"""The review of proposed labels: works them out on the study lane, and carries decisions to the library."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from imagefinder.domain.errors import ImageFinderError
from imagefinder.domain.images import Photo
from imagefinder.domain.progress import CancelToken, ProgressSink
from imagefinder.settings import Settings
from imagefinder.ui import label_wording, wording
from imagefinder.ui.label_flow import Back, LabelFlow
from imagefinder.ui.lane import Job
from imagefinder.ui.review_undo import ReviewUndo
from imagefinder.ui.session import Session
from imagefinder.ui.thumbnail_loader import ThumbnailLoader

if TYPE_CHECKING:
    from imagefinder.ui.review_dialog import ReviewDialog
    from imagefinder.usecases.labelling import Proposal
    from imagefinder.usecases.models import Models
    from imagefinder.usecases.opening import Library

Found = tuple["Sequence[Proposal]", int, Mapping[int, Photo], int]
"""The best proposals, how many there are in all, their voters by id, and how many photos have no label."""


class ReviewFlow(QObject):
    """One dialog, made when it is first asked for."""

    def __init__(self, session: Session, labels: LabelFlow, remembered: Settings, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._labels = labels
        self._remembered = remembered
        self._window = parent
        self._undo = ReviewUndo(labels.stack, self)
        self._loaders = [ThumbnailLoader(session.thumbnail, 64 * 2**20, 1, self) for _ in range(2)]
        self._job: Job | None = None
        self._turn = 0
        self._waiting = False
        self.dialog: ReviewDialog | None = None

    def show(self) -> None:
        """Open the list, or bring it to the front. Proposals are worked out when it opens."""
        if self.dialog is None:
            self.dialog = self._make()
        if not self.dialog.isVisible():
            self.look()
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()

    def close(self) -> None:
        """For the end of the app."""
        self._cancel()
        if self.dialog is not None:
            self.dialog.close()
        for loader in self._loaders:
            loader.close()

    def _make(self) -> "ReviewDialog":
        from imagefinder.ui.review_dialog import ReviewDialog

        dialog = ReviewDialog(self._loaders[0], self._loaders[1], self._remembered, self._window)
        dialog.accept_requested.connect(self.accept)
        dialog.reject_requested.connect(self.reject)
        dialog.label_requested.connect(self._ask)
        dialog.photo_chosen.connect(self._labels.go_to)
        dialog.again_requested.connect(self.look)
        dialog.cancel_requested.connect(self._cancel)
        dialog.finished.connect(self._cancel)
        dialog.undo_requested.connect(self._undo.undo)
        dialog.redo_requested.connect(self._undo.redo)
        self._undo.changed.connect(lambda: dialog.set_undo(self._undo.undo_text))
        self._undo.changed_elsewhere.connect(dialog.show_outdated)
        return dialog

    def look(self) -> None:
        """Work the proposals out anew."""
        self._cancel()
        self._undo.begin()

        def work(library: "Library", models: "Models", token: CancelToken, sink: ProgressSink) -> Found:
            from imagefinder.usecases.labelling import proposals

            found, total = proposals(library, token=token, progress=sink)
            voters = library.photos({voter.photo_id for each in found for voter in each.vote.voters})
            return found, total, voters, len(library.unlabelled_photos(library.count()))

        dialog = self.dialog
        assert dialog is not None
        if self._session.library is None:
            dialog.show_message(self.tr("The library is not open."), self.tr("Look again"))
            return
        dialog.show_begun()
        self._turn = turn = self._turn + 1
        self._waiting = True

        def begin(_: None) -> None:
            if turn != self._turn:
                return
            self._waiting = False
            self._job = self._session.study(
                "proposals", work, self._on_found, self._on_failed, dialog.show_progress, lambda: self._on_over(turn)
            )

        # An edit comes after the edits before it: what was just decided must not be proposed again.
        self._session.edit("proposals", lambda library: None, begin)

    def accept(self, proposals: "Sequence[Proposal]") -> None:
        """Give the photos the labels that were proposed for them: one step, however many they are."""
        groups = _by_label(proposals)

        def change(library: "Library") -> Back:
            from imagefinder.usecases.labelling import accept, undo_accept

            before = [accept(library, ids, label) for label, ids in groups.items()]

            def take_back(library: "Library") -> None:
                for each in before:
                    undo_accept(library, each)

            return take_back

        self._decide(self._text(proposals, self.tr("accept {what}")), proposals, change, True)

    def reject(self, proposals: "Sequence[Proposal]") -> None:
        """These photos are something else: the same is not proposed for them again."""
        groups = _by_label(proposals)

        def change(library: "Library") -> Back:
            from imagefinder.usecases.labelling import reject, undo_reject

            for label, ids in groups.items():
                reject(library, ids, label)

            def take_back(library: "Library") -> None:
                for label, ids in groups.items():
                    undo_reject(library, ids, label)

            return take_back

        self._decide(self._text(proposals, self.tr("reject {what}")), proposals, change, False)

    def _decide(
        self, text: str, proposals: "Sequence[Proposal]", change: "Callable[[Library], Back]", accepted: bool
    ) -> None:
        ids = [each.photo.id for each in proposals]
        self._labels.change(
            text, change, lambda: self._show_decided(ids, accepted), lambda: self._show_decided(ids, None)
        )

    def _ask(self, photo: Photo) -> None:
        self._labels.ask(
            [photo],
            self.dialog,
            lambda: self._show_decided([photo.id], True),
            lambda: self._show_decided([photo.id], None),
        )

    def _show_decided(self, ids: Sequence[int], accepted: bool | None) -> None:
        """Part of every step that is decided here, each time it is done or undone."""
        if accepted is None:
            self._undo.note_undone()
        else:
            self._undo.note_done()
        if self.dialog is not None:
            self.dialog.set_decided(ids, accepted)

    def _text(self, proposals: "Sequence[Proposal]", sentence: str) -> str:
        if len(proposals) == 1:
            what = label_wording.named(proposals[0].vote.label or "")
        else:
            what = self.tr("{count} labels").format(count=wording.grouped(len(proposals)))
        return sentence.format(what=what)

    def _on_found(self, found: Found) -> None:
        proposals, total, voters, unlabelled = found
        assert self.dialog is not None
        self.dialog.set_proposals(proposals, voters, total)
        if not proposals:
            if unlabelled:
                text = self.tr("No photo without a label is like one that has a label.")
            else:
                text = self.tr("Every photo of this library has a label.")
            self.dialog.show_message(text, self.tr("Look again"))

    def _on_failed(self, error: Exception) -> None:
        from imagefinder.usecases.labelling import NoLabels

        assert self.dialog is not None
        if isinstance(error, NoLabels):
            self.dialog.show_message(
                self.tr(
                    "No folder is used for labels yet. Right-click a folder in the main window and choose "
                    "“Use folder names as labels”, or label a few photos with Ctrl+T."
                ),
                self.tr("Look again"),
            )
        elif isinstance(error, ImageFinderError):
            self.dialog.show_message(str(error), self.tr("Look again"))
        else:
            self.dialog.show_message(self.tr("Stopped by an error."), self.tr("Look again"))

    def _on_over(self, turn: int) -> None:
        if turn != self._turn:
            return  # it was cancelled, and looked again since
        if self._job is not None and self._job.token.cancelled and self.dialog is not None:
            self.dialog.show_message(self.tr("Stopped."), self.tr("Look again"))
        self._job = None

    def _cancel(self, *_: object) -> None:
        if self._waiting:
            self._waiting = False
            self._turn += 1
            if self.dialog is not None:
                self.dialog.show_message(self.tr("Stopped."), self.tr("Look again"))
        if self._job is not None:
            self._job.token.cancel()


def _by_label(proposals: "Sequence[Proposal]") -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for each in proposals:
        groups.setdefault(each.vote.label or "", []).append(each.photo.id)
    return groups
