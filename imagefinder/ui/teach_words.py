"""How the dialog speaks of labels, of what is learned, and of what came of it."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from imagefinder.domain.progress import Progress
from imagefinder.domain.teaching import SourceKind
from imagefinder.domain.training import Comparison, EpochResult, Estimate, LabelledPhoto, Mode, TrainingOutcome
from imagefinder.ui import wording

translate = QCoreApplication.translate

SHOWS = 0.005
"""A smaller gain is nothing in whole percent."""
LITTLE = 0.01
"""A smaller loss of right first answers is not worth a word."""
FORGETS = 0.5
"""Where less of the ten nearest stays, the person is told so as a warning."""


def counts(photos: Iterable[LabelledPhoto]) -> Counter[str]:
    """How many photos each label has."""
    return Counter(photo.label for photo in photos)


def how_to_choose(kind: SourceKind) -> str:
    """What to do where nothing is chosen yet."""
    return {
        "folders": translate(
            "teach",
            "Choose a folder that holds a folder for each label, such as one for each plant, product or person. "
            "You can drop it here, too.",
        ),
        "library": translate("teach", "Use the labels that photos of this library have."),
        "pair list": translate(
            "teach",
            "Choose a table (CSV) with the columns path_a, path_b and similar, where similar is 1 or 0.",
        ),
        "pair folders": translate(
            "teach",
            "Choose two folders: one with similar_1_first, dissimilar_1_first and so on, one with similar_1_second, "
            "dissimilar_1_second and so on.",
        ),
    }[kind]


def chosen(photos: Sequence[LabelledPhoto], there: Mapping[str, int], kind: SourceKind) -> str:
    """One sentence about what would be learned from. ``there`` has the photos of each label that was found."""
    found = counts(photos)
    if sum(count > 1 for count in found.values()) < 2:
        if sum(count > 1 for count in there.values()) > 1:
            return translate("teach", "Tick two or more labels that have two or more photos each.")
        return too_few_labels(list(there), kind)
    return translate("teach", "{labels} labels with {photos} will be learned from.").format(
        labels=wording.grouped(len(found)), photos=wording.photos(len(photos))
    )


def too_few_labels(labels: Sequence[str], kind: SourceKind) -> str:
    """What to do where nothing that was found could be told apart, whatever is ticked."""
    if len(labels) != 1:
        return translate("teach", "Two or more labels need two or more photos each that can be read. Add photos.")
    only = translate("teach", "There is only one label here: {label}.").format(label=wording.shown(labels[0]))
    what = {
        "folders": translate("teach", "Choose the folder above it, which holds a folder for each label."),
        "library": translate("teach", "Give photos that show something else another label."),
    }
    other = translate("teach", "Pairs of photos that show something else are needed, too.")
    return f"{only} {what.get(kind, other)}"


def mode_words(mode: Mode) -> tuple[str, str]:
    """A choice as it is called, and what it means."""
    return {
        "quick": (
            translate("teach", "&Quick"),
            translate("teach", "Learns how to weigh what the model sees already. Often enough."),
        ),
        "thorough": (
            translate("teach", "&Thorough"),
            translate("teach", "The last part of the model learns to see new things, too."),
        ),
        "full": (
            translate("teach", "&Full"),
            translate("teach", "All of the model learns. Needs many photos; a graphics card is recommended."),
        ),
    }[mode]


def estimated(found: Estimate) -> str:
    return wording.duration(found.seconds)


def doing(progress: Progress, rounds: Sequence[EpochResult]) -> str:
    """What the training is at, as a heading."""
    if progress.phase == "reading":
        return translate("teach", "Looking at the photos")
    if not rounds:
        return wording.doing(progress)
    last = rounds[-1]
    if last.epoch >= last.epochs:
        return translate("teach", "Measuring what was learned")
    step = {
        "head": translate("teach", "Learning: round {round} of at most {rounds}"),
        "tail": translate("teach", "Learning with the last part of the model: round {round} of at most {rounds}"),
        "full": translate("teach", "Learning with all of the model: round {round} of at most {rounds}"),
    }[last.phase]
    return step.format(round=last.epoch + 1, rounds=last.epochs)


def time_left(progress: Progress, rounds: Sequence[EpochResult]) -> str:
    """Such as "120 of 180 · 41 photos/s · about 10 s left"; of a round, what remains until the last one."""
    if progress.phase == "reading":
        return wording.how_far(progress).replace("\n", wording.DOT)
    if rounds and rounds[-1].seconds_left > 0 and rounds[-1].epoch < rounds[-1].epochs:
        return translate("teach", "{time} left at most; it stops earlier when it gets no better").format(
            time=wording.duration(rounds[-1].seconds_left)
        )
    return ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person takes away."""

    headline: str
    advice: str
    good: bool
    """Whether it can be advised at all."""
    sure: bool = False
    """Whether it is better beyond chance, and in every way that is shown."""


def verdict(outcome: TrainingOutcome) -> Verdict:
    """Whether it got better, said as plainly as the numbers allow."""
    name, old = wording.shown(outcome.name), wording.shown(outcome.base)
    comparison = outcome.test or outcome.held_out
    numbers = _in_words(comparison)
    before, after = comparison.before.overall, comparison.after.overall
    if before["MAP@R"].value > 1 - SHOWS:
        advice = translate("teach", "{numbers}. {old} makes no mistakes with these photos: keep it.")
        headline = translate("teach", "It did not get better.")
        return Verdict(headline, advice.format(numbers=numbers, old=old), False)
    if comparison.gain() < SHOWS:
        advice = translate(
            "teach", "{numbers}. Better keep {old}. More photos of each label, or a more thorough way, may help."
        )
        headline = translate("teach", "It did not get better.")
        return Verdict(headline, advice.format(numbers=numbers, old=old), False)
    if after["hit@1"].value < before["hit@1"].value - LITTLE:
        headline = translate("teach", "“{name}” finds more, but a right photo comes first less often.")
        return Verdict(headline.format(name=name), f"{numbers}.", True)
    if after["MAP@R"].low <= before["MAP@R"].value:
        headline = translate("teach", "“{name}” may be a little better.")
        advice = translate("teach", "{numbers}. With so few photos to test with, this can be chance.")
        return Verdict(headline.format(name=name), advice.format(numbers=numbers), True)
    return Verdict(translate("teach", "“{name}” finds better.").format(name=name), f"{numbers}.", True, True)


def _in_words(comparison: Comparison) -> str:
    before, after = comparison.before.overall, comparison.after.overall
    queries = comparison.after.queries
    return translate(
        "teach",
        "{first_before} of {searches} searches put a right photo first before, {first} do now; of the first ten "
        "answers {ten_before} were right, now {ten}",
    ).format(
        first_before=_how_many(before["hit@1"].value, queries),
        searches=wording.grouped(queries),
        first=_how_many(after["hit@1"].value, queries),
        ten_before=_tenths(before["precision@10"].value),
        ten=_tenths(after["precision@10"].value),
    )


def _how_many(share: float, queries: int) -> str:
    """Of searches that were really made. A share of them is a mean of yes and no, so this is a whole number."""
    return "\N{EN DASH}" if math.isnan(share) else wording.grouped(round(share * queries))


def measured_with(comparison: Comparison, base: str) -> str:
    return translate(
        "teach",
        "Measured by searching with {photos} that it did not learn from; before is {base}, from which it started. In "
        "percent; in brackets: where the number would be for other photos like these (95 %).",
    ).format(photos=wording.photos(comparison.after.queries), base=wording.shown(base))


def elsewhere(outcome: TrainingOutcome) -> str:
    """What became of photos that nobody labelled."""
    share = outcome.forgetting
    if share is None and outcome.stopped_early:
        return translate("teach", "It was not measured what changes for photos without a label.")
    if share is None:
        return translate("teach", "There are no photos without a label here, so nobody knows what changes for others.")
    if share < FORGETS:
        return translate(
            "teach", "Photos without a label are seen quite differently now: of their ten nearest, {count} stayed."
        ).format(count=_tenths(share))
    return translate("teach", "Photos without a label: of their ten nearest, {count} stayed the same.").format(
        count=_tenths(share)
    )


def measures() -> dict[str, tuple[str, str]]:
    """For each measure that is shown, what a person reads, and what it is exactly."""
    return {
        "hit@1": (
            translate("teach", "First answer right (R@1)"),
            translate("teach", "How many of 100 searches have a photo of the same label in the first place."),
        ),
        "hit@5": (
            translate("teach", "One of five right (R@5)"),
            translate("teach", "How many of 100 searches have a photo of the same label among the first five."),
        ),
        "precision@10": (
            translate("teach", "Right among ten (P@10)"),
            translate("teach", "How many of the first ten answers have the same label, in percent."),
        ),
        "MAP@R": (
            translate("teach", "Order (MAP@R)"),
            translate(
                "teach", "100 where all photos of the same label come before all others (mean average precision at R)."
            ),
        ),
    }


def short_measures() -> dict[str, str]:
    """The same where there is little room."""
    return {
        "hit@1": translate("teach", "First right"),
        "hit@5": translate("teach", "One of five"),
        "precision@10": translate("teach", "Among ten"),
        "MAP@R": translate("teach", "Order"),
    }


def percent(value: float) -> str:
    return "\N{EN DASH}" if math.isnan(value) else f"{100 * value:.0f}"


def change(before: float, after: float) -> str:
    """Such as "+12", with a sign in every case, so that no colour is needed."""
    points = round(100 * after) - round(100 * before)
    if points == 0:
        return "±0"
    return f"+{points}" if points > 0 else f"\N{MINUS SIGN}{-points}"


def _tenths(share: float) -> str:
    return f"{10 * share:.1f}"
