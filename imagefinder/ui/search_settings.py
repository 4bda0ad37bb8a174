"""How searches are done: what the person chose is remembered, and what is shown is searched for again."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from imagefinder.domain.errors import ImageFinderError
from imagefinder.domain.images import SearchResult
from imagefinder.domain.search_options import SearchOptions
from imagefinder.domain.specs import Comparison
from imagefinder.domain.verdicts import Scale
from imagefinder.settings import Settings
from imagefinder.ui.search_flow import SearchFlow
from imagefinder.ui.session import Session

if TYPE_CHECKING:
    from imagefinder.usecases.models import Models
    from imagefinder.usecases.opening import Library


@dataclass(frozen=True, slots=True)
class HowCompared:
    """How the open library compares its photos."""

    compare: Comparison
    centred: bool
    photos: int
    dimension: int
    """How many numbers stand for a photo."""
    model: str


class SearchSettings(QObject):
    """Lives as long as the window, and hands the session what is remembered."""

    compared = Signal(object)
    """The HowCompared of the library; None while it has no photos."""
    busy = Signal(bool)
    """Whether another way of comparing is being prepared; the old one answers until it is."""
    way_changed = Signal(object)
    """The name of the method that orders results from now on."""
    took = Signal(float)
    """How many seconds the search took whose results are shown."""
    failed = Signal(object)
    """An ImageFinderError."""

    def __init__(self, session: Session, flow: SearchFlow, remembered: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._flow = flow
        self._settings = remembered
        self._changes = 0
        session.search_options = remembered.search_options()
        flow.answered.connect(self._on_answered)
        for signal in (session.indexing_finished, session.model_switched):
            signal.connect(lambda _: self._ask_scale())
        session.opened.connect(self._ask_scale)

    @property
    def options(self) -> SearchOptions:
        return self._session.search_options

    def set_options(self, options: SearchOptions) -> None:
        """Search so from now on; what is shown is searched for again."""
        if options == self._session.search_options:
            return
        other_kind = (options.lever == "none") != (self._session.search_options.lever == "none")
        self._session.search_options = options
        if other_kind:
            self._ask_scale()
        self.way_changed.emit(options.lever)
        self._settings.lever = options.lever
        self._settings.lever_candidates = options.candidates
        self._settings.expansion_k = options.expansion_k
        self._flow.search_again()

    def ask_compared(self) -> None:
        """``compared`` follows."""
        self._session.ask("compared", _compared, self.compared.emit, self._fail)

    def compare_by(self, compare: Comparison, centred: bool) -> None:
        """Let the library compare its photos so. No photo is read again, but the index is built anew beside the old."""

        def work(library: "Library") -> ImageFinderError | None:
            try:
                library.compare_by(compare, centred)
            except ImageFinderError as error:
                return error
            return None

        def done(error: ImageFinderError | None) -> None:
            self._changes -= 1
            self.busy.emit(self._changes > 0)
            if error is not None:
                self.failed.emit(error)
            self.ask_compared()
            self._ask_scale()
            self._flow.search_again()

        self._changes += 1
        self.busy.emit(True)
        self._session.edit("compare by", work, done)

    def _on_answered(self, result: SearchResult | None) -> None:
        if result is not None:
            self.took.emit(result.seconds)

    def _ask_scale(self) -> None:
        """What similarities mean in words depends on the model, the photos, and the way of comparing.

        Compact codes alone have similarities of their own, but a method that orders results anew goes by the cosines.
        """
        by_cosine = self.options.lever != "none"

        def ask(library: "Library", models: "Models") -> Scale | None:
            from imagefinder.usecases.comparing import cosine_scale, scale

            return cosine_scale(library) if by_cosine else scale(library)

        self._session.ask("scale", ask, self._flow.set_scale, self._fail)

    def _fail(self, error: Exception) -> None:
        if isinstance(error, ImageFinderError):
            self.failed.emit(error)


def _compared(library: "Library", models: "Models") -> HowCompared | None:
    spec = library.active_model()
    if spec is None:
        return None
    return HowCompared(spec.compare, spec.centred, library.count_embedded(), spec.dimension, spec.name)
