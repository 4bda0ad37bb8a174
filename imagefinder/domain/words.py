"""What words can mean in a library."""

from dataclasses import dataclass
from typing import Literal

from imagefinder.domain.errors import ImageFinderError

Kind = Literal["shown", "label", "folder", "camera", "date", "file"]
"""What photos show, as far as the model has a word for it; what the user called them; a folder on their way; and what
their files say."""


class UnknownWord(ImageFinderError):
    """A word that means nothing in this library. ``instead`` are whole texts to search for, the likeliest first."""

    def __init__(self, message: str, hint: str = "", instead: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint)
        self.instead = instead


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A word that could be meant by what was typed so far."""

    word: str
    kind: Kind
    photos: int | None = None
    """How many there are; None for what photos show, which is a matter of degree."""
    meaning: str = ""
    """In plain English, where the word is of another language or names a broader thing."""
    before: str = ""
    """What was typed before the part that the word stands for; it ends with a space, unless it is empty."""


@dataclass(frozen=True, slots=True)
class Term:
    """One part of what was asked for, and what it means here."""

    text: str
    classes: tuple[int, ...] = ()
    """Of the model's classifier, if photos can show it."""
    photos: frozenset[int] | None = None
    """Those that it names by label, folder, camera, date or file; None where it names none."""
    first: bool = False
    """Whether these only come first, and others are not left out."""
    kinds: tuple[Kind, ...] = ()


@dataclass(frozen=True, slots=True)
class Understood:
    """One part of what was asked for, as it can be told to the person."""

    text: str
    kinds: tuple[Kind, ...]
