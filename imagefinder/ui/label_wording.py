"""How the window says what a photo is probably called."""

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication

from imagefinder.domain.labels import LabelVote, Voter
from imagefinder.ui import wording

translate = QCoreApplication.translate
NAMED = 3
"""Labels that a sentence names when the photos disagree."""


def percent(share: float) -> str:
    """0.861 -> "86 %". Only what is certain is 100 %, and only what is nothing is 0 %."""
    whole = round(share * 100)
    if 0 < share < 1:
        whole = max(1, min(99, whole))
    return f"{whole}\N{NO-BREAK SPACE}%"


def suggestion(vote: LabelVote) -> str:
    """One line, such as "Probably: Gala (86 %)" or "Not sure: Gala (48 %), Fuji (35 %)"; "" where none had a say."""
    if vote.label is None or not vote.voters:
        return ""
    if vote.sure:
        return translate("labels", "Probably: {label} ({percent})").format(
            label=wording.shown(vote.label), percent=percent(vote.confidence)
        )
    parts = (f"{wording.shown(label)} ({percent(share)})" for label, share in shares(vote.voters)[:NAMED])
    return translate("labels", "Not sure: {labels}").format(labels=", ".join(parts))


def shares(voters: Sequence[Voter]) -> list[tuple[str, float]]:
    """Each label with its part of the votes, 0..1, the largest first; of equals the one whose photo is nearest."""
    found: dict[str, float] = {}
    for voter in voters:
        found[voter.label] = found.get(voter.label, 0.0) + voter.weight
    whole = sum(found.values()) or 1.0
    return sorted(((label, share / whole) for label, share in found.items()), key=lambda pair: -pair[1])


def voter(one: Voter, name: str) -> str:
    """A neighbour in the tooltip and to a screen reader."""
    return translate("labels", "{label}, similarity {similarity}: {name}").format(
        label=wording.shown(one.label), similarity=max(0, round(one.similarity * 100)), name=wording.shown(name)
    )


def named(label: str) -> str:
    """A label within a sentence."""
    return f"“{wording.shown(label)}”"
