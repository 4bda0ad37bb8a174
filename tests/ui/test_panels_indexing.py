"""The card that says how far the indexing is."""

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from imagefinder.domain.images import IndexSummary
from imagefinder.domain.progress import Progress
from imagefinder.ui import indexing_card, theme
from imagefinder.ui.indexing_card import IndexingCard
from made_up import failure

READING = Progress("reading", 1204, 12480, "/home/anna/Pictures/2019", 41.2, 290.0)
SUMMARY = IndexSummary(1204, 3, 0, 0, 12, (), (), 30.0, 41.0)


@pytest.fixture
def card(qtbot: QtBot) -> IndexingCard:
    card = IndexingCard()
    qtbot.addWidget(card)
    card.resize(240, 200)
    return card


def words(card: IndexingCard) -> list[str]:
    return [label.text() for label in card.findChildren(QLabel) if label.isVisible()]


def button(card: IndexingCard, text: str) -> QPushButton:
    return next(child for child in card.findChildren(QPushButton) if child.text() == text)


def test_it_is_not_there_before_there_is_something_to_say(card: IndexingCard) -> None:
    assert card.isHidden()


def test_progress_in_words_and_as_a_bar(card: IndexingCard) -> None:
    card.set_progress(READING)
    said = [word.replace("\N{NO-BREAK SPACE}", " ").replace("\N{WORD JOINER}", "") for word in words(card)]
    assert said == ["Indexing", "/home/anna/Pictures/2019", "1,204 of 12,480 · 41 photos/s\nabout 5 min left"]
    (bar,) = card.findChildren(QProgressBar)
    assert bar.value() == 1000 * 1204 // 12480
    assert bar.maximum() == 1000


def test_an_unknown_total_has_no_percentage(card: IndexingCard) -> None:
    card.set_progress(Progress("looking", 3120))
    (bar,) = card.findChildren(QProgressBar)
    assert (bar.minimum(), bar.maximum()) == (0, 0)
    assert "3,120 found" in words(card)


def test_pause_and_resume(card: IndexingCard, qtbot: QtBot) -> None:
    card.set_progress(READING)
    with qtbot.waitSignal(card.pause_requested):
        button(card, "Pause").click()
    card.set_paused(True)
    assert "Paused" in words(card)
    with qtbot.waitSignal(card.resume_requested):
        button(card, "Resume").click()
    card.set_paused(False)
    assert "Indexing" in words(card)


def test_cancel_says_that_it_is_stopping(card: IndexingCard, qtbot: QtBot) -> None:
    card.set_progress(READING)
    with qtbot.waitSignal(card.cancel_requested):
        button(card, "Cancel").click()
    assert "Stopping…" in words(card)
    assert not button(card, "Cancel").isEnabled()
    card.set_progress(replace(READING, done=1300))
    assert "Stopping…" in words(card)
    card.finished(replace(SUMMARY, cancelled=True))
    assert words(card) == ["Stopped: 1,204 added, 3 updated. F5 goes on."]
    card.set_progress(READING)
    assert "Indexing" in words(card)
    assert button(card, "Cancel").isEnabled()


def test_the_sentence_fades_and_the_failures_stay(
    card: IndexingCard, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    card.set_progress(READING)
    card._timer.setInterval(1)
    card._fade.setDuration(1)
    card.finished(replace(SUMMARY, failed=tuple(failure(f"{n}.jpg") for n in range(7))))
    assert words(card) == ["Done: 1,204 added, 3 updated."]
    qtbot.waitUntil(lambda: not words(card))
    (link,) = (child for child in card.findChildren(QToolButton) if child.isVisible())
    assert link.text() == "7 could not be read"
    with qtbot.waitSignal(card.failures_requested):
        link.click()
    card.set_failures(0)
    assert card.isHidden()


def test_damaged_photos_are_told_apart_from_those_that_could_not_be_read(card: IndexingCard, qtbot: QtBot) -> None:
    def links() -> list[str]:
        return [child.text() for child in card.findChildren(QToolButton) if child.isVisible()]

    card.finished(replace(SUMMARY, failed=(failure("a.jpg"),), damaged=tuple(failure(f"{n}.jpg") for n in range(1200))))
    assert links() == ["1 could not be read", "1,200 damaged"]
    card.set_failures(0, 2)
    assert links() == ["2 damaged"]
    with qtbot.waitSignal(card.failures_requested):
        next(child for child in card.findChildren(QToolButton) if child.isVisible()).click()


def test_new_work_interrupts_the_fading(card: IndexingCard, qtbot: QtBot) -> None:
    card.stopped("The library is in order.")
    card._fade_out()
    card.set_progress(READING)
    assert "Indexing" in words(card)
    assert "The library is in order." not in words(card)


def test_without_animations_it_goes_at_once(card: IndexingCard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(theme, "animated", lambda: False)
    card.finished(SUMMARY)
    card._fade_out()
    assert card.isHidden()


def test_the_sentence_can_be_read_in_time() -> None:
    assert indexing_card.SENTENCE_MS >= 4000
