"""The line below everything: what is listed, by which model and where it runs, and whether the app is online."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QStatusBar, QWidget

from imagefinder.domain.errors import LibraryInUse
from imagefinder.domain.images import LibraryStatus, SearchResult
from imagefinder.ui import theme, word_wording, wording
from imagefinder.ui.model_flow import ModelFlow
from imagefinder.ui.results_page import ResultsPage
from imagefinder.ui.search_flow import SearchFlow
from imagefinder.ui.session import Session


class StatusBar(QStatusBar):
    """Listens to those who know. ``badge`` is shown between the sentence and the state of the network."""

    def __init__(
        self, session: Session, page: ResultsPage, flow: SearchFlow, models: ModelFlow, badge: QWidget
    ) -> None:
        super().__init__()
        self._session = session
        self._page = page
        self._flow = flow
        self._models = models
        self._status: LibraryStatus | None = None
        self._opening = self.tr("Opening the library…")
        self._online = {"picture": "", "model": ""}
        self._sentence = QLabel()
        self._network = QLabel(self.tr("Network: off"))
        self._network.setToolTip(
            self.tr("imagefinder goes online only when you drop or paste an address, or download a model.")
        )
        self._lay_out(badge)
        session.opening.connect(self._on_opening)
        session.open_failed.connect(self._on_open_failed)
        session.status_changed.connect(self._on_status)
        page.shown.connect(self._say)
        flow.answered.connect(self._say)
        flow.downloading.connect(
            lambda online: self._say_network("picture", self.tr("downloading the picture") if online else "")
        )
        models.changed.connect(self._say)
        models.downloading.connect(
            lambda host: self._say_network(
                "model", self.tr("downloading a model from {host}").format(host=host) if host else ""
            )
        )
        self._say()

    @property
    def sentence(self) -> str:
        """What it says of the library."""
        return self._sentence.text()

    @property
    def network_text(self) -> str:
        """What it says of the network."""
        return self._network.text()

    def _lay_out(self, badge: QWidget) -> None:
        # As QMainWindow makes its own: a long sentence must not keep the window from getting narrow.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setSizeGripEnabled(False)
        self._sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.addWidget(self._sentence, 1)
        self.addPermanentWidget(badge)
        self.addPermanentWidget(self._network)
        self._sentence.setContentsMargins(theme.MARGIN - 2, 0, 0, theme.GRID)  # 2 px are the bar's own
        self._network.setContentsMargins(0, 0, theme.MARGIN - 2, theme.GRID)
        badge.setContentsMargins(0, 0, theme.MARGIN, theme.GRID)

    def _on_opening(self) -> None:
        self._opening = self.tr("Opening the library…")
        self._say()

    def _on_open_failed(self, error: Exception) -> None:
        """A library in use is tried again every few seconds: to say "not open" in between would only flicker."""
        if not isinstance(error, LibraryInUse):
            self._opening = self.tr("The library is not open")
            self._say()

    def _on_status(self, status: LibraryStatus) -> None:
        self._status = status
        self._say()

    def _say(self) -> None:
        status, result = self._status, self._flow.result
        if status is None:
            self._sentence.setText(self._opening)
            return
        total = wording.photos(status.photos)
        if result is None:
            listed = self._page.model.rowCount()
            newest = self.tr("newest {count} of {total}").format(count=wording.grouped(listed), total=total)
            parts = [newest if 0 < listed < status.photos else total, status.model]
        else:
            shown = wording.grouped(self._page.model.rowCount())
            milliseconds = max(1, round(result.seconds * 1000))
            parts = [
                self._found(result, total)
                if result.query.words
                else self.tr("{shown} of {total}").format(shown=shown, total=total),
                self.tr("{count} ms").format(count=wording.grouped(milliseconds)),
                result.model,
            ]
        changing_to = self._models.activity.switching_to
        parts.append(self.tr("changing to {model}").format(model=changing_to) if changing_to and status.photos else "")
        parts.append(self._session.device.upper())
        self._sentence.setText(" · ".join(part for part in parts if part))

    def _found(self, result: SearchResult, total: str) -> str:
        """How many photos there are, and what the words were taken for: "12 photos: dog (label) · 2021 (date)"."""
        count = self._page.model.rowCount()
        if result.matching is None:
            photos = self.tr("Best {shown} of {total}").format(shown=wording.grouped(count), total=total)
        elif result.matching > count > 0:
            photos = self.tr("{shown} of {total}").format(
                shown=wording.grouped(count), total=wording.photos(result.matching)
            )
        else:
            photos = wording.photos(count)
        return self.tr("{photos}: {meaning}").format(photos=photos, meaning=word_wording.meant(result.terms))

    def _say_network(self, what: str, doing: str) -> None:
        """``doing`` says what is downloaded; empty, that nothing of this kind is."""
        self._online[what] = doing
        doings = ", ".join(filter(None, self._online.values())) or self.tr("off")
        self._network.setText(self.tr("Network: {doing}").format(doing=doings))
