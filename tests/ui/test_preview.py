import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from imagefinder.domain.errors import UnreadableImage
from imagefinder.domain.images import Hit, Pixels
from imagefinder.ui.preview import Preview
from imagefinder.ui.results_model import ResultsModel
from imagefinder.ui.thumbnail_loader import ThumbnailLoader
from imagefinder.ui.zoom_picture import ZoomPicture
from ui_photos import make_photo

Key = Qt.Key
BROKEN = "/photos/broken.jpg"
THUMBNAIL, FILE = 60, 200  # the greys that tell one from the other


class Files:
    """Greys in place of files, while the gate is open. Holds no widget: a worker may be the last to hold this."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int, int]] = []
        self.threads: set[int] = set()
        self.gate = threading.Event()
        self.gate.set()

    def load(self, path: str, width: int, height: int) -> Pixels:
        self.threads.add(threading.get_ident())
        self.asked.append((path, width, height))
        assert self.gate.wait(10)
        if path == BROKEN:
            raise UnreadableImage("The file ends too early.")
        return np.full((height, width, 3), FILE, np.uint8)


class Scene:
    """A window with something to focus, covered by a preview over six photos of 4000 x 3000 pixels."""

    def __init__(self, qtbot: QtBot) -> None:
        self.files = Files()
        names = ["a.jpg", "b.jpg", "c.jpg", "broken.jpg", "e.jpg", "f.jpg"]
        self.photos = [make_photo(n, name, size=(4000, 3000)) for n, name in enumerate(names)]
        self.window = QWidget()
        self.window.resize(1000, 800)
        self.field = QLineEdit()
        QVBoxLayout(self.window).addWidget(self.field)
        self.loader = ThumbnailLoader(lambda photo, side: np.full((120, 160, 3), THUMBNAIL, np.uint8))
        self.model = ResultsModel(self.loader)
        self.model.set_photos(self.photos)
        self.preview = Preview(self.window, self.model, self.loader, self.files.load)
        (self.picture,) = self.preview.findChildren(ZoomPicture)
        qtbot.addWidget(self.window)
        self.window.show()
        self.field.setFocus()
        with qtbot.waitSignal(self.loader.ready):
            self.loader.want(self.photos[:1], 160)

    def centre(self) -> int:
        """The grey in the middle of the picture, as painted."""
        return self.picture.grab().toImage().pixelColor(self.picture.rect().center()).red()

    def says(self, text: str) -> bool:
        return any(text in label.text() for label in self.preview.findChildren(QLabel) if label.isVisible())


@pytest.fixture
def scene(qtbot: QtBot) -> Iterator[Scene]:
    scene = Scene(qtbot)
    yield scene
    scene.files.gate.set()
    scene.preview.stop()
    scene.loader.close()


def test_the_thumbnail_shows_at_once_and_the_photo_follows_from_another_thread(scene: Scene, qtbot: QtBot) -> None:
    scene.files.gate.clear()
    scene.preview.show_row(0)
    assert scene.preview.geometry() == scene.window.rect()
    assert scene.centre() == THUMBNAIL
    scene.files.gate.set()
    qtbot.waitUntil(lambda: scene.centre() == FILE)
    path, width, height = scene.files.asked[0]
    assert path == "/photos/a.jpg"
    assert 3 * width == 4 * height
    assert width == scene.picture.width() or height == scene.picture.height()
    assert threading.get_ident() not in scene.files.threads


def test_without_a_thumbnail_the_average_colour_stands_in(scene: Scene) -> None:
    scene.files.gate.clear()
    scene.preview.show_row(5)
    assert scene.picture.grab().toImage().pixelColor(scene.picture.rect().center()) == QColor("#336699")


def test_it_keeps_covering_the_window(scene: Scene, qtbot: QtBot) -> None:
    scene.preview.show_row(0)
    qtbot.waitUntil(lambda: scene.centre() == FILE)
    scene.window.resize(700, 500)
    assert scene.preview.geometry() == scene.window.rect()
    qtbot.waitUntil(lambda: any(width <= scene.picture.width() for _, width, _ in scene.files.asked[-3:]))


@pytest.mark.parametrize(
    ("keys", "row"),
    [
        ([Key.Key_Right], 3),
        ([Key.Key_Down, Key.Key_PageDown], 4),
        ([Key.Key_Left], 1),
        ([Key.Key_Up, Key.Key_PageUp, Key.Key_Left], 0),
        ([Key.Key_Home], 0),
        ([Key.Key_End, Key.Key_Right], 5),
    ],
)
def test_keys_move_through_the_results(scene: Scene, keys: list[Key], row: int) -> None:
    moves: list[int] = []
    scene.preview.moved.connect(moves.append)
    scene.preview.show_row(2)
    for key in keys:
        QTest.keyClick(scene.preview, key)
    assert moves[-1] == row
    assert len(moves) == len(set(moves))  # nothing is said at the ends
    assert scene.says(f"{row + 1} of 6")
    assert scene.says(scene.photos[row].name)
    assert scene.preview.accessibleName() == f"{scene.photos[row].name}, {row + 1} of 6"


@pytest.mark.parametrize("key", [Key.Key_Escape, Key.Key_Space])
def test_escape_and_space_close_it_and_the_focus_goes_back(scene: Scene, qtbot: QtBot, key: Key) -> None:
    scene.preview.show_row(1)
    assert scene.preview.hasFocus()
    with qtbot.waitSignal(scene.preview.closed):
        QTest.keyClick(scene.preview, key)
    assert scene.preview.isHidden()
    assert scene.field.hasFocus()
    scene.preview.show_row(2)
    assert scene.preview.isVisible()


def test_tab_does_not_lead_to_what_is_covered(scene: Scene) -> None:
    scene.preview.show_row(1)
    QTest.keyClick(scene.preview, Key.Key_Tab)
    QTest.keyClick(scene.preview, Key.Key_Backtab)
    assert scene.preview.hasFocus()


def test_the_neighbours_are_loaded_ahead(scene: Scene, qtbot: QtBot) -> None:
    scene.preview.show_row(1)
    qtbot.waitUntil(lambda: [path[-5] for path, _, _ in scene.files.asked] == ["b", "c", "a"])
    qtbot.waitUntil(lambda: scene.centre() == FILE)
    scene.files.gate.clear()
    scene.preview.step(1)
    assert scene.centre() == FILE  # at once, nothing can load now


def test_rushing_through_loads_where_it_ends_and_skips_the_rest(scene: Scene, qtbot: QtBot) -> None:
    scene.model.set_photos([make_photo(n, f"{n}.jpg", size=(4000, 3000)) for n in range(100)])
    scene.files.gate.clear()
    scene.preview.show_row(0)
    qtbot.waitUntil(lambda: len(scene.files.asked) == 1)
    for _ in range(60):
        scene.preview.step(1)
    scene.files.gate.set()
    qtbot.waitUntil(lambda: len(scene.files.asked) == 4 and scene.centre() == FILE)
    assert [path for path, _, _ in scene.files.asked[1:]] == [f"/photos/{n}.jpg" for n in (60, 61, 59)]


def test_what_cannot_be_read_says_why_and_keeps_its_stand_in(scene: Scene, qtbot: QtBot) -> None:
    scene.preview.show_row(3)
    qtbot.waitUntil(lambda: scene.says("The file ends too early."))
    assert scene.picture.grab().toImage().pixelColor(scene.picture.rect().center()) == QColor("#336699")
    scene.preview.step(1)
    assert not scene.says("The file ends too early.")


def test_an_offline_photo_says_so(scene: Scene) -> None:
    scene.model.set_result([Hit(1, make_photo(1, offline=True), 0.87)])
    scene.preview.show_row(0)
    assert scene.says("is not there at the moment")
    assert scene.says("similarity 87")


def test_it_stays_with_its_photo_when_the_results_change(scene: Scene, qtbot: QtBot) -> None:
    scene.preview.show_row(2)
    scene.model.set_photos([make_photo(50), *scene.photos])
    assert scene.says("4 of 7")
    with qtbot.waitSignal(scene.preview.closed):
        scene.model.remove({scene.photos[2].id})
    assert scene.preview.isHidden()


def test_a_row_that_is_not_there_is_an_error(scene: Scene) -> None:
    with pytest.raises(IndexError):
        scene.preview.show_row(6)
    assert scene.preview.isHidden()


def test_zooming_by_keys_loads_more_pixels_and_goes_back_to_the_whole(scene: Scene, qtbot: QtBot) -> None:
    scene.preview.show_row(0)
    qtbot.waitUntil(lambda: len(scene.files.asked) >= 1)
    fitting = scene.files.asked[0][1]
    for _ in range(4):
        QTest.keyClick(scene.preview, Key.Key_Plus)
    qtbot.waitUntil(lambda: scene.files.asked[-1][1] > 2 * fitting)
    assert scene.says("%")
    QTest.keyClick(scene.preview, Key.Key_Minus)
    assert scene.picture.zoom == pytest.approx(1.25**3)
    QTest.keyClick(scene.preview, Key.Key_0)
    assert scene.picture.zoom == 1
    assert not scene.says("%")
    for _ in range(40):
        QTest.keyClick(scene.preview, Key.Key_Plus)
    assert scene.picture.scale == pytest.approx(8)
    assert scene.picture.wanted_size() == QSize(4000, 3000)  # there are no more than the file has


@pytest.fixture
def ramp(qtbot: QtBot) -> ZoomPicture:
    """A picture that fits exactly, black at the left, white at the right: its grey says where in it one looks."""
    picture = ZoomPicture()
    qtbot.addWidget(picture)
    picture.resize(1000, 750)
    picture.show()
    picture.set_original(QSize(4000, 3000), 0, None)
    pixels = np.broadcast_to(np.linspace(0, 255, 1000).astype(np.uint8), (750, 1000)).copy()
    picture.set_image(QImage(pixels.data, 1000, 750, 1000, QImage.Format.Format_Grayscale8).copy())
    return picture


def grey(picture: ZoomPicture, x: int, y: int = 300) -> int:
    return picture.grab().toImage().pixelColor(x, y).red()


def drag(picture: ZoomPicture, start: QPoint, end: QPoint) -> None:
    QTest.mousePress(picture, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(picture, end)
    QTest.mouseRelease(picture, Qt.MouseButton.LeftButton, pos=end)


def wheel(picture: ZoomPicture, up: int, at: QPoint) -> None:
    where, none, phase = QPointF(at), Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
    keys = Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(picture, QWheelEvent(where, where, QPoint(), QPoint(0, up), none, keys, phase, False))


@pytest.mark.parametrize("x", [100, 500, 900])
def test_the_wheel_zooms_about_the_pointer(ramp: ZoomPicture, x: int) -> None:
    before = grey(ramp, x)
    for _ in range(3):
        wheel(ramp, 120, QPoint(x, 300))
    assert ramp.zoom == pytest.approx(1.25**3)
    assert abs(grey(ramp, x) - before) <= 1
    for _ in range(5):
        wheel(ramp, -120, QPoint(x, 300))
    assert ramp.zoom == 1
    assert abs(grey(ramp, x) - before) <= 1


def test_dragging_moves_the_picture_as_far_as_its_edges(ramp: ZoomPicture) -> None:
    ramp.zoom_by(3)
    held = grey(ramp, 500)
    drag(ramp, QPoint(500, 300), QPoint(560, 340))
    assert abs(grey(ramp, 560) - held) <= 1
    drag(ramp, QPoint(500, 300), QPoint(9000, 300))
    assert grey(ramp, 0) == 0
    drag(ramp, QPoint(500, 300), QPoint(-9000, 300))
    assert grey(ramp, 999) == 255


def test_a_double_click_goes_to_real_pixels_and_back(ramp: ZoomPicture) -> None:
    QTest.mouseDClick(ramp, Qt.MouseButton.LeftButton, pos=QPoint(300, 300))
    assert ramp.scale == pytest.approx(1)
    assert ramp.wanted_size() == QSize(4000, 3000)
    QTest.mouseDClick(ramp, Qt.MouseButton.LeftButton, pos=QPoint(300, 300))
    assert ramp.zoom == 1


def test_enormous_photos_are_asked_for_within_reason(ramp: ZoomPicture) -> None:
    ramp.set_original(QSize(40_000, 100), 0, None)
    ramp.zoom_by(1000)
    assert ramp.wanted_size() == QSize(8192, 21)


def test_stopping_does_not_wait_for_a_slow_file(scene: Scene, qtbot: QtBot) -> None:
    scene.files.gate.clear()
    scene.preview.show_row(0)
    qtbot.waitUntil(lambda: len(scene.files.asked) == 1)
    started = time.perf_counter()
    scene.preview.stop()
    scene.preview.close()
    assert time.perf_counter() - started < 0.1
