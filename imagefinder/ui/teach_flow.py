"""Teaching, from the choice of photos to the adopted model. What takes long is on the study lane."""

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from imagefinder.domain.progress import CancelToken, Progress, ProgressSink
from imagefinder.domain.teaching import Interrupted
from imagefinder.domain.training import (
    EpochResult,
    Example,
    TrainingOutcome,
    TrainingSpec,
)
from imagefinder.settings import Settings
from imagefinder.ui import desktop, wording
from imagefinder.ui.banner import Banner, BannerStack
from imagefinder.ui.lane import Job
from imagefinder.ui.model_flow import ModelFlow
from imagefinder.ui.path_kinds import PathKinds
from imagefinder.ui.search_flow import SearchFlow
from imagefinder.ui.session import Session
from imagefinder.ui.teach_adoption import Adoption
from imagefinder.ui.teach_choosing import Choosing, said
from imagefinder.ui.teach_weight import TeachWeight

if TYPE_CHECKING:
    from imagefinder.ui.teach_dialog import TeachDialog
    from imagefinder.usecases.models import Models
    from imagefinder.usecases.opening import Library


class TeachFlow(QObject):
    """One dialog, made when it is first asked for. Training goes on while it is closed, and after a restart."""

    busy = Signal(object)
    """What is going on, in a few words for the status bar; "" when nothing is."""
    finished = Signal(object)
    """The TrainingOutcome."""
    _learned = Signal(object, object, object)
    """From the training's thread: the turn, an EpochResult and its Examples."""

    def __init__(
        self,
        session: Session,
        models: ModelFlow,
        search: SearchFlow,
        remembered: Settings,
        banners: BannerStack,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._banners = banners
        self._window = parent
        self._models = models
        self._remembered = remembered
        self._job: Job | None = None
        self._token = CancelToken()
        """Of the training itself: cancelling it keeps the best so far. The job's own means that the app closes."""
        self._begun = False
        """Whether the job had its turn. Set by the lane."""
        self._asking: list[Banner] = []
        self._turn = 0
        self._kinds = PathKinds(self)
        self._spec: TrainingSpec | None = None
        self.dialog: TeachDialog | None = None
        self.adoption = Adoption(session, models, self)
        self.weight = TeachWeight(session, search, remembered, self)
        self.choosing = Choosing(session, self._shown, self)
        self._learned.connect(self._on_round, Qt.ConnectionType.QueuedConnection)
        session.opened.connect(self._on_opened)

    @property
    def running(self) -> bool:
        return self._job is not None

    def show(self) -> None:
        if self.dialog is None:
            self.dialog = self._make()
        if self._job is None:
            self.choosing.ask_choices()
        while self._asking:
            self._banners.dismiss(self._asking.pop())
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()

    def close(self) -> None:
        """For the end of the app. What was learned so far stays on the disk, and goes on at the next start."""
        self.choosing.close()
        self.weight.close()
        models = self._session.models
        if self._job is not None:
            if not self._begun and self._spec is not None and models is not None:
                from imagefinder.usecases.teaching import remember

                remember(models, self._spec)  # it still waits for its turn, and will not get it
            self._job.token.cancel()
        self._token.resume()
        if self.dialog is not None:
            self.dialog.stop()
            self.dialog.close()

    # Learning

    def start(self, spec: TrainingSpec) -> None:
        """Train, or go on with what is there of this training."""
        dialog = self._shown()
        if self._job is not None:
            return
        self.choosing.cancel_estimates()
        self._token = token = CancelToken()
        self._spec = spec
        self._begun = False
        self._turn = turn = self._turn + 1
        dialog.show_running(spec.name, spec.recipe)

        def on_epoch(result: EpochResult, examples: Sequence[Example]) -> None:
            with contextlib.suppress(RuntimeError):  # the window may be gone while the last round ends
                self._learned.emit(turn, result, examples)

        def work(library: "Library", models: "Models", closing: CancelToken, sink: ProgressSink) -> TrainingOutcome:
            self._begun = True
            from imagefinder.usecases.finetuning import Watcher
            from imagefinder.usecases.teaching import teach

            return teach(
                spec,
                library,
                models,
                device=self._session.device_wanted,
                token=token,
                closing=closing,
                watcher=Watcher(sink, on_epoch),
            )

        self._job = self._session.study(
            "teach", work, self._on_done, self._on_failed, self._on_progress, lambda: self._on_over(turn)
        )
        if self._job is None:
            dialog.show_problem(self.tr("The library is not open."))
        else:
            self._say_busy()

    def pause(self, paused: bool) -> None:
        if self._job is not None:
            (self._token.pause if paused else self._token.resume)()
            self._shown().running.set_paused(paused)
            self._say_busy()

    def stop(self) -> None:
        """End it, with the best so far where there is something."""
        self._token.cancel()

    def go_on(self, interrupted: Interrupted) -> None:
        """Continue a training that ended with the app, or was stopped before it had learned anything."""
        self.start(interrupted.spec)

    # What comes back

    def _on_opened(self) -> None:
        def look(library: "Library", models: "Models") -> list[Interrupted]:
            from imagefinder.usecases.teaching import remembered

            return [each for each in remembered(models) if each.running]

        def done(found: list[Interrupted]) -> None:
            for each in found:
                text = self.tr("Teaching “{name}” was interrupted. It can go on where it was.")
                sentence = text.format(name=wording.shown(each.spec.name))
                action = (self.tr("Continue…"), self.show)
                self._asking.append(self._banners.show_message(sentence, action=action))

        self._session.ask("teach: remembered", look, done)

    def _on_round(self, turn: int, result: EpochResult, examples: Sequence[Example]) -> None:
        if turn != self._turn or self.dialog is None:
            return
        self.dialog.running.show_round(result, examples)

    def _on_progress(self, progress: Progress) -> None:
        if self.dialog is not None:
            self.dialog.running.show_progress(progress)
            self._say_busy()

    def _on_done(self, outcome: TrainingOutcome) -> None:
        dialog = self._shown()
        dialog.show_outcome(outcome)
        good = dialog.outcome.verdict is not None and dialog.outcome.verdict.good
        self.adoption.begin(outcome.name, good, dialog.outcome.card)
        self._models.refresh()
        self.finished.emit(outcome)
        if not dialog.isVisible() and dialog.outcome.verdict is not None:
            text = self.tr("“{name}” is done. {verdict}")
            sentence = text.format(name=wording.shown(outcome.name), verdict=dialog.outcome.verdict.headline)
            self._banners.show_message(sentence, action=(self.tr("Look at it…"), self.show))

    def _on_failed(self, error: Exception) -> None:
        text = said(error)
        dialog = self._shown()
        dialog.show_problem(text, self._spec)
        if not dialog.isVisible():
            self._banners.show_message(text, action=(self.tr("Look at it…"), self.show))

    def _on_over(self, turn: int) -> None:
        if turn != self._turn:
            return
        closing = self._job is not None and self._job.token.cancelled
        self._job = None
        self.busy.emit("")
        if closing or self.dialog is None:
            return
        if self.dialog.page is self.dialog.running:  # stopped before anything was learned
            self._on_stopped()
        self.choosing.ask_choices()

    def _on_stopped(self) -> None:
        dialog = self._shown()
        if dialog.what.photos:
            dialog.show_how(self.tr("Stopped. What was read is kept for another try."))
        else:
            dialog.show_what()

    def _say_busy(self) -> None:
        if self._job is None or self._spec is None or self.dialog is None:
            return
        name = wording.shown(self._spec.name)
        if self._token.paused:
            self.busy.emit(self.tr("Teaching {name}: paused").format(name=name))
        else:
            text = self.tr("Teaching {name}: {percent} %")
            self.busy.emit(text.format(name=name, percent=round(100 * self.dialog.running.share)))

    def _shown(self) -> "TeachDialog":
        if self.dialog is None:
            self.dialog = self._make()
        return self.dialog

    def _make(self) -> "TeachDialog":
        from imagefinder.ui.teach_dialog import TeachDialog

        dialog = TeachDialog(self._session.preview, self._remembered, self._window)
        dialog.what.look_requested.connect(self.choosing.look)
        dialog.what.cancel_requested.connect(self.choosing.cancel_look)
        dialog.what.continue_requested.connect(self.go_on)
        dialog.what.discard_requested.connect(self.choosing.give_up)
        dialog.what.export_requested.connect(self.choosing.export)
        dialog.how.estimates_wanted.connect(self.choosing.estimate)
        dialog.start_requested.connect(self.start)
        dialog.running.pause_requested.connect(self.pause)
        dialog.running.stop_requested.connect(self.stop)
        dialog.path_chosen.connect(self._reveal)
        self.weight.show_in(dialog.weight)
        return dialog

    def _reveal(self, path: str) -> None:
        def refused(path: str) -> None:
            if self.dialog is not None:
                self.dialog.say(self.tr("{path} is not there any more.").format(path=wording.shown(path)))

        desktop.reveal(self._kinds, [path], refused)
