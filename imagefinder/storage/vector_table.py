"""The vectors of all models: SQL in functions that take a connection. Transactions are the caller's."""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator

import numpy as np

from imagefinder.domain.images import Embeddings
from imagefinder.storage.row_blobs import decode, row_sizes, sound, unit
from imagefinder.storage.row_index import Ids

CHUNK = 4096


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


def count(connection: sqlite3.Connection, model_id: int, after: int = 0) -> int:
    """How many rows a model has, or how many of them came after row number ``after``."""
    if not after:  # SQLite answers this from an index, without going through the rows
        return int(connection.execute("SELECT count(*) FROM vector WHERE model_id = ?", (model_id,)).fetchone()[0])
    query = "SELECT count(*) FROM vector WHERE seq > ? AND model_id = ?"
    return int(connection.execute(query, (after, model_id)).fetchone()[0])


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
        "SELECT seq, embedding FROM vector WHERE seq >= ? AND model_id = ? AND length(embedding) IN (?, ?) "
        "ORDER BY seq",
        (first, model_id, *row_sizes(dimension)),
    )
    while chunk := cursor.fetchmany(CHUNK):
        ids = np.array([row[0] for row in chunk], np.int64)
        found = decode((row[1] for row in chunk), dimension)
        finite = np.isfinite(found).all(axis=1)
        yield ids[finite], found[finite]


def bad_seqs(connection: sqlite3.Connection) -> list[int]:
    """The rows of any model that are of a wrong size, or not what an embedding is stored as."""
    bad: list[int] = []
    for model_id, dimension in connection.execute("SELECT id, dimension FROM model").fetchall():
        wrong = connection.execute(
            "SELECT seq FROM vector WHERE model_id = ? AND length(embedding) NOT IN (?, ?)",
            (model_id, *row_sizes(dimension)),
        )
        bad += [row[0] for row in wrong]
        cursor = connection.execute(
            "SELECT seq, embedding FROM vector WHERE model_id = ? AND length(embedding) IN (?, ?)",
            (model_id, *row_sizes(dimension)),
        )
        while chunk := cursor.fetchmany(CHUNK):
            fine = sound([row[1] for row in chunk], dimension)
            bad += [row[0] for row, is_fine in zip(chunk, fine, strict=True) if not is_fine]
    return bad


def at(connection: sqlite3.Connection, ids: Ids, dimension: int) -> dict[int, Embeddings]:
    """The vectors of these rows as they were stored; rows that are not there, or of a wrong size, are left out."""
    found = connection.execute(
        "SELECT seq, embedding FROM vector "
        "WHERE seq IN (SELECT value FROM json_each(?)) AND length(embedding) IN (?, ?)",
        (json.dumps(ids.tolist()), *row_sizes(dimension)),
    )
    return {seq: decode([blob], dimension)[0] for seq, blob in found}


def photo_ids(connection: sqlite3.Connection, ids: Ids) -> dict[int, int]:
    """Row number -> photo id, for the rows that are there."""
    found = connection.execute(
        "SELECT seq, photo_id FROM vector WHERE seq IN (SELECT value FROM json_each(?))", (json.dumps(ids.tolist()),)
    )
    return dict(found.fetchall())


def with_photos(connection: sqlite3.Connection, ids: Ids, dimension: int) -> tuple[Ids, list[int], Embeddings]:
    """Row numbers, photo ids and unit rows (n, dimension) of those of ``ids`` that are there, in the same order."""
    found = connection.execute(
        "SELECT seq, photo_id, embedding FROM vector "
        "WHERE seq IN (SELECT value FROM json_each(?)) AND length(embedding) IN (?, ?)",
        (json.dumps(ids.tolist()), *row_sizes(dimension)),
    )
    by_seq = {seq: (photo_id, blob) for seq, photo_id, blob in found}
    there = [seq for seq in ids.tolist() if seq in by_seq]
    rows = unit(decode((by_seq[seq][1] for seq in there), dimension))
    return np.array(there, np.int64), [by_seq[seq][0] for seq in there], rows


def of_photos(
    connection: sqlite3.Connection, model_id: int, dimension: int, photo_ids: Iterable[int] | None
) -> Iterator[tuple[list[int], Embeddings]]:
    """Photo ids and unit rows (n, dimension), ascending by photo, in chunks: of these photos, or of all."""
    wanted = "" if photo_ids is None else "photo_id IN (SELECT value FROM json_each(?)) AND "
    given = () if photo_ids is None else (json.dumps([int(id_) for id_ in photo_ids]),)
    cursor = connection.execute(
        f"SELECT photo_id, embedding FROM vector WHERE {wanted} model_id = ? AND length(embedding) IN (?, ?) "
        "ORDER BY photo_id",
        (*given, model_id, *row_sizes(dimension)),
    )
    while chunk := cursor.fetchmany(CHUNK):
        yield [row[0] for row in chunk], unit(decode((row[1] for row in chunk), dimension))


def missing(connection: sqlite3.Connection, model_id: int, photo_ids: Iterable[int]) -> list[int]:
    """Those of these photos that have no vector of a model."""
    found = connection.execute(
        "SELECT p.id FROM photo p WHERE p.id IN (SELECT value FROM json_each(?)) "
        "AND NOT EXISTS (SELECT 1 FROM vector v WHERE v.photo_id = p.id AND v.model_id = ?)",
        (json.dumps([int(id_) for id_ in photo_ids]), model_id),
    )
    return [row[0] for row in found]


def of_photo(connection: sqlite3.Connection, photo_id: int, model_id: int, dimension: int) -> Embeddings | None:
    row = connection.execute(
        "SELECT embedding FROM vector WHERE photo_id = ? AND model_id = ?", (photo_id, model_id)
    ).fetchone()
    return None if row is None or len(row[0]) not in row_sizes(dimension) else unit(decode([row[0]], dimension))[0]


def export(connection: sqlite3.Connection, model_id: int, dimension: int) -> tuple[list[str], Embeddings]:
    """Paths and unit rows of all photos that have a vector of the right size, in the order of their paths."""
    found = connection.execute(
        "SELECT f.path, p.relpath, v.embedding FROM vector v JOIN photo p ON p.id = v.photo_id "
        "JOIN folder f ON f.id = p.folder_id WHERE v.model_id = ? AND length(v.embedding) IN (?, ?) "
        "ORDER BY f.path, p.relpath",
        (model_id, *row_sizes(dimension)),
    ).fetchall()
    paths = [os.path.join(os.fsdecode(root), os.fsdecode(relpath)) for root, relpath, _ in found]
    return paths, unit(decode((row[2] for row in found), dimension))
