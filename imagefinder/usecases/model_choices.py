"""What a person chooses from in the window: models, and for a file of weights the networks and poolings."""

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from imagefinder.domain.errors import ModelError
from imagefinder.domain.images import HeldModel
from imagefinder.domain.models import InLibrary, ModelInfo
from imagefinder.domain.specs import ModelSpec
from imagefinder.embedding.architecture_list import ListedNetwork, list_networks
from imagefinder.embedding.architectures import ARCHITECTURES, find_architecture, official_url
from imagefinder.embedding.download import OFFLINE_HINT
from imagefinder.embedding.exchange import read_exchange
from imagefinder.embedding.representation import POOLINGS
from imagefinder.storage.library import Library
from imagefinder.usecases.models import Models

__all__ = [
    "OFFLINE_HINT",
    "ListedNetwork",
    "choices",
    "download_host",
    "import_model",
    "list_networks",
    "networks",
    "poolings",
]

LONGEST = 60
"""Of a name that gets a number."""


def choices(library: Library, models: Models) -> list[ModelInfo]:
    """The catalogue, and behind it the models whose file is gone while ``library`` still keeps what they saw.

    Opens no connection and loads no network. Raises LibraryError.
    """
    entries = {entry.name: entry for entry in models.catalogue(library)}
    for held in library.models_held():
        name = held.spec.name
        if not (held.photos or held.active) or _is_here(models, held):
            continue
        mine = InLibrary(held.photos, held.pending, held.bytes)
        if name not in entries:
            entries[name] = _without_file(held, mine)
        elif entries[name].in_library is None:
            entries[name] = replace(entries[name], in_library=mine, active=held.active)
    return list(entries.values())


def networks() -> tuple[str, ...]:
    """The networks that are recommended; ``list_networks`` finds any other by a part of its name."""
    return tuple(ARCHITECTURES)


def poolings() -> tuple[str, ...]:
    """How features can become one row, "native" being the network's own way."""
    return POOLINGS


def download_host(name: str) -> str:
    """The host that a download of this model asks first. Opens no connection. Raises UnknownName and ModelError."""
    return urlsplit(official_url(find_architecture(name))).hostname or ""


def import_model(models: Models, file: Path) -> ModelSpec:
    """Put an exported model onto the shelf; under "NAME-2" where another one has its name. Raises as the shelf does."""
    own = read_exchange(file).name
    for name in (own, *(f"{own[:LONGEST]}-{number}" for number in range(2, 100))):
        try:
            models.shelf.free_name(name)
        except ModelError:
            continue
        return models.shelf.import_model(file, name)
    return models.shelf.import_model(file)


def _is_here(models: Models, held: HeldModel) -> bool:
    try:
        models.shelf.name_of(held.spec)
    except ModelError:
        return False
    return True


def _without_file(held: HeldModel, mine: InLibrary) -> ModelInfo:
    spec = held.spec
    return ModelInfo(
        spec.name,
        "needs a file",
        description=spec.description,
        input_size=spec.input.crop,
        dimension=spec.dimension,
        licence=spec.licence,
        provenance=spec.provenance,
        in_library=mine,
        active=held.active,
    )
