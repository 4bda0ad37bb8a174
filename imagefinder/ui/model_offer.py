"""A better model that came with an update is offered once, in a banner."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from imagefinder.ui import wording
from imagefinder.ui.banner import Banner, BannerStack
from imagefinder.ui.model_flow import Activity, ModelFlow
from imagefinder.ui.session import Session

if TYPE_CHECKING:
    from imagefinder.domain.progress import CancelToken, ProgressSink
    from imagefinder.usecases.better_model import Offer
    from imagefinder.usecases.models import Models
    from imagefinder.usecases.opening import Library


class ModelOffer(QObject):
    """Asks once the library has been opened and looked through, so that it is in nobody's way."""

    def __init__(self, session: Session, models: ModelFlow, banners: BannerStack, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._models = models
        self._banners = banners
        self._banner: Banner | None = None
        self._looked = False
        session.indexing_finished.connect(self._on_indexed)
        models.changed.connect(self._on_activity)

    def _on_indexed(self) -> None:
        if self._looked or self._session.switching_to is not None:
            return
        self._looked = True

        def look(library: "Library", models: "Models", token: "CancelToken", sink: "ProgressSink") -> "Offer | None":
            from imagefinder.usecases.better_model import better_model

            return better_model(library, models)

        self._session.study("better model", look, self._show)

    def _show(self, offer: "Offer | None") -> None:
        if offer is None or self._session.switching_to is not None:
            return
        came = self.tr("A better model has come with this version")
        if offer.was_missing:
            came = self.tr("The model that comes with imagefinder is here now")
        text = self.tr(
            "{came}: it finds more of what people mean by similar. Looking at your {photos} again takes {time}; until "
            "then the old one answers."
        ).format(came=came, photos=wording.photos(offer.photos), time=wording.duration(offer.seconds))

        def switch() -> None:
            self._answered(offer.name)
            self._models.use(offer.name)

        def not_now() -> None:
            self._answered(offer.name)

        banner = self._banners.show_message(
            text, action=(self.tr("Switch"), switch), other=(self.tr("Not now"), not_now)
        )
        banner.close_button.clicked.connect(not_now)
        self._banner = banner

    def _answered(self, name: str) -> None:
        def note(library: "Library", models: "Models") -> None:
            from imagefinder.usecases.better_model import note_offered

            note_offered(library, models, name)

        self._banner = None
        self._session.ask("offer answered", note, lambda _: None)

    def _on_activity(self, activity: Activity) -> None:
        """A model was chosen in the dialog: there is nothing to offer any more."""
        if activity.switching_to and self._banner is not None:
            self._banners.dismiss(self._banner)
            self._banner = None
