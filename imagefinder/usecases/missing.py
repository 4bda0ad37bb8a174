"""What is kept although its files are not there, and what would leave the library with it."""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from imagefinder.domain.images import Folder, FolderState
from imagefinder.storage.library import Library


@dataclass(frozen=True, slots=True)
class Going:
    """What leaves the library if the user says so."""

    folder: Folder
    photos: int
    labelled: int
    """How many of them have a label that was given by hand."""


@dataclass(frozen=True, slots=True)
class Missing:
    """What of one root is kept although its files are not there."""

    folder: Folder
    away: Mapping[str, int]
    """Of the folders that were asked about, those below this root: how many photos of theirs are away."""
    labelled: frozenset[int]
    """Photos elsewhere below it of which the user said what they show, or do not show."""


def with_folder(library: Library, folder_id: int) -> Going:
    """What goes with a root. Raises FolderError."""
    folder = library.folder(folder_id)
    return Going(folder, folder.photos, len(library.labelled_by_hand(folder_id)))


def with_missing(library: Library, folder_id: int) -> Going:
    """What goes if all that is missing from a root is gone; of an offline one, at most that. Raises FolderError."""
    folder = library.folder(folder_id)
    if folder.state is FolderState.OFFLINE:
        return with_folder(library, folder_id)
    labelled = library.photos(library.labelled_by_hand(folder_id)).values() if folder.away else ()
    return Going(folder, folder.away, sum(photo.offline for photo in labelled))


def missing(library: Library, folders: Collection[str]) -> list[Missing]:
    """Every root with photos that are away, and how many of them lie in which of these folders."""
    found: list[Missing] = []
    for root in library.folders():
        if not root.away:
            continue
        away = {os.path.join(root.path, path): photo_id for path, photo_id in library.away_photos(root.id).items()}
        inside = {folder: [path for path in away if path.startswith(os.path.join(folder, ""))] for folder in folders}
        below = {path for paths in inside.values() for path in paths}
        elsewhere = {photo_id for path, photo_id in away.items() if path not in below}
        said = library.labelled_by_hand(root.id).keys() | library.rejected_labels(elsewhere).keys()
        counts = {folder: len(paths) for folder, paths in inside.items() if paths}
        found.append(Missing(root, counts, frozenset(elsewhere & said)))
    return found
