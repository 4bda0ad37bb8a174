"""The shelf as a list to choose from."""

from collections.abc import Mapping
from dataclasses import replace

from imagefinder.domain.errors import ModelError
from imagefinder.domain.images import HeldModel
from imagefinder.domain.models import InLibrary, ModelInfo, ModelState
from imagefinder.domain.specs import ModelSpec
from imagefinder.embedding.architectures import ARCHITECTURES, Architecture, find_architecture, licence_in_words
from imagefinder.embedding.packaged import LITE0, LITE2, PACKAGED, QUICK
from imagefinder.embedding.shelf import COLOUR_LAYOUT, OLDER, ModelShelf, default_model
from imagefinder.embedding.speeds import Speeds
from imagefinder.storage.library import Library
from imagefinder.usecases.library_list import libraries_using

RECOMMENDED = "dinov2-small"
"""Of those that can be downloaded: the default is there already, and finds less."""
GOOD_AT = {
    LITE0.network.name: "Works at once, on any computer: photos of anything.",
    LITE2.network.name: "Better, and half as quick.",
    QUICK.network.name: "Half again as quick; misses small details.",
    **dict.fromkeys(OLDER, "What earlier versions came with: things and scenes of everyday life."),
    COLOUR_LAYOUT: "Photos of the same colours and composition; needs no weights.",
}
FORBIDS = ("-nc", "research", "amlr", "noncommercial", "non-commercial")
"""Parts of the names of licences that do not permit commercial use."""


def catalogue(shelf: ModelShelf, library: Library | None = None) -> list[ModelInfo]:
    """Every model that is here or could be, the default first. One that is damaged says so and hides no other.

    Defaults of earlier versions are there only where ``library`` knows them. Opens no connection and loads no network.
    Raises LibraryError where ``library`` cannot be read.
    """
    using = libraries_using(shelf.directory, library)
    held = _held(library)
    names = shelf.names()
    older = [name for name in OLDER if any(each.spec.name == name for each in held.values())]
    last = names.index(COLOUR_LAYOUT) + 1
    return [_entry(shelf, name, using, held) for name in (*names[:last], *older, *names[last:])]


def describe(shelf: ModelShelf, name: str, library: Library | None = None) -> ModelInfo:
    """One entry, also of a network that is no preset ("timm:NAME"). Raises UnknownName and ModelError."""
    if ":" in name:
        architecture = find_architecture(name)
        return _described(ModelInfo(name, _state(architecture)), architecture.spec(), architecture)
    if name not in shelf.names():
        shelf.spec(name)
    return _entry(shelf, name, libraries_using(shelf.directory, library), _held(library))


def _held(library: Library | None) -> dict[str, HeldModel]:
    """By fingerprint."""
    return {each.spec.fingerprint: each for each in library.models_held()} if library is not None else {}


def _entry(
    shelf: ModelShelf, name: str, using: Mapping[str, tuple[str, ...]], held: Mapping[str, HeldModel]
) -> ModelInfo:
    removable = name in shelf.added()
    try:
        spec = shelf.spec(name)
    except ModelError as error:
        return ModelInfo(name, "damaged", bytes=shelf.bytes(name), removable=removable, problem=str(error))
    architecture = _architecture_of(spec)
    mine = held.get(spec.fingerprint)
    state, problem = _state_here(shelf, name)
    entry = ModelInfo(
        name,
        state,
        bytes=shelf.bytes(name),
        downloaded_bytes=shelf.downloaded_bytes(name),
        photos_per_second=Speeds(shelf.directory).get(spec),
        compared=(mine.spec if mine is not None else spec).compared,
        libraries=using.get(spec.fingerprint, ()),
        in_library=InLibrary(mine.photos, mine.pending, mine.bytes) if mine is not None else None,
        active=mine is not None and mine.active,
        default=name == default_model(),
        removable=removable,
        command=PACKAGED[name].command if name in PACKAGED and state != "ready" else "",
        problem=problem,
    )
    return _described(entry, spec, architecture)


def _described(entry: ModelInfo, spec: ModelSpec, architecture: Architecture | None) -> ModelInfo:
    commercial = may_be_sold(spec, architecture)
    return replace(
        entry,
        good_at=GOOD_AT.get(entry.name) or (architecture.good_at if architecture is not None else ""),
        description=spec.description,
        input_size=spec.input.crop,
        dimension=spec.dimension,
        representation=spec.representation,
        compared=entry.compared or spec.compared,
        bytes=entry.bytes or (architecture.approximate_bytes if architecture is not None else 0),
        licence=spec.licence,
        licence_words=licence_in_words(spec.licence, commercial is not False),
        commercial=commercial,
        provenance=spec.provenance or (architecture.made_by if architecture is not None else ""),
        recommended=entry.name == RECOMMENDED,
    )


def may_be_sold(spec: ModelSpec, architecture: Architecture | None) -> bool | None:
    """Whether the licence permits commercial use; None where nobody says."""
    if any(word in spec.licence.lower() for word in FORBIDS):
        return False
    if architecture is not None and spec.licence == architecture.licence and not architecture.commercial_use:
        return False
    return True if spec.licence else None


def _architecture_of(spec: ModelSpec) -> Architecture | None:
    """The preset that a model was made from."""
    found = [each for each in ARCHITECTURES.values() if (each.source, each.network) == (spec.source, spec.architecture)]
    return found[0] if found else None


def _state_here(shelf: ModelShelf, name: str) -> tuple[ModelState, str]:
    """The state, and what is wrong where it is "damaged"."""
    if name in PACKAGED and shelf.available(name):
        try:
            PACKAGED[name].check()
        except ModelError as error:
            return "damaged", error.message
    if shelf.available(name):
        return "ready", ""
    return ("to install" if name in PACKAGED else _state(ARCHITECTURES[name])), ""


def _state(architecture: Architecture) -> ModelState:
    return "to download" if architecture.download else "needs a file"
