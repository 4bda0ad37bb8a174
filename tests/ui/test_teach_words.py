"""What the Teach dialog says of outcomes that are good, doubtful, mixed and bad."""

import pytest
from pytestqt.qtbot import QtBot

from imagefinder.domain.evaluation import Interval
from imagefinder.domain.progress import Progress
from imagefinder.domain.teaching import SourceKind
from imagefinder.domain.training import MEASURES, Comparison, EpochResult, LabelledPhoto, Scores, TrainingOutcome
from imagefinder.ui import teach_words
from imagefinder.ui.teach_adopt import AdoptCard, Stage
from imagefinder.ui.teach_outcome import OutcomePage
from imagefinder.ui.teach_pictures import PathPictures
from imagefinder.ui.teach_tables import LabelsTable


def scores(first: float, order: float, spread: float = 0.05, ten: float = 0.5, queries: int = 40) -> Scores:
    values = {"hit@1": first, "MAP@R": order, "precision@10": ten}
    overall = {
        name: Interval(values.get(name, 0.5), values.get(name, 0.5) - spread, values.get(name, 0.5) + spread)
        for name in MEASURES
    }
    return Scores(queries, overall, {"apple": dict.fromkeys(MEASURES, first), "pear": dict.fromkeys(MEASURES, order)})


def outcome(before: Scores, after: Scores, forgetting: float | None = 0.8, stopped: bool = False) -> TrainingOutcome:
    return TrainingOutcome(
        "mine", "built-in", 0.5, Comparison(before, after), None, (), forgetting, {}, ("Careful.",), stopped, {}, ""
    )


@pytest.mark.parametrize(
    ("before", "after", "headline", "good", "sure"),
    [
        (scores(0.6, 0.4), scores(0.8, 0.7), "“mine” finds better.", True, True),
        (scores(0.6, 0.4), scores(0.61, 0.43), "“mine” may be a little better.", True, False),
        (
            scores(0.8, 0.4),
            scores(0.7, 0.6),
            "“mine” finds more, but a right photo comes first less often.",
            True,
            False,
        ),
        (scores(0.6, 0.4), scores(0.6, 0.402), "It did not get better.", False, False),
        (scores(0.6, 0.4), scores(0.5, 0.3), "It did not get better.", False, False),
        (scores(1.0, 1.0), scores(1.0, 1.0), "It did not get better.", False, False),
    ],
)
def test_the_verdict_says_no_more_than_the_numbers(
    before: Scores, after: Scores, headline: str, good: bool, sure: bool
) -> None:
    found = teach_words.verdict(outcome(before, after))
    assert (found.headline, found.good, found.sure) == (headline, good, sure)
    assert f"{40 * before.overall['hit@1'].value:.0f} of 40 searches" in found.advice
    assert good or "keep" in found.advice


def test_searches_are_counted_as_they_were_made() -> None:
    before, after = scores(40 / 43, 0.4, queries=43), scores(1.0, 0.7, queries=43)
    found = teach_words.verdict(outcome(before, after))
    assert found.advice.startswith("40 of 43 searches put a right photo first before, 43 do now;")
    nothing = scores(float("nan"), 0.4, queries=0)
    assert "\N{EN DASH} of 0 searches" in teach_words.verdict(outcome(nothing, nothing)).advice


@pytest.mark.parametrize(
    ("kind", "advice"),
    [
        ("folders", "Choose the folder above it"),
        ("library", "another label"),
        ("pair list", "Pairs of photos that show something else"),
        ("pair folders", "Pairs of photos that show something else"),
    ],
)
def test_one_label_alone_is_no_question_of_ticking(kind: SourceKind, advice: str) -> None:
    photos = [LabelledPhoto(f"{number}.jpg", "oak") for number in range(4)]
    said = teach_words.chosen(photos, {"oak": 4}, kind)
    assert said.startswith("There is only one label here: oak. ")
    assert advice in said
    assert "Tick" in teach_words.chosen(photos, {"oak": 4, "elm": 4}, kind)
    assert "Add photos" in teach_words.chosen(photos, {"oak": 4, "elm": 1}, kind)


def test_what_it_costs_elsewhere_is_said() -> None:
    assert "8.0 stayed the same" in teach_words.elsewhere(outcome(scores(0.5, 0.5), scores(0.6, 0.6)))
    assert "quite differently" in teach_words.elsewhere(outcome(scores(0.5, 0.5), scores(0.6, 0.6), 0.3))
    assert "no photos without a label" in teach_words.elsewhere(outcome(scores(0.5, 0.5), scores(0.6, 0.6), None))


def test_changes_have_a_sign() -> None:
    assert [teach_words.change(0.5, after) for after in (0.62, 0.501, 0.44)] == ["+12", "±0", "\N{MINUS SIGN}6"]


def test_labels_that_lost_most_come_first(qtbot: QtBot) -> None:
    table = LabelsTable()
    qtbot.addWidget(table)
    table.show_comparison(Comparison(scores(0.9, 0.4), scores(0.7, 0.6)))
    first, cell = table.item(0, 0), table.item(0, 1)
    assert first is not None
    assert cell is not None
    assert first.text() == "apple"
    assert cell.text().split("\N{NO-BREAK SPACE}") == ["90", "\N{RIGHTWARDS ARROW}", "70"]


def test_the_page_of_a_bad_outcome_advises_against_it(qtbot: QtBot) -> None:
    pictures = PathPictures(lambda path, width, height: pytest.fail("nothing is to be shown"))
    page = OutcomePage(pictures)
    qtbot.addWidget(page)
    page.show_outcome(outcome(scores(0.6, 0.4), scores(0.5, 0.3), stopped=True))
    assert page.verdict is not None
    assert "Better keep built-in" in page.verdict.advice
    assert page.notes.notes == ("It was stopped early; this is the best until then.", "Careful.")
    pictures.stop()


@pytest.mark.parametrize("stage", list(Stage))
def test_the_card_offers_what_fits_its_stage(qtbot: QtBot, stage: Stage) -> None:
    card = AdoptCard()
    qtbot.addWidget(card)
    card.show_stage(stage, "mine", "built-in", True, 120, Progress("reading", 60, 120))
    offered = {name for name in ("adopt", "stop", "back", "discard", "again") if not getattr(card, name).isHidden()}
    waits = {"adopt", "discard", "again"}
    assert (
        offered
        == {
            Stage.FINISHED: waits,
            Stage.SWITCHING: {"stop"},
            Stage.WAITING: waits,
            Stage.ADOPTED: {"back", "again"},
            Stage.ROLLED_BACK: waits,
            Stage.DISCARDED: {"again"},
        }[stage]
    )
    assert ("built-in" in card.sentence) or stage is Stage.FINISHED


def test_nothing_is_adopted_for_an_empty_library(qtbot: QtBot) -> None:
    card = AdoptCard()
    qtbot.addWidget(card)
    card.show_stage(Stage.FINISHED, "mine", "built-in", True, 0)
    assert not card.adopt.isEnabled()
    assert "Add photos" in card.sentence


def test_progress_is_said_in_rounds() -> None:
    rounds = [EpochResult("head", 0, 8, float("nan"), 0.5, 0.6, 1.0, 0.0)]
    training = Progress("training", 1, 4)
    assert teach_words.doing(Progress("reading", 1, 2), []) == "Looking at the photos"
    assert teach_words.doing(training, rounds) == "Learning: round 1 of at most 8"
    rounds.append(EpochResult("tail", 3, 8, 0.2, 0.5, 0.6, 1.0, 70.0))
    assert teach_words.doing(training, rounds).endswith("last part of the model: round 4 of at most 8")
    assert teach_words.time_left(training, rounds).startswith("about 1 min left at most")
    rounds.append(EpochResult("tail", 8, 8, 0.2, 0.5, 0.6, 1.0, 0.0))
    assert teach_words.doing(Progress("measuring", 1, 4), rounds) == "Measuring what was learned"
