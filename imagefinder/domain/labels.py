"""What photos are called, and how a name for one is proposed."""

import unicodedata
from dataclasses import dataclass

from imagefinder.domain.errors import LibraryError

LONGEST_LABEL = 200


@dataclass(frozen=True, slots=True)
class Voter:
    """A labelled photo that had a say in a proposal."""

    photo_id: int
    label: str
    similarity: float
    """Between the photo and the one that is to be labelled, -1..1."""
    weight: float
    """How much its vote counted."""


@dataclass(frozen=True, slots=True)
class LabelVote:
    """The proposal for one photo."""

    label: str | None
    """None where no photo had a say."""
    confidence: float
    """The winner's share of the votes, 0..1."""
    sure: bool
    """Whether the proposal is good enough to be made without asking."""
    voters: tuple[Voter, ...]


def clean_label(name: str) -> str:
    """``name`` as labels are compared: composed letters, single spaces, none around it.

    Raises LibraryError for one that is blank, or longer than 200 characters.
    """
    cleaned = " ".join(unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode()).split())
    if not cleaned:
        raise LibraryError("A label needs a name.", "Type one, such as the name of what the photo shows.")
    if len(cleaned) > LONGEST_LABEL:
        raise LibraryError(
            f"A label has at most {LONGEST_LABEL} characters; this one has {len(cleaned)}.", "Shorten it."
        )
    return cleaned


def folder_label(name: str) -> str:
    """The label that a folder's name gives its photos: as ``clean_label``, but never refused."""
    tidy = " ".join(unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode()).split())
    return tidy[:LONGEST_LABEL].rstrip() or "_"
