"""A trained model from the shelf into use, and back: follows what the session says of it."""

from PySide6.QtCore import QObject

from imagefinder.domain.images import LibraryStatus
from imagefinder.ui import wording
from imagefinder.ui.confirm import confirm
from imagefinder.ui.model_flow import Activity, ModelFlow
from imagefinder.ui.session import Session
from imagefinder.ui.teach_adopt import AdoptCard, Stage


class Adoption(QObject):
    """Drives the card of one trained model after the other."""

    def __init__(self, session: Session, models: ModelFlow, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._models = models
        self._card: AdoptCard | None = None
        self._name = ""
        self._old = ""
        """What to go back to; empty as long as no other model has answered in this library."""
        self._active = ""
        self._good = True
        self._stage = Stage.FINISHED
        session.status_changed.connect(self._on_status)
        session.model_switched.connect(self._on_switched)
        session.indexing_finished.connect(lambda _: self._on_indexed())
        models.changed.connect(self._on_activity)

    @property
    def stage(self) -> Stage:
        return self._stage

    def begin(self, name: str, good: bool, card: AdoptCard) -> None:
        """A training is done; the model that answers now is the one to go back to, or the first one that ever does."""
        if self._card is None:
            card.adopt_requested.connect(self.adopt)
            card.stop_requested.connect(self.stop)
            card.back_requested.connect(self.roll_back)
            card.discard_requested.connect(self._ask_discard)
        self._card, self._name, self._good = card, name, good
        self._old = self._active
        self._set(Stage.FINISHED)

    def adopt(self) -> None:
        """Read the library with it beside what is there, and switch when that is complete."""
        self._set(Stage.SWITCHING)
        self._models.use(self._name)

    def stop(self) -> None:
        """The old model goes on answering; what was read stays."""
        self._models.stop_switching()
        self._set(Stage.WAITING)

    def roll_back(self) -> None:
        """The old model again. What it knows is still there, so that takes a moment."""
        if self._old:
            self._models.use(self._old)

    def discard(self) -> None:
        """Delete the trained model, and what the library knows by it."""
        if self._stage in (Stage.WAITING, Stage.ROLLED_BACK):
            self._models.free(self._name)
        self._models.remove(self._name)
        self._set(Stage.DISCARDED)

    def _ask_discard(self) -> None:
        if self._card is not None:
            confirm(
                self._card,
                self._card.tr("Discard “{name}”?").format(name=wording.shown(self._name)),
                self._card.tr("What it has learned is deleted. No photo is touched."),
                self._card.tr("Discard"),
                self.discard,
            )

    def _on_status(self, status: LibraryStatus) -> None:
        if status.model:
            self._active = status.model
        if not self._old and self._active != self._name:
            self._old = self._active
        self._show()

    def _on_switched(self, name: str) -> None:
        self._active = name
        if self._card is None or self._stage is Stage.DISCARDED:
            return
        if name == self._name:
            self._set(Stage.ADOPTED)
        elif self._stage is Stage.ADOPTED:
            self._old = name
            self._set(Stage.ROLLED_BACK)
        else:
            self._old = name
            self._show()

    def _on_indexed(self) -> None:
        if self._stage is Stage.SWITCHING and self._session.switching_to is None and self._active != self._name:
            self._set(Stage.WAITING)

    def _on_activity(self, activity: Activity) -> None:
        self._show()

    def _set(self, stage: Stage) -> None:
        self._stage = stage
        self._show()

    def _show(self) -> None:
        if self._card is not None and self._name:
            activity = self._models.activity
            self._card.show_stage(
                self._stage, self._name, self._old, self._good, activity.photos, activity.switch_progress
            )
