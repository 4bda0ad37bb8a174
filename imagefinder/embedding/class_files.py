"""The classifier in a file of weights: how many classes it has, and what they are called by a text file beside it."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from imagefinder.domain.errors import ModelError
from imagefinder.embedding.checkpoints import unwrapped
from imagefinder.embedding.class_rows import class_rows

if TYPE_CHECKING:
    from torch import Tensor

BESIDE = ("classes.txt", "labels.txt")
"""What lists of classes are called where they are not called after the file of weights."""
LARGEST_FILE = 4 * 2**20
LONGEST_NAME = 200


def classifier(state: "Mapping[str, Tensor]", network: Collection[str], features: int) -> "dict[str, Tensor]":
    """The matrix (classes, features) of the last classifier in ``state``, by its name; empty where it has none.

    ``network`` are the names of the tensors that the features are made with, and ``features`` is how many they are
    before anything is projected.
    """
    for name, tensor in reversed(unwrapped(network, state).items()):
        if name not in network and class_rows({name: tensor}, features) is not None:
            return {name: tensor}
    return {}


def list_beside(file: Path) -> Path | None:
    """The text file next to a file of weights that seems to name its classes."""
    own = (file.with_suffix(".txt"), Path(f"{file}.txt"), file.with_suffix(".classes.txt"), Path(f"{file}.classes.txt"))
    return next((each for each in (*own, *map(file.with_name, BESIDE)) if each.is_file()), None)


def read_names(file: Path) -> tuple[str, ...]:
    """The names of classes in a text file, one a line. Raises ModelError where there are none."""
    try:
        with file.open("rb") as opened:
            data = opened.read(LARGEST_FILE + 1)
        lines = data.decode("utf-8-sig").splitlines()
    except OSError as error:
        raise ModelError(
            f"The names of the classes cannot be read from {file}: {error.strerror or error}.", "Check the path."
        ) from error
    except UnicodeDecodeError as error:
        raise ModelError(f"{file.name} is not a text in UTF-8.", "Save it as UTF-8, one class a line.") from error
    names = [_printable(line.strip()) for line in lines]
    while names and not names[-1]:
        names.pop()
    if not names or len(data) > LARGEST_FILE:
        raise ModelError(
            f"{file.name} {'is too long' if names else 'has no text in it'} to be a list of classes.",
            "Write the name of each class on a line of its own.",
        )
    return tuple(names)


def check_count(names: Iterable[str], classes: int, source: str) -> tuple[str, ...]:
    """``names``, if there is one for each class. Raises ModelError with both numbers; ``source`` has the names."""
    names = tuple(names)
    if not classes:
        raise ModelError(f"These weights have no classifier whose classes {source} could name.", "Leave out --classes.")
    if len(names) != classes:
        raise ModelError(
            f"{source} names {len(names):,} classes, and the classifier has {classes:,}.",
            "Write the name of each class on a line of its own, in the order of the classifier.",
        )
    return names


def _printable(name: str) -> str:
    return "".join(each if each.isprintable() else " " for each in name[:LONGEST_NAME])
