"""Which folder above a photo is its label, and whether that may be another one than was meant."""

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import NamedTuple

from imagefinder.domain.labels import folder_label

SPLITS = frozenset(
    ("train", "training", "val", "valid", "validation", "test", "testing", "dev", "gallery", "query", "queries")
)
"""Folders of these names hold the same labels each, and are none."""

SHOWN = 5
"""Names in a sentence."""

_Parts = tuple[str, ...]


class Place(NamedTuple):
    """A photo, and the folder that was given and holds it in whatever depth."""

    root: str
    path: str


class Nested(NamedTuple):
    """Labels that lie below several folders which hold nothing but folders, as in class/year/photo.jpg."""

    names: tuple[str, ...]
    """They became one label each: the years."""
    above: tuple[str, ...]
    """What the labels would be a level further out, or more: the classes."""
    level: int
    """At which those are: 1 is directly below the folder that was given."""

    def sentence(self) -> str:
        """What a person is told, with what to do."""
        one = "lies below several folders, and is one label"
        each = one if len(self.names) == 1 else "each lie below several folders, and are one label each"
        return f"{listed(self.names)} {each}. If the labels are to be {listed(self.above)}: --label-level {self.level}."


def label_at(place: Place, level: int | None) -> str:
    """The name of the folder at this level, 1 being directly below the given one; None: the one that the photo lies in.

    A photo that lies less deep is named for the folder that it lies in.
    """
    parts = _parts(place)
    if level is None or not parts:
        return folder_label(os.path.basename(os.path.dirname(place.path)))
    return folder_label(parts[min(level, len(parts)) - 1])


def listed(names: Sequence[str]) -> str:
    """The first few, and how many more there are."""
    if len(names) > SHOWN:
        return f"{', '.join(names[: SHOWN - 1])} and {len(names) - SHOWN + 1:,} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def nested(places: Iterable[Place]) -> Nested | None:
    """Whether the folders that photos lie in have equal names below several folders that hold no photo themselves."""
    holding = {(place.root, _parts(place)) for place in places}
    repeated = _repeated(holding, holding)
    if not repeated:
        return None
    level = max(len(parts) for _, parts in repeated) - 1
    while level > 1 and _repeated({(root, parts[:level]) for root, parts in repeated}, holding):
        level -= 1
    return Nested(
        tuple(sorted({folder_label(parts[-1]) for _, parts in repeated})),
        tuple(sorted({folder_label(parts[min(level, len(parts)) - 1]) for _, parts in repeated})),
        level,
    )


def _repeated(folders: set[tuple[str, _Parts]], holding: set[tuple[str, _Parts]]) -> set[tuple[str, _Parts]]:
    """Those that share their name with others below another parent. What was given holds labels, and is none."""
    by_name: dict[str, set[tuple[str, _Parts]]] = defaultdict(set)
    for root, parts in folders:
        if len(parts) > 1 and (root, parts[:-1]) not in holding:
            by_name[folder_label(parts[-1])].add((root, parts))
    return {
        each
        for alike in by_name.values()
        if len({(root, parts[:-1]) for root, parts in alike}) > 1
        and not all(parts[-2].casefold() in SPLITS for _, parts in alike)
        for each in alike
    }


def _parts(place: Place) -> _Parts:
    below = os.path.relpath(os.path.dirname(place.path), place.root)
    return PurePath(below).parts  # none of the given folder itself
