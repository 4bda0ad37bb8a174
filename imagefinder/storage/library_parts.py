"""What the classes that make up a Library share."""

from pathlib import Path

from imagefinder.domain.specs import ModelSpec
from imagefinder.storage.database import Database
from imagefinder.storage.index_keeper import IndexKeeper
from imagefinder.storage.thumbnails import ThumbnailCache


class LibraryParts:
    """The parts; ``Library`` makes them."""

    directory: Path
    id: str
    read_only: bool
    _database: Database
    _thumbnails: ThumbnailCache
    _keeper: IndexKeeper | None
    """The active model's; None before there is one."""
    _models: dict[int, ModelSpec]
    """By id, each with the library's own choice of how it compares."""
