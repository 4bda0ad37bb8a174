"""Loads the model once the window shows its library, so that the first picture dropped need not wait for it."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from imagefinder.ui.session import Session

if TYPE_CHECKING:
    from imagefinder.domain.progress import CancelToken, ProgressSink
    from imagefinder.usecases.models import Models
    from imagefinder.usecases.opening import Library


class WarmUp(QObject):
    """Holds up neither the opening, behind which it waits, nor the closing, for which it stops between its steps."""

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        session.opened.connect(self._on_opened)

    def _on_opened(self) -> None:
        QTimer.singleShot(0, self, self._wait)  # until the panels have asked for what they show

    def _wait(self) -> None:
        self._session.ask("the panels are filled", lambda library, models: None, lambda _: self._begin())

    def _begin(self) -> None:
        def work(library: "Library", models: "Models", token: "CancelToken", sink: "ProgressSink") -> None:
            from imagefinder.usecases.warming import warm_up

            warm_up(library, models, token)

        self._session.study("warm up", work, lambda _: None)
