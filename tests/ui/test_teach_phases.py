"""Teaching that is stopped, paused, closed or fails in each phase: nothing is lost, and the old model goes on."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from driving import PATIENCE, answered, index_folder, messages
from imagefinder.domain.teaching import Interrupted, Source
from imagefinder.ui.main_window import MainWindow
from imagefinder.usecases import training_results
from teach_kit import COLOURS, active, agree, begin, draw_classes, look_at, open_dialog, taught


@pytest.fixture
def classes(tmp_path: Path) -> Path:
    return draw_classes(tmp_path / "classes", classes=3, photos=6)


def searches_still_work(qtbot: QtBot, window: MainWindow) -> None:
    window.flow.find_similar(window.page.model.photo(0))
    answered(qtbot, window)
    assert window.flow.result is not None
    assert window.flow.result.model == COLOURS == active(window)


def test_looking_is_cancelled(qtbot: QtBot, window: MainWindow, classes: Path) -> None:
    dialog = open_dialog(qtbot, window)
    dialog.what.source.choose(Source("folders", (str(classes),)))
    dialog.what.waiting.cancelled.emit()
    qtbot.waitUntil(lambda: "Choose a folder" in dialog.what.waiting.message, timeout=PATIENCE)
    assert not dialog.what.groups()
    assert not dialog.next.isEnabled()
    look_at(qtbot, dialog, classes)
    assert len(dialog.what.groups()) == 3


def test_it_is_cancelled_before_anything_was_learned_and_begun_again(
    qtbot: QtBot, window: MainWindow, photos: Path, classes: Path
) -> None:
    index_folder(qtbot, window, photos)
    dialog = open_dialog(qtbot, window)
    begin(qtbot, dialog, classes)
    assert dialog.running.stop.text() == "Cancel"
    dialog.running.stop.click()
    qtbot.waitUntil(lambda: dialog.page is dialog.how, timeout=PATIENCE)
    assert not window.teaching.running
    assert dialog.how.problem == ""
    qtbot.waitUntil(lambda: not any("measuring" in text for text in dialog.how.estimates().values()), timeout=PATIENCE)
    searches_still_work(qtbot, window)
    outcome = taught(qtbot, window, dialog.start.click)
    assert not outcome.stopped_early


def test_it_is_paused_and_goes_on(qtbot: QtBot, window: MainWindow, classes: Path) -> None:
    dialog = open_dialog(qtbot, window)
    begin(qtbot, dialog, classes)
    dialog.running.pause.click()
    assert dialog.running.doing == "Paused"
    assert window.teach_badge.said == "Teaching mine: paused"
    assert window.teaching.running
    outcome = taught(qtbot, window, dialog.running.pause.click)
    assert not outcome.stopped_early


def test_it_is_stopped_while_it_is_measured(
    qtbot: QtBot, window: MainWindow, photos: Path, classes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_folder(qtbot, window, photos)
    measure = training_results.forgotten

    def stopped(*given: Any, **named: Any) -> Any:
        window.teaching.stop()
        return measure(*given, **named)

    monkeypatch.setattr(training_results, "forgotten", stopped)
    dialog = open_dialog(qtbot, window)
    outcome = taught(qtbot, window, lambda: begin(qtbot, dialog, classes))
    assert outcome.stopped_early
    assert "not measured" in dialog.outcome.elsewhere
    assert any("stopped early" in note for note in dialog.outcome.notes.notes)


@pytest.mark.parametrize("paused", [False, True])
def test_the_app_is_closed_while_photos_are_read(
    qtbot: QtBot, make_window: Callable[[], MainWindow], classes: Path, paused: bool
) -> None:
    window = make_window()
    dialog = open_dialog(qtbot, window)
    begin(qtbot, dialog, classes)
    if paused:
        dialog.running.pause.click()
    with qtbot.waitSignal(window.closed, timeout=PATIENCE):
        window.close()
    again = make_window()
    dialog = open_dialog(qtbot, again)
    qtbot.waitUntil(lambda: len(dialog.what.interrupted.found) == 1, timeout=PATIENCE)
    (left,) = dialog.what.interrupted.found
    assert len(left.spec.photos) == 18
    outcome = taught(qtbot, again, lambda: dialog.what.continue_requested.emit(left))
    assert outcome.name == "mine"
    assert not outcome.stopped_early


def press(page: QWidget, text: str) -> None:
    next(each for each in page.findChildren(QPushButton) if each.isVisible() and each.text() == text).click()


def test_photos_that_went_away_are_a_message_and_it_goes_on_when_they_are_back(
    qtbot: QtBot, window: MainWindow, photos: Path, classes: Path, tmp_path: Path
) -> None:
    index_folder(qtbot, window, photos)
    dialog = open_dialog(qtbot, window)
    look_at(qtbot, dialog, classes)
    dialog.next.click()
    dialog.how.advanced.choose_base(COLOURS)
    dialog.how.name.setText("mine")
    kept = classes.rename(tmp_path / "kept")
    dialog.start.click()
    qtbot.waitUntil(lambda: dialog.page is dialog.trouble, timeout=PATIENCE)
    assert f"The folder {classes} is not there. Connect its drive and continue" in dialog.trouble.message
    searches_still_work(qtbot, window)
    dialog.back.click()
    assert dialog.page is dialog.how
    dialog.start.click()
    qtbot.waitUntil(lambda: dialog.page is dialog.trouble, timeout=PATIENCE)
    kept.rename(classes)
    outcome = taught(qtbot, window, lambda: press(dialog.trouble, "Continue"))
    assert outcome.held_out.after.queries > 0


def test_a_base_model_that_vanished_is_a_message(qtbot: QtBot, window: MainWindow, classes: Path) -> None:
    dialog = open_dialog(qtbot, window)
    look_at(qtbot, dialog, classes)
    dialog.next.click()
    dialog.how.name.setText("mine")
    spec = replace(dialog.how.spec(), base="gone")
    window.teaching.go_on(Interrupted(spec, running=True))
    qtbot.waitUntil(lambda: dialog.page is dialog.trouble, timeout=PATIENCE)
    assert "gone" in dialog.trouble.message
    assert not window.teaching.running


def test_an_unfinished_training_is_discarded(
    qtbot: QtBot, make_window: Callable[[], MainWindow], classes: Path
) -> None:
    window = make_window()
    begin(qtbot, open_dialog(qtbot, window), classes)
    with qtbot.waitSignal(window.closed, timeout=PATIENCE):
        window.close()
    again = make_window()
    qtbot.waitUntil(lambda: any("interrupted" in message for message in messages(again)), timeout=PATIENCE)
    dialog = open_dialog(qtbot, again)
    qtbot.waitUntil(lambda: len(dialog.what.interrupted.found) == 1, timeout=PATIENCE)
    dialog.what.discard_requested.emit(dialog.what.interrupted.found[0])
    agree(qtbot, dialog, "Discard")
    qtbot.waitUntil(lambda: not dialog.what.interrupted.found, timeout=PATIENCE)
    models = again.session.models
    assert models is not None
    assert not list((models.shelf.directory / ".training").glob("mine*"))
