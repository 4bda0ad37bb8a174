"""Open a library. The window holds what this returns and hands it to the other use cases."""

import os
from pathlib import Path

from imagefinder.domain.errors import LibraryError
from imagefinder.storage.library import DATABASE, Library

__all__ = ["Library", "open_existing", "open_library", "open_to_look"]


def open_library(directory: Path) -> Library:
    """Open for writing, making the library where there is none.

    Raises LibraryInUse where another process writes to it, LibraryError where the disk or the file refuses.
    """
    return Library.open(directory)


def open_to_look(directory: Path) -> Library:
    """As ``open_library``; a library in a folder that cannot be written is opened for reading only.

    Raises what ``open_library`` does. ``read_only`` of what is returned says which it is.
    """
    try:
        return open_library(directory)
    except LibraryError:
        if os.access(directory, os.W_OK) or not (directory / DATABASE).is_file():
            raise
        return open_existing(directory)


def open_existing(directory: Path) -> Library:
    """Open for reading, beside a window that may be writing. Raises LibraryError where there is no library yet."""
    return Library.open(directory, read_only=True)
