"""How the window says what a photo is probably called."""

import re
from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication

from imagefinder.domain.labels import LabelVote, Voter
from imagefinder.ui import wording

translate = QCoreApplication.translate
NAMED = 3
"""Labels that a sentence names when the photos disagree."""
LONG_WORD = 14
"""Characters that fit into one line of the narrowest panel."""
_MAY_BREAK = "\N{ZERO WIDTH SPACE}"


def percent(share: float) -> str:
    """0.861 -> "86 %". Only what is certain is 100 %, and only what is nothing is 0 %."""
    whole = round(share * 100)
    if 0 < share < 1:
        whole = max(1, min(99, whole))
    return f"{whole}\N{NO-BREAK SPACE}%"


def suggestion(vote: LabelVote) -> str:
    """One line: how many of the photos that were asked say so. "" where none had a say.

    Such as "Probably Gala: 9 of the 10 most similar photos say so", or "Not sure: Gala (5 of 10), Fuji (3 of 10)". No
    percentage: it would read as how likely the label is right.
    """
    if vote.label is None or not vote.voters:
        return ""
    if not vote.sure:
        parts = (
            f"{wording.shown(label)} ({agreement(vote.voters, label)})" for label, _ in shares(vote.voters)[:NAMED]
        )
        return translate("labels", "Not sure: {labels}").format(labels=", ".join(parts))
    count, asked = _say(vote.voters, vote.label), len(vote.voters)
    # Few, but the nearest ones: "2 of 10" would sound as if the others agreed on something.
    nearest = count <= asked / 2 and all(voter.label == vote.label for voter in vote.voters[:count])
    if count == 1 and (nearest or asked == 1):
        text = translate("labels", "Probably {label}: the most similar photo says so")
    elif nearest:
        text = translate("labels", "Probably {label}: the {count} most similar photos say so")
    else:
        text = translate("labels", "Probably {label}: {count} of the {asked} most similar photos say so")
    return text.format(label=wording.shown(vote.label), count=count, asked=asked)


def agreement(voters: Sequence[Voter], label: str | None) -> str:
    """How many of the voters say so: "9 of 10"."""
    return translate("labels", "{count} of {asked}").format(count=_say(voters, label), asked=len(voters))


def weighed(vote: LabelVote) -> str:
    """For a tooltip: the votes as they were counted, such as "Share of the votes: Gala 86 %, Fuji 14 %"."""
    if not vote.voters:
        return ""
    parts = (f"{wording.shown(label)} {percent(share)}" for label, share in shares(vote.voters)[:NAMED])
    return translate("labels", "Share of the votes: {labels}").format(labels=", ".join(parts))


def votes_meaning() -> str:
    return translate(
        "labels",
        "Photos with labels vote, the more alike ones with more weight.\n"
        "This says how far they agree, not how likely they are right.",
    )


def breakable(text: str) -> str:
    """``text`` for a label that wraps: a long word may be broken, which Qt would rather let stick out."""
    return " ".join(_broken(word) if len(word) > LONG_WORD else word for word in text.split(" "))


def _broken(word: str) -> str:
    """After a hyphen or a like sign where there is one, anywhere else where there is none."""
    pieces = re.findall(r"[^-_./]*[-_./]|[^-_./]+", word)
    return _MAY_BREAK.join(piece if len(piece) <= LONG_WORD else _MAY_BREAK.join(piece) for piece in pieces)


def _say(voters: Sequence[Voter], label: str | None) -> int:
    return sum(voter.label == label for voter in voters)


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
