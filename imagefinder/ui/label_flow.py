"""Labels, from the person's wish to the library and back: giving, removing, undoing, showing."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from imagefinder.domain.images import Photo, Query, SearchResult
from imagefinder.domain.labels import LabelVote
from imagefinder.ui import label_wording, wording
from imagefinder.ui.inspector import Inspector
from imagefinder.ui.results_page import ResultsPage
from imagefinder.ui.search_flow import SearchFlow
from imagefinder.ui.session import Session
from imagefinder.ui.undo_stack import Step, UndoStack

if TYPE_CHECKING:
    from imagefinder.usecases.models import Models
    from imagefinder.usecases.opening import Library

Back = Callable[["Library"], object]
"""How a change of the library is taken back."""


def _nothing() -> None:
    pass


class LabelFlow(QObject):
    """``changed`` follows every change of labels, an undone one too."""

    changed = Signal()

    def __init__(
        self, session: Session, page: ResultsPage, inspector: Inspector, flow: SearchFlow, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._page = page
        self._inspector = inspector
        self._flow = flow
        self._window = parent
        self._shown: Photo | None = None
        self.stack = UndoStack(self)
        page.view.photos_selected.connect(self._on_selected)
        inspector.neighbour_chosen.connect(self.go_to)
        flow.answered.connect(self._on_answered)
        session.indexing_finished.connect(lambda _: self._ask_label())
        self.changed.connect(self._on_changed)

    # Changes

    def label_selected(self) -> None:
        self.ask(self._page.view.selected_photos())

    def remove_from_selected(self) -> None:
        photos = self._page.view.selected_photos()
        if photos:
            self.set_label(photos, None)

    def ask(
        self,
        photos: Sequence[Photo],
        parent: QWidget | None = None,
        done: Callable[[], object] = _nothing,
        undone: Callable[[], object] = _nothing,
    ) -> None:
        """What do these photos show? The labels there are already are offered."""
        if not photos:
            return

        def look(library: "Library", models: "Models") -> tuple[Mapping[str, int], Mapping[int, str]]:
            return library.label_counts(), library.labels([photo.id for photo in photos])

        def open_dialog(found: tuple[Mapping[str, int], Mapping[int, str]]) -> None:
            from imagefinder.ui.label_dialog import LabelDialog

            dialog = LabelDialog(photos, *found, parent or self._window)
            dialog.chosen.connect(lambda name: self.set_label(photos, name, done, undone))
            dialog.open()

        self._session.ask("label names", look, open_dialog)

    def set_label(
        self,
        photos: Sequence[Photo],
        name: str | None,
        done: Callable[[], object] = _nothing,
        undone: Callable[[], object] = _nothing,
    ) -> None:
        """Call them ``name``; None takes away what they were called."""
        ids = [photo.id for photo in photos]

        def change(library: "Library") -> Back:
            before = library.set_labels(ids, name)
            return lambda library: library.restore_labels(before)

        if name is None:
            text = self.tr("remove the label of {photos}").format(photos=wording.photos(len(photos)))
        else:
            text = self.tr("label {photos} as {label}").format(
                photos=wording.photos(len(photos)), label=label_wording.named(name)
            )
        self.change(text, change, done, undone)

    def set_folder_labelled(self, folder_id: int, labelled: bool) -> None:
        """Whether the names of the folders in this one are the labels of the photos in them."""

        def change(library: "Library") -> Back:
            library.set_labelled(folder_id, labelled)
            return lambda library: library.set_labelled(folder_id, not labelled)

        on, off = self.tr("use folder names as labels"), self.tr("do not use folder names as labels")
        self.change(on if labelled else off, change)

    def change(
        self,
        text: str,
        change: "Callable[[Library], Back]",
        done: Callable[[], object] = _nothing,
        undone: Callable[[], object] = _nothing,
    ) -> None:
        """Change labels on the work lane, so that it can be undone. ``change`` returns how.

        ``done`` and ``undone`` are called at once, each time: what the person sees need not wait for the disk.
        """
        back: list[Back] = []

        def do(library: "Library") -> None:
            back[:] = [change(library)]

        def take_back(library: "Library") -> None:
            if back:  # it is empty where the change failed, which was told then
                back.pop()(library)

        def redo() -> None:
            self._session.edit("labels", do, lambda _: self.changed.emit())
            done()

        def undo() -> None:
            self._session.edit("undo labels", take_back, lambda _: self.changed.emit())
            undone()

        redo()
        self.stack.push(Step(text, undo, redo))

    # Showing

    def go_to(self, photo: Photo) -> None:
        """Select it where it is among the results; look for its like where it is not."""
        row = self._page.model.row_of(photo.id)
        if row is None:
            self._flow.find_similar(photo)
        else:
            self._page.view.select_row(row)
            self._page.view.setFocus()

    def _on_selected(self, photos: Sequence[Photo]) -> None:
        self._shown = photos[0] if len(photos) == 1 else None
        self._ask_label()

    def _on_changed(self) -> None:
        self._ask_label()
        self._on_answered(self._flow.result)

    def _ask_label(self) -> None:
        photo = self._shown
        if photo is None:
            return

        def show(labels: Mapping[int, str]) -> None:
            self._inspector.set_label(photo.id, labels.get(photo.id, ""))

        self._session.ask("label of a photo", lambda library, _: library.labels([photo.id]), show)

    def _on_answered(self, result: SearchResult | None) -> None:
        """Ask on the query lane what this is likely to be; the answer to the search is on the screen by then."""
        if result is None or not result.query.has_picture:
            self._inspector.set_suggestion(None, {})
            return
        query = result.query

        def look(library: "Library", models: "Models") -> tuple[LabelVote, Mapping[int, Photo]] | None:
            from imagefinder.usecases.labelling import NoLabels, suggest

            try:
                vote = suggest(library, lambda: models.embedder(library, models.spec(library)), query)
            except NoLabels:
                return None
            return vote, library.photos([voter.photo_id for voter in vote.voters])

        self._session.ask("suggestion", look, lambda found: self._show_suggestion(query, found), lambda _: None)

    def _show_suggestion(self, query: Query, found: tuple[LabelVote, Mapping[int, Photo]] | None) -> None:
        result = self._flow.result
        if result is not None and result.query == query:
            vote, photos = found or (None, {})
            self._inspector.set_suggestion(vote, photos)
