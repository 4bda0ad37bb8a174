"""What comes into the window from outside: dropped, pasted, given at the start, or chosen in a file dialog."""

import os
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from imagefinder.domain.images import Query
from imagefinder.settings import Settings
from imagefinder.ui import queries, wording
from imagefinder.ui.banner import BannerStack, Level
from imagefinder.ui.drop_overlay import DropOverlay
from imagefinder.ui.search_flow import SearchFlow
from imagefinder.ui.session import Session


class Incoming(QObject):
    """Folders are added to the library, and the first picture is searched for.

    Takes the drops on ``window`` by filtering its events, so the window needs no drag and drop code of its own.
    """

    def __init__(
        self, session: Session, flow: SearchFlow, remembered: Settings, banners: BannerStack, window: QWidget
    ) -> None:
        super().__init__(window)
        self._session = session
        self._flow = flow
        self._settings = remembered
        self._banners = banners
        self._window = window
        self._overlay = DropOverlay(window)
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def take_paths(self, paths: Sequence[str]) -> None:
        """From the command line, a later start, or "Open with"."""
        folders = [path for path in paths if os.path.isdir(path)]
        pictures = [path for path in paths if path not in folders]
        if folders:
            self._session.add_folders(folders)
        if pictures:
            self._flow.ask(Query(os.path.basename(pictures[0]), path=pictures[0]))

    def add_folder(self) -> None:
        """Ask for a folder of photos."""
        start = self._settings.last_folder or os.path.expanduser("~")
        path = QFileDialog.getExistingDirectory(self._window, self.tr("Add photo folder"), start)
        if path:
            self._settings.last_folder = os.path.dirname(path)
            self._session.add_folders([path])

    def open_picture(self) -> None:
        """Ask for a picture to search for."""
        start = self._settings.last_folder or os.path.expanduser("~")
        title = self.tr("Open a picture to find similar photos")
        path, _ = QFileDialog.getOpenFileName(self._window, title, start)
        if path:
            self._settings.last_folder = os.path.dirname(path)
            self._flow.ask(Query(os.path.basename(path), path=path))

    def paste(self) -> None:
        """Search for what is in the clipboard, or add the folders that are."""
        if not self._take_mime(QGuiApplication.clipboard().mimeData()):
            self._banners.show_message(self.tr("There is no picture, file or address in the clipboard."))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QDragEnterEvent):
            self._on_drag_enter(event)
        elif event.type() == QEvent.Type.DragLeave:
            self._overlay.hide()
        elif event.type() == QEvent.Type.Drop and isinstance(event, QDropEvent):
            self._on_drop(event)
        else:
            return False
        return True

    def _on_drag_enter(self, event: QDragEnterEvent) -> None:
        ours = event.source() is not None
        if not ours and queries.has_something(event.mimeData()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self._overlay.show_offer(*queries.offers(event.mimeData()))
        else:
            event.ignore()

    def _on_drop(self, event: QDropEvent) -> None:
        self._overlay.hide()
        if self._take_mime(event.mimeData()):
            event.setDropAction(Qt.DropAction.CopyAction)  # never Move: the source would delete the original
            event.accept()
        else:
            self._banners.show_message(self.tr("That is neither a picture nor a folder."), Level.WARNING)

    def _take_mime(self, mime: QMimeData) -> bool:
        drop = queries.from_mime(mime)
        if drop is None:
            return False
        if drop.folders:
            self._session.add_folders(drop.folders)
        if drop.query is not None:
            self._flow.ask(drop.query)
        if drop.ignored:
            text = self.tr("Searching for the first picture; {count} more were left aside.")
            self._banners.show_message(text.format(count=wording.grouped(drop.ignored)))
        return True
