"""Which libraries of this machine use which model: so that nobody removes a model under a library."""

from pathlib import Path

from imagefinder.domain.errors import LibraryError
from imagefinder.embedding.notes import read_notes, write_notes
from imagefinder.storage.library import Library

FILE = "libraries.json"
KEY = "libraries"


def note_library(models: Path, library: Path) -> None:
    """Remember that ``library`` uses models of the folder ``models``."""
    known = _known(models)
    place = str(library.absolute())
    if place not in known:
        write_notes(models / FILE, {KEY: [*known, place]})


def libraries_using(models: Path, opened: Library | None = None) -> dict[str, tuple[str, ...]]:
    """Fingerprint -> the folders of the libraries that search by this model or have looked at photos with it.

    The libraries are opened for reading only, except ``opened``, which is open. Those that are gone are forgotten;
    those that cannot be read now, as after an update, are left out.
    """
    known = _known(models)
    here = [place for place in known if (Path(place) / "library.db").is_file()]
    if here != known:
        write_notes(models / FILE, {KEY: here})
    own = str(opened.directory.absolute()) if opened is not None else ""
    using: dict[str, tuple[str, ...]] = {}
    for place in dict.fromkeys([*([own] if own else []), *here]):
        for fingerprint in _models_of(place, opened if place == own else None) or ():
            using[fingerprint] = (*using.get(fingerprint, ()), place)
    return using


def unreadable_libraries(models: Path, opened: Library | None = None) -> tuple[str, ...]:
    """The folders of the libraries that are there and cannot be read now, so that nobody knows what they use."""
    own = str(opened.directory.absolute()) if opened is not None else ""
    here = [place for place in _known(models) if place != own and (Path(place) / "library.db").is_file()]
    return tuple(place for place in here if _models_of(place, None) is None)


def _known(models: Path) -> list[str]:
    found = read_notes(models / FILE).get(KEY)
    return [place for place in found if isinstance(place, str)] if isinstance(found, list) else []


def _models_of(place: str, opened: Library | None) -> list[str] | None:
    """The fingerprints that a library uses; None where it cannot be read."""
    try:
        if opened is not None:
            return [held.spec.fingerprint for held in opened.models_held() if held.photos or held.active]
        with Library.open(Path(place), read_only=True) as library:
            return [held.spec.fingerprint for held in library.models_held() if held.photos or held.active]
    except LibraryError:
        return None
