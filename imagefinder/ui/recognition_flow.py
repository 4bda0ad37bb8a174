"""What the model recognises in the picture that is looked for, said in the side panel."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from imagefinder.domain.images import Query, SearchResult
from imagefinder.ui.inspector import Inspector
from imagefinder.ui.search_flow import SearchFlow
from imagefinder.ui.session import Session

if TYPE_CHECKING:
    from imagefinder.usecases.models import Models
    from imagefinder.usecases.opening import Library
    from imagefinder.usecases.recognising import SeenClass


class RecognitionFlow(QObject):
    """Asks after every answer; models that know no classes have nothing to say, and then nothing is shown."""

    def __init__(self, session: Session, inspector: Inspector, flow: SearchFlow, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._inspector = inspector
        self._flow = flow
        self._waiting = False
        flow.answered.connect(self._on_answered)
        session.status_changed.connect(lambda _: self._ask_if_ready())

    def _on_answered(self, result: SearchResult | None) -> None:
        self._waiting = result is not None and result.query.has_picture
        self._ask_if_ready()

    def _ask_if_ready(self) -> None:
        """Once the model is loaded, as it is soon after every start: loading it here would hold up the next search."""
        result = self._flow.result
        if self._waiting and result is not None and self._session.device:
            self._waiting = False
            self._ask(result.query)

    def _ask(self, query: Query) -> None:
        def look(library: "Library", models: "Models") -> "Sequence[SeenClass]":
            from imagefinder.usecases.recognising import recognise

            return recognise(library, lambda: models.embedder(library, models.spec(library)), query)

        self._session.ask("classes", look, lambda seen: self._show(query, seen), lambda _: None)

    def _show(self, query: Query, seen: "Sequence[SeenClass]") -> None:
        shown = self._flow.result
        if shown is None or shown.query != query:
            return
        share = self.tr("{name} {percent} %")
        names = [share.format(name=each.name, percent=round(100 * each.probability)) for each in seen]
        self._inspector.set_recognised(
            self.tr("The model sees: {names}").format(names=", ".join(names)) if names else ""
        )
