"""Two pictures, from the selection to the view that compares them."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from imagefinder.domain.errors import ImageFinderError
from imagefinder.domain.images import Photo, Query, SearchResult
from imagefinder.domain.progress import CancelToken
from imagefinder.domain.verdicts import Comparison
from imagefinder.ui import compared, desktop, wording
from imagefinder.ui.banner import BannerStack
from imagefinder.ui.compared import Compared
from imagefinder.ui.path_kinds import PathKinds
from imagefinder.ui.results_page import ResultsPage
from imagefinder.ui.search_flow import SearchFlow
from imagefinder.ui.session import Session

if TYPE_CHECKING:
    from imagefinder.ui.compare_dialog import CompareDialog
    from imagefinder.usecases.models import Models
    from imagefinder.usecases.opening import Library
    from imagefinder.usecases.searching import Seen


class CompareFlow(QObject):
    """Compares the two selected photos, or the selected one with the picture that is looked for.

    What is missing can be dropped or chosen in the dialog.
    """

    def __init__(
        self, session: Session, page: ResultsPage, flow: SearchFlow, banners: BannerStack, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._page = page
        self._flow = flow
        self._banners = banners
        self._window = parent
        self._turn = 0
        self._kinds = PathKinds(self)
        self.dialog: CompareDialog | None = None

    def compare(self) -> None:
        photos = self._page.view.selected_photos()
        result = self._flow.result
        if result is not None and not result.query.has_picture:
            result = None  # words cannot be laid beside a photo
        if len(photos) > 2:
            self._banners.show_message(
                self.tr("Select two photos to compare, or one to compare it with the picture that is looked for.")
            )
        elif len(photos) == 1 and result is not None:
            self._with_query(result, photos[0])
        else:
            pair = [self._of(photo) for photo in photos]
            if not pair and result is not None:
                pair = [compared.from_result(result)]
            left, right = (*pair, None, None)[:2]
            self._open(left, right)

    def close(self) -> None:
        """For the end of the app."""
        if self.dialog is not None:
            self.dialog.close()

    def _with_query(self, result: SearchResult, photo: Photo) -> None:
        """A photo of the library that is looked for is in a file, of which the answer says nothing."""
        photo_id = result.query.photo_id
        if photo_id is None:
            self._open(compared.from_result(result), self._of(photo))
            return

        def show(found: Mapping[int, Photo]) -> None:
            asked = found.get(photo_id)
            self._open(self._of(asked) if asked is not None else compared.from_result(result), self._of(photo))

        self._session.ask("compared photo", lambda library, _: library.photos([photo_id]), show)

    def _of(self, photo: Photo) -> Compared:
        return compared.from_photo(photo, self._page.loader.pixmap(photo))

    def _open(self, left: Compared | None, right: Compared | None) -> None:
        from imagefinder.ui.compare_dialog import CompareDialog

        if self.dialog is not None:
            self.dialog.close()
        dialog = CompareDialog(left, right, self._session.preview, self._window)
        dialog.picture_given.connect(partial(self._read, dialog))
        dialog.open_requested.connect(lambda path: desktop.open_files(self._kinds, [path], self._refused))
        dialog.reveal_requested.connect(lambda path: desktop.reveal(self._kinds, [path], self._refused))
        dialog.finished.connect(partial(self._forget, dialog))
        self.dialog = dialog
        dialog.show()
        self._ask(dialog)

    def _read(self, dialog: "CompareDialog", place: int, query: Query) -> None:
        """Look at a picture that was dropped or chosen, then compare it."""
        if self._session.library is None:
            dialog.say(place, self.tr("The library is not open."))
            return
        if query.url is not None:  # going online is for searches, which say so in the window
            dialog.say(place, self.tr("That is an address. Save the picture, then drop the file."))
            return
        dialog.show_reading(place, query.name)

        def look(library: "Library", models: "Models") -> "Seen":
            from imagefinder.usecases.searching import look_at

            return look_at(library, lambda: models.embedder(library, models.spec(library)), query, CancelToken())

        def done(seen: "Seen") -> None:
            if self.dialog is dialog:
                dialog.set_side(place, compared.from_seen(query, seen))
                self._ask(dialog)

        def failed(error: Exception) -> None:
            if self.dialog is dialog:
                dialog.say(place, self._sentence(error))

        self._session.ask(f"compared picture {place}", look, done, failed)

    def _ask(self, dialog: "CompareDialog") -> None:
        """How alike are the two? Nothing is asked while one is missing."""
        pair = [side.query for side in dialog.pair if side is not None]
        if len(pair) < 2:
            return
        left, right = pair
        self._turn = turn = self._turn + 1

        def look(library: "Library", models: "Models") -> Comparison:
            from imagefinder.usecases.comparing import compare

            return compare(library, lambda: models.embedder(library, models.spec(library)), left, right)

        def done(found: Comparison) -> None:
            if self.dialog is dialog and self._turn == turn and None not in dialog.pair:
                dialog.show_comparison(found)

        def failed(error: Exception) -> None:
            if self.dialog is dialog and self._turn == turn:
                dialog.show_problem(self._sentence(error))

        self._session.ask("compare", look, done, failed)

    def _sentence(self, error: Exception) -> str:
        return str(error) if isinstance(error, ImageFinderError) else self.tr("Stopped by an error.")

    def _refused(self, path: str) -> None:
        self._banners.show_message(self.tr("{path} could not be opened.").format(path=wording.shown(path)))

    def _forget(self, dialog: "CompareDialog", *_: object) -> None:
        if self.dialog is dialog:
            self.dialog = None
