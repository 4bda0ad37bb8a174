"""Photos by their content, wherever they lie: SQL in functions that take a connection.

Transactions are the caller's.
"""

import json
import os
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from imagefinder.domain.changes import PIECES, UNCOMPRESSED, Away, Lost, trusts_older_key
from imagefinder.domain.images import FileStamp, Moved
from imagefinder.storage import failure_table, label_table, removal_table
from imagefinder.storage.catalog import moment_of
from imagefinder.storage.row_blobs import row_sizes

_LOST = (
    "SELECT p.id, f.path, p.relpath, p.size, p.mtime_ns, p.ctime_ns, p.inode, p.content_key, p.whole_key, p.format, "
    "EXISTS (SELECT 1 FROM label l WHERE l.photo_id = p.id) "
    "OR EXISTS (SELECT 1 FROM rejected_label r WHERE r.photo_id = p.id) "
    "FROM photo p JOIN folder f ON f.id = p.folder_id"
)


def lost(connection: sqlite3.Connection, folder_id: int, relpaths: Iterable[str]) -> dict[str, Lost]:
    query = f"{_LOST} WHERE p.folder_id = ? AND p.relpath = ?"
    rows = ((path, connection.execute(query, (folder_id, os.fsencode(path))).fetchone()) for path in relpaths)
    return {path: removal_table.lost_photo(row) for path, row in rows if row is not None}


def away(connection: sqlite3.Connection, folder_id: int) -> dict[str, int]:
    rows = connection.execute("SELECT relpath, id FROM photo WHERE away AND folder_id = ?", (folder_id,))
    return {os.fsdecode(relpath): id_ for relpath, id_ in rows}


def missing(connection: sqlite3.Connection, sizes: Iterable[int], offline: Iterable[int]) -> list[Lost]:
    """Photos of these sizes, in bytes, of which only the file was not there, in roots that are."""
    rows = connection.execute(
        f"{_LOST} WHERE p.away = ? AND f.state <> 'offline' AND f.id NOT IN (SELECT value FROM json_each(?)) "
        "AND p.size IN (SELECT value FROM json_each(?)) ORDER BY p.id",
        (int(Away.MISSING), json.dumps(list(offline)), json.dumps(list(sizes))),
    )
    return [removal_table.lost_photo(row) for row in rows]


def unplugged(connection: sqlite3.Connection, sizes: Iterable[int], offline: Iterable[int]) -> list[Lost]:
    """Photos of these sizes, in bytes, whose folder was not there, or whose root is ``offline``, noted or not."""
    rows = connection.execute(
        f"{_LOST} WHERE (p.away = ? OR f.state = 'offline' OR f.id IN (SELECT value FROM json_each(?))) "
        "AND p.size IN (SELECT value FROM json_each(?)) ORDER BY p.id",
        (int(Away.UNPLUGGED), json.dumps(list(offline)), json.dumps(list(sizes))),
    )
    return [removal_table.lost_photo(row) for row in rows]


def of_sizes(
    connection: sqlite3.Connection, sizes: Iterable[int], besides: Iterable[int]
) -> list[tuple[int, str, FileStamp]]:
    """Root id, path and stamp of the photos of these sizes in all roots but those ``besides``."""
    rows = connection.execute(
        "SELECT f.id, f.path, p.relpath, p.size, p.mtime_ns, p.ctime_ns, p.inode FROM photo p "
        "JOIN folder f ON f.id = p.folder_id WHERE p.size IN (SELECT value FROM json_each(?)) "
        "AND NOT p.away AND f.state <> 'offline' AND f.id NOT IN (SELECT value FROM json_each(?))",
        (json.dumps(list(sizes)), json.dumps(list(besides))),
    )
    return [
        (id_, os.path.join(os.fsdecode(root), os.fsdecode(relpath)), FileStamp(*stamp))
        for id_, root, relpath, *stamp in rows
    ]


def doubtful_keys(connection: sqlite3.Connection, folder_id: int) -> list[str]:
    """Photos that share an older key, which says little of uncompressed pictures: their paths below the root."""
    rows = connection.execute(
        "SELECT p.relpath FROM photo p WHERE p.folder_id = ? AND NOT p.whole_key AND NOT p.away AND p.size > ? "
        f"AND p.format IN {UNCOMPRESSED} AND EXISTS (SELECT 1 FROM photo o WHERE o.size = p.size "
        "AND o.content_key = p.content_key AND o.id <> p.id)",
        (folder_id, PIECES),
    )
    return [os.fsdecode(row[0]) for row in rows]


def restamp(
    connection: sqlite3.Connection, folder_id: int, items: Iterable[tuple[str, FileStamp, bytes | None]]
) -> list[tuple[bytes, bytes]]:
    """Note that photos are there with the content that they had: (relpath, stamp, key of the whole content or None).

    Returns the older keys of trusted content and the new keys that took their place.
    """
    renamed: list[tuple[bytes, bytes]] = []
    for relpath, stamp, content_key in items:
        row = connection.execute(
            f"SELECT id, size, mtime_ns, away, {_KEY} FROM photo WHERE folder_id = ? AND relpath = ?",
            (folder_id, os.fsencode(relpath)),
        ).fetchone()
        if row is None:
            continue
        photo_id, *before = row
        renamed += _renamed(row[4:], content_key)
        if content_key is None and before[:3] == [*stamp[:2], int(Away.THERE)]:
            # All photos of an older library at once: what is indexed stays out of it.
            connection.execute("UPDATE photo SET ctime_ns = ?, inode = ? WHERE id = ?", (*stamp[2:], photo_id))
            continue
        _restamp(connection, photo_id, stamp, content_key)
        connection.execute(
            "DELETE FROM failure WHERE folder_id = ? AND relpath = ? AND NOT shown", (folder_id, os.fsencode(relpath))
        )
    return renamed


_KEY = "content_key, whole_key, format, size"


def _renamed(row: Sequence[Any], content_key: bytes | None) -> list[tuple[bytes, bytes]]:
    old, whole, format_, size = row
    if whole or content_key is None or not trusts_older_key(format_, size):
        return []
    return [(old, content_key)]


def _restamp(connection: sqlite3.Connection, photo_id: int, stamp: FileStamp, content_key: bytes | None) -> None:
    connection.execute(
        "UPDATE photo SET size = ?, mtime_ns = ?, ctime_ns = ?, inode = ?, away = 0, "
        "moment = CASE taken_at WHEN '' THEN ? ELSE taken_at END WHERE id = ?",
        (*stamp, moment_of(stamp.mtime_ns), photo_id),
    )
    if content_key is not None:
        connection.execute("UPDATE photo SET content_key = ?, whole_key = 1 WHERE id = ?", (content_key, photo_id))


class Relocated(NamedTuple):
    """What ``move_photos`` did beside: vectors that went and came, and keys that became others."""

    dropped: list[int]
    rows: list[removal_table.Row]
    renamed: list[tuple[bytes, bytes]]


def move_photos(
    connection: sqlite3.Connection, moves: Sequence[Moved], at: int, changing: Collection[int] = ()
) -> Relocated:
    """Give photos new places, those that were removed among them. A photo whose place is taken is removed.

    ``changing`` is as for ``removal_table.remove``. All leave their old places first, so that photos can change places
    with each other.
    """
    done = Relocated([], [], [])
    back = set(removal_table.contains(connection, [move.photo_id for move in moves]))
    for folder_id in {move.folder_id for move in moves if move.photo_id in back}:
        ids = [move.photo_id for move in moves if move.folder_id == folder_id and move.photo_id in back]
        done.rows.extend(removal_table.take_back(connection, folder_id, ids))
    damage = _take_damage(connection, [move.photo_id for move in moves])
    # No relative path begins with a slash, so nothing else has these names.
    connection.executemany(
        "UPDATE photo SET relpath = CAST('/' || id AS BLOB) WHERE id = ?", [(move.photo_id,) for move in moves]
    )
    for move in moves:
        key = (move.folder_id, os.fsencode(move.relpath))
        connection.execute("DELETE FROM failure WHERE folder_id = ? AND relpath = ?", key)
        overwritten = connection.execute("SELECT id FROM photo WHERE folder_id = ? AND relpath = ?", key).fetchone()
        if overwritten is not None:
            done.dropped.extend(removal_table.remove(connection, overwritten, "replaced", at, changing))
        row = connection.execute(f"SELECT {_KEY} FROM photo WHERE id = ?", (move.photo_id,)).fetchone()
        if row is None:
            continue
        done.renamed.extend(_renamed(row, move.content_key))
        connection.execute("UPDATE photo SET folder_id = ?, relpath = ? WHERE id = ?", (*key, move.photo_id))
        _restamp(connection, move.photo_id, move.stamp, move.content_key)
        if move.photo_id in damage:
            note = (move.relpath, move.stamp, damage[move.photo_id])
            failure_table.record(connection, move.folder_id, [note], shown=True)
    removal_table.inherit(connection, back)
    return done


def _take_damage(connection: sqlite3.Connection, photo_ids: Sequence[int]) -> dict[int, str]:
    """Take what is noted of damaged files off their old places: photo id -> the sentence."""
    given = json.dumps(list(photo_ids))
    found = connection.execute(
        "SELECT p.id, x.reason FROM photo p JOIN failure x ON x.folder_id = p.folder_id AND x.relpath = p.relpath "
        "WHERE x.shown AND p.id IN (SELECT value FROM json_each(?))",
        (given,),
    ).fetchall()
    if found:
        connection.execute(
            "DELETE FROM failure WHERE shown AND (folder_id, relpath) IN "
            "(SELECT folder_id, relpath FROM photo WHERE id IN (SELECT value FROM json_each(?)))",
            (given,),
        )
    return dict(found)


def copy_photos(connection: sqlite3.Connection, copies: Sequence[Moved]) -> list[tuple[int, Moved]]:
    """New photos with all that is known of those with these ids, but for their vectors; ids that are not there are
    passed over.

    They are at paths that no file can have. Returns whose copy each is, and what gives it its place.
    """
    made: list[tuple[int, Moved]] = []
    for copy in copies:
        row = connection.execute(
            f"INSERT INTO photo (folder_id, relpath, {removal_table.FACTS}) "
            f"SELECT ?, CAST('//' || ? AS BLOB), {removal_table.FACTS} FROM photo WHERE id = ? RETURNING id",
            (copy.folder_id, os.fsencode(copy.relpath).hex(), copy.photo_id),
        ).fetchone()
        if row is not None:
            label_table.hand_over(connection, copy.photo_id, row[0])
            made.append((copy.photo_id, replace(copy, photo_id=row[0])))
    return made


def copy_vectors(connection: sqlite3.Connection, copies: Iterable[tuple[int, int]]) -> list[removal_table.Row]:
    """Give photos the vectors of others: (from, to) each."""
    rows: list[removal_table.Row] = []
    for source, target in copies:
        found = connection.execute(
            "INSERT INTO vector (photo_id, model_id, embedding) SELECT ?, v.model_id, v.embedding FROM vector v "
            "JOIN model m ON m.id = v.model_id WHERE v.photo_id = ? "
            "AND length(v.embedding) IN (? * m.dimension, ? * m.dimension) "
            "ORDER BY v.model_id RETURNING seq, model_id, embedding",
            (target, source, *row_sizes(1)),
        ).fetchall()
        rows += [removal_table.Row(*row) for row in found]
    return rows


def set_away(connection: sqlite3.Connection, photo_ids: Iterable[int], how: Away = Away.MISSING) -> None:
    """Note that files were not there at a scan; ``restamp`` and ``move_photos`` take it back."""
    connection.executemany("UPDATE photo SET away = ? WHERE id = ?", [(int(how), id_) for id_ in photo_ids])
