"""What the actions of `imagefinder models` share: the shelf, the library if there is one, and how a model is told."""

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar

from imagefinder.commands import Run, print_json
from imagefinder.domain.errors import LibraryError
from imagefinder.domain.models import ModelInfo
from imagefinder.domain.specs import ModelSpec
from imagefinder.terminal import say, tell

if TYPE_CHECKING:
    from imagefinder.usecases.models import Models
    from imagefinder.usecases.opening import Library

Answer = TypeVar("Answer")


def as_json(run: Run) -> bool:
    """Whether the answer is for a program."""
    return bool(getattr(run.arguments, "json", False))


def device(run: Run) -> str:
    """Where models are to run."""
    return str(getattr(run.arguments, "device", "auto"))


def models_of(run: Run) -> "Models":
    """The models of this machine."""
    from imagefinder.usecases.models import Models

    return Models(run.paths.models, device(run), warn=tell)


def with_library(run: Run, ask: "Callable[[Models, Library | None], Answer]", must_read: bool = False) -> Answer:
    """What ``ask`` says of the models and of the library, opened for reading; of None where there is no library.

    One that cannot be read, as after an update, is left out, and that is said; with ``must_read`` it is a LibraryError.
    """
    from imagefinder.usecases.opening import open_existing

    models = models_of(run)
    try:
        library = open_existing(run.paths.library)
    except LibraryError as error:
        if (run.paths.library / "library.db").is_file():
            if must_read:
                raise
            tell(f"The library is left out: {error}")
        return ask(models, None)
    with library:
        return ask(models, library)


def record(entry: ModelInfo) -> dict[str, Any]:
    """An entry of the shelf for a program."""
    return {**asdict(entry), "here": entry.state == "ready", "download": entry.state == "to download"}


def tell_new(run: Run, spec: ModelSpec, done: str) -> int:
    """Say that a model is on the shelf now, and how it is used."""
    if as_json(run):
        print_json(
            {
                "name": spec.name,
                "fingerprint": spec.fingerprint,
                "dimension": spec.dimension,
                "licence": spec.licence,
                "provenance": spec.provenance,
                "classes": list(spec.classes),
            }
        )
    else:
        say(f"{done} {spec.name}. Use it with: imagefinder models use {spec.name}")
    return 0
