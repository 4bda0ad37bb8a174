"""Teaching from the first page to the last, with real small trainings on drawn classes."""

from collections.abc import Callable
from operator import attrgetter
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from drawn_classes import variants
from driving import PATIENCE, answered, index_folder, messages, names
from imagefinder.ui.main_window import MainWindow
from imagefinder.ui.teach_adopt import Stage
from teach_kit import COLOURS, active, agree, begin, draw_classes, open_dialog, taught


@pytest.fixture
def classes(tmp_path: Path) -> Path:
    return draw_classes(tmp_path / "classes")


def test_from_folders_to_another_model_and_back(qtbot: QtBot, window: MainWindow, photos: Path, classes: Path) -> None:
    index_folder(qtbot, window, photos)
    dialog = open_dialog(qtbot, window)
    outcome = taught(qtbot, window, lambda: begin(qtbot, dialog, classes))
    assert outcome.base == COLOURS
    assert dialog.page is dialog.outcome
    card = dialog.outcome.card
    assert card.stage is Stage.FINISHED
    assert active(window) == COLOURS

    card.adopt.click()
    qtbot.waitUntil(lambda: card.stage is Stage.ADOPTED, timeout=PATIENCE)
    assert active(window) == "mine"
    weight = dialog.weight
    qtbot.waitUntil(weight.isVisible, timeout=PATIENCE)
    window.flow.find_similar(window.page.model.photo(0))
    answered(qtbot, window)
    assert window.flow.result is not None
    assert window.flow.result.model == "mine"
    assert len(names(window)) == 11

    before = [hit.similarity for hit in window.flow.result.hits]
    asked = window.flow.result
    weight.slider.setValue(2)
    qtbot.waitUntil(lambda: window.flow.result is not asked, timeout=PATIENCE)
    assert [hit.similarity for hit in window.flow.result.hits] != before
    assert (window.session.tuned_weight, window.remembered.tuned_model) == (0.02, "mine")
    weight.back.click()
    qtbot.waitUntil(lambda: window.session.tuned_weight is None, timeout=PATIENCE)

    card.back.click()
    qtbot.waitUntil(lambda: card.stage is Stage.ROLLED_BACK, timeout=PATIENCE)
    assert active(window) == COLOURS
    shown_by = attrgetter("flow.result.model")
    qtbot.waitUntil(lambda: shown_by(window) == COLOURS, timeout=PATIENCE)
    qtbot.waitUntil(lambda: not weight.isVisible(), timeout=PATIENCE)
    card.discard.click()
    agree(qtbot, dialog, "Discard")
    qtbot.waitUntil(lambda: card.stage is Stage.DISCARDED, timeout=PATIENCE)
    models = window.session.models
    assert models is not None
    qtbot.waitUntil(lambda: "mine" not in models.shelf.names(), timeout=PATIENCE)
    assert not any("error" in message for message in messages(window))


def test_the_app_is_closed_while_it_learns_and_it_goes_on_at_the_next_start(
    qtbot: QtBot, make_window: Callable[[], MainWindow], photos: Path, classes: Path
) -> None:
    window = make_window()
    index_folder(qtbot, window, photos)
    dialog = open_dialog(qtbot, window)
    dialog.how.advanced.set_value("patience", 1000)
    dialog.how.advanced.set_value("head_epochs", 1000)
    begin(qtbot, dialog, classes)
    qtbot.waitUntil(lambda: len(dialog.running.found.lines) > 0, timeout=PATIENCE)
    with qtbot.waitSignal(window.closed, timeout=PATIENCE):
        window.close()

    again = make_window()
    qtbot.waitUntil(lambda: any("interrupted" in message for message in messages(again)), timeout=PATIENCE)
    assert active(again) == COLOURS
    dialog = open_dialog(qtbot, again)
    assert not any("interrupted" in message for message in messages(again))
    qtbot.waitUntil(lambda: len(dialog.what.interrupted.found) == 1, timeout=PATIENCE)
    (left,) = dialog.what.interrupted.found
    assert left.running
    assert left.spec.recipe.head_epochs == 1000
    dialog.what.continue_requested.emit(left)
    qtbot.waitUntil(lambda: dialog.running.stop.text() == "Stop and keep the best", timeout=PATIENCE)
    outcome = taught(qtbot, again, dialog.running.stop.click)
    assert outcome.stopped_early
    assert outcome.name == "mine"
    qtbot.waitUntil(lambda: not dialog.what.interrupted.found, timeout=PATIENCE)


def test_what_did_not_get_better_is_not_advised(qtbot: QtBot, window: MainWindow, photos: Path, tmp_path: Path) -> None:
    """Two things that are never mistaken for each other leave nothing to learn."""
    index_folder(qtbot, window, photos)
    for number in (2, 9):
        variants(tmp_path / "easy" / f"thing-{number}", number, 6)
    dialog = open_dialog(qtbot, window)
    outcome = taught(qtbot, window, lambda: begin(qtbot, dialog, tmp_path / "easy"))
    assert outcome.held_out.before.overall["MAP@R"].value == 1
    verdict = dialog.outcome.verdict
    assert verdict is not None
    assert not verdict.good
    assert "not get better" in verdict.headline
    assert "colour-layout makes no mistakes with these photos" in verdict.advice
    assert dialog.outcome.card.adopt.text() == "Adopt all the same"
    assert not dialog.outcome.card.adopt.isDefault()
    assert active(window) == COLOURS


def test_closing_the_dialog_stops_nothing(qtbot: QtBot, window: MainWindow, photos: Path, classes: Path) -> None:
    index_folder(qtbot, window, photos)
    dialog = open_dialog(qtbot, window)

    def begin_and_close() -> None:
        begin(qtbot, dialog, classes)
        dialog.close()
        assert window.teach_badge.said.startswith("Teaching mine")
        window.flow.find_similar(window.page.model.photo(0))
        answered(qtbot, window)

    taught(qtbot, window, begin_and_close)
    assert not dialog.isVisible()
    qtbot.waitUntil(lambda: window.teach_badge.said == "", timeout=PATIENCE)
    assert any("“mine” is done" in message for message in messages(window))
    window.teaching.show()
    assert dialog.page is dialog.outcome


def test_a_stopped_switch_leaves_the_old_model(qtbot: QtBot, window: MainWindow, photos: Path, classes: Path) -> None:
    index_folder(qtbot, window, photos)
    dialog = open_dialog(qtbot, window)
    taught(qtbot, window, lambda: begin(qtbot, dialog, classes))
    card = dialog.outcome.card
    window.session.indexing_started.connect(window.session.pause)  # so that it can be stopped in the middle
    card.adopt.click()
    qtbot.waitUntil(lambda: window.session.switching_to == "mine" and window.session.indexing, timeout=PATIENCE)
    assert card.stage is Stage.SWITCHING
    card.stop.click()
    qtbot.waitUntil(lambda: card.stage is Stage.WAITING, timeout=PATIENCE)
    qtbot.waitUntil(lambda: not window.session.indexing, timeout=PATIENCE)
    assert active(window) == COLOURS
    window.session.indexing_started.disconnect(window.session.pause)
    card.adopt.click()
    qtbot.waitUntil(lambda: card.stage is Stage.ADOPTED, timeout=PATIENCE)
    assert active(window) == "mine"


def test_taught_before_there_were_photos_it_goes_back_to_the_model_that_read_them(
    qtbot: QtBot, window: MainWindow, photos: Path, classes: Path
) -> None:
    dialog = open_dialog(qtbot, window)
    taught(qtbot, window, lambda: begin(qtbot, dialog, classes))
    card = dialog.outcome.card
    assert not card.adopt.isEnabled()
    index_folder(qtbot, window, photos)
    qtbot.waitUntil(lambda: card.adopt.isEnabled() and f"{COLOURS} answers" in card.sentence, timeout=PATIENCE)
    card.adopt.click()
    qtbot.waitUntil(lambda: card.stage is Stage.ADOPTED, timeout=PATIENCE)
    assert f"Everything that {COLOURS} knew is kept" in card.sentence
    assert card.back.text() == f"Go back to {COLOURS}"
    assert card.back.isVisible()
    card.back.click()
    qtbot.waitUntil(lambda: card.stage is Stage.ROLLED_BACK, timeout=PATIENCE)
    assert active(window) == COLOURS


def test_where_no_other_model_ever_answered_there_is_no_way_back(
    qtbot: QtBot, window: MainWindow, photos: Path, classes: Path
) -> None:
    dialog = open_dialog(qtbot, window)
    taught(qtbot, window, lambda: begin(qtbot, dialog, classes))
    window.models.use("mine")  # as Tools > Models does: it counts for the first photos
    qtbot.waitUntil(lambda: window.session.switching_to == "mine", timeout=PATIENCE)
    index_folder(qtbot, window, photos)
    card = dialog.outcome.card
    qtbot.waitUntil(lambda: card.stage is Stage.ADOPTED and active(window) == "mine", timeout=PATIENCE)
    assert not card.back.isVisible()
    window.teaching.adoption.roll_back()
    assert window.models.activity.switching_to == ""
