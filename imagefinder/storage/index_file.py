"""The file that keeps an index between two starts: a stamp, the index, a checksum."""

import contextlib
import json
import os
import struct
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from imagefinder.domain.specs import IndexKind, IndexSpec, Stored
from imagefinder.storage.hash_index import HashIndex
from imagefinder.storage.row_index import RowIndex
from imagefinder.storage.vectors import VectorIndex

MAGIC = b"IMGFIDX\x01"  # the last byte is the version of this layout
LENGTH = struct.Struct("<I")
PIECE_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Stamp:
    """Which rows of which library the file holds. ``model`` is the fingerprint, ``last_seq`` the highest row.

    ``centre`` is the digest of what was subtracted from them, "" for nothing. Older files are without it, and without
    ``stored``.
    """

    library: str
    model: str
    kind: IndexKind
    dimension: int
    lists: int
    parts: int
    last_seq: int
    count: int
    centre: str = ""
    stored: Stored = "float16"

    @classmethod
    def of(cls, index: RowIndex, library: str, model: str, centre: str = "") -> "Stamp":
        ids, spec = index.ids, index.spec
        last = int(ids[-1]) if len(ids) else 0
        return cls(
            library, model, spec.kind, spec.dimension, spec.lists, index.parts, last, len(ids), centre, spec.stored
        )


class IndexFileError(Exception):
    """Not a file of ours, damaged, or of another layout."""


def save(path: Path, index: RowIndex, library: str, model: str, centre: str = "") -> None:
    """Replace ``path`` as one step: whoever opens it finds the old file or the new one. Raises OSError.

    The caller sees to it that the index does not change meanwhile.
    """
    stamp = json.dumps(asdict(Stamp.of(index, library, model, centre))).encode()
    unfinished = path.with_name(path.name + ".new")
    try:
        with unfinished.open("wb") as file:
            checksum = 0

            def write(piece: bytes) -> None:
                nonlocal checksum
                checksum = zlib.crc32(piece, checksum)
                file.write(piece)

            write(MAGIC + LENGTH.pack(len(stamp)) + stamp)
            index.write(write)
            file.write(LENGTH.pack(checksum))
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except BaseException:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def load(path: Path) -> tuple[RowIndex, Stamp]:
    """Raises FileNotFoundError, OSError, or IndexFileError with the reason."""
    with path.open("rb") as file:
        # First the checksum: Faiss believes what it reads, and a wrong length brings the process down.
        _check(file)
        file.seek(len(MAGIC))
        try:
            (length,) = LENGTH.unpack(file.read(LENGTH.size))
            stamp = Stamp(**json.loads(file.read(length)))
            kind = HashIndex if stamp.kind == "hash" else VectorIndex
            spec = IndexSpec(stamp.kind, stamp.dimension, stamp.lists, stamp.stored)
            index = kind.read(spec, stamp.parts, file.read)
        except (ValueError, TypeError, struct.error) as error:
            raise IndexFileError(str(error)) from error
    if Stamp.of(index, stamp.library, stamp.model, stamp.centre) != stamp:
        raise IndexFileError("it does not hold what its stamp says")
    return index, stamp


def _check(file: BinaryIO) -> None:
    left = os.fstat(file.fileno()).st_size - LENGTH.size
    checksum, first = 0, True
    while left > 0:
        piece = file.read(min(PIECE_BYTES, left))
        if first and not piece.startswith(MAGIC):
            raise IndexFileError("it is not an index of this version")
        if not piece:
            break
        checksum, first = zlib.crc32(piece, checksum), False
        left -= len(piece)
    if first or file.read() != LENGTH.pack(checksum):
        raise IndexFileError("it is damaged or incomplete")


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut. Windows has no such call, and needs none."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
