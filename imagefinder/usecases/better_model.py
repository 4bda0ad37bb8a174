"""The default of this version, offered once to a library in which an earlier one answers."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imagefinder.domain.errors import ModelError
from imagefinder.embedding.notes import read_notes, write_notes
from imagefinder.embedding.packaged import PACKAGED
from imagefinder.embedding.shelf import COLOUR_LAYOUT, OLDER, default_model
from imagefinder.embedding.speeds import Speeds
from imagefinder.storage.library import Library

if TYPE_CHECKING:
    from imagefinder.usecases.models import Models

FILE = "offers.json"
"""In the folder of models: a note for each library, by its id."""
OFFERED, STOPGAP = "offered", "stopgap"


@dataclass(frozen=True, slots=True)
class Offer:
    """A model that would serve better than the one that answers."""

    name: str
    photos: int
    """How many it would have to look at."""
    seconds: float
    """About how long that would take."""
    was_missing: bool
    """Whether the library got another one only because this one was missing or damaged."""


def better_model(library: Library, models: "Models") -> Offer | None:
    """The default of this version, where an earlier one answers or one that took its place, and nobody has said no.

    Its speed is measured if it is not known, which takes some seconds. Raises LibraryError.
    """
    active = library.active_model()
    name = default_model()
    if active is None or name not in PACKAGED or library.read_only or library.wanted_model() is not None:
        return None
    note = _note(models.shelf.directory, library)
    was_missing = active.name == COLOUR_LAYOUT and bool(note.get(STOPGAP))
    if note.get(OFFERED) == name or not (active.name in OLDER or was_missing):
        return None
    spec = models.shelf.spec(name)
    known = any(held.photos for held in library.models_held() if held.spec.fingerprint == spec.fingerprint)
    photos = library.count()
    if known or not photos:  # who switched back knows it
        return None
    try:
        PACKAGED[name].check()
        rate = Speeds(models.shelf.directory).get(spec) or models.measure(name)
    except ModelError:
        return None
    return Offer(name, photos, photos / max(rate, 0.1), was_missing)


def note_offered(library: Library, models: "Models", name: str) -> None:
    """This model was offered, and the person said yes or no: that is asked once."""
    _write(models.shelf.directory, library, OFFERED, name)


def note_stopgap(models: Path, library: Library) -> None:
    """The library gets colour-layout because the weights of the default are missing or damaged."""
    if not _note(models, library).get(STOPGAP):
        _write(models, library, STOPGAP, True)


def _note(models: Path, library: Library) -> dict[str, Any]:
    note = read_notes(models / FILE).get(library.id)
    return note if isinstance(note, dict) else {}


def _write(models: Path, library: Library, key: str, value: object) -> None:
    notes = read_notes(models / FILE)
    write_notes(models / FILE, {**notes, library.id: {**_note(models, library), key: value}})
