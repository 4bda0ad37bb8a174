"""What is said of a library that does not open, of problems, and when a problem is over."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from driving import PATIENCE, index_folder, messages
from imagefinder.domain.errors import FolderError, ImageFinderError, LibraryError, ModelError
from imagefinder.domain.images import Query
from imagefinder.domain.summaries import STOPPED
from imagefinder.storage.library import Library
from imagefinder.ui.banner import BannerStack
from imagefinder.ui.main_window import MainWindow
from imagefinder.ui.notices import Notices
from imagefinder.ui.results_page import ResultsPage
from imagefinder.ui.session import Session
from imagefinder.ui.status_bar import StatusBar
from imagefinder.ui.thumbnail_loader import ThumbnailLoader
from imagefinder.usecases import opening

FULL = LibraryError("The disk is full.", "Free some space and try again.")
GONE = ModelError("The model in use is gone.", "Choose another one.")


class Asked(Session):
    """Not opened; notes what it is asked to do."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "library", folder / "models")
        self.rescans = 0
        self.openings = 0

    def rescan(self, folder_id: int | None = None, forget_missing: bool = False) -> None:
        self.rescans += 1

    def open(self) -> None:
        self.openings += 1
        self.opening.emit()


@pytest.fixture
def session(qtbot: QtBot, tmp_path: Path) -> Asked:
    return Asked(tmp_path)


@pytest.fixture
def banners(qtbot: QtBot, session: Asked) -> Iterator[BannerStack]:
    banners, loader, owner = BannerStack(), ThumbnailLoader(lambda photo, side: None), QObject()
    page = ResultsPage(loader)
    qtbot.addWidget(banners)
    qtbot.addWidget(page)
    notices = Notices(session, banners, page, owner)
    yield banners
    assert notices.parent() is owner
    loader.close()


def said(banners: BannerStack) -> list[str]:
    return [banner.sentence for banner in banners.banners()]


def press(banners: BannerStack) -> None:
    (banner,) = banners.banners()
    assert banner.action_button is not None
    assert banner.action_button.text() == "Try again"
    banner.action_button.click()


def test_what_stopped_the_indexing_can_be_tried_again(qtbot: QtBot, session: Asked, banners: BannerStack) -> None:
    session.problem.emit(FULL)
    session.indexing_finished.emit(None)
    assert said(banners) == [str(FULL)]
    press(banners)
    qtbot.waitUntil(lambda: session.rescans == 1, timeout=PATIENCE)
    assert said(banners) == []


def test_what_stopped_the_indexing_is_taken_back_once_indexing_goes_on(session: Asked, banners: BannerStack) -> None:
    session.problem.emit(FULL)
    session.indexing_finished.emit(None)
    session.problem.emit(FolderError("That is no folder."))
    session.indexing_started.emit()
    assert said(banners) == ["That is no folder."]
    session.indexing_finished.emit(STOPPED)
    assert said(banners) == ["That is no folder."]
    assert banners.banners()[0].action_button is None


def test_a_problem_that_did_not_stop_the_indexing_stays_as_it_is(session: Asked, banners: BannerStack) -> None:
    session.problem.emit(FULL)
    session.indexing_finished.emit(STOPPED)
    session.indexing_finished.emit(None)  # of another error, which is a bug and has its own banner
    assert said(banners) == [str(FULL)]
    assert banners.banners()[0].action_button is None


def test_a_model_that_is_gone_is_no_longer_told_of_once_another_answers(session: Asked, banners: BannerStack) -> None:
    session.problem.emit(FULL)
    session.problem.emit(GONE)
    session.indexing_finished.emit(None)
    session.model_switched.emit("other")
    assert said(banners) == [str(FULL)]


def test_a_search_that_the_model_failed_is_no_longer_told_of_either(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    query = Query("q.jpg", path=str(tmp_path / "q.jpg"))
    qtbot.waitUntil(lambda: window.session.library is not None, timeout=PATIENCE)
    window.flow.failed.emit(ImageFinderError("q.jpg cannot be searched for.", str(GONE)))
    window.session.search_failed.emit(query, GONE)
    assert any(str(GONE) in message for message in messages(window))
    window.session.model_switched.emit("other")
    assert not any(str(GONE) in message for message in messages(window))


def test_a_library_that_does_not_open_is_told_of_until_it_is_tried_again(
    qtbot: QtBot, session: Asked, banners: BannerStack
) -> None:
    session.open_failed.emit(FULL)
    press(banners)
    qtbot.waitUntil(lambda: session.openings == 1, timeout=PATIENCE)
    session.open_failed.emit(FULL)
    session.opening.emit()
    assert said(banners) == []


def sentence(window: MainWindow) -> str:
    bar = window.statusBar()
    assert isinstance(bar, StatusBar)
    return bar.sentence


def test_the_status_bar_does_not_go_on_opening_what_cannot_be_opened(
    qtbot: QtBot, make_window: Callable[[], MainWindow], tmp_path: Path
) -> None:
    database = tmp_path / "base" / "data" / "library" / "library.db"
    database.parent.mkdir(parents=True)
    database.write_bytes(b"this is not a database, whatever its name says" * 100)
    window = make_window()
    assert sentence(window) == "Opening the library…"
    qtbot.waitUntil(lambda: bool(messages(window)), timeout=PATIENCE)
    assert sentence(window) == "The library is not open"
    database.unlink()
    (banner,) = window.banners.banners()
    assert banner.action_button is not None
    with qtbot.waitSignal(window.session.opening, timeout=PATIENCE):
        banner.action_button.click()
    assert sentence(window) == "Opening the library…"
    qtbot.waitUntil(lambda: "not open" not in sentence(window) and "Opening" not in sentence(window), timeout=PATIENCE)
    assert messages(window) == []


def test_a_library_in_use_is_still_being_opened(
    qtbot: QtBot, make_window: Callable[[], MainWindow], tmp_path: Path
) -> None:
    with Library.open(tmp_path / "base" / "data" / "library"):
        window = make_window()
        with qtbot.waitSignal(window.session.open_failed, timeout=PATIENCE):
            pass
        assert sentence(window) == "Opening the library…"


def test_a_library_that_cannot_be_written_is_opened_to_look_at_and_says_so(
    qtbot: QtBot, make_window: Callable[[], MainWindow], photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make_window()
    index_folder(qtbot, first, photos)
    with qtbot.waitSignal(first.closed, timeout=PATIENCE):
        first.close()

    def refuse(directory: Path) -> Library:
        raise LibraryError("The library cannot be used: Read-only file system.")

    writable = os.access
    monkeypatch.setattr(opening, "open_library", refuse)
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and writable(path, mode))
    window = make_window()
    qtbot.waitUntil(lambda: window.page.model.rowCount() == 12, timeout=PATIENCE)
    assert window.session.library is not None
    assert window.session.library.read_only
    assert any("cannot be written" in message for message in messages(window))
    assert sentence(window).startswith("12 photos")
    window.flow.find_similar(window.page.model.photo(3))
    qtbot.waitUntil(lambda: window.flow.result is not None and not window.flow.waiting, timeout=PATIENCE)
