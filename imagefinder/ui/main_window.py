"""The window: puts the panels together, remembers its shape, and closes in stages."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QByteArray, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QMainWindow, QSplitter, QVBoxLayout, QWidget

from imagefinder import settings
from imagefinder.domain.images import Folder, FolderState, IndexSummary, LibraryStatus
from imagefinder.domain.progress import Progress
from imagefinder.paths import Paths
from imagefinder.settings import Settings
from imagefinder.ui import desktop, icons, wording
from imagefinder.ui.banner import BannerStack
from imagefinder.ui.dialogs import Dialogs
from imagefinder.ui.folders_panel import FoldersPanel
from imagefinder.ui.incoming import Incoming
from imagefinder.ui.indexing_card import IndexingCard
from imagefinder.ui.inspector import Inspector
from imagefinder.ui.menus import Menus
from imagefinder.ui.model_flow import ModelFlow
from imagefinder.ui.model_offer import ModelOffer
from imagefinder.ui.notices import Notices
from imagefinder.ui.path_kinds import PathKinds
from imagefinder.ui.photo_commands import PhotoCommands
from imagefinder.ui.preview import Preview
from imagefinder.ui.query_bar import QueryBar
from imagefinder.ui.removal_flow import RemovalFlow
from imagefinder.ui.results_page import ResultsPage
from imagefinder.ui.scan_notices import ScanNotices
from imagefinder.ui.search_flow import SearchFlow
from imagefinder.ui.search_settings import SearchSettings
from imagefinder.ui.session import Session
from imagefinder.ui.status_bar import StatusBar
from imagefinder.ui.teach_badge import TeachBadge
from imagefinder.ui.teach_flow import TeachFlow
from imagefinder.ui.thumbnail_loader import ThumbnailLoader
from imagefinder.ui.tools import Tools
from imagefinder.ui.warm_up import WarmUp
from imagefinder.ui.word_flow import WordFlow

FIRST_SIZE = (1240, 820)
INSPECTOR_NEEDS = 900
SIDEBAR_WIDTH, INSPECTOR_WIDTH = 240, 280
STUCK_MILLISECONDS = 10_000


class MainWindow(QMainWindow):
    """``start`` opens the library once the window is on the screen; ``take`` is what "Open with" does."""

    settled = Signal()
    """A query has been answered, its thumbnails are there, and nothing is being indexed."""
    closing = Signal()
    """The window is hidden and takes nothing more."""
    closed = Signal()
    """The library is saved and closed, and the lanes have ended."""
    stuck = Signal()
    """Closing takes so long that something hangs, as a dead network drive does."""

    def __init__(self, session: Session, paths: Paths, remembered: Settings, last_crash: Path | None = None) -> None:
        super().__init__()
        session.setParent(self)
        self._session = session
        self._paths = paths
        self._settings = remembered
        self._last_crash = last_crash
        self._closing = self._closed = False
        self._switched = False
        self._folders: Sequence[Folder] = ()
        self._status_known = False
        self._away: Mapping[int, tuple[bool, int]] = {}
        """Of each folder, whether it is offline, and how many of its photos are away."""
        self._kinds = PathKinds(self)

        self.loader = ThumbnailLoader(session.thumbnail, parent=self)
        self.bar = QueryBar()
        self.banners = BannerStack()
        self.page = ResultsPage(self.loader)
        self.folders = FoldersPanel()
        self.card = IndexingCard()
        self.inspector = Inspector()
        self.teach_badge = TeachBadge()
        self._assemble()
        self.preview = Preview(self, self.page.model, self.loader, session.preview)
        self.flow = SearchFlow(session, self.bar, self.page, self.inspector, self)
        self.incoming = Incoming(session, self.flow, remembered, self.banners, self)
        self.words = WordFlow(session, self.bar.words, self.flow, self.incoming, self.banners, self)
        self.commands = PhotoCommands(session, self.page, self.inspector, self.banners, self)
        self.notices = Notices(session, self.banners, self.page, self)
        self.removals = RemovalFlow(session, self.folders, remembered, self.banners, self)
        self.scan_notices = ScanNotices(session, self.banners, self.removals, self)
        self.models = ModelFlow(session, self)
        self.offer = ModelOffer(session, self.models, self.banners, self)
        WarmUp(session, self)
        self._status_bar = StatusBar(session, self.page, self.flow, self.models, self.teach_badge)
        self.setStatusBar(self._status_bar)
        self.search = SearchSettings(session, self.flow, remembered, self)
        self.dialogs = Dialogs(session, self.models, self.search, paths, remembered, self.banners, last_crash, self)
        self.tools = Tools(session, self.page, self.inspector, self.folders, self.flow, remembered, self.banners, self)
        self.teaching = TeachFlow(session, self.models, self.flow, remembered, self.banners, self)
        self.menus = Menus(self)
        self._connect()
        self._restore()
        icons.follow_palette(self)

    @property
    def is_closed(self) -> bool:
        return self._closed

    @property
    def folders_shown(self) -> Sequence[Folder]:
        """The folders as the panel shows them now."""
        return self._folders

    @property
    def network_text(self) -> str:
        """What the status bar says of the network."""
        return self._status_bar.network_text

    @property
    def session(self) -> Session:
        return self._session

    @property
    def remembered(self) -> Settings:
        return self._settings

    # Putting it together

    def _assemble(self) -> None:
        self.setWindowTitle("imagefinder")
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.folders, 1)
        column.addWidget(self.card)
        side.setMinimumWidth(180)
        self._side = side
        self._splitter = QSplitter()
        for part in (side, self.page, self.inspector):
            self._splitter.addWidget(part)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.setHandleWidth(1)  # Qt grows the area that can be grabbed
        self._splitter.setStretchFactor(1, 1)
        self._splitter.setSizes([SIDEBAR_WIDTH, FIRST_SIZE[0] - SIDEBAR_WIDTH - INSPECTOR_WIDTH, INSPECTOR_WIDTH])
        middle = QWidget()
        rows = QVBoxLayout(middle)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self.bar)
        rows.addWidget(self.banners)
        rows.addWidget(self._splitter, 1)
        self.setCentralWidget(middle)

    def _connect(self) -> None:
        session, card = self._session, self.card
        self.bar.open_requested.connect(self.incoming.open_picture)
        self.bar.words.left.connect(self.page.focus_content)
        self.search.way_changed.connect(self.bar.set_way)
        self.page.add_requested.connect(self.incoming.add_folder)
        self.page.view.preview.connect(self.preview.show_row)
        self.preview.moved.connect(self.page.view.select_row)
        self.preview.closed.connect(self.page.focus_content)
        self.folders.add_requested.connect(self.incoming.add_folder)
        self.folders.rescan_requested.connect(session.rescan)
        self.folders.excludes_changed.connect(session.set_excludes)
        self.folders.reveal_requested.connect(self._show_folder)
        card.pause_requested.connect(session.pause)
        card.resume_requested.connect(session.resume)
        card.cancel_requested.connect(session.cancel_indexing)
        card.failures_requested.connect(self.dialogs.show_failures)
        session.pausing.connect(card.set_paused)
        session.indexing_started.connect(lambda: card.set_progress(Progress("looking")))
        session.progressed.connect(card.set_progress)
        session.indexing_finished.connect(self._on_indexed)
        session.model_switched.connect(self._on_switched)
        session.folders_changed.connect(self._on_folders)
        session.failures_counted.connect(self._on_failures)
        session.status_changed.connect(self._on_status)
        session.closed.connect(self._on_closed)
        session.opened.connect(self._on_opened)
        self.flow.failed.connect(self.notices.show_problem)
        self.flow.answered.connect(self._look_whether_settled)
        self.loader.ready.connect(self._look_whether_settled)
        self.closing.connect(self.tools.close)
        self.closing.connect(self.teaching.close)
        self.teaching.busy.connect(self.teach_badge.say)
        self.teaching.weight.changed.connect(self._on_weighed)
        self.teach_badge.pressed.connect(self.teaching.show)

    def _restore(self) -> None:
        remembered = self._settings
        if not self.restoreGeometry(QByteArray.fromBase64(remembered.geometry.encode())):
            room = self.screen().availableSize()
            self.resize(min(FIRST_SIZE[0], room.width() - 40), min(FIRST_SIZE[1], room.height() - 60))
        self._splitter.restoreState(QByteArray.fromBase64(remembered.splitter.encode()))
        self._side.setVisible(remembered.sidebar_shown)
        self.bar.set_thumbnail_side(remembered.thumbnail_side)
        self.bar.set_min_similarity(remembered.min_similarity)
        self.bar.set_limit(remembered.limit)
        self.bar.set_sort(remembered.sort)
        self.bar.set_way(self.search.options.lever)
        self.page.view.set_thumbnail_side(self.bar.thumbnail_side)
        self.page.model.set_limit(self.bar.limit)

    def _remember(self) -> None:
        remembered = self._settings
        remembered.geometry = bytes(self.saveGeometry().toBase64().data()).decode()
        remembered.splitter = bytes(self._splitter.saveState().toBase64().data()).decode()
        remembered.thumbnail_side = self.bar.thumbnail_side
        remembered.min_similarity = self.bar.min_similarity
        remembered.limit = self.bar.limit
        remembered.sort = self.bar.sort
        settings.save(self._paths.settings, remembered)

    # What the person does

    def start(self) -> None:
        """Open the library, and say so if the last run crashed."""
        self._session.open()
        if self._last_crash is not None:
            self.notices.show_crash(self.dialogs.show_about)

    def take(self, arguments: Sequence[str]) -> None:
        """Paths from the command line or a later start: folders are added, the first picture becomes the query."""
        self.incoming.take_paths(arguments)
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.raise_()
        self.activateWindow()

    def rescan(self) -> None:
        self._session.rescan()

    def toggle_sidebar(self, shown: bool) -> None:
        self._settings.sidebar_shown = shown
        self._side.setVisible(shown)

    def toggle_inspector(self, shown: bool) -> None:
        self._settings.inspector_shown = shown
        self._fold()

    def _show_folder(self, path: str) -> None:
        def refused(path: str) -> None:
            self.banners.show_message(self.tr("{path} could not be opened.").format(path=wording.shown(path)))

        desktop.open_files(self._kinds, [path], refused)

    # What the session says

    def _on_opened(self) -> None:
        if self.focusWidget() is None or self.bar.isAncestorOf(self.focusWidget()):
            self.page.focus_content()  # the arrows and Enter belong to the photos

    def _on_folders(self, folders: Sequence[Folder]) -> None:
        self._folders = folders
        self.folders.set_folders(folders)
        self.page.set_has_folders(bool(folders))
        known = self._away
        self._away = {
            folder.id: (
                known.get(folder.id, (False, 0))[0]
                if folder.state is FolderState.SCANNING
                else folder.state is FolderState.OFFLINE,
                folder.away,
            )
            for folder in folders
        }
        if known and known != self._away:
            self.flow.refresh()  # results carry a badge where their files are away

    def _on_failures(self, count: int, damaged: int) -> None:
        if not self._session.indexing:
            self.card.set_failures(count, damaged)

    def _on_status(self, status: LibraryStatus) -> None:
        self._status_known = True
        self._look_whether_settled()

    def _on_indexed(self, summary: IndexSummary | None) -> None:
        if summary is None:
            self.card.stopped(self.tr("Stopped by an error."))
        else:
            self.card.finished(summary)
            if summary.added or summary.updated or summary.moved or summary.removed:
                self.flow.refresh()
        self._look_whether_settled()

    def _on_switched(self, _: str) -> None:
        """Another model answers. It is asked once its weight is known, which counts in the search."""
        self._switched = True

    def _on_weighed(self) -> None:
        if self._switched:
            self._switched = False
            self.flow.search_again()

    def _look_whether_settled(self) -> None:
        photos = self.page.model.photos(0, 12)
        if (
            self.flow.result is not None
            and self._status_known
            and not self._session.indexing
            and all(self.loader.pixmap(photo) is not None for photo in photos)
        ):
            self.settled.emit()

    # Shape and end

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fold()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fold()

    def _fold(self) -> None:
        self.inspector.setVisible(self._settings.inspector_shown and self.width() >= INSPECTOR_NEEDS)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Never waits: the first close hides the window and tells everybody to end, the last one is accepted."""
        if self._closed:
            event.accept()
            return
        event.ignore()
        if not self._closing:
            self._closing = True
            self.closing.emit()
            self._remember()
            self.dialogs.close_all()
            self.hide()
            self.loader.close()
            self.preview.stop()
            self.flow.close()
            QTimer.singleShot(STUCK_MILLISECONDS, self, self.stuck.emit)
            self._session.close()

    def _on_closed(self) -> None:
        self._closed = True
        self.close()
        self.closed.emit()
