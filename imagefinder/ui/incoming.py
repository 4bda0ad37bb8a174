"""What comes into the window from outside: dropped, pasted, given at the start, or chosen in a file dialog."""

import os
from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from imagefinder.domain.file_addresses import is_web_address
from imagefinder.domain.images import Query
from imagefinder.settings import Settings
from imagefinder.ui import queries, wording
from imagefinder.ui.banner import Banner, BannerStack, Level
from imagefinder.ui.drop_overlay import DropOverlay
from imagefinder.ui.path_kinds import Kind, Kinds, PathKinds
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
        self._kinds = PathKinds(self)
        self._turn = 0
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    @property
    def looking(self) -> bool:
        """Whether it is still being found out what the last drop is."""
        return self._kinds.looking

    def take_paths(self, given: Sequence[str]) -> None:
        """From the command line, a later start, or "Open with": paths, and addresses of the web."""
        paths = [each for each in given if not is_web_address(each)]
        if len(paths) < len(given):
            address = next(each for each in given if is_web_address(each))
            self._flow.ask(queries.from_address(address) or Query(address, url=address))
        if paths:
            self._take(queries.of_paths(paths), "")

    def add_folder(self) -> None:
        """Ask for a folder of photos."""

        def ask(start: str) -> None:
            path = QFileDialog.getExistingDirectory(self._window, self.tr("Add photo folder"), start)
            if path:
                self._settings.last_folder = os.path.dirname(path)
                self._session.add_folders([path])

        self._from_last_folder(ask)

    def open_picture(self) -> None:
        """Ask for a picture to search for."""

        def ask(start: str) -> None:
            title = self.tr("Open a picture to find similar photos")
            path, _ = QFileDialog.getOpenFileName(self._window, title, start)
            if path:
                self._settings.last_folder = os.path.dirname(path)
                self._flow.ask(queries.file_query(path))

        self._from_last_folder(ask)

    def _from_last_folder(self, ask: Callable[[str], None]) -> None:
        """A dialog that begins in a folder of a dead drive would freeze the window."""
        home = os.path.expanduser("~")
        last = self._settings.last_folder or home

        def done(kinds: Kinds) -> None:
            if self._window.isVisible():
                ask(last if kinds[last] is Kind.FOLDER else home)

        self._kinds.look([last], done, soon=True)

    def paste(self) -> None:
        """Search for what is in the clipboard, or add the folders that are."""
        drop = queries.from_mime(QGuiApplication.clipboard().mimeData())
        self._take(drop, self.tr("There is no picture, file or address in the clipboard."))

    def take_text(self, text: str) -> bool:
        """An address or a path, as if it were dropped. False for any other text, with which nothing is done."""
        drop = queries.from_text(text)
        if drop is None:
            return False
        self._take(drop, self.tr("There is no picture or folder at {text}.").format(text=wording.shown(text)))
        return True

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
            self._overlay.show_offer(queries.may_hold_folders(event.mimeData()))
        else:
            event.ignore()

    def _on_drop(self, event: QDropEvent) -> None:
        self._overlay.hide()
        drop = queries.from_mime(event.mimeData())
        if drop is not None:
            event.setDropAction(Qt.DropAction.CopyAction)  # never Move: the source would delete the original
            event.accept()
        self._take(drop, self.tr("That is neither a picture nor a folder."), Level.WARNING)

    def _take(self, drop: queries.Drop | None, nothing: str, level: Level = Level.INFO) -> None:
        """``nothing`` is said where there is nothing in it, which of paths is known after a look at the disk."""
        self._turn = turn = self._turn + 1
        if drop is None or not drop.paths:
            self._carry_out(drop, turn, nothing, level)
            return
        waiting: list[Banner] = []

        def slow(path: str) -> None:
            text = self.tr("Waiting for the drive of {path}…").format(path=wording.shown(path))
            waiting.append(self._banners.show_message(text))

        def done(kinds: Kinds) -> None:
            for banner in waiting:
                self._banners.dismiss(banner)
            found = queries.told_apart(drop, kinds)
            silent = next((path for path, kind in kinds.items() if kind is Kind.SILENT), None)
            if silent is not None:
                text = self.tr("The drive of {path} does not answer. Check it, and try again.")
                self._banners.show_message(text.format(path=wording.shown(silent)), Level.WARNING)
            if silent is None or found is not None:
                self._carry_out(found, turn, nothing, level)

        self._kinds.look(drop.paths, done, slow)

    def _carry_out(self, drop: queries.Drop | None, turn: int, nothing: str, level: Level) -> None:
        if drop is None:
            self._banners.show_message(nothing, level)
            return
        if drop.folders:
            self._session.add_folders(drop.folders)
        if drop.query is not None and turn == self._turn:  # something newer may have been dropped meanwhile
            self._flow.ask(drop.query)
        if drop.ignored:
            text = self.tr("Searching for the first picture; {count} more were left aside.")
            self._banners.show_message(text.format(count=wording.grouped(drop.ignored)))
