"""Models and their vectors: SQL in functions that take a connection. Transactions are the caller's."""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from imagefinder.domain.images import Embeddings
from imagefinder.domain.specs import ModelSpec
from imagefinder.storage.vectors import Ids

STORED = np.dtype("<f2")
CHUNK = 4096
UNIT_TOLERANCE = 0.01


def setting(connection: sqlite3.Connection, key: str) -> str | None:
    row = connection.execute("SELECT value FROM setting WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row[0])


def set_setting(connection: sqlite3.Connection, key: str, value: str) -> None:
    connection.execute(
        "INSERT INTO setting VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", (key, value)
    )


# Models


def register(connection: sqlite3.Connection, spec: ModelSpec) -> int:
    """The id of the model, the same one whenever it gives the same embeddings; its name and prose are updated."""
    cursor = connection.execute(
        "INSERT INTO model (name, fingerprint, dimension, spec) VALUES (?, ?, ?, ?) ON CONFLICT (fingerprint) "
        "DO UPDATE SET name = excluded.name, spec = excluded.spec RETURNING id",
        (spec.name, spec.fingerprint, spec.dimension, spec.to_json()),
    )
    return int(cursor.fetchone()[0])


def models(connection: sqlite3.Connection) -> dict[int, ModelSpec]:
    return {
        id_: ModelSpec.from_json(spec) for id_, spec in connection.execute("SELECT id, spec FROM model ORDER BY id")
    }


def precision(connection: sqlite3.Connection, spec: ModelSpec) -> str | None:
    row = connection.execute("SELECT precision FROM model WHERE fingerprint = ?", (spec.fingerprint,)).fetchone()
    return row[0] or None if row else None


def set_precision(connection: sqlite3.Connection, model_id: int, precision: str) -> None:
    connection.execute("UPDATE model SET precision = ? WHERE id = ?", (precision, model_id))


# Vectors


def encode(embedding: Embeddings) -> bytes:
    """The BLOB of one unit row. Raises ValueError for what could never be found again: not finite, or not a unit."""
    if not is_sound(embedding):
        raise ValueError("an embedding is a finite row of unit length")
    return embedding.astype(STORED).tobytes()


def is_sound(rows: npt.NDArray[np.floating]) -> bool:
    """Whether every row is finite and of unit length, or zero (what a picture without any feature gives)."""
    norms = np.linalg.norm(np.asarray(rows, np.float32), axis=-1)
    return bool(np.all((np.abs(norms - 1) <= UNIT_TOLERANCE) | (norms == 0)))  # a norm that is NaN is neither


def decode(blobs: Iterable[bytes], dimension: int) -> Embeddings:
    """Rows as they were stored, float32 (n, dimension)."""
    return np.frombuffer(b"".join(blobs), STORED).reshape(-1, dimension).astype(np.float32)


def put(
    connection: sqlite3.Connection, photo_id: int, model_id: int, blob: bytes, same_file: bool
) -> tuple[int, list[int]]:
    """Store a vector: its seq, and the seqs that went. Those of other models go too, unless it is the same file."""
    gone = connection.execute(
        "DELETE FROM vector WHERE photo_id = ? AND (model_id = ? OR NOT ?) RETURNING seq",
        (photo_id, model_id, same_file),
    ).fetchall()
    cursor = connection.execute(
        "INSERT INTO vector (photo_id, model_id, embedding) VALUES (?, ?, ?) RETURNING seq", (photo_id, model_id, blob)
    )
    return int(cursor.fetchone()[0]), [row[0] for row in gone]


def count(connection: sqlite3.Connection, model_id: int) -> int:
    return int(connection.execute("SELECT count(*) FROM vector WHERE model_id = ?", (model_id,)).fetchone()[0])


def seqs(connection: sqlite3.Connection, model_id: int) -> Ids:
    """All row numbers of a model, ascending."""
    rows = connection.execute("SELECT seq FROM vector WHERE model_id = ?", (model_id,)).fetchall()
    return np.sort(np.fromiter((row[0] for row in rows), np.int64, len(rows)))


def last_seq(connection: sqlite3.Connection) -> int:
    """The highest row number ever given, whether or not the row is still there."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'vector'").fetchone()
    return int(row[0]) if row else 0


def rows(
    connection: sqlite3.Connection, model_id: int, dimension: int, first: int = 0
) -> Iterator[tuple[Ids, Embeddings]]:
    """All vectors of a model from seq ``first`` on, in chunks; rows of a wrong size or not finite are left out."""
    cursor = connection.execute(
        "SELECT seq, embedding FROM vector WHERE seq >= ? AND model_id = ? AND length(embedding) = ? ORDER BY seq",
        (first, model_id, dimension * STORED.itemsize),
    )
    while chunk := cursor.fetchmany(CHUNK):
        ids = np.array([row[0] for row in chunk], np.int64)
        found = decode((row[1] for row in chunk), dimension)
        finite = np.isfinite(found).all(axis=1)
        yield ids[finite], found[finite]


def bad_seqs(connection: sqlite3.Connection) -> list[int]:
    """The rows of any model that are of a wrong size, not finite or not unit rows."""
    bad: list[int] = []
    for model_id, dimension in connection.execute("SELECT id, dimension FROM model").fetchall():
        wrong = connection.execute(
            "SELECT seq FROM vector WHERE model_id = ? AND length(embedding) <> ?",
            (model_id, dimension * STORED.itemsize),
        )
        bad += [row[0] for row in wrong]
        cursor = connection.execute(
            "SELECT seq, embedding FROM vector WHERE model_id = ? AND length(embedding) = ?",
            (model_id, dimension * STORED.itemsize),
        )
        while chunk := cursor.fetchmany(CHUNK):
            if not is_sound(decode((row[1] for row in chunk), dimension)):
                bad += [seq for seq, blob in chunk if not is_sound(decode([blob], dimension))]
    return bad


def at(connection: sqlite3.Connection, ids: Ids, dimension: int) -> dict[int, Embeddings]:
    """The vectors of these rows as they were stored; rows that are not there, or of a wrong size, are left out."""
    found = connection.execute(
        "SELECT seq, embedding FROM vector WHERE seq IN (SELECT value FROM json_each(?)) AND length(embedding) = ?",
        (json.dumps(ids.tolist()), dimension * STORED.itemsize),
    )
    return {seq: decode([blob], dimension)[0] for seq, blob in found}


def photo_ids(connection: sqlite3.Connection, ids: Ids) -> dict[int, int]:
    """Row number -> photo id, for the rows that are there."""
    found = connection.execute(
        "SELECT seq, photo_id FROM vector WHERE seq IN (SELECT value FROM json_each(?))", (json.dumps(ids.tolist()),)
    )
    return dict(found.fetchall())


def of_photo(connection: sqlite3.Connection, photo_id: int, model_id: int, dimension: int) -> Embeddings | None:
    row = connection.execute(
        "SELECT embedding FROM vector WHERE photo_id = ? AND model_id = ?", (photo_id, model_id)
    ).fetchone()
    return None if row is None or len(row[0]) != dimension * STORED.itemsize else unit(decode([row[0]], dimension))[0]


def export(connection: sqlite3.Connection, model_id: int, dimension: int) -> tuple[list[str], Embeddings]:
    """Paths and unit rows of all photos that have a vector of the right size, in the order of their paths."""
    found = connection.execute(
        "SELECT f.path, p.relpath, v.embedding FROM vector v JOIN photo p ON p.id = v.photo_id "
        "JOIN folder f ON f.id = p.folder_id WHERE v.model_id = ? AND length(v.embedding) = ? "
        "ORDER BY f.path, p.relpath",
        (model_id, dimension * STORED.itemsize),
    ).fetchall()
    paths = [os.path.join(os.fsdecode(root), os.fsdecode(relpath)) for root, relpath, _ in found]
    return paths, unit(decode((row[2] for row in found), dimension))


def unit(found: Embeddings) -> Embeddings:
    """Rows at exactly unit length again, which half floats keep to three digits. Zero rows stay."""
    norms = np.linalg.norm(found, axis=1, keepdims=True)
    norms[norms == 0] = 1
    return np.asarray(found / norms, np.float32)
