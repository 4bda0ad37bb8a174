"""What the app says about photos, folders, queries and results."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self, TypeAlias

from imagefinder.domain.specs import ModelSpec
from imagefinder.domain.words import Understood

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Pixels: TypeAlias = npt.NDArray[np.uint8]
    """Upright sRGB pixels, shape (height, width, 3)."""

    Embeddings: TypeAlias = npt.NDArray[np.float32]
    """Unit rows, shape (n, dimension); a single embedding has shape (dimension,)."""
else:  # the window speaks of pixels before it has any, and numpy would cost it half of its start
    Pixels = Embeddings = Any


LARGEST_NUMBER = 2**63 - 1
"""What SQLite can keep; dates after April 2262 and some inode numbers are beyond it."""


class FileStamp(NamedTuple):
    """What tells, without reading a file, whether it is still the one we read: bytes and times in ns.

    ``ctime_ns`` and ``inode`` tell files of one size and time apart that changed places; 0 where they are not known.
    """

    size: int
    mtime_ns: int
    ctime_ns: int = 0
    inode: int = 0

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        """Every number clamped to what SQLite can keep."""
        return cls(
            status.st_size,
            max(-LARGEST_NUMBER, min(status.st_mtime_ns, LARGEST_NUMBER)),
            max(-LARGEST_NUMBER, min(status.st_ctime_ns, LARGEST_NUMBER)),
            status.st_ino & LARGEST_NUMBER,
        )

    def same_time(self, other: "FileStamp") -> bool:
        """Whether size and time of the content agree, whatever the system says of the file around it."""
        return self[:2] == other[:2]


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """Facts read from the file. Width and height are those of the upright image, in pixels."""

    width: int
    height: int
    format: str
    taken_at: str = ""
    """Local time of the exposure as ``YYYY-MM-DD HH:MM:SS``, empty where the file does not say."""
    camera: str = ""


@dataclass(frozen=True, slots=True)
class ReadImage:
    """Everything that indexing takes from one reading of one file."""

    stamp: FileStamp
    content_key: bytes
    """16 bytes that stand for the content: the thumbnail's key, and how a moved photo is recognised."""
    info: ImageInfo
    colour: int
    """The average colour as 0xRRGGBB: what a placeholder shows."""
    thumbnail: bytes
    """A small JPEG."""
    pixels: Pixels
    """What the model looks at, in the size that its InputSpec asks for."""
    damage: str = ""
    """Why only a part of the picture is there, in a sentence; "" where all of it is."""


StampRow: TypeAlias = tuple[int, int, int, int]
"""The values of a FileStamp: naming those of 20,000 files takes a twentieth of a rescan's time."""


class FolderState(Enum):
    NEW = "new"
    """Added, not yet scanned to the end."""
    INDEXED = "indexed"
    SCANNING = "scanning"
    OFFLINE = "offline"
    """Missing, or suddenly nearly empty: its photos are kept."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A root that the person chose."""

    id: int
    path: str
    state: FolderState
    photos: int
    excludes: tuple[str, ...]
    failures: int = 0
    labelled: bool = False
    """Whether the name of the folder that a photo lies in is the photo's label."""
    away: int = 0
    """How many of its photos are kept although their files were not there at the last scan."""


@dataclass(frozen=True, slots=True)
class Photo:
    """One row of the catalogue."""

    id: int
    folder_id: int
    root: str
    relpath: str
    stamp: FileStamp
    content_key: bytes
    info: ImageInfo
    colour: int
    offline: bool
    """Its root is, or its file was not there at the last scan; what is known of it is kept."""
    whole_key: bool = True
    """Whether ``content_key`` is one of the whole content, as it is from library format 3 on."""

    @property
    def path(self) -> str:
        return os.path.join(self.root, self.relpath)

    @property
    def name(self) -> str:
        return os.path.basename(self.relpath)


@dataclass(frozen=True, slots=True)
class Failure:
    """A file or folder that could not be read, and why."""

    folder_id: int
    root: str
    relpath: str
    stamp: FileStamp
    reason: str
    shown: bool = False
    """Whether the photo is in the library all the same, as far as its file goes."""

    @property
    def path(self) -> str:
        return os.path.join(self.root, self.relpath)


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for: a photo of the library, a file, an address or encoded image bytes, at most one of these; and
    words, alone or beside it."""

    name: str
    photo_id: int | None = None
    path: str | None = None
    url: str | None = None
    data: bytes | None = None
    words: str = ""

    def __post_init__(self) -> None:
        given = [value for value in (self.photo_id, self.path, self.url, self.data) if value is not None]
        if len(given) > 1 or not (given or self.words):
            raise ValueError("a query has exactly one of photo_id, path, url and data, unless it has words")

    @property
    def has_picture(self) -> bool:
        return not (self.photo_id is None and self.path is None and self.url is None and self.data is None)


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer. ``similarity`` is the cosine between query and photo, or what hash codes give for it, -1..1."""

    rank: int
    photo: Photo
    similarity: float


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The answers to one query, best first, and what the status bar says about them."""

    query: Query
    hits: tuple[Hit, ...]
    searched: int
    """How many photos had an embedding to compare with."""
    seconds: float
    model: str
    device: str
    thumbnail: bytes = b""
    """The query itself as a small JPEG."""
    info: ImageInfo | None = None
    terms: tuple[Understood, ...] = ()
    """What the words of the query were taken for."""
    matching: int | None = None
    """How many photos there are that its words name by label, folder, camera, date or file; None if they name none, so
    that all photos are compared."""

    @property
    def ordered_by_look(self) -> bool:
        """Whether the best come first by what they show; otherwise the newest do."""
        return self.query.has_picture or any("shown" in term.kinds for term in self.terms)


@dataclass(frozen=True, slots=True)
class Moved:
    """A photo, of the library or of what was removed from it, whose file is found somewhere else now."""

    folder_id: int
    relpath: str
    stamp: FileStamp
    photo_id: int
    content_key: bytes | None = None
    """The key of the whole content, if it was read."""


RemovalReason = Literal["deleted", "replaced", "excluded", "forgotten", "trashed", "folder"]
"""Why photos left the library. "replaced": another picture has their place; "folder": their root was removed."""

KEPT_DAYS = 30
"""How long what was removed can be brought back."""


@dataclass(frozen=True, slots=True)
class Removal:
    """Photos that left the library together, and can be brought back."""

    id: int
    at: datetime
    """Local time."""
    why: RemovalReason
    root: str
    photos: int
    labelled: int
    """How many of them the user had given a label."""


@dataclass(frozen=True, slots=True)
class NotLookedAt:
    """What a scan passed over below one root, and told."""

    linked: Mapping[str, str]
    """Links to folders, which are not followed: path -> where it leads."""
    others: Mapping[str, int]
    """Files of kinds that are not read here: extension in lower case, "" for none -> how many."""


@dataclass(frozen=True, slots=True)
class IndexSummary:
    """What one run of indexing did."""

    added: int
    updated: int
    moved: int
    """Those found elsewhere, and those brought back from what was removed."""
    removed: int
    unchanged: int
    failed: tuple[Failure, ...]
    offline: tuple[str, ...]
    """Roots that were missing, nearly empty or did not answer; nothing of theirs was touched."""
    seconds: float
    photos_per_second: float
    cancelled: bool = False
    damaged: tuple[Failure, ...] = ()
    """Files that are shown as far as they go."""
    away: tuple[str, ...] = ()
    """Folders below a root that are not there, as an unplugged drive is not; their photos are kept."""
    kept: int = 0
    """Photos whose files are newly missing, and which are kept: those in ``away``, and those with labels."""
    removed_labelled: int = 0
    """How many of the removed ones the user had given a label."""
    not_looked_at: NotLookedAt = NotLookedAt({}, {})


@dataclass(frozen=True, slots=True)
class LibraryStatus:
    """``index`` names the kind of the Faiss index, ``bytes`` is the library's size on disk."""

    photos: int
    folders: tuple[Folder, ...]
    model: str
    index: str
    bytes: int
    failures: int


@dataclass(frozen=True, slots=True)
class HeldModel:
    """A model that a library has embeddings of."""

    spec: ModelSpec
    """With the library's own choice of ``compare`` and ``centred``."""
    photos: int
    """How many photos it has embedded, and can find."""
    pending: int
    """How many it has yet to embed; these are not found while it is active."""
    bytes: int
    """What its embeddings and its index file take on disk."""
    active: bool
