"""The windows beside the window, made when they are first asked for."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QDialog, QWidget

from imagefinder import diagnostics
from imagefinder.domain.images import Failure, LibraryStatus
from imagefinder.paths import Paths
from imagefinder.ui import desktop, wording
from imagefinder.ui.banner import BannerStack
from imagefinder.ui.session import Session

if TYPE_CHECKING:
    from imagefinder.ui.failures_dialog import FailuresDialog
    from imagefinder.ui.shortcuts_dialog import Entry


class Dialogs(QObject):
    """Files that could not be read, About, and the list of keys."""

    def __init__(
        self, session: Session, paths: Paths, banners: BannerStack, last_crash: Path | None, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._paths = paths
        self._banners = banners
        self._last_crash = last_crash
        self._window = parent
        self._model = ""
        self._failures: FailuresDialog | None = None
        session.failures_listed.connect(self._on_failures)
        session.indexing_finished.connect(self._on_indexed)
        session.status_changed.connect(self._on_status)

    def show_failures(self) -> None:
        """The files that could not be read, in a window that stays beside the main one."""
        if self._failures is None:
            from imagefinder.ui.failures_dialog import FailuresDialog

            self._failures = FailuresDialog(self._window)
            self._failures.retry_requested.connect(self._session.retry)
            self._failures.reveal_requested.connect(self._reveal)
        self._session.list_failures()
        self._failures.show()
        self._failures.raise_()

    def show_about(self) -> None:
        from imagefinder.ui.about_dialog import AboutDialog

        rows = [
            *diagnostics.versions(),
            (self.tr("Device"), self._session.device or self.tr("not needed yet")),
            (self.tr("Model"), self._model),
            (self.tr("Library"), str(self._paths.library)),
            (self.tr("Models"), str(self._paths.models)),
            (self.tr("Settings"), str(self._paths.settings)),
            (self.tr("Log"), str(self._paths.logs)),
        ]
        crash = self._last_crash.read_text(errors="replace") if self._last_crash and self._last_crash.exists() else ""
        _open(AboutDialog(rows, crash, self._window))

    def show_shortcuts(self, all_keys: "Callable[[], Sequence[tuple[str, Sequence[Entry]]]]") -> None:
        from imagefinder.ui.shortcuts_dialog import ShortcutsDialog

        _open(ShortcutsDialog(all_keys(), self._window))

    def _on_failures(self, failures: Sequence[Failure]) -> None:
        if self._failures is not None:
            self._failures.set_failures(failures)

    def _on_indexed(self, _: object) -> None:
        if self._failures is not None and self._failures.isVisible():
            self._session.list_failures()

    def _on_status(self, status: LibraryStatus) -> None:
        self._model = status.model

    def _reveal(self, path: str) -> None:
        if not desktop.reveal([path]):
            self._banners.show_message(self.tr("{path} is not there any more.").format(path=wording.shown(path)))


def _open(dialog: QDialog) -> None:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
