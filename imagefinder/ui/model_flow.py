"""What is done with models: asks the session, keeps what is going on, and says it to whoever shows it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, Signal

from imagefinder.domain.errors import ImageFinderError
from imagefinder.domain.images import IndexSummary
from imagefinder.domain.models import ModelInfo
from imagefinder.domain.progress import CancelToken, Progress, ProgressMeter, ProgressSink
from imagefinder.domain.specs import Output
from imagefinder.ui.lane import Job
from imagefinder.ui.session import Session

if TYPE_CHECKING:
    from imagefinder.usecases.models import Models
    from imagefinder.usecases.opening import Library

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Activity:
    """What is going on with models at this moment."""

    photos: int = 0
    """In the library that is open."""
    here: str = ""
    """The folder of that library."""
    asking: str = ""
    """The model whose download is prepared: where it comes from is being looked up."""
    download: str = ""
    """The model that is being downloaded."""
    download_progress: Progress = field(default_factory=lambda: Progress("downloading"))
    stopping: bool = False
    """Whether the download was cancelled and has not ended yet."""
    measuring: str = ""
    """The model whose speed is being measured."""
    switching_to: str = ""
    """The model that the photos are being read with."""
    switch_progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """A file of weights, and what it is for. Without a name the network's is taken, without a pooling its own."""

    path: str
    architecture: str | None
    """None for a file that brings its network with it."""
    pooling: str | None = None
    name: str | None = None
    output: Output = "features"
    """With "probabilities", photos are compared by the classes that the network recognises, which it can name."""


class ModelFlow(QObject):
    """Lives as long as the window: a download goes on when the dialog is closed."""

    listed = Signal(object)
    """The list of ModelInfo."""
    changed = Signal(object)
    """The Activity."""
    downloading = Signal(object)
    """The host that a download goes to; empty once it has ended."""
    host_found = Signal(object, object)
    """A ModelInfo that could be downloaded now, and from which host: somebody has to say yes."""
    said = Signal(object)
    """One sentence about something that is done."""
    failed = Signal(object)
    """An ImageFinderError."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._activity = Activity()
        self._models: Sequence[ModelInfo] = ()
        self._download: Job | None = None
        session.opened.connect(self._on_opened)
        session.status_changed.connect(lambda status: self._set(photos=status.photos))
        session.progressed.connect(self._on_indexing)
        session.indexing_finished.connect(self._on_indexed)
        session.model_switched.connect(lambda _: self._on_indexed())
        session.switch_goes_on.connect(lambda name: self._set(switching_to=name))

    @property
    def activity(self) -> Activity:
        return self._activity

    @property
    def models(self) -> Sequence[ModelInfo]:
        """As they were listed last."""
        return self._models

    def refresh(self) -> None:
        """Ask for the list; ``listed`` follows."""

        def ask(library: "Library", models: "Models") -> list[ModelInfo]:
            from imagefinder.usecases.model_choices import choices

            return choices(library, models)

        self._session.ask("models", ask, self._on_listed, self._fail)

    # What the person does

    def use(self, name: str) -> None:
        """Let the library be searched with this model, as soon as it has read all photos."""
        self._session.use_model(name)
        self._set(switching_to=name, switch_progress=None)

    def stop_switching(self) -> None:
        """The current model stays; what was read stays too, for the next time."""
        self._session.cancel_indexing()
        self._set(switching_to="", switch_progress=None)

    def prepare_download(self, info: ModelInfo) -> None:
        """Look up where the weights come from, without a connection; ``host_found`` follows."""

        def look_up(models: "Models", token: CancelToken, sink: ProgressSink) -> str:
            from imagefinder.usecases.model_choices import download_host

            return download_host(info.name)

        self._set(asking=info.name)
        self._session.download(
            "model host",
            look_up,
            lambda host: self.host_found.emit(info, host),
            self._fail,
            over=lambda: self._set(asking=""),
        )

    def download(self, name: str, host: str) -> None:
        """Fetch the weights, after the person agreed to it. What arrived before is gone on with."""

        def fetch(models: "Models", token: CancelToken, sink: ProgressSink) -> None:
            models.shelf.download(name, _Bytes(sink, token).report, token)

        if self._download is not None:
            return
        self._download = self._session.download(
            "model",
            fetch,
            lambda _: self.said.emit(self.tr("{name} is here. It can be used now.").format(name=name)),
            self._on_download_failed,
            lambda progress: self._set(download_progress=progress),
            self._on_download_over,
        )
        if self._download is not None:
            self.downloading.emit(host)
            self._set(download=name, download_progress=Progress("downloading"))

    def cancel_download(self) -> None:
        """Stop it; what arrived is kept, and the next download goes on from there."""
        if self._download is not None:
            self._download.token.cancel()
            self._set(stopping=True)

    def measure(self, name: str) -> None:
        """Find out how many photos a second this machine can look at."""

        def work(library: "Library", models: "Models", token: CancelToken, sink: ProgressSink) -> float:
            return models.measure(name)

        self._set(measuring=name)
        self._session.study("measure", work, lambda _: self.refresh(), self._fail, over=lambda: self._set(measuring=""))

    def remove(self, name: str) -> None:
        """Delete its file, or what arrived of it, after the person agreed to it."""
        self._ask(
            "remove model",
            lambda library, models: models.remove(name, even_if_used=True, library=library),
            lambda _: self.said.emit(self.tr("{name} is removed.").format(name=name)),
        )

    def free(self, name: str) -> None:
        """Forget what the library keeps of a model that it is not searched with."""

        def work(library: "Library") -> ImageFinderError | None:
            from imagefinder.usecases.switching import forget

            try:
                forget(library, name)
            except ImageFinderError as error:
                return error
            return None

        def done(error: ImageFinderError | None) -> None:
            if error is not None:
                self.failed.emit(error)
            self.refresh()

        self._session.edit("forget model", work, done)

    def add(self, file: WeightsFile, done: Callable[[], object], failed: Callable[[ImageFinderError], object]) -> None:
        """Copy a file of weights onto the shelf. It is built and tried first, which takes seconds."""

        def work(library: "Library", models: "Models", token: CancelToken, sink: ProgressSink) -> str:
            return models.shelf.add(
                Path(file.path), file.architecture, file.name, pooling=file.pooling, output=file.output
            ).name

        self._session.study("add model", work, lambda name: self._on_added(name, done), _known(failed))

    def import_file(self, path: str) -> None:
        """Take in a model that somebody exported."""

        def work(library: "Library", models: "Models", token: CancelToken, sink: ProgressSink) -> str:
            from imagefinder.usecases.model_choices import import_model

            return import_model(models, Path(path)).name

        self._session.study("import model", work, self._on_added, self._fail)

    def export(self, name: str, path: str) -> None:
        """Write a model with all that belongs to it into one file; that a file is replaced was agreed to."""
        self._ask(
            "export model",
            lambda library, models: models.shelf.export(name, Path(path), overwrite=True),
            lambda _: self.said.emit(self.tr("{name} is exported.").format(name=name)),
        )

    # What comes back

    def _ask(
        self, name: str, question: "Callable[[Library, Models], Result]", done: Callable[[Result], object]
    ) -> None:
        def answered(result: Result) -> None:
            done(result)
            self.refresh()

        self._session.ask(name, question, answered, self._fail)

    def _on_opened(self) -> None:
        library = self._session.library
        if library is not None:
            self._set(here=str(library.directory.absolute()))

    def _on_listed(self, models: Sequence[ModelInfo]) -> None:
        self._models = models
        self.listed.emit(models)

    def _on_added(self, name: str, then: Callable[[], object] = lambda: None) -> None:
        self.said.emit(self.tr("{name} is added. It can be used now.").format(name=name))
        then()
        self.refresh()

    def _on_download_failed(self, error: Exception) -> None:
        from imagefinder.usecases.model_choices import OFFLINE_HINT

        if isinstance(error, ImageFinderError) and error.hint.startswith(OFFLINE_HINT):  # it names a command
            hint = self.tr("Check the internet connection and try again, or add a file that you have from elsewhere.")
            error = ImageFinderError(error.message, hint)
        self._fail(error)

    def _on_download_over(self) -> None:
        self._download = None
        self.downloading.emit("")
        self._set(download="", stopping=False)
        self.refresh()

    def _on_indexing(self, progress: Progress) -> None:
        name = self._session.switching_to
        if name:
            self._set(switching_to=name, switch_progress=progress)

    def _on_indexed(self, summary: IndexSummary | None = None) -> None:
        """A switch that could not be finished, as with a drive that is away, still waits for the next run."""
        waiting = self._session.switching_to
        if waiting and waiting == self._activity.switching_to and summary is not None and summary.offline:
            sentence = self.tr("{name} has yet to read photos on a drive that is away. Until then nothing changes.")
            self.said.emit(sentence.format(name=waiting))
        # Without photos there is nothing to read yet: the choice counts for the first ones.
        chosen = "" if self._activity.photos else waiting or ""
        self._set(switching_to=chosen, switch_progress=None)
        self.refresh()

    def _fail(self, error: Exception) -> None:
        if isinstance(error, ImageFinderError):
            self.failed.emit(error)
            self.refresh()

    def _set(self, **changes: object) -> None:
        activity = replace(self._activity, **changes)  # type: ignore[arg-type]  # each by the name of its field
        if activity != self._activity:
            self._activity = activity
            self.changed.emit(activity)


def _known(failed: Callable[[ImageFinderError], object]) -> Callable[[Exception], object]:
    """Anything else is a bug, which is shown by its own way and still ends what waits."""
    return lambda error: failed(error if isinstance(error, ImageFinderError) else ImageFinderError(str(error)))


class _Bytes:
    """Counts of bytes as Progress. What was here before the download went on is not part of the rate."""

    def __init__(self, sink: ProgressSink, token: CancelToken) -> None:
        self._sink = sink
        self._token = token
        self._meter: ProgressMeter | None = None
        self._before = 0
        self._total = 0

    def report(self, done: int, total: int) -> None:
        """``total`` is 0 while nobody knows it. Raises Cancelled."""
        if self._meter is None or total != self._total:
            self._before, self._total = done, total
            self._meter = ProgressMeter(self._tell, self._token, "downloading", max(0, total - done))
        self._meter.report(done - self._before)

    def _tell(self, progress: Progress) -> None:
        self._sink(replace(progress, done=progress.done + self._before, total=self._total))
