"""The cell of one photo, painted onto an image and looked at."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem
from pytestqt.qtbot import QtBot

from imagefinder.domain.images import Hit, Photo, Pixels
from imagefinder.ui import theme
from imagefinder.ui.results_delegate import PADDING, ResultsDelegate
from imagefinder.ui.results_model import ResultsModel
from imagefinder.ui.thumbnail_loader import ThumbnailLoader
from ui_photos import make_photo

SIDE = 160
CELL = SIDE + 2 * PADDING
MIDDLE = QPoint(CELL // 2, CELL // 2)
GROUND = QColor("#808080")
RED = QColor("#ff0000")
Paint = Callable[..., QImage]


@pytest.fixture
def paint(qtbot: QtBot) -> Iterator[Paint]:
    """Paints one photo, alone in a model, with or without its thumbnail."""
    loaders = []

    def painted(
        photo: Photo,
        pixels: Pixels | None = None,
        *,
        similarity: float | None = None,
        state: QStyle.StateFlag = QStyle.StateFlag.State_Enabled,
        ratio: float = 1.0,
        opacity: float = 1.0,
    ) -> QImage:
        loader = ThumbnailLoader(lambda photo, side: pixels)
        loaders.append(loader)
        if pixels is not None:
            with qtbot.waitSignal(loader.ready):
                loader.want([photo], round(SIDE * ratio))
        model = ResultsModel(loader)
        if similarity is None:
            model.set_photos([photo])
        else:
            model.set_result([Hit(1, photo, similarity)])
        delegate = ResultsDelegate(SIDE)
        delegate.opacity = opacity
        image = QImage(round(CELL * ratio), round(CELL * ratio), QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(ratio)
        image.fill(GROUND)
        option = QStyleOptionViewItem()
        option.rect = QRect(QPoint(), delegate.sizeHint(option, model.index(0)))
        option.state = state | QStyle.StateFlag.State_Active
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.Highlight, RED)
        palette.setColor(QPalette.ColorRole.Base, QColor("#ffffff"))
        option.palette = palette
        painter = QPainter(image)
        delegate.paint(painter, option, model.index(0))
        painter.end()
        return image

    yield painted
    for loader in loaders:
        loader.close()


def covered(image: QImage) -> QRect:
    """The part that is not the ground."""
    height, width = image.height(), image.width()
    data = np.frombuffer(image.constBits(), np.uint32).reshape(height, -1)[:, :width] & 0xFFFFFF
    rows, columns = np.nonzero(data != GROUND.rgb() & 0xFFFFFF)
    return QRect(QPoint(columns.min(), rows.min()), QPoint(columns.max(), rows.max()))


@pytest.mark.parametrize(
    ("size", "place"),
    [
        ((4000, 3000), QRect(4, 24, 160, 120)),
        ((3000, 4000), QRect(24, 4, 120, 160)),
        ((60, 30), QRect(24, 54, 120, 60)),  # small ones grow, to twice their size
        ((10_000, 10), QRect(4, 84, 160, 1)),
    ],
)
def test_a_placeholder_has_the_colour_the_shape_and_the_place_of_its_photo(
    paint: Paint, size: tuple[int, int], place: QRect
) -> None:
    image = paint(make_photo(1, size=size, colour=0x123456))
    assert covered(image) == place
    if place.height() > 1:
        assert image.pixelColor(MIDDLE) == QColor("#123456")


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_a_thumbnail_takes_the_place_of_its_placeholder_pixel_for_pixel(paint: Paint, ratio: float) -> None:
    side = round(SIDE * ratio)
    pixels = np.random.default_rng(0).integers(0, 256, (round(side * 0.75), side, 3), np.uint8)
    image = paint(make_photo(1, size=(4000, 3000)), pixels, ratio=ratio)
    placeholder = covered(paint(make_photo(1, size=(4000, 3000)), ratio=ratio))
    left, top = placeholder.left(), placeholder.top()
    assert placeholder.width() == side
    for x, y in ((20, 30), (77, 60), (side - 21, 50)):
        assert image.pixelColor(left + x, top + y).getRgb() == (*map(int, pixels[y, x]), 255)


def test_corners_are_round(paint: Paint) -> None:
    image = paint(make_photo(1, size=(100, 100)), np.zeros((160, 160, 3), np.uint8))
    assert image.pixelColor(PADDING, PADDING) == GROUND
    assert image.pixelColor(PADDING + 5, PADDING + 5) == QColor(Qt.GlobalColor.black)


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_the_similarity_can_be_read_on_any_picture(paint: Paint, grey: int) -> None:
    photo = make_photo(1, size=(100, 100))
    image = paint(photo, np.full((160, 160, 3), grey, np.uint8), similarity=0.87)
    corner = image.copy(CELL - 44, CELL - 34, 40, 30)
    colours = {corner.pixel(x, y) for x in range(40) for y in range(30)}
    ink = max(colours, key=lambda colour: QColor(colour).lightness())
    pill = QColor(round(grey * (1 - 176 / 255)), 0, 0).red()
    assert QColor(ink).lightness() >= 250
    assert theme.contrast(QColor("white"), QColor(pill, pill, pill)) >= 4.5
    assert QColor(pill, pill, pill).rgb() in colours or any(abs(QColor(c).red() - pill) <= 2 for c in colours)


def test_no_number_without_a_query_and_another_for_another_similarity(paint: Paint) -> None:
    photo, grey = make_photo(1, size=(100, 100)), np.full((160, 160, 3), 90, np.uint8)
    plain, low, high = paint(photo, grey), paint(photo, grey, similarity=0.31), paint(photo, grey, similarity=0.87)
    assert plain.pixelColor(CELL - 14, CELL - 14) == QColor(90, 90, 90)
    assert len({image.constBits().tobytes() for image in (plain, low, high)}) == 3  # type: ignore[union-attr]  # a memoryview


def test_an_offline_photo_has_a_badge_at_the_top_left(paint: Paint) -> None:
    photo, grey = make_photo(1, size=(100, 100)), np.full((160, 160, 3), 200, np.uint8)
    here, away = paint(photo, grey), paint(replace(photo, offline=True), grey)
    changed = [(x, y) for x in range(CELL) for y in range(CELL) if here.pixel(x, y) != away.pixel(x, y)]
    assert changed
    assert max(x for x, _ in changed) < 40
    assert max(y for _, y in changed) < 40


def test_selection_and_focus_show_in_the_colours_of_the_palette(paint: Paint) -> None:
    photo = make_photo(1, size=(100, 100))
    selected = paint(photo, state=QStyle.StateFlag.State_Selected)
    focused = paint(photo, state=QStyle.StateFlag.State_HasFocus)
    hovered = paint(photo, state=QStyle.StateFlag.State_MouseOver)
    edge, between = QPoint(1, CELL // 2), QPoint(3, CELL // 2)
    assert selected.pixelColor(between) == RED
    assert focused.pixelColor(edge) == RED
    assert focused.pixelColor(between) == GROUND
    assert hovered.pixelColor(between) not in (GROUND, RED)


def test_dimmed_results_fade_towards_the_background(paint: Paint) -> None:
    image = paint(make_photo(1, size=(100, 100), colour=0), opacity=0.4)
    assert abs(image.pixelColor(MIDDLE).red() - 255 * 0.6) <= 2
