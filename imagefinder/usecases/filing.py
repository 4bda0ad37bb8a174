"""The one thing the app does to originals, and only when asked and confirmed: move them to the system's trash."""

import stat
from collections.abc import Sequence

from imagefinder.domain.errors import UnreadableImage
from imagefinder.domain.images import FileStamp, Photo
from imagefinder.imaging.files import content_key_of, partial_key_of, stat_path
from imagefinder.storage.library import Library

ANOTHER = "The file is no longer the one that is shown. Scan its folder again."


def move_to_trash(library: Library, photos: Sequence[Photo]) -> tuple[list[Photo], list[tuple[Photo, str]]]:
    """Trash the files, and take exactly those photos that were out of the library.

    If the files come back, so do the photos, with their labels. A file that is not the one that is shown stays.
    Returns (trashed, [(refused, reason)]).
    """
    import send2trash

    trashed: list[Photo] = []
    refused: list[tuple[Photo, str]] = []
    for photo in photos:
        reason = _why_not(photo)
        if not reason:
            try:
                send2trash.send2trash(photo.path)
            except OSError as error:  # TrashPermissionError, for a file system without a trash, is one too
                reason = error.strerror or str(error)
        if reason:
            refused.append((photo, reason))
        else:
            trashed.append(photo)
    library.remove_photos([photo.id for photo in trashed], "trashed")
    return trashed, refused


def _why_not(photo: Photo) -> str:
    """Why the file at a photo's path must not be trashed; nothing where it is the one that the library shows."""
    try:
        itself = stat_path(photo.path, follow_symlinks=False)
        shown = stat_path(photo.path)
    except FileNotFoundError:
        return "The file is missing."
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or str(error)
    if not (stat.S_ISREG(itself.st_mode) or stat.S_ISLNK(itself.st_mode)) or not stat.S_ISREG(shown.st_mode):
        return ANOTHER
    if not photo.stamp.same_time(FileStamp.of(shown)):
        return ANOTHER
    try:
        key = content_key_of(photo.path) if photo.whole_key else partial_key_of(photo.path)
    except UnreadableImage as error:
        return error.message
    return "" if key == photo.content_key else ANOTHER
