"""What happens while a person chooses: the photos are looked at, and the time is measured."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject

from imagefinder.domain.errors import ImageFinderError
from imagefinder.domain.progress import CancelToken, ProgressSink
from imagefinder.domain.teaching import Choices, Interrupted, Source
from imagefinder.domain.training import Estimate, LabelledPhoto, Mode, TrainingSpec
from imagefinder.ui import wording
from imagefinder.ui.confirm import confirm
from imagefinder.ui.lane import Job
from imagefinder.ui.session import Session

if TYPE_CHECKING:
    from imagefinder.ui.teach_dialog import TeachDialog
    from imagefinder.usecases.labelled_folders import FolderSurvey
    from imagefinder.usecases.models import Models
    from imagefinder.usecases.opening import Library


class Choosing(QObject):
    """``shown`` gives the dialog, made when it is first needed."""

    def __init__(self, session: Session, shown: "Callable[[], TeachDialog]", parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._shown = shown
        self._looking: Job | None = None
        self._estimating: dict[Mode, Job] = {}

    def close(self) -> None:
        """For the end of the app."""
        self.cancel_look()
        self.cancel_estimates()

    def ask_choices(self) -> None:
        dialog = self._shown()

        def ask(library: "Library", models: "Models") -> tuple[Choices, list[Interrupted]]:
            from imagefinder.usecases.teaching import choices, remembered

            return choices(library, models), remembered(models)

        self._session.ask("teach: choices", ask, lambda found: dialog.set_choices(*found))

    def look(self, source: Source) -> None:
        """Find the labels and the photos there."""
        dialog = self._shown()
        if self._looking is not None:
            self._looking.token.cancel()
        dialog.what.show_begun()

        def work(library: "Library", models: "Models", token: CancelToken, sink: ProgressSink) -> "FolderSurvey":
            from imagefinder.usecases.teaching import look

            return look(source, library, token, sink)

        def over() -> None:
            if self._looking is job:
                self._looking = None
                if job is not None and job.token.cancelled:
                    dialog.what.source.show_source(None)
                    dialog.what.show_nothing()

        job = self._session.study(
            "teach: look",
            work,
            dialog.what.show_survey,
            lambda error: dialog.what.show_problem(said(error)),
            dialog.what.show_progress,
            over,
        )
        self._looking = job
        if job is None:
            dialog.what.show_problem(self.tr("The library is not open."))

    def estimate(self, specs: Sequence[TrainingSpec]) -> None:
        """Measure how long each of these would take."""
        for spec in specs:
            self._estimate(spec)

    def _estimate(self, spec: TrainingSpec) -> None:
        page, mode = self._shown().how, spec.recipe.mode
        if mode in self._estimating:
            self._estimating[mode].token.cancel()

        def work(library: "Library", models: "Models", token: CancelToken, sink: ProgressSink) -> Estimate:
            from imagefinder.usecases.teaching import expected

            return expected(spec, models, self._session.device_wanted)

        job = self._session.study(
            "teach: estimate",
            work,
            lambda found: page.show_estimate(mode, found) if self._is_newest(mode, job) else None,
            lambda error: page.show_impossible(mode, said(error)) if self._is_newest(mode, job) else None,
        )
        if job is not None:
            self._estimating[mode] = job

    def _is_newest(self, mode: Mode, job: Job | None) -> bool:
        return self._estimating.get(mode) is job

    def export(self, photos: Sequence[LabelledPhoto], file: Path, triplets: bool = False) -> None:
        """Write pairs of these photos as a table, or triplets."""
        dialog = self._shown()

        def work(library: "Library", models: "Models", token: CancelToken, sink: ProgressSink) -> int:
            from imagefinder.usecases.teaching import export_pairs

            return export_pairs(photos, file, triplets)

        def done(count: int) -> None:
            text = (
                self.tr("{count} triplets are saved as {path}.")
                if triplets
                else self.tr("{count} pairs are saved as {path}.")
            )
            dialog.say(text.format(count=wording.grouped(count), path=wording.shown(str(file))))

        self._session.study("teach: pairs", work, done, lambda error: dialog.say(said(error)))

    def cancel_look(self) -> None:
        if self._looking is not None:
            self._looking.token.cancel()

    def give_up(self, interrupted: Interrupted) -> None:
        """Forget it, after the person agreed to it."""

        def forget(library: "Library", models: "Models") -> None:
            from imagefinder.usecases.teaching import forget

            forget(models, interrupted.spec.name)

        confirm(
            self._shown(),
            self.tr("Discard “{name}”?").format(name=wording.shown(interrupted.spec.name)),
            self.tr("What it has learned so far is deleted. No photo and no model is touched."),
            self.tr("Discard"),
            lambda: self._session.ask("teach: forget", forget, lambda _: self.ask_choices()),
        )

    def cancel_estimates(self) -> None:
        for job in self._estimating.values():
            job.token.cancel()
        self._estimating = {}


def said(error: Exception) -> str:
    """A known problem in its own words; anything else is a bug, which is shown by its own way."""
    return (
        str(error)
        if isinstance(error, ImageFinderError)
        else QCoreApplication.translate("teach", "Stopped by an error.")
    )
