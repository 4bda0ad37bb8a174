"""What photos are called, and how a name for one is proposed."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass

from imagefinder.domain.errors import LibraryError

LONGEST_LABEL = 200
_NO_CHARACTER = re.compile("[\ud800-\udfff]")
_OWN_BACKSLASHES = re.compile(r"\\+(?=x[89a-f][0-9a-f]|ud[89a-f][0-9a-f]{2}|[\ud800-\udfff])")


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
    """``name`` as labels are compared: composed letters, single spaces, none around it; what is no character, escaped.

    Raises LibraryError for one that is blank, or longer than 200 characters.
    """
    cleaned = _tidy(_escaped(name))
    if not cleaned:
        raise LibraryError("A label needs a name.", "Type one, such as the name of what the photo shows.")
    if len(cleaned) > LONGEST_LABEL:
        raise LibraryError(
            f"A label has at most {LONGEST_LABEL} characters; this one has {len(cleaned)}.", "Shorten it."
        )
    return cleaned


def folder_label(name: str) -> str:
    """The label that a folder's name gives its photos: as ``clean_label``, but never refused.

    Names that differ in more than their spaces and in how their letters are composed give different labels: a byte that
    is not UTF-8 becomes ``\\xe9``, a name that has such letters itself gets its backslashes doubled, and one that is
    too long ends with a checksum.
    """
    tidy = _tidy(_escaped(_OWN_BACKSLASHES.sub(lambda found: 2 * found[0], name)))
    if len(tidy) > LONGEST_LABEL:
        mark = hashlib.sha256(tidy.encode()).hexdigest()[:8]
        tidy = f"{tidy[: LONGEST_LABEL - len(mark) - 1].rstrip()}~{mark}"
    return tidy or "_"


def _tidy(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _escaped(name: str) -> str:
    return _NO_CHARACTER.sub(lambda found: _code(ord(found[0])), name)


def _code(number: int) -> str:
    """Of a byte that is not UTF-8, which os.fsdecode makes a surrogate, or of half a UTF-16 character."""
    return f"\\x{number - 0xDC00:02x}" if 0xDC80 <= number <= 0xDCFF else f"\\u{number:04x}"
