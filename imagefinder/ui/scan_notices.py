"""What a run of indexing found missing, in banners: folders that are away, labelled photos, what left the library."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from imagefinder.domain.images import Folder, FolderState, IndexSummary, Removal
from imagefinder.ui import removal_wording, wording
from imagefinder.ui.banner import Banner, BannerStack, Level
from imagefinder.ui.folders_model import folder_name
from imagefinder.ui.removal_flow import RemovalFlow
from imagefinder.ui.session import Session

if TYPE_CHECKING:
    from imagefinder.usecases.missing import Missing
    from imagefinder.usecases.models import Models
    from imagefinder.usecases.opening import Library

TOGETHER = timedelta(seconds=60)
"""What leaves within a minute is one removal, which bears the time of its beginning."""


class ScanNotices(QObject):
    """Says only what is new. A banner goes as soon as what it says is over."""

    def __init__(self, session: Session, banners: BannerStack, removals: RemovalFlow, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._banners = banners
        self._removals = removals
        self._began = datetime.now(UTC)
        self._offline: dict[str, Banner] = {}
        self._away: dict[str, Banner] = {}
        self._missing: dict[int, Banner] = {}
        self._told: dict[int, frozenset[int]] = {}
        """The missing labelled photos of each root that have been told of."""
        self._left: dict[int, int] = {}
        """How many photos each removal had the last time."""
        self._tellers: dict[Banner, set[int]] = {}
        """The removals that banners tell of."""
        session.indexing_started.connect(self._on_started)
        session.indexing_finished.connect(self._on_finished)
        session.folders_changed.connect(self._on_folders)
        session.brought_back.connect(self._on_brought_back)

    def _on_started(self) -> None:
        self._began = datetime.now(UTC)

    def _on_finished(self, summary: IndexSummary | None) -> None:
        if summary is None:
            return
        if summary.offline or summary.away or summary.kept or self._away or self._missing:
            self._look_for_missing(summary)
        if summary.removed or summary.removed_labelled:
            tell = partial(self._tell_left, summary)
            self._session.ask("what left", lambda library, _: library.removals(), tell)

    def _on_folders(self, folders: Sequence[Folder]) -> None:
        """What is there again, or has left the library, is missed no more."""
        by_path = {folder.path: folder for folder in folders}
        still = {FolderState.OFFLINE, FolderState.SCANNING}
        for path in [path for path in self._offline if path not in by_path or by_path[path].state not in still]:
            self._banners.dismiss(self._offline.pop(path))
        missed = {folder.id for folder in folders if folder.away}
        for root in self._missing.keys() - missed:
            self._forget_told(root)
        if not missed:
            for path in list(self._away):
                self._banners.dismiss(self._away.pop(path))

    # Missing

    def _look_for_missing(self, summary: IndexSummary) -> None:
        folders = tuple({*self._away, *summary.away})

        def look(library: "Library", models: "Models") -> "tuple[Sequence[Folder], Sequence[Missing]]":
            from imagefinder.usecases.missing import missing

            return library.folders(), missing(library, folders)

        self._session.ask("what is missing", look, partial(self._show_missing, summary))

    def _show_missing(self, summary: IndexSummary, found: "tuple[Sequence[Folder], Sequence[Missing]]") -> None:
        roots, missing = found
        for root in roots:
            if root.path in summary.offline and root.path not in self._offline:
                text = self.tr("{folder} is offline. Its photos are kept and stay searchable.")
                self._offline[root.path] = self._warn(text.format(folder=wording.shown(root.path)), root)
        self._show_away(summary.away, missing)
        for each in missing:
            new = each.labelled - self._told.get(each.folder.id, frozenset())
            if summary.kept and new:
                self._forget_told(each.folder.id)
                text = removal_wording.missing_labelled(folder_name(each.folder), len(each.labelled))
                self._missing[each.folder.id] = self._warn(text, each.folder)
                self._told[each.folder.id] = each.labelled
            elif not each.labelled:
                self._forget_told(each.folder.id)

    def _show_away(self, new: Sequence[str], missing: "Sequence[Missing]") -> None:
        roots: Mapping[str, Folder] = {path: each.folder for each in missing for path in each.away}
        for path in self._away.keys() - roots.keys():
            self._banners.dismiss(self._away.pop(path))
        for path in new:
            if path in roots and path not in self._away:
                text = self.tr("{folder} is not there. Its photos are kept and stay searchable.")
                self._away[path] = self._warn(text.format(folder=wording.shown(path)), roots[path])

    def _forget_told(self, root: int) -> None:
        self._told.pop(root, None)
        if root in self._missing:
            self._banners.dismiss(self._missing.pop(root))

    def _warn(self, text: str, root: Folder) -> Banner:
        ask = self._later(partial(self._removals.ask_to_forget, root))
        return self._banners.show_message(text, Level.WARNING, (self.tr("They are gone…"), ask))

    def _later(self, act: Callable[[], None]) -> Callable[[], None]:
        """Once the banner has closed itself."""
        return lambda: QTimer.singleShot(0, self, act)

    # What left

    def _tell_left(self, summary: IndexSummary, removals: Sequence[Removal]) -> None:
        before, self._left = self._left, {each.id: each.photos for each in removals}
        new = [each for each in removals if each.at >= self._began - TOGETHER and each.photos > before.get(each.id, 0)]
        reasons = dict.fromkeys(each.why for each in new if each.why not in ("folder", "trashed"))
        text = removal_wording.left(summary.removed, summary.removed_labelled, reasons)
        action = (self.tr("Bring back…"), self._later(self._removals.show))
        banner = self._banners.show_message(text, action=action)
        self._tellers[banner] = {each.id for each in new}

    def _on_brought_back(self, removals: Sequence[Removal], _: int) -> None:
        """What has come back altogether is told of no more."""
        back = {each.id for each in removals}
        for banner in [banner for banner, told in self._tellers.items() if told <= back]:
            del self._tellers[banner]
            self._banners.dismiss(banner)
