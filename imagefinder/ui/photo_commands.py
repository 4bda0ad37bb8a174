"""What a person does with photos that were found: open, show, copy, trash."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from imagefinder.domain.images import Photo
from imagefinder.ui import desktop, wording
from imagefinder.ui.banner import BannerStack, Level
from imagefinder.ui.confirm import confirm
from imagefinder.ui.inspector import Inspector
from imagefinder.ui.path_kinds import PathKinds
from imagefinder.ui.results_page import ResultsPage
from imagefinder.ui.session import Session

OPENED_AT_ONCE = 20


class PhotoCommands(QObject):
    """Connects the grid's and the inspector's wishes with the desktop; says in a banner what did not work."""

    def __init__(
        self, session: Session, page: ResultsPage, inspector: Inspector, banners: BannerStack, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._page = page
        self._banners = banners
        self._window = parent
        self._kinds = PathKinds(self)
        page.view.open_requested.connect(self.open)
        page.view.reveal_requested.connect(self.reveal)
        page.view.copy_requested.connect(self.copy)
        page.view.copy_path_requested.connect(desktop.copy_paths)
        page.view.trash_requested.connect(self.ask_to_trash)
        inspector.open_requested.connect(lambda photo: self.open([photo]))
        inspector.reveal_requested.connect(lambda photo: self.reveal([photo]))
        session.photos_removed.connect(self._on_removed)
        session.trash_refused.connect(self._on_refused)

    def open(self, photos: Sequence[Photo]) -> None:
        """In the person's own viewer; a slip on a selection of thousands opens twenty."""
        by_path = {photo.path: photo for photo in photos[:OPENED_AT_ONCE]}
        text = self.tr("{name} could not be opened.")
        desktop.open_files(self._kinds, list(by_path), lambda path: self._cannot(text, by_path[path]))

    def reveal(self, photos: Sequence[Photo]) -> None:
        if photos:
            text = self.tr("{name} could not be shown in its folder.")
            paths = [photo.path for photo in photos]
            desktop.reveal(self._kinds, paths, lambda _: self._cannot(text, photos[0]))

    def copy(self, photos: Sequence[Photo]) -> None:
        """The files; and of a single one also the picture as it is on the screen, for programs that take no files."""
        pixmap = self._page.loader.pixmap(photos[0]) if len(photos) == 1 else None
        desktop.copy_photos(photos, pixmap.toImage() if pixmap is not None else None)

    def ask_to_trash(self, photos: Sequence[Photo]) -> None:
        away = [photo for photo in photos if photo.offline]
        photos = [photo for photo in photos if not photo.offline]
        if away and not photos:
            self._cannot(self.tr("There is no file of {name} to move to the trash."), away[0])
        if not photos:
            return
        if len(photos) == 1:
            question = self.tr("Move {name} to the trash?").format(name=wording.shown(photos[0].name))
            touches = self.tr("The original goes to the trash of your system, from where it can be restored.")
        else:
            question = self.tr("Move {count} photos to the trash?").format(count=wording.grouped(len(photos)))
            touches = self.tr("The originals go to the trash of your system, from where they can be restored.")
        if away:
            stays = (
                self.tr("1 photo of those selected is offline, and stays.")
                if len(away) == 1
                else self.tr("{count} photos of those selected are offline, and stay.")
            )
            touches += " " + stays.format(count=wording.grouped(len(away)))
        action = self.tr("Move to trash")
        confirm(self._window, question, touches, action, lambda: self._session.move_to_trash(photos))

    def _on_removed(self, photos: Sequence[Photo]) -> None:
        self._page.remove({photo.id for photo in photos})
        if len(photos) == 1:
            text = self.tr("{name} is in the trash.").format(name=wording.shown(photos[0].name))
        else:
            text = self.tr("{count} photos are in the trash.").format(count=wording.grouped(len(photos)))
        self._banners.show_message(text)

    def _on_refused(self, refused: Sequence[tuple[Photo, str]]) -> None:
        photo, reason = refused[0]
        details = "\n".join(f"{wording.shown(photo.path)}: {reason}" for photo, reason in refused)
        if len(refused) == 1:
            text = self.tr("{name} could not be moved to the trash. {reason}")
        else:
            text = self.tr("{count} photos could not be moved to the trash, {name} among them. {reason}")
        text = text.format(name=wording.shown(photo.name), reason=reason, count=wording.grouped(len(refused)))
        self._banners.show_message(text, Level.ERROR, self._way_out(refused), details)

    def _way_out(self, refused: Sequence[tuple[Photo, str]]) -> tuple[str, Callable[[], None]] | None:
        """Files that are others than the library shows are seen as they are after a scan."""
        from imagefinder.usecases.filing import ANOTHER  # the lane has loaded it

        folders = {photo.folder_id for photo, reason in refused if reason == ANOTHER}
        if not folders:
            return None

        def scan() -> None:
            for folder in folders:
                self._session.rescan(folder)

        return self.tr("Scan again"), scan

    def _cannot(self, text: str, photo: Photo) -> None:
        sentence = text.format(name=wording.shown(photo.name))
        if photo.offline:
            sentence += " " + self.tr(
                "It is offline: if it lies on a drive, connect that drive, and scan {root} again."
            ).format(root=wording.shown(photo.root))
        self._banners.show_message(sentence, Level.WARNING)
