"""Another model for the library: what is shown follows it, and a switch that was cut off goes on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from drawing import draw_photo
from driving import PATIENCE, answered, drop, files, index_folder, messages, opened
from imagefinder.domain.errors import ModelError
from imagefinder.ui.main_window import MainWindow
from models_dialog_kit import COLOURS, TIMM


def add_model(window: MainWindow, file: Path, name: str = "mine") -> None:
    models = window.session.models
    assert models is not None
    models.shelf.add(file, TIMM, name)


def switch(qtbot: QtBot, window: MainWindow, name: str) -> None:
    with qtbot.waitSignal(window.session.model_switched, timeout=PATIENCE):
        window.models.use(name)


def status_line(window: MainWindow) -> str:
    return "\n".join(label.text() for label in window.statusBar().findChildren(QLabel))


def active(window: MainWindow) -> str:
    library = window.session.library
    spec = library.active_model() if library is not None else None
    return spec.name if spec is not None else ""


def wanted(window: MainWindow) -> str | None:
    library = window.session.library
    assert library is not None
    spec = library.wanted_model()
    return spec.name if spec is not None else None


def shown_by(window: MainWindow) -> str:
    """The model that the results on the screen come from."""
    assert window.flow.result is not None
    return window.flow.result.model


def wait_for_results_of(qtbot: QtBot, window: MainWindow, name: str) -> None:
    qtbot.waitUntil(lambda: shown_by(window) == name, timeout=PATIENCE)


def test_what_is_shown_is_searched_for_again_with_the_model_that_answers_now(
    qtbot: QtBot, window: MainWindow, photos: Path, network_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_folder(qtbot, window, photos)
    add_model(window, network_file)
    assert drop(window, files(photos / "a" / "03.jpg"))
    answered(qtbot, window)
    window.page.view.select_row(4)
    (selected,) = window.page.view.selected_photos()
    for name in ("mine", COLOURS, "mine"):  # read for the first time, and twice a switch that reads nothing
        assert shown_by(window) != name
        switch(qtbot, window, name)
        wait_for_results_of(qtbot, window, name)
        assert f"ms · {name} · " in status_line(window)
        assert window.page.view.selected_photos() == [selected], "it stays where the person was"
    assert not window.flow.waiting

    window.flow.clear()
    asked: list[Any] = []
    monkeypatch.setattr(window.session, "search", lambda *query: asked.append(query))
    switch(qtbot, window, COLOURS)
    qtbot.waitUntil(lambda: f"12 photos · {COLOURS}" in status_line(window), timeout=PATIENCE)
    assert asked == [], "the library view is no search"


def test_an_answer_that_was_on_its_way_is_followed_by_one_of_the_new_model(
    qtbot: QtBot, window: MainWindow, photos: Path, network_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_folder(qtbot, window, photos)
    add_model(window, network_file)
    asked: list[Any] = []
    search = window.session.search
    with monkeypatch.context() as slow:
        slow.setattr(window.session, "search", lambda *query: asked.append(query))
        window.flow.find_similar(window.page.model.photo(0))
        switch(qtbot, window, "mine")
        qtbot.waitUntil(lambda: window.flow._again, timeout=PATIENCE)
    switch(qtbot, window, COLOURS)
    (query,) = asked
    library = window.session.library
    assert library is not None
    answers: list[str] = []
    window.session.search_finished.connect(lambda _, result: answers.append(result.model))
    search(*query)
    qtbot.waitUntil(lambda: answers == [COLOURS, COLOURS], timeout=PATIENCE)
    assert shown_by(window) == COLOURS
    assert not window.flow.waiting


def cut_off(qtbot: QtBot, window: MainWindow, name: str = "mine") -> None:
    """Choose the model, and close the window while the photos are being read with it."""
    window.session.indexing_started.connect(window.session.pause)
    window.models.use(name)
    qtbot.waitUntil(lambda: window.session.switching_to == name and window.session.indexing, timeout=PATIENCE)
    with qtbot.waitSignal(window.closed, timeout=PATIENCE):
        window.close()


def test_a_switch_that_was_cut_off_goes_on_at_the_next_start(
    qtbot: QtBot, make_window: Callable[[], MainWindow], photos: Path, network_file: Path
) -> None:
    window = make_window()
    index_folder(qtbot, window, photos)
    add_model(window, network_file)
    cut_off(qtbot, window)

    again = make_window()
    said: list[str] = []
    again.models.changed.connect(lambda activity: said.append(activity.switching_to))
    with qtbot.waitSignal(again.session.model_switched, timeout=PATIENCE) as switched:
        assert active(again) in ("", COLOURS)
    assert switched.args == ["mine"]
    assert "mine" in said, "the status line and the list of models say where the library is on the way to"
    qtbot.waitUntil(lambda: not again.session.indexing, timeout=PATIENCE)
    assert active(again) == "mine"
    assert wanted(again) is None
    with qtbot.waitSignal(again.closed, timeout=PATIENCE):
        again.close()

    third = opened(qtbot, make_window())
    with qtbot.waitSignal(third.session.indexing_finished, timeout=PATIENCE):
        pass
    assert (active(third), third.session.switching_to) == ("mine", None)


def test_a_switch_that_was_stopped_is_forgotten(
    qtbot: QtBot, make_window: Callable[[], MainWindow], photos: Path, network_file: Path
) -> None:
    window = make_window()
    index_folder(qtbot, window, photos)
    add_model(window, network_file)
    window.session.indexing_started.connect(window.session.pause)
    window.models.use("mine")
    qtbot.waitUntil(lambda: window.session.switching_to == "mine" and window.session.indexing, timeout=PATIENCE)
    assert wanted(window) == "mine"
    window.models.stop_switching()  # and closed at once, while the last photos are still being read
    with qtbot.waitSignal(window.closed, timeout=PATIENCE):
        window.close()

    again = opened(qtbot, make_window())
    with qtbot.waitSignal(again.session.indexing_finished, timeout=PATIENCE):
        pass
    assert (wanted(again), again.session.switching_to, active(again)) == (None, None, COLOURS)


def test_a_choice_that_is_given_up_before_it_was_taken_in_is_given_up(
    qtbot: QtBot, window: MainWindow, photos: Path, network_file: Path
) -> None:
    index_folder(qtbot, window, photos)
    add_model(window, network_file)
    window.models.use("mine")
    window.models.stop_switching()
    qtbot.waitUntil(lambda: not window.session._runs._plan.edits, timeout=PATIENCE)
    assert (wanted(window), window.session.switching_to, window.session.indexing) == (None, None, False)


def test_choosing_another_model_forgets_the_switch(
    qtbot: QtBot, window: MainWindow, photos: Path, network_file: Path
) -> None:
    index_folder(qtbot, window, photos)
    add_model(window, network_file)
    window.session.indexing_started.connect(window.session.pause)
    window.models.use("mine")
    qtbot.waitUntil(lambda: window.session.switching_to == "mine" and window.session.indexing, timeout=PATIENCE)
    switch(qtbot, window, COLOURS)
    assert (wanted(window), window.session.switching_to, active(window)) == (None, None, COLOURS)
    window.session.resume()


def test_a_switch_to_a_model_that_is_gone_is_forgotten_without_a_word(
    qtbot: QtBot, make_window: Callable[[], MainWindow], photos: Path, network_file: Path
) -> None:
    window = make_window()
    index_folder(qtbot, window, photos)
    add_model(window, network_file)
    models = window.session.models
    assert models is not None
    cut_off(qtbot, window)
    models.shelf.remove("mine")

    again = opened(qtbot, make_window())
    with qtbot.waitSignal(again.session.indexing_finished, timeout=PATIENCE) as finished:
        pass
    assert finished.args is not None
    assert not finished.args[0].cancelled
    assert (wanted(again), again.session.switching_to, active(again)) == (None, None, COLOURS)
    assert messages(again) == []


def test_a_model_that_cannot_be_loaded_is_given_up_and_the_old_one_goes_on(
    qtbot: QtBot, window: MainWindow, photos: Path, network_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_folder(qtbot, window, photos)
    add_model(window, network_file)
    models = window.session.models
    assert models is not None
    load = models.shelf.load

    def refusing(name: str, *rest: Any) -> Any:
        if name == "mine":
            raise ModelError("The file of mine is damaged.")
        return load(name, *rest)

    monkeypatch.setattr(models.shelf, "load", refusing)
    draw_photo(photos / "new.jpg", seed=99)
    window.models.use("mine")
    qtbot.waitUntil(lambda: any("damaged" in message for message in messages(window)), timeout=PATIENCE)
    qtbot.waitUntil(lambda: window.page.model.rowCount() == 13 and not window.session.indexing, timeout=PATIENCE)
    assert (wanted(window), window.session.switching_to, active(window)) == (None, None, COLOURS)
    assert window.models.activity.switching_to == ""


def test_while_a_switch_waits_for_a_drive_new_photos_are_found_by_the_old_model(
    qtbot: QtBot, window: MainWindow, photos: Path, network_file: Path, tmp_path: Path
) -> None:
    index_folder(qtbot, window, photos)
    draw_photo(tmp_path / "drive" / "there.jpg", seed=77)
    index_folder(qtbot, window, tmp_path / "drive")
    add_model(window, network_file)
    (tmp_path / "drive").rename(tmp_path / "away")
    with qtbot.waitSignal(window.session.indexing_finished, timeout=PATIENCE):
        window.models.use("mine")
    draw_photo(photos / "new.jpg", seed=99)
    with qtbot.waitSignal(window.session.indexing_finished, timeout=PATIENCE):
        window.session.rescan()
    library = window.session.library
    assert library is not None
    assert (wanted(window), window.session.switching_to, active(window)) == ("mine", "mine", COLOURS)
    assert library.count_embedded() == library.count() == 14
    (tmp_path / "away").rename(tmp_path / "drive")
    with qtbot.waitSignal(window.session.model_switched, timeout=PATIENCE):
        window.session.rescan()
    assert wanted(window) is None


def test_what_was_chosen_before_there_were_photos_counts_after_a_restart(
    qtbot: QtBot, make_window: Callable[[], MainWindow], photos: Path, network_file: Path
) -> None:
    window = opened(qtbot, make_window())
    add_model(window, network_file)
    window.models.use("mine")
    qtbot.waitUntil(lambda: window.session.switching_to == "mine", timeout=PATIENCE)
    with qtbot.waitSignal(window.closed, timeout=PATIENCE):
        window.close()
    again = opened(qtbot, make_window())
    qtbot.waitUntil(lambda: again.models.activity.switching_to == "mine", timeout=PATIENCE)
    with qtbot.waitSignal(again.session.model_switched, timeout=PATIENCE):
        index_folder(qtbot, again, photos)
    assert (active(again), wanted(again)) == ("mine", None)
