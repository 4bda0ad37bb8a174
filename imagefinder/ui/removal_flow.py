"""Photos that leave the library and come back: asking before, saying afterwards, and the list of what left."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from imagefinder.domain.images import Folder, Removal
from imagefinder.settings import Settings
from imagefinder.ui import removal_wording
from imagefinder.ui.banner import Banner, BannerStack
from imagefinder.ui.confirm import confirm
from imagefinder.ui.folders_model import folder_name
from imagefinder.ui.folders_panel import FoldersPanel
from imagefinder.ui.session import Session

if TYPE_CHECKING:
    from imagefinder.ui.removed_dialog import RemovedDialog
    from imagefinder.usecases.missing import Going
    from imagefinder.usecases.models import Models
    from imagefinder.usecases.opening import Library


class RemovalFlow(QObject):
    """Takes the wishes of the folders panel. The list is one dialog, made when it is first asked for."""

    def __init__(
        self, session: Session, folders: FoldersPanel, remembered: Settings, banners: BannerStack, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._remembered = remembered
        self._banners = banners
        self._window = parent
        self._undo: dict[str, Banner] = {}
        self.dialog: RemovedDialog | None = None
        folders.remove_requested.connect(self.ask_to_remove)
        folders.forget_requested.connect(self.ask_to_forget)
        session.folder_removed.connect(self._on_folder_removed)
        session.brought_back.connect(self._on_brought_back)
        session.folders_changed.connect(self._on_folders)
        session.photos_removed.connect(lambda _: self._list())
        session.indexing_finished.connect(lambda _: self._list())

    # Asking before anything leaves

    def ask_to_remove(self, folder: Folder) -> None:
        """Say what goes with a folder, and take it out of the library if the user agrees."""

        def look(library: "Library", models: "Models") -> "Going":
            from imagefinder.usecases.missing import with_folder

            return with_folder(library, folder.id)

        def ask(going: "Going") -> None:
            question = self.tr("Remove “{name}” from the library?").format(name=folder_name(folder))
            then = partial(self._session.remove_folder, folder.id)
            confirm(self._window, question, removal_wording.removing(going), self.tr("Remove"), then)

        self._session.ask("what goes", look, ask)

    def ask_to_forget(self, folder: Folder) -> None:
        """Say how much is missing from a folder, and let go of it if the user agrees."""

        def look(library: "Library", models: "Models") -> "Going":
            from imagefinder.usecases.missing import with_missing

            return with_missing(library, folder.id)

        def ask(going: "Going") -> None:
            question = self.tr("Forget the missing photos of “{name}”?").format(name=folder_name(folder))
            then = partial(self._session.forget_missing, folder.id)
            confirm(self._window, question, removal_wording.forgetting(going), self.tr("Forget"), then)

        self._session.ask("what goes", look, ask)

    # What left

    def show(self) -> None:
        """Open the list of what left the library, or bring it to the front."""
        if self.dialog is None:
            from imagefinder.ui.removed_dialog import RemovedDialog

            self.dialog = RemovedDialog(self._remembered, self._window)
            self.dialog.bring_back_requested.connect(self._session.bring_back)
        self._ask_removals()
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()

    def _list(self) -> None:
        if self.dialog is not None and self.dialog.isVisible():
            self._ask_removals()

    def _ask_removals(self) -> None:
        dialog = self.dialog
        assert dialog is not None
        self._session.ask("removals", lambda library, _: library.removals(), dialog.set_removals)

    def _on_folder_removed(self, folder: Folder, removal: Removal | None) -> None:
        back: Callable[[], None]
        if removal is None:
            back = partial(self._session.add_folders, [folder.path])
        else:
            back = partial(self._session.bring_back, [removal])
        text = removal_wording.removed_folder(folder_name(folder), folder.photos)
        self._undo[folder.path] = self._banners.show_message(text, action=(self.tr("Undo"), back))
        self._list()

    def _on_folders(self, folders: Sequence[Folder]) -> None:
        """A folder that was added again in another way needs no undoing."""
        for path in self._undo.keys() & {folder.path for folder in folders}:
            self._banners.dismiss(self._undo.pop(path))

    def _on_brought_back(self, removals: Sequence[Removal], count: int) -> None:
        wanted = sum(removal.photos for removal in removals)
        self._banners.show_message(removal_wording.brought_back(wanted, count))
        self._list()
