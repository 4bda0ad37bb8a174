"""A model as it is shown to the person who chooses one."""

from dataclasses import dataclass
from typing import Literal

ModelState = Literal["ready", "to install", "to download", "needs a file", "damaged"]


@dataclass(frozen=True, slots=True)
class InLibrary:
    """What one library has of a model."""

    photos: int
    """How many it has looked at."""
    pending: int
    """How many it has yet to look at before the library can switch to it."""
    bytes: int
    """What that takes on disk."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One entry of the shelf."""

    name: str
    state: ModelState
    good_at: str = ""
    """One sentence for the person who chooses."""
    description: str = ""
    input_size: int = 0
    """The side of the square that it looks at, in pixels."""
    dimension: int = 0
    """How many numbers stand for a photo."""
    bytes: int = 0
    """On disk; before a download roughly what that brings; 0 where that is not known or there is nothing."""
    downloaded_bytes: int = 0
    """Of a download that was not finished; the next one goes on from there."""
    representation: str = ""
    """How the network's output becomes these numbers, in the words of the field."""
    compared: str = ""
    """How a library compares them: the open one, where it has looked at photos with it."""
    photos_per_second: float | None = None
    """Through the network on this machine, without reading files; None until somebody measures it."""
    licence: str = ""
    licence_words: str = ""
    """What the licence means, as half a sentence."""
    commercial: bool | None = None
    """Whether commercial use is permitted; None where nobody says."""
    provenance: str = ""
    """Where the file came from; of one that is not here, who made it."""
    libraries: tuple[str, ...] = ()
    """The folders of the libraries of this machine that have looked at photos with it."""
    in_library: InLibrary | None = None
    """In the library that is open; None where that has nothing of it."""
    active: bool = False
    """Whether the library that is open searches by it."""
    default: bool = False
    """Whether a library gets it where nobody chose another."""
    recommended: bool = False
    """Whether it is the first to download, for those who want more than what is here."""
    removable: bool = False
    """Whether there is a file of it that can be deleted."""
    command: str = ""
    """What to type in a terminal to get or to mend its weights; empty where that is not how it is done."""
    problem: str = ""
    """What is wrong with a damaged one."""
