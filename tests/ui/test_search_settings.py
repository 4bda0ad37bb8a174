"""Settings: how searches are done, at once and from now on; and what similarities are called."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QRadioButton, QSpinBox
from pytestqt.qtbot import QtBot

from drawing import draw_photo
from driving import PATIENCE, answered, index_folder, names, opened
from imagefinder import settings
from imagefinder.domain.images import Query
from imagefinder.domain.search_options import SearchOptions
from imagefinder.domain.verdicts import Scale
from imagefinder.ui.main_window import MainWindow
from imagefinder.ui.results_model import WordRole
from imagefinder.ui.settings_dialog import SettingsDialog
from imagefinder.usecases.comparing import cosine_scale, scale
from imagefinder.usecases.searching import LEVERS


def show(window: MainWindow) -> SettingsDialog:
    next(each for each in window.findChildren(QAction) if each.text() == "&Settings…").trigger()
    (dialog,) = window.findChildren(SettingsDialog)
    return dialog


def radio(dialog: SettingsDialog, name: str) -> QRadioButton:
    return next(each for each in dialog.findChildren(QRadioButton) if each.objectName() == name)


def spin(dialog: SettingsDialog, name: str) -> QSpinBox:
    return next(each for each in dialog.findChildren(QSpinBox) if each.accessibleName() == name)


def test_every_way_to_order_is_offered_with_what_it_costs(qtbot: QtBot, window: MainWindow) -> None:
    opened(qtbot, window)
    dialog = show(window)
    said = "\n".join(label.text() for label in dialog.findChildren(QLabel))
    for lever in LEVERS.values():
        assert radio(dialog, lever.name).isChecked() == (lever.name == "none")
        assert f"{lever.sentence} {lever.cost}" in said
    assert not spin(dialog, "Nearest photos that join").isEnabled()
    assert not spin(dialog, "Photos that are ordered anew").isEnabled()


def test_another_order_searches_again_at_once_and_is_remembered(
    qtbot: QtBot, make_window: Callable[[], MainWindow], photos: Path, tmp_path: Path
) -> None:
    window = make_window()
    index_folder(qtbot, window, photos)
    window.flow.find_similar(window.page.model.photo(0))
    answered(qtbot, window)
    dialog = show(window)
    with qtbot.waitSignal(window.flow.answered, timeout=PATIENCE):
        radio(dialog, "query-expansion").click()
    assert len(names(window)) == 11
    assert any("The last search took" in label.text() for label in dialog.findChildren(QLabel))
    with qtbot.waitSignal(window.flow.answered, timeout=PATIENCE):
        spin(dialog, "Nearest photos that join").setValue(5)
    assert not spin(dialog, "Photos that are ordered anew").isEnabled()  # it asks the whole library a second time
    with qtbot.waitSignal(window.flow.answered, timeout=PATIENCE):
        radio(dialog, "k-reciprocal").click()
    assert not spin(dialog, "Nearest photos that join").isEnabled()
    assert any(box.currentText() == "By shared neighbours" for box in window.bar.findChildren(QComboBox))
    with qtbot.waitSignal(window.flow.answered, timeout=PATIENCE):
        spin(dialog, "Photos that are ordered anew").setValue(200)
    wanted = SearchOptions(lever="k-reciprocal", expansion_k=5, candidates=200)
    assert window.session.search_options == wanted
    with qtbot.waitSignal(window.closed, timeout=PATIENCE):
        window.close()
    (kept,) = (tmp_path / "base").rglob("settings*.json")
    assert settings.load(kept).search_options() == wanted
    again = make_window()
    assert again.session.search_options == wanted
    assert any(box.currentText() == "By shared neighbours" for box in again.bar.findChildren(QComboBox))
    opened(qtbot, again)
    assert radio(show(again), "k-reciprocal").isChecked()


def test_an_answer_that_was_on_its_way_is_followed_by_one_in_the_new_order(
    qtbot: QtBot, window: MainWindow, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_folder(qtbot, window, photos)
    asked: list[SearchOptions] = []
    search = window.session.search

    def noted(query: Query, limit: int) -> None:
        asked.append(window.session.search_options)
        search(query, limit)

    monkeypatch.setattr(window.session, "search", noted)
    window.flow.find_similar(window.page.model.photo(0))
    assert window.flow.waiting
    window.search.set_options(SearchOptions(lever="augmentation"))
    qtbot.waitUntil(lambda: len(asked) == 2, timeout=PATIENCE)
    assert [options.lever for options in asked] == ["none", "augmentation"]


@pytest.mark.parametrize("compare", ["hash", "hash-rerank"])
def test_photos_are_compared_in_another_way_without_reading_them_again(
    qtbot: QtBot, window: MainWindow, photos: Path, compare: str
) -> None:
    index_folder(qtbot, window, photos)
    window.flow.find_similar(window.page.model.photo(0))
    answered(qtbot, window)
    dialog = show(window)
    qtbot.waitUntil(lambda: radio(dialog, "cosine").isChecked(), timeout=PATIENCE)
    assert "of memory for 12 photos" in "\n".join(label.text() for label in dialog.findChildren(QLabel))
    before = window.flow.result
    with qtbot.waitSignal(window.flow.answered, timeout=PATIENCE):
        radio(dialog, compare).click()
    library = window.session.library
    assert library is not None
    active = library.active_model()
    assert active is not None
    assert active.compare == compare
    assert window.flow.result is not before


def test_words_follow_what_the_numbers_are(
    qtbot: QtBot, window: MainWindow, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Codes alone have similarities of their own; a method that orders anew goes by the cosines again."""
    index_folder(qtbot, window, photos)
    library = window.session.library
    assert library is not None
    with qtbot.waitSignal(window.search.compared, timeout=PATIENCE):
        window.search.compare_by("hash", True)
    scales: list[Scale | None] = []
    monkeypatch.setattr(window.flow, "set_scale", scales.append)
    of_codes, of_cosines = scale(library), cosine_scale(library)
    assert of_codes != of_cosines
    window.search.set_options(SearchOptions(lever="augmentation"))
    qtbot.waitUntil(lambda: scales[-1:] == [of_cosines], timeout=PATIENCE)
    window.search.set_options(SearchOptions())
    qtbot.waitUntil(lambda: scales[-1:] == [of_codes], timeout=PATIENCE)


def test_the_average_is_taken_away_or_not(qtbot: QtBot, window: MainWindow, photos: Path) -> None:
    index_folder(qtbot, window, photos)
    library = window.session.library
    assert library is not None
    dialog = show(window)
    (box,) = dialog.findChildren(QCheckBox)
    qtbot.waitUntil(box.isEnabled, timeout=PATIENCE)
    assert box.isChecked()
    with qtbot.waitSignal(window.search.compared, timeout=PATIENCE):
        box.click()
    active = library.active_model()
    assert active is not None
    assert not active.centred
    assert not box.isChecked()


def test_without_photos_there_is_nothing_to_compare_and_it_says_so(qtbot: QtBot, window: MainWindow) -> None:
    opened(qtbot, window)
    dialog = show(window)
    with qtbot.waitSignal(window.search.compared, timeout=PATIENCE):
        window.search.ask_compared()
    assert not radio(dialog, "hash").isEnabled()
    assert any("Add photos first" in label.text() for label in dialog.findChildren(QLabel))


def test_similarities_have_words_once_the_library_has_a_scale(qtbot: QtBot, window: MainWindow, photos: Path) -> None:
    draw_photo(photos / "twin.jpg", seed=3)
    index_folder(qtbot, window, photos)
    twin = next(photo for photo in window.page.model.photos(0, 100) if photo.name == "twin.jpg")
    window.flow.find_similar(twin)
    answered(qtbot, window)
    first = window.page.model.index(0)
    assert first.data() == "03.jpg"
    qtbot.waitUntil(lambda: first.data(WordRole) == "same", timeout=PATIENCE)
    window.page.view.select_row(0)
    said = [label.text() for label in window.inspector.findChildren(QLabel)]
    assert any(text.endswith("same") for text in said)
    window.flow.set_scale(Scale(2.0, 0.5, 0.4, 0.3))
    assert first.data(WordRole) == "very alike"
