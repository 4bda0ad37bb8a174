"""A shown grid, and the hands and eyes that tests of it need."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from imagefinder.domain.images import Photo, Pixels
from imagefinder.ui.results_model import ResultsModel
from imagefinder.ui.results_view import ResultsView
from imagefinder.ui.thumbnail_loader import ThumbnailLoader
from ui_photos import draw


class Grid:
    """A shown view over a model, and the photos that its loader was asked to load, in order."""

    def __init__(self, qtbot: QtBot) -> None:
        self.loaded: list[int] = []
        self.loader = ThumbnailLoader(remembering(self.loaded), threads=1)
        self.model = ResultsModel(self.loader)
        self.model.set_limit(10**6)
        self.view = ResultsView(self.model, self.loader)
        qtbot.addWidget(self.view)
        self.view.resize(900, 600)
        self.view.show()
        self.view.setFocus()
        qtbot.waitUntil(self.view.hasFocus)

    def shown_ids(self) -> list[int]:
        return [photo.id for photo in self.model.photos(0, self.model.rowCount())]

    def selected_ids(self) -> list[int]:
        return [photo.id for photo in self.view.selected_photos()]

    def columns(self) -> int:
        """Counted by looking."""
        top = self.view.visualRect(self.model.index(0)).top()
        rows = range(self.model.rowCount())
        return next(row for row in rows if self.view.visualRect(self.model.index(row)).top() != top)

    def place_of(self, row: int) -> QPoint:
        return self.view.visualRect(self.model.index(row)).center()

    def click(self, row: int) -> None:
        QTest.mouseClick(self.view.viewport(), Qt.MouseButton.LeftButton, pos=self.place_of(row))

    def wheel(self, up: int, at: QPoint) -> None:
        view = self.view.viewport()
        where = QPointF(at)
        event = QWheelEvent(
            where,
            QPointF(view.mapToGlobal(at)),
            QPoint(),
            QPoint(0, up),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.ControlModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(view, event)


def remembering(loaded: list[int]) -> Callable[[Photo, int], Pixels]:
    """Draws, and notes the ids. It must not hold the scene: a worker would be the last to let go of the view."""

    def load(photo: Photo, side: int) -> Pixels:
        loaded.append(photo.id)
        return draw(photo, side)

    return load
