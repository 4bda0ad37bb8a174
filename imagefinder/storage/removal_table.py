"""What left the library and can be brought back: SQL in functions that take a connection.

Transactions are the caller's. Photos lie in tables of their own, so that nothing that counts, searches or labels has to
leave them out. They keep their ids; their vectors get new row numbers when they come back.
"""

import json
import os
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from imagefinder.domain.changes import PIECES, UNCOMPRESSED, Lost
from imagefinder.domain.images import KEPT_DAYS, FileStamp, Removal, RemovalReason
from imagefinder.storage import label_table
from imagefinder.storage.row_blobs import row_sizes

FACTS = (
    "size, mtime_ns, ctime_ns, inode, content_key, whole_key, width, height, format, taken_at, camera, colour, moment"
)
"""The columns that a photo takes with it, beside its id and its place."""

TOGETHER_SECONDS = 60
"""What leaves a root for one reason within a minute left together."""

_OF_PHOTO = ", ".join(f"p.{name}" for name in FACTS.split(", "))
_GIVEN = "(SELECT value FROM json_each(?))"


class Row(NamedTuple):
    """A vector that came into the catalogue: its row number, whose it is, and the BLOB."""

    seq: int
    model_id: int
    embedding: bytes


def remove(
    connection: sqlite3.Connection,
    photo_ids: Iterable[int],
    why: RemovalReason,
    at: int,
    changing: Iterable[int] = (),
) -> list[int]:
    """Take photos out of the library, with failures noted at their paths. The seqs of the vectors that went.

    What was said of them is also said of photos that stay and have the same content, if these are not ``changing``.
    """
    given = _json(photo_ids)
    for photo_id, heir in _heirs(connection, given, _json(changing)):
        label_table.hand_over(connection, photo_id, heir)
    roots = connection.execute(
        f"SELECT DISTINCT p.folder_id FROM photo p WHERE p.id IN {_GIVEN} ORDER BY 1", (given,)
    ).fetchall()
    for (folder_id,) in roots:
        connection.execute(
            f"INSERT INTO removed_photo SELECT p.id, ?, p.relpath, {_OF_PHOTO}, l.name, "
            "(SELECT json_group_array(r.name) FROM rejected_label r WHERE r.photo_id = p.id) "
            f"FROM photo p LEFT JOIN label l ON l.photo_id = p.id WHERE p.folder_id = ? AND p.id IN {_GIVEN}",
            (_removal(connection, folder_id, why, at), folder_id, given),
        )
    connection.execute(
        "INSERT INTO removed_vector SELECT photo_id, model_id, embedding FROM vector "
        f"WHERE photo_id IN {_GIVEN} ORDER BY photo_id, model_id",
        (given,),
    )
    connection.execute(
        "DELETE FROM failure WHERE (folder_id, relpath) IN "
        f"(SELECT p.folder_id, p.relpath FROM photo p WHERE p.id IN {_GIVEN})",
        (given,),
    )
    gone = connection.execute(f"DELETE FROM vector WHERE photo_id IN {_GIVEN} RETURNING seq", (given,)).fetchall()
    connection.execute(f"DELETE FROM photo WHERE id IN {_GIVEN}", (given,))
    return [row[0] for row in gone]


def remove_folder(connection: sqlite3.Connection, folder_id: int, at: int) -> list[int]:
    """The same for a whole root, which goes as well."""
    ids = [row[0] for row in connection.execute("SELECT id FROM photo WHERE folder_id = ?", (folder_id,))]
    if not ids:
        _removal(connection, folder_id, "folder", at)  # its patterns and its mark come back with it
    dropped = remove(connection, ids, "folder", at)
    connection.execute("DELETE FROM folder WHERE id = ?", (folder_id,))
    return dropped


def take_back(connection: sqlite3.Connection, folder_id: int, photo_ids: Sequence[int]) -> list[Row]:
    """Put removed photos into a root again, at paths that no file can have: the caller gives them their places."""
    given = _json(photo_ids)
    connection.execute(
        # No relative path begins with a slash.
        f"INSERT INTO photo (id, folder_id, relpath, {FACTS}) SELECT id, ?, CAST('/' || id AS BLOB), {FACTS} "
        f"FROM removed_photo WHERE id IN {_GIVEN}",
        (folder_id, given),
    )
    connection.execute(
        f"INSERT INTO label SELECT id, label FROM removed_photo WHERE label IS NOT NULL AND id IN {_GIVEN}", (given,)
    )
    connection.execute(
        "INSERT INTO rejected_label SELECT p.id, name.value FROM removed_photo p, json_each(p.rejected) name "
        f"WHERE p.id IN {_GIVEN}",
        (given,),
    )
    rows = connection.execute(
        "INSERT INTO vector (photo_id, model_id, embedding) SELECT v.photo_id, v.model_id, v.embedding "
        f"FROM removed_vector v JOIN model m ON m.id = v.model_id WHERE v.photo_id IN {_GIVEN} "
        "AND length(v.embedding) IN (? * m.dimension, ? * m.dimension) "  # a damaged one is read again
        "ORDER BY v.photo_id, v.model_id RETURNING seq, model_id, embedding",
        (given, *row_sizes(1)),
    ).fetchall()
    connection.execute(f"DELETE FROM removed_photo WHERE id IN {_GIVEN}", (given,))
    _drop_empty(connection)
    return [Row(*row) for row in rows]


def removals(connection: sqlite3.Connection) -> list[Removal]:
    """Those with photos, the latest first."""
    rows = connection.execute(
        "SELECT r.id, r.at, r.why, r.root, count(*), count(p.label) FROM removal r "
        "JOIN removed_photo p ON p.removal_id = r.id GROUP BY r.id ORDER BY r.at DESC, r.id DESC"
    )
    return [
        Removal(id_, datetime.fromtimestamp(at, UTC).astimezone(), why, os.fsdecode(root), photos, labelled)
        for id_, at, why, root, photos, labelled in rows
    ]


def photos_of(connection: sqlite3.Connection, removal_id: int) -> list[tuple[int, str, FileStamp]]:
    """Photo id, relative path and stamp of what was removed together."""
    rows = connection.execute(
        "SELECT id, relpath, size, mtime_ns, ctime_ns, inode FROM removed_photo WHERE removal_id = ? ORDER BY id",
        (removal_id,),
    )
    return [(id_, os.fsdecode(relpath), FileStamp(*stamp)) for id_, relpath, *stamp in rows]


def folder_of(connection: sqlite3.Connection, root: str) -> tuple[tuple[str, ...], list[bytes]] | None:
    """The patterns, and the prefixes of the marks, of a root of this path that was removed last; None for none."""
    row = connection.execute(
        "SELECT excludes, marks FROM removal WHERE why = 'folder' AND root = ? ORDER BY id DESC LIMIT 1",
        (os.fsencode(root),),
    ).fetchone()
    return None if row is None else (tuple(json.loads(row[0])), [bytes.fromhex(mark) for mark in json.loads(row[1])])


def contains(connection: sqlite3.Connection, photo_ids: Iterable[int]) -> list[int]:
    """Those of these photos that were removed."""
    rows = connection.execute(f"SELECT id FROM removed_photo WHERE id IN {_GIVEN}", (_json(photo_ids),))
    return [row[0] for row in rows]


def count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM removed_photo").fetchone()[0])


def of_sizes(connection: sqlite3.Connection, sizes: Iterable[int]) -> list[Lost]:
    """The removed photos whose files had one of these sizes, in bytes."""
    rows = connection.execute(
        "SELECT p.id, r.root, p.relpath, p.size, p.mtime_ns, p.ctime_ns, p.inode, p.content_key, p.whole_key, "
        "p.format, p.label IS NOT NULL OR p.rejected <> '[]' FROM removed_photo p "
        f"JOIN removal r ON r.id = p.removal_id WHERE p.size IN {_GIVEN} ORDER BY p.id",
        (_json(sizes),),
    )
    return [lost_photo(row) for row in rows]


def purge(connection: sqlite3.Connection, at: int) -> int:
    """Forget for good what was removed more than 30 days before ``at``. How many photos that was.

    Labels of photos whose place another picture took stay: their drive may be away for longer.
    """
    old = "SELECT id FROM removal WHERE at < ?"
    limit = at - KEPT_DAYS * 24 * 3600
    gone = connection.execute(
        f"DELETE FROM removed_photo WHERE removal_id IN ({old}) AND (label IS NULL OR removal_id NOT IN "
        "(SELECT id FROM removal WHERE why = 'replaced')) RETURNING id",
        (limit,),
    ).fetchall()
    connection.execute(
        f"DELETE FROM removal WHERE id IN ({old}) "
        "AND NOT EXISTS (SELECT 1 FROM removed_photo p WHERE p.removal_id = removal.id)",
        (limit,),
    )
    return len(gone)


def lost_photo(row: Sequence[Any]) -> Lost:
    """From id, root, relpath, size, mtime, ctime, inode, content key, whole key, format, labelled."""
    id_, root, relpath, size, mtime, ctime, inode, key, whole, format_, labelled = row
    path = os.path.join(os.fsdecode(root), os.fsdecode(relpath))
    return Lost(id_, path, FileStamp(size, mtime, ctime, inode), key, bool(whole), format_, bool(labelled))


def _heirs(connection: sqlite3.Connection, given: str, changing: str = "[]") -> list[tuple[int, int]]:
    """Those of the photos that something was said of, each with one of the same content within reach that stays."""
    rows = connection.execute(
        "SELECT p.id, min(o.id) FROM photo p JOIN photo o ON o.size = p.size AND o.content_key = p.content_key "
        "AND o.whole_key = p.whole_key JOIN folder f ON f.id = o.folder_id "
        f"WHERE p.id IN {_GIVEN} AND o.id NOT IN {_GIVEN} AND o.id NOT IN {_GIVEN} "
        "AND NOT o.away AND f.state <> 'offline' "
        f"AND (p.whole_key OR p.size <= ? OR p.format NOT IN {UNCOMPRESSED}) "
        "AND (EXISTS (SELECT 1 FROM label l WHERE l.photo_id = p.id) "
        "OR EXISTS (SELECT 1 FROM rejected_label r WHERE r.photo_id = p.id)) GROUP BY p.id",
        (given, given, changing, PIECES),
    )
    return [(photo_id, heir) for photo_id, heir in rows]


def _removal(connection: sqlite3.Connection, folder_id: int, why: RemovalReason, at: int) -> int:
    """The record to add to: the last one where it is of the same root, reason and minute, or a new one."""
    root, excludes, marks = connection.execute(
        "SELECT path, excludes, (SELECT json_group_array(hex(prefix)) FROM mark WHERE folder_id = id) "
        "FROM folder WHERE id = ?",
        (folder_id,),
    ).fetchone()
    last = connection.execute(
        "SELECT id FROM removal WHERE root = ? AND why = ? AND at BETWEEN ? AND ? ORDER BY id DESC LIMIT 1",
        (root, why, at - TOGETHER_SECONDS, at + TOGETHER_SECONDS),
    ).fetchone()
    if last is not None and why != "folder":
        return int(last[0])
    cursor = connection.execute(
        "INSERT INTO removal (at, why, root, excludes, marks) VALUES (?, ?, ?, ?, ?) RETURNING id",
        (at, why, root, excludes, marks),
    )
    return int(cursor.fetchone()[0])


def _drop_empty(connection: sqlite3.Connection) -> None:
    """A folder's record stays as long as its patterns may be asked for."""
    connection.execute(
        "DELETE FROM removal WHERE why <> 'folder' "
        "AND NOT EXISTS (SELECT 1 FROM removed_photo p WHERE p.removal_id = removal.id)"
    )


def inherit(connection: sqlite3.Connection, photo_ids: Iterable[int]) -> None:
    """Say of photos what was said of removed ones of the same content. What they are called already stays."""
    same = (
        "FROM photo p JOIN removed_photo o ON o.size = p.size AND o.content_key = p.content_key "
        f"AND o.whole_key AND p.whole_key WHERE p.id IN {_GIVEN}"
    )
    given = _json(photo_ids)
    connection.execute(
        f"INSERT OR IGNORE INTO label (photo_id, name) SELECT p.id, o.label {same} AND o.label IS NOT NULL", (given,)
    )
    connection.execute(
        "INSERT OR IGNORE INTO rejected_label SELECT p.id, name.value "
        + same.replace("WHERE", "JOIN json_each(o.rejected) name WHERE"),
        (given,),
    )


def with_heirs(connection: sqlite3.Connection, photo_ids: Iterable[int], changing: Iterable[int]) -> set[int]:
    """Those that something was said of, and of which ``remove`` would hand it over to a photo that stays."""
    return {photo_id for photo_id, _ in _heirs(connection, _json(photo_ids), _json(changing))}


def _json(numbers: Iterable[int]) -> str:
    return json.dumps([int(number) for number in numbers])
