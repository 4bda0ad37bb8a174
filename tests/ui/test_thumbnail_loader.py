import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from imagefinder.domain.errors import UnreadableImage
from imagefinder.domain.images import Photo, Pixels
from imagefinder.ui.thumbnail_loader import ThumbnailLoader
from ui_photos import draw, make_photo

Make = Callable[..., ThumbnailLoader]


@pytest.fixture
def make(qtbot: QtBot) -> Iterator[Make]:
    made: list[ThumbnailLoader] = []

    def start(
        load: Callable[[Photo, int], Pixels | None] = draw, cache_bytes: int = 2**20, threads: int = 2
    ) -> ThumbnailLoader:
        made.append(ThumbnailLoader(load, cache_bytes, threads))
        return made[-1]

    yield start
    for loader in made:
        loader.close()


class Gate:
    """A load that waits to be let through, and remembers what was asked of it."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []
        self.open = threading.Event()

    def load(self, photo: Photo, side: int) -> Pixels:
        self.asked.append((photo.id, side))
        assert self.open.wait(10)
        return draw(photo, side)


def test_a_thumbnail_arrives_within_its_box_and_from_another_thread(make: Make, qtbot: QtBot) -> None:
    threads = set()

    def load(photo: Photo, side: int) -> Pixels:
        threads.add(threading.get_ident())
        return np.full((300, 600, 3), 7, np.uint8)  # more than was asked for

    loader, photo = make(load), make_photo(1)
    assert loader.pixmap(photo) is None
    with qtbot.waitSignal(loader.ready) as ready:
        loader.want([photo], 160)
    pixmap = loader.pixmap(photo)
    assert ready.args == [1]
    assert pixmap is not None
    assert (pixmap.width(), pixmap.height()) == (160, 80)
    assert threading.get_ident() not in threads


@pytest.mark.parametrize("width", [1, 2, 3, 5, 161])
def test_pixels_of_any_width_keep_their_colours(make: Make, qtbot: QtBot, width: int) -> None:
    pixels = np.random.default_rng(width).integers(0, 256, (4, width * 2, 3), np.uint8)[:, ::2]  # not contiguous
    loader, photo = make(lambda photo, side: pixels), make_photo(1)
    with qtbot.waitSignal(loader.ready):
        loader.want([photo], 500)
    pixmap = loader.pixmap(photo)
    assert pixmap is not None
    image = pixmap.toImage()
    seen = [image.pixelColor(width - 1, y).getRgb() for y in range(4)]
    assert seen == [(*map(int, pixels[y, width - 1]), 255) for y in range(4)]


def test_what_scrolled_away_is_dropped_and_the_first_wish_comes_first(make: Make, qtbot: QtBot) -> None:
    gate = Gate()
    loader = make(gate.load, threads=1)
    loader.want([make_photo(n) for n in range(1, 50)], 100)
    qtbot.waitUntil(lambda: gate.asked == [(1, 100)])
    loader.want([make_photo(n) for n in (80, 81)], 100)
    gate.open.set()
    qtbot.waitUntil(lambda: loader.pixmap(make_photo(81)) is not None)
    assert gate.asked == [(1, 100), (80, 100), (81, 100)]


def test_what_is_being_read_is_not_read_twice(make: Make, qtbot: QtBot) -> None:
    gate = Gate()
    loader = make(gate.load)
    for _ in range(5):
        loader.want([make_photo(1)], 100)
        qtbot.waitUntil(lambda: len(gate.asked) == 1)
    with qtbot.waitSignal(loader.ready):
        gate.open.set()
    loader.want([make_photo(1)], 100)
    assert gate.asked == [(1, 100)]


def test_copies_of_a_photo_share_one_thumbnail(make: Make, qtbot: QtBot) -> None:
    gate = Gate()
    gate.open.set()
    loader = make(gate.load)
    with qtbot.waitSignals([loader.ready, loader.ready]):
        loader.want([make_photo(1, key=b"same"), make_photo(2, key=b"same")], 100)
    assert len(gate.asked) == 1
    assert loader.pixmap(make_photo(2, key=b"same")) is not None


def test_another_size_replaces_the_old_one_when_it_comes(make: Make, qtbot: QtBot) -> None:
    loader, photo = make(), make_photo(1)
    with qtbot.waitSignal(loader.ready):
        loader.want([photo], 100)
    with qtbot.waitSignal(loader.ready):
        loader.want([photo], 200)
        stand_in = loader.pixmap(photo)
        assert stand_in is not None
        assert stand_in.width() == 100
    sharper = loader.pixmap(photo)
    assert sharper is not None
    assert sharper.width() == 200


def test_a_late_thumbnail_of_a_size_no_longer_wanted_does_not_blur(make: Make, qtbot: QtBot) -> None:
    let_small_go = threading.Event()

    def load(photo: Photo, side: int) -> Pixels:
        assert side > 100 or let_small_go.wait(10)
        return draw(photo, side)

    loader, photo, other = make(load), make_photo(1), make_photo(2)
    loader.want([photo], 100)
    with qtbot.waitSignal(loader.ready):
        loader.want([photo], 200)
    let_small_go.set()
    with qtbot.waitSignal(loader.ready, check_params_cb=lambda photo_id: photo_id == 2):
        loader.want([photo, other], 200)
    pixmap = loader.pixmap(photo)
    assert pixmap is not None
    assert pixmap.width() == 200


def test_the_cache_forgets_what_was_not_looked_at_for_longest(make: Make, qtbot: QtBot) -> None:
    one = 100 * 75 * 4
    loader = make(cache_bytes=3 * one, threads=1)
    photos = [make_photo(n) for n in range(1, 5)]
    loader.want(photos[:3], 100)
    qtbot.waitUntil(lambda: all(loader.pixmap(photo) for photo in photos[:3]))
    assert loader.pixmap(photos[0])  # the oldest, but looked at just now
    with qtbot.waitSignal(loader.ready):
        loader.want(photos[3:], 100)
    assert [loader.pixmap(photo) is not None for photo in photos] == [True, False, True, True]


def test_a_photo_without_a_thumbnail_is_not_asked_for_again_until_told(make: Make, qtbot: QtBot) -> None:
    asked = []

    def load(photo: Photo, side: int) -> Pixels | None:
        asked.append(photo.id)
        if photo.id == 2:
            raise UnreadableImage("The file is empty.")
        return None if photo.id == 1 else draw(photo, side)

    loader, photos = make(load, threads=1), [make_photo(n) for n in (1, 2, 3)]
    with qtbot.waitSignal(loader.ready):
        loader.want(photos, 100)
    loader.want(photos, 100)
    assert asked == [1, 2, 3]
    loader.retry_missing()
    loader.want(photos, 100)
    qtbot.waitUntil(lambda: asked == [1, 2, 3, 1, 2])


def test_a_bug_in_one_picture_is_logged_and_the_rest_goes_on(
    make: Make, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    def load(photo: Photo, side: int) -> Pixels:
        if photo.id == 1:
            raise ZeroDivisionError
        return draw(photo, side)

    loader = make(load, threads=1)
    with qtbot.waitSignal(loader.ready) as ready:
        loader.want([make_photo(1), make_photo(2)], 100)
    assert ready.args == [2]
    assert "ZeroDivisionError" in caplog.text


def test_closing_does_not_wait_and_nothing_comes_afterwards(make: Make, qtbot: QtBot) -> None:
    gate = Gate()
    loader = make(gate.load)
    loader.want([make_photo(n) for n in range(1, 9)], 100)
    qtbot.waitUntil(lambda: len(gate.asked) == 2)
    started = time.perf_counter()
    loader.close()
    assert time.perf_counter() - started < 0.1
    with qtbot.assertNotEmitted(loader.ready, wait=50):
        gate.open.set()
        loader.want([make_photo(20)], 100)
    assert len(gate.asked) == 2


def test_closing_while_busy_again_and_again(make: Make, qtbot: QtBot) -> None:
    photos = [make_photo(n) for n in range(40)]
    for turn in range(100):
        loader = ThumbnailLoader(draw)
        loader.want(photos, 64 + turn)
        if turn % 3 == 0:
            with qtbot.waitSignal(loader.ready):
                pass
        loader.close()
        loader.deleteLater()
        del loader
    qtbot.waitUntil(lambda: not any(thread.name.startswith("pixels") for thread in threading.enumerate()))
