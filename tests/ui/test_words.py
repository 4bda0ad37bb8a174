"""Searching by words in the window: what a person types, presses and sees."""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QSlider, QToolButton
from pytestqt.qtbot import QtBot

from drawing import draw_photo
from driving import PATIENCE, answered, index_folder, messages, names, opened
from imagefinder.domain.images import Query
from imagefinder.domain.words import Suggestion
from imagefinder.embedding.packaged import PACKAGED
from imagefinder.ui import theme
from imagefinder.ui.library_words import LibraryWords
from imagefinder.ui.main_window import MainWindow
from imagefinder.ui.query_chip import QueryChip
from imagefinder.ui.word_list import rows_of

LITE = "efficientnet-lite0"
_Key = Qt.Key


@pytest.fixture
def places(tmp_path: Path) -> Path:
    """Six photos of a beach in 2019, six of a forest in 2021."""
    root = tmp_path / "Pictures"
    for number in range(12):
        beach = number < 6
        photo = draw_photo(root / ("Beach" if beach else "Old forest") / f"{number:02}.jpg", seed=number)
        taken = time.mktime((2019 if beach else 2021, 6, 1 + number, 12, 0, 0, 0, 0, -1))
        os.utime(photo, (taken, taken))
    return root


@dataclass(frozen=True)
class Hands:
    """Types into the field of a window, and waits for what comes."""

    qtbot: QtBot
    window: MainWindow

    def type(self, text: str) -> None:
        """In place of what is there; ends with the list of suggestions where there are some."""
        self.window.activateWindow()
        self.qtbot.waitUntil(self.window.isActiveWindow, timeout=PATIENCE)
        self.window.bar.focus_query()
        QTest.keyClicks(self.window.bar.words, text)

    def suggested(self) -> list[tuple[str, str]]:
        """The texts in the list with where they come from."""
        field = self.window.bar.words
        self.qtbot.waitUntil(lambda: bool(field.suggestions), timeout=PATIENCE)
        return [(row.text, row.source.replace("\N{NO-BREAK SPACE}", " ")) for row in field.suggestions]

    def press(self, key: Qt.Key) -> None:
        QTest.keyClick(self.window.bar.words, key)

    def search(self, text: str) -> list[str]:
        """What is found."""
        self.type(text)
        self.press(_Key.Key_Return)
        answered(self.qtbot, self.window)
        return names(self.window)


@pytest.fixture
def hands(qtbot: QtBot, window: MainWindow, places: Path) -> Hands:
    index_folder(qtbot, window, places)
    qtbot.waitUntil(lambda: window.page.model.rowCount() == 12, timeout=PATIENCE)
    return Hands(qtbot, window)


def status(window: MainWindow) -> str:
    found = window.statusBar().findChildren(QLabel)
    return max((label.text().replace("\N{NO-BREAK SPACE}", " ") for label in found), key=len)


def similarity_slider(window: MainWindow) -> QSlider:
    return next(each for each in window.bar.findChildren(QSlider) if each.accessibleName() == "Similarity at least")


def chip(window: MainWindow) -> QueryChip:
    (found,) = window.bar.findChildren(QueryChip)
    return found


def clear_button(window: MainWindow, name: str) -> QToolButton:
    return next(each for each in window.bar.findChildren(QToolButton) if each.accessibleName() == name)


def test_typing_suggests_words_with_where_they_come_from(hands: Hands) -> None:
    hands.type("for")
    assert hands.suggested() == [("Old forest", "folder · 6 photos")]
    hands.type("20")
    hands.qtbot.waitUntil(lambda: ("2021", "date · 6 photos") in hands.suggested(), timeout=PATIENCE)
    hands.type("beach 201")
    hands.qtbot.waitUntil(lambda: ("beach 2019", "date · 6 photos") in hands.suggested(), timeout=PATIENCE)


def test_the_empty_field_shows_what_can_be_asked_for(hands: Hands) -> None:
    hands.type("")
    texts = [text for text, _ in hands.suggested()]
    assert {"Beach", "Old forest", "2021"} <= set(texts)


def test_return_searches_and_the_status_bar_says_what_was_understood(hands: Hands) -> None:
    window = hands.window
    assert hands.search("beach") == [f"{number:02}.jpg" for number in range(5, -1, -1)]  # the newest first
    assert status(window).startswith("6 photos: beach (folder)")
    assert not window.bar.words.suggestions
    assert window.bar.sort == "date"
    assert window.page.model.hit(0) is None  # no number that means nothing
    assert not similarity_slider(window).isEnabled()
    assert not chip(window).isVisible()
    window.bar.set_min_similarity(100)
    assert len(names(window)) == 6  # the threshold is for pictures
    window.flow.clear()
    assert similarity_slider(window).isEnabled()
    assert window.bar.words.text() == ""


def test_a_suggestion_is_chosen_by_key(hands: Hands) -> None:
    hands.type("fo")
    hands.suggested()
    hands.press(_Key.Key_Down)
    hands.press(_Key.Key_Return)
    answered(hands.qtbot, hands.window)
    assert hands.window.bar.words.text() == "Old forest"
    assert len(names(hands.window)) == 6


def test_tab_takes_a_suggestion_and_typing_goes_on(hands: Hands) -> None:
    field = hands.window.bar.words
    hands.type("fo")
    hands.suggested()
    hands.press(_Key.Key_Up)
    hands.press(_Key.Key_Tab)
    assert field.text() == "Old forest "
    assert field.hasFocus()
    QTest.keyClicks(field, "2021")
    hands.press(_Key.Key_Return)
    answered(hands.qtbot, hands.window)
    assert status(hands.window).startswith("6 photos: Old forest (folder) · 2021 (date)")


def test_a_suggestion_is_chosen_by_mouse(hands: Hands) -> None:
    window = hands.window
    hands.type("beac")
    hands.suggested()
    view = window.bar.words._list._view
    hands.qtbot.waitUntil(view.isVisible)
    place = view.visualRect(view.model().index(0, 0)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    answered(hands.qtbot, window)
    assert window.flow.words == "Beach"
    assert window.bar.words.hasFocus()


def test_words_count_beside_a_picture_and_either_can_go(hands: Hands) -> None:
    window, qtbot = hands.window, hands.qtbot
    row = next(row for row in range(12) if window.page.model.photo(row).name == "07.jpg")
    window.flow.find_similar(window.page.model.photo(row))
    answered(qtbot, window)
    assert len(names(window)) == 11
    assert chip(window).isVisible()
    found = hands.search("beach")
    assert sorted(found) == [f"{number:02}.jpg" for number in range(6)]
    assert window.flow.result is not None
    asked = window.flow.result.query
    assert (asked.has_picture, asked.words) == (True, "beach")
    assert (window.bar.sort, window.page.model.hit(0)) == ("similarity", None)
    assert chip(window).text() == "07.jpg"
    clear_button(window, "Clear the words").click()
    answered(qtbot, window)
    assert len(names(window)) == 11
    assert window.page.model.hit(0) is not None
    hands.search("beach")
    clear_button(window, "Clear the query").click()
    answered(qtbot, window)
    assert not chip(window).isVisible()
    assert window.flow.result.query == Query("beach", words="beach")
    assert window.bar.words.text() == "beach"
    clear_button(window, "Clear the words").click()
    qtbot.waitUntil(lambda: window.flow.result is None and len(names(window)) == 12, timeout=PATIENCE)


def test_a_picture_takes_the_place_of_words(hands: Hands) -> None:
    hands.search("beach")
    hands.window.flow.find_similar(hands.window.page.model.photo(0))
    answered(hands.qtbot, hands.window)
    assert hands.window.bar.words.text() == ""
    assert len(names(hands.window)) == 11


def test_an_unknown_word_is_told_with_what_may_be_meant_instead(hands: Hands) -> None:
    window = hands.window
    before = hands.search("2021")
    assert hands.search("beech") == before
    assert messages(window) == ["Nothing here is known as “beech”. Did you mean “Beach”?"]
    assert window.bar.words.text() == "beech"  # to be put right
    button = window.banners.banners()[0].action_button
    assert button is not None
    assert button.text() == "Search for “Beach”"
    button.click()
    answered(hands.qtbot, window)
    assert window.bar.words.text() == "Beach"
    assert len(names(window)) == 6
    assert not messages(window)


def test_a_model_without_words_says_what_can_be_named(hands: Hands) -> None:
    hands.type("dragonfly")
    hands.press(_Key.Key_Return)
    hands.qtbot.waitUntil(lambda: bool(messages(hands.window)), timeout=PATIENCE)
    assert "This model has no words for what photos show" in messages(hands.window)[0]
    hands.type("b")
    assert not messages(hands.window)  # over, once something else is typed


def test_nothing_found_says_what_was_asked(hands: Hands) -> None:
    window = hands.window
    assert hands.search("beach 2021") == []
    assert window.page.empty.isVisible()
    said = " ".join(label.text() for label in window.page.empty.findChildren(QLabel) if label.isVisible())
    assert "Nothing found for “beach 2021”" in said
    assert "beach (folder)" in said
    assert status(window).startswith("0 photos: beach (folder)")


def test_history_holds_words(hands: Hands) -> None:
    window, qtbot = hands.window, hands.qtbot
    field = window.bar.words
    hands.search("beach")
    hands.search("old forest")
    window.flow.back()
    answered(qtbot, window)
    assert (field.text(), window.flow.words) == ("beach", "beach")
    assert names(window)[0] == "05.jpg"
    window.flow.back()
    qtbot.waitUntil(lambda: window.flow.result is None, timeout=PATIENCE)
    assert field.text() == ""
    window.flow.forward()
    window.flow.forward()
    answered(qtbot, window)
    assert field.text() == "old forest"
    assert names(window)[0] == "11.jpg"


def test_escape_goes_back_step_by_step(hands: Hands) -> None:
    window, field = hands.window, hands.window.bar.words
    hands.search("beach")
    hands.type("for")
    hands.suggested()
    hands.press(_Key.Key_Escape)
    assert (field.suggestions, field.text()) == ([], "for")
    hands.press(_Key.Key_Escape)
    assert field.text() == "beach"
    assert field.hasFocus()
    hands.press(_Key.Key_Escape)
    assert window.page.view.hasFocus()
    assert window.flow.words == "beach"


def test_the_list_goes_with_the_focus(hands: Hands) -> None:
    hands.type("bea")
    hands.suggested()
    hands.window.page.view.setFocus()
    assert not hands.window.bar.words.suggestions


def test_a_path_is_a_picture_and_not_words(hands: Hands, tmp_path: Path) -> None:
    window = hands.window
    picture = draw_photo(tmp_path / "a query.png", seed=3)
    QGuiApplication.clipboard().setText(f" {picture}\n")
    hands.type("")
    QTest.keyClick(window.bar.words, _Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    hands.press(_Key.Key_Return)
    answered(hands.qtbot, window)
    assert names(window)[0] == "03.jpg"
    assert window.flow.words == ""
    hands.qtbot.waitUntil(lambda: window.bar.words.text() == "", timeout=PATIENCE)
    missing = str(tmp_path / "missing.png")
    hands.type(missing)
    hands.press(_Key.Key_Return)
    hands.qtbot.waitUntil(lambda: bool(messages(window)), timeout=PATIENCE)
    assert messages(window) == [f"There is no picture or folder at {missing}."]


def test_an_address_is_downloaded(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Query] = []
    monkeypatch.setattr(hands.window.flow, "ask", asked.append)
    hands.type("https://example.org/a.jpg")
    hands.press(_Key.Key_Return)
    assert [query.url for query in asked] == ["https://example.org/a.jpg"]


def test_a_picture_in_the_clipboard_is_pasted_as_anywhere(hands: Hands, tmp_path: Path) -> None:
    QGuiApplication.clipboard().setImage(QImage(str(draw_photo(tmp_path / "q.png", seed=2))))
    hands.type("")
    QTest.keyClick(hands.window.bar.words, _Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    answered(hands.qtbot, hands.window)
    assert names(hands.window)[0] == "02.jpg"


def test_what_needs_a_picture_copes_with_words(hands: Hands) -> None:
    window = hands.window
    bugs: list[object] = []
    window.session.bug.connect(bugs.append)
    window.session.problem.connect(bugs.append)
    hands.search("beach")
    window.page.view.select_row(0)
    window.tools.comparing.compare()
    dialog = window.tools.comparing.dialog
    assert dialog is not None
    left, right = dialog.pair
    assert left is not None
    assert right is None  # words have no picture to be compared with
    dialog.close()
    assert window.inspector.suggestion == ""
    assert window.inspector.recognised == ""
    window.flow.refresh()
    hands.qtbot.waitUntil(lambda: len(names(window)) == 6, timeout=PATIENCE)
    hands.qtbot.wait(50)
    assert not bugs


def test_results_follow_the_library(hands: Hands, places: Path) -> None:
    hands.search("beach")
    draw_photo(places / "Beach" / "new.jpg", seed=99)
    with hands.qtbot.waitSignal(hands.window.session.indexing_finished, timeout=PATIENCE):
        hands.window.rescan()
    hands.qtbot.waitUntil(lambda: "new.jpg" in names(hands.window), timeout=PATIENCE)
    assert hands.window.bar.words.text() == "beach"


def test_words_wait_for_the_library(qtbot: QtBot, make_window: Callable[[], MainWindow], places: Path) -> None:
    first = make_window()
    index_folder(qtbot, first, places)
    with qtbot.waitSignal(first.closed, timeout=PATIENCE):
        first.close()
    second = make_window()
    assert second.session.library is None
    second.flow.ask_words("beach")
    answered(qtbot, second)
    assert len(names(second)) == 6


def test_typing_goes_on_while_suggestions_are_computed_and_the_window_closes_meanwhile(
    qtbot: QtBot, window: MainWindow, places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_folder(qtbot, window, places)
    hands = Hands(qtbot, window)
    hands.type("")
    hands.suggested()
    begun, go_on = threading.Event(), threading.Event()
    asked: list[str] = []
    real = LibraryWords.suggestions

    def slow(self: LibraryWords, library: object, models: object, typed: str, limit: int) -> list[Suggestion]:
        asked.append(typed)
        begun.set()
        assert go_on.wait(30)
        return real(self, library, models, typed, limit)  # type: ignore[arg-type]

    monkeypatch.setattr(LibraryWords, "suggestions", slow)
    QTest.keyClicks(window.bar.words, "bea")
    assert begun.wait(30)
    QTest.keyClicks(window.bar.words, "ch")
    assert window.bar.words.text() == "beach"
    assert len(asked) == 1  # the others wait, and all but the newest are dropped
    with qtbot.waitSignal(window.closed, timeout=PATIENCE):
        window.close()
        go_on.set()
    assert not window.bar.words.suggestions


def test_before_the_library_is_open_nothing_is_suggested(qtbot: QtBot, window: MainWindow) -> None:
    window.bar.focus_query()
    QTest.keyClicks(window.bar.words, "dog")
    assert not window.bar.words.suggestions
    opened(qtbot, window)


def test_the_list_fits_into_the_window(hands: Hands) -> None:
    window = hands.window
    window.resize(700, 500)
    hands.type("")
    hands.suggested()
    below = window.bar.words._list
    assert below.parentWidget() is window
    assert window.rect().contains(below.geometry())
    window.resize(660, 420)
    QApplication.processEvents()
    assert window.rect().contains(below.geometry())
    QApplication.sendEvent(window, QEvent(QEvent.Type.WindowDeactivate))
    assert below.isHidden()


def test_one_row_for_one_text() -> None:
    (row,) = rows_of([Suggestion("Apple", "label", 3), Suggestion("apple", "shown"), Suggestion("apple", "file", 1)])
    assert row.text == "Apple"
    assert (
        row.source.replace("\N{NO-BREAK SPACE}", " ") == "label · 3 photos · shown in photos · in file names · 1 photo"
    )


@pytest.mark.parametrize("scheme", [Qt.ColorScheme.Light, Qt.ColorScheme.Dark])
def test_the_list_can_be_read(qapp: QApplication, scheme: Qt.ColorScheme) -> None:
    theme.set_scheme(qapp, scheme)
    try:
        palette = theme.application_palette()
        base = palette.color(QPalette.ColorRole.Base)
        assert theme.contrast(palette.color(QPalette.ColorRole.Text), base) >= theme.READABLE
        assert theme.contrast(theme.subdued(palette), base) >= theme.READABLE
    finally:
        theme.set_scheme(qapp, Qt.ColorScheme.Unknown)


@pytest.mark.skipif(PACKAGED[LITE].path is None, reason=f"the package of {LITE} is not installed")
def test_a_model_with_words_finds_what_photos_show_in_three_languages(hands: Hands) -> None:
    window = hands.window
    with hands.qtbot.waitSignal(window.session.model_switched, timeout=PATIENCE):
        window.session.use_model(LITE)
    hands.type("Fahrr")
    hands.suggested()
    first = window.bar.words.suggestions[0]
    assert (first.word, first.meaning, first.source) == ("Fahrrad", "bicycle", "shown in photos")
    by_english = hands.search("dog")
    assert len(by_english) == 12
    assert window.flow.result is not None
    assert window.flow.result.ordered_by_look
    assert window.bar.sort == "similarity"
    assert status(window).startswith("Best 12 of 12 photos: dog (shown in photos)")
    assert hands.search("Hund") == by_english
    window.flow.ask_words("狗")
    answered(hands.qtbot, window)
    assert names(window) == by_english
    assert len(hands.search("dog 2019")) == 6
