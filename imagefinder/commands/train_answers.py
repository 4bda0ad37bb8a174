"""What a training says on the command line."""

from imagefinder.domain.training import MEASURES, Comparison, EpochResult, TrainingOutcome
from imagefinder.terminal import say

WHAT_LEARNS = {"head": "the head", "tail": "the last blocks", "full": "everything"}


def epoch_line(result: EpochResult) -> str:
    """One line for an epoch."""
    numbers = f"MAP@R {result.map_at_r:.3f}  R@1 {result.recall_at_1:.3f}"
    what = f"{WHAT_LEARNS[result.phase]:15}"
    if result.epoch == 0:
        return f"{what} before       {numbers}"
    minutes, seconds = divmod(round(result.seconds_left), 60)
    left = f"{minutes} min {seconds:02} s left" if minutes else f"{seconds} s left"
    mark = "  best" if result.best else ""
    return f"{what} {result.epoch:3} of {result.epochs:<3}   {numbers}  loss {result.loss:.4f}  {left}{mark}"


def print_outcome(outcome: TrainingOutcome) -> None:
    """The numbers before and after, and what to do with the model."""
    _print_comparison("Held-out photos", outcome.held_out)
    if outcome.test is not None:
        _print_comparison("Test photos", outcome.test)
    say(f"Weight of the tuned part: {outcome.weight:.2f}")
    if outcome.forgetting is not None:
        say(f"Other photos keep {outcome.forgetting:.0%} of their ten nearest.")
    say("  ".join(f"{phase} {seconds:.1f} s" for phase, seconds in outcome.seconds.items()))
    if outcome.advised:
        say(f"{outcome.name} is ready. Use it with: imagefinder models use {outcome.name}")
    else:
        say(f"It did not get better. {outcome.name} is there all the same: imagefinder models remove {outcome.name}")


def _print_comparison(what: str, comparison: Comparison) -> None:
    say(f"{what}, {comparison.before.queries:,} searches: before -> after (95 % interval)")
    for measure in MEASURES:
        before, after = comparison.before.overall[measure], comparison.after.overall[measure]
        say(f"  {measure:13} {before.value:.3f} -> {after.value:.3f}  ({after.low:.3f} to {after.high:.3f})")
