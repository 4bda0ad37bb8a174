"""The windows beside the window, made when they are first asked for."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QDialog, QWidget

from imagefinder import diagnostics
from imagefinder.domain.errors import ImageFinderError
from imagefinder.domain.images import Failure, IndexSummary, LibraryStatus, NotLookedAt
from imagefinder.paths import Paths
from imagefinder.settings import Settings
from imagefinder.ui import desktop, model_words, wording
from imagefinder.ui.banner import BannerStack, Level
from imagefinder.ui.model_flow import ModelFlow
from imagefinder.ui.path_kinds import PathKinds
from imagefinder.ui.search_settings import SearchSettings
from imagefinder.ui.session import Session

if TYPE_CHECKING:
    from imagefinder.ui.failures_dialog import FailuresDialog
    from imagefinder.ui.models_dialog import ModelsDialog
    from imagefinder.ui.settings_dialog import SettingsDialog
    from imagefinder.ui.shortcuts_dialog import Entry


class Dialogs(QObject):
    """Models, settings, files that could not be read, About, and the list of keys."""

    def __init__(
        self,
        session: Session,
        models: ModelFlow,
        search: SearchSettings,
        paths: Paths,
        remembered: Settings,
        banners: BannerStack,
        last_crash: Path | None,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._paths = paths
        self._banners = banners
        self._last_crash = last_crash
        self._window = parent
        self._model = ""
        self._kinds = PathKinds(self)
        self._failures: FailuresDialog | None = None
        self._not_looked_at = NotLookedAt({}, {})
        self._flow = models
        self._search = search
        self._remembered = remembered
        self._models: ModelsDialog | None = None
        self._settings: SettingsDialog | None = None
        models.failed.connect(self._on_models_failed)
        models.said.connect(self._on_models_said)
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
            self._failures.add_requested.connect(lambda path: self._session.add_folders([path]))
            self._failures.set_not_looked_at(self._not_looked_at)
        self._session.list_failures()
        self._failures.show()
        self._failures.raise_()

    def show_models(self) -> None:
        """Which models there are, in a window that stays beside the main one."""
        if self._models is None:
            from imagefinder.ui.models_dialog import ModelsDialog

            self._models = ModelsDialog(self._flow, self._remembered, self._window)
        self._models.show()
        self._models.raise_()
        self._models.activateWindow()

    def show_settings(self) -> None:
        if self._settings is None:
            from imagefinder.ui.settings_dialog import SettingsDialog

            self._settings = SettingsDialog(self._search, self._remembered, self._window)
        self._search.ask_compared()
        self._settings.show()
        self._settings.raise_()
        self._settings.activateWindow()

    def close_all(self) -> None:
        """The window is closing, and nothing of it stays on the screen."""
        for dialog in self._window.findChildren(QDialog):
            dialog.hide()

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

    def _on_models_failed(self, error: ImageFinderError) -> None:
        """What goes wrong while the dialog is closed is said in the window, too."""
        if self._models is None or not self._models.isVisible():
            self._banners.show_message(model_words.problem(error), Level.ERROR, (self.tr("Models…"), self.show_models))

    def _on_models_said(self, sentence: str) -> None:
        if self._models is None or not self._models.isVisible():
            self._banners.show_message(sentence)

    def _on_failures(self, failures: Sequence[Failure]) -> None:
        if self._failures is not None:
            self._failures.set_failures(failures)

    def _on_indexed(self, summary: IndexSummary | None) -> None:
        if summary is not None and not summary.cancelled:
            self._not_looked_at = summary.not_looked_at
        if self._failures is not None:
            self._failures.set_not_looked_at(self._not_looked_at)
            if self._failures.isVisible():
                self._session.list_failures()

    def _on_status(self, status: LibraryStatus) -> None:
        self._model = status.model

    def _reveal(self, path: str) -> None:
        def refused(path: str) -> None:
            self._banners.show_message(self.tr("{path} is not there any more.").format(path=wording.shown(path)))

        desktop.reveal(self._kinds, [path], refused)


def _open(dialog: QDialog) -> None:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
