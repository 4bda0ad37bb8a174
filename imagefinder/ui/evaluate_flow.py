"""Measuring, from what the person chose to the report, on the study lane."""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from imagefinder.domain.errors import ImageFinderError
from imagefinder.domain.evaluation import EvaluationError, EvaluationOptions, EvaluationReport
from imagefinder.domain.images import Folder
from imagefinder.domain.models import ModelInfo
from imagefinder.domain.progress import CancelToken, ProgressSink
from imagefinder.settings import Settings
from imagefinder.ui import desktop, wording
from imagefinder.ui.banner import BannerStack
from imagefinder.ui.evaluate_form import Wanted
from imagefinder.ui.lane import Job
from imagefinder.ui.path_kinds import PathKinds
from imagefinder.ui.session import Session

if TYPE_CHECKING:
    from imagefinder.ui.evaluate_dialog import EvaluateDialog
    from imagefinder.usecases.models import Models
    from imagefinder.usecases.opening import Library


class EvaluateFlow(QObject):
    """One dialog, made when it is first asked for; what it shows stays while it is closed."""

    def __init__(self, session: Session, remembered: Settings, banners: BannerStack, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._remembered = remembered
        self._banners = banners
        self._window = parent
        self._job: Job | None = None
        self._turn = 0
        self._kinds = PathKinds(self)
        self.dialog: EvaluateDialog | None = None

    def show(self) -> None:
        if self.dialog is None:
            self.dialog = self._make()
        dialog = self.dialog

        def look(library: "Library", models: "Models") -> tuple[Sequence[Folder], Sequence[ModelInfo]]:
            return library.folders(), models.catalogue(library)

        if self._job is None:
            self._session.ask("measurable", look, lambda found: dialog.set_library(*found))
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()

    def close(self) -> None:
        """For the end of the app."""
        self._cancel()
        if self.dialog is not None:
            self.dialog.stop()
            self.dialog.close()

    def _make(self) -> "EvaluateDialog":
        from imagefinder.ui.evaluate_dialog import EvaluateDialog

        dialog = EvaluateDialog(self._session.preview, self._remembered, self._window)
        dialog.start_requested.connect(self.start)
        dialog.cancel_requested.connect(self._cancel)
        dialog.export_requested.connect(self.export)
        dialog.path_chosen.connect(self._reveal)
        dialog.open_requested.connect(self._open)
        return dialog

    def start(self, wanted: Wanted) -> None:
        dialog = self.dialog
        assert dialog is not None
        options = EvaluationOptions(without_near_duplicates=wanted.without_near_duplicates)

        def work(library: "Library", models: "Models", token: CancelToken, sink: ProgressSink) -> EvaluationReport:
            from imagefinder.usecases.evaluating import evaluate

            gallery = [Path(path) for path in wanted.folders]
            queries = [Path(wanted.queries)] if wanted.queries else []
            return evaluate(gallery, queries, models, wanted.models, options, token, sink)

        def done(report: EvaluationReport) -> None:
            dialog.show_report(report)
            self._tell(self.tr("The measurement is finished."))

        def failed(error: Exception) -> None:
            known = isinstance(error, ImageFinderError)
            dialog.show_problem(str(error) if known else self.tr("Stopped by an error."))
            self._tell(self.tr("The measurement could not be finished."))

        dialog.show_begun()
        self._turn = turn = self._turn + 1
        self._job = self._session.study(
            "evaluate", work, done, failed, dialog.show_progress, lambda: self._on_over(turn)
        )
        if self._job is None:
            dialog.show_problem(self.tr("The library is not open."))

    def export(self, report: EvaluationReport, target: Path) -> None:
        """Write it as the target's suffix says: a page with pictures, a table or a record."""
        dialog = self.dialog
        assert dialog is not None

        def work(library: "Library", models: "Models", token: CancelToken, sink: ProgressSink) -> Path:
            from imagefinder.usecases.evaluation_files import write_csv, write_html

            kind = target.suffix.lower()
            if kind == ".csv":
                write_csv(report, target)
            elif kind == ".json":
                _write_json(report, target)
            else:
                write_html(report, target, token)
            return target

        def failed(error: Exception) -> None:
            known = isinstance(error, ImageFinderError)
            dialog.say(str(error) if known else self.tr("It could not be saved."))

        dialog.say(self.tr("Saving…"))
        self._session.study("report", work, dialog.show_saved, failed)

    def _reveal(self, path: str) -> None:
        desktop.reveal(self._kinds, [path], partial(self._say, self.tr("{path} is not there any more.")))

    def _open(self, written: Path) -> None:
        desktop.open_files(self._kinds, [str(written)], partial(self._say, self.tr("{path} could not be opened.")))

    def _say(self, text: str, path: str) -> None:
        if self.dialog is not None:
            self.dialog.say(text.format(path=wording.shown(path)))

    def _tell(self, sentence: str) -> None:
        """In the window, where the dialog is closed and goes on behind it."""
        if self.dialog is not None and not self.dialog.isVisible():
            self._banners.show_message(sentence, action=(self.tr("Show"), self.show))

    def _cancel(self) -> None:
        if self._job is not None:
            self._job.token.cancel()

    def _on_over(self, turn: int) -> None:
        if turn != self._turn:
            return
        if self._job is not None and self._job.token.cancelled and self.dialog is not None:
            self.dialog.show_form()
        self._job = None


def _write_json(report: EvaluationReport, target: Path) -> None:
    """Raises EvaluationError where it cannot be written."""
    from imagefinder.usecases.evaluation_files import as_record, check_writable

    check_writable(target)
    text = json.dumps(as_record(report), ensure_ascii=False, indent=1)
    try:
        target.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise EvaluationError(f"{target} could not be written: {error.strerror or error}.") from error
