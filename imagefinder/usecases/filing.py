"""The one thing the app does to originals, and only when asked and confirmed: move them to the system's trash."""

from collections.abc import Sequence

from imagefinder.domain.images import Photo
from imagefinder.storage.library import Library


def move_to_trash(library: Library, photos: Sequence[Photo]) -> tuple[list[Photo], list[tuple[Photo, str]]]:
    """Trash the files, and forget exactly those photos that were. Returns (trashed, [(refused, reason)])."""
    import send2trash

    trashed: list[Photo] = []
    refused: list[tuple[Photo, str]] = []
    for photo in photos:
        try:
            send2trash.send2trash(photo.path)
        except OSError as error:  # TrashPermissionError, for a file system without a trash, is one too
            refused.append((photo, error.strerror or str(error)))
        else:
            trashed.append(photo)
    library.remove_photos([photo.id for photo in trashed])
    return trashed, refused
