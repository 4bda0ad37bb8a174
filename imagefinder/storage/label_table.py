"""Labels: SQL in functions that take a connection. Transactions are the caller's."""

import json
import os
import sqlite3
from collections.abc import Iterable, Mapping

from imagefinder.domain.labels import folder_label


def _json(ids: Iterable[int]) -> str:
    return json.dumps([int(id_) for id_ in ids])


_MARKED = (
    "EXISTS (SELECT 1 FROM mark m WHERE m.folder_id = p.folder_id "
    "AND substr(p.relpath, 1, length(m.prefix)) = m.prefix)"
)
"""Whether a photo ``p`` lies below a mark, so that its folder's name is its label."""


def set_labelled(connection: sqlite3.Connection, folder_id: int, labelled: bool, prefix: bytes = b"") -> None:
    """Mark a root, or what lies below ``prefix``, which ends with a separator; or take all marks in there away."""
    connection.execute(
        # The part of an empty BLOB is NULL.
        "DELETE FROM mark WHERE folder_id = ?1 AND (?2 = x'' OR substr(prefix, 1, length(?2)) = ?2)",
        (folder_id, prefix),
    )
    if labelled:
        connection.execute("INSERT INTO mark VALUES (?, ?)", (folder_id, prefix))


def mark(connection: sqlite3.Connection, folder_id: int, prefixes: Iterable[bytes]) -> None:
    """Mark what lies below these in a root, beside what is marked already."""
    connection.executemany("INSERT OR IGNORE INTO mark VALUES (?, ?)", [(folder_id, prefix) for prefix in prefixes])


def hand_over(connection: sqlite3.Connection, photo_id: int, heir: int) -> None:
    """Say of one photo, too, what was said of another of the same content. What it is called already stays."""
    connection.execute(
        "INSERT OR IGNORE INTO label (photo_id, name) SELECT ?, name FROM label WHERE photo_id = ?", (heir, photo_id)
    )
    connection.execute(
        "INSERT OR IGNORE INTO rejected_label (photo_id, name) SELECT ?, name FROM rejected_label WHERE photo_id = ?",
        (heir, photo_id),
    )


def explicit(connection: sqlite3.Connection, photo_ids: Iterable[int]) -> dict[int, str | None]:
    """What somebody called these photos, None where nobody did; photos that are not there are left out."""
    found = connection.execute(
        "SELECT p.id, l.name FROM photo p LEFT JOIN label l ON l.photo_id = p.id "
        "WHERE p.id IN (SELECT value FROM json_each(?))",
        (_json(photo_ids),),
    )
    return dict(found.fetchall())


def by_hand(connection: sqlite3.Connection, folder_id: int | None) -> dict[int, str]:
    """The labels that were given to photos of one root or of all."""
    rows = connection.execute(
        "SELECT p.id, l.name FROM label l JOIN photo p ON p.id = l.photo_id "
        "WHERE ?1 IS NULL OR p.folder_id = ?1 ORDER BY p.id",
        (folder_id,),
    )
    return dict(rows.fetchall())


def put(connection: sqlite3.Connection, names: Mapping[int, str | None]) -> None:
    """Set or, with None, remove explicit labels. Photos that are not there are passed over."""
    connection.executemany("DELETE FROM label WHERE photo_id = ?", [(id_,) for id_ in names])
    connection.executemany(
        "INSERT INTO label (photo_id, name) SELECT id, ? FROM photo WHERE id = ?",
        [(name, id_) for id_, name in names.items() if name is not None],
    )


def reject(connection: sqlite3.Connection, photo_ids: Iterable[int], name: str) -> None:
    connection.executemany(
        "INSERT OR IGNORE INTO rejected_label (photo_id, name) SELECT id, ? FROM photo WHERE id = ?",
        [(name, id_) for id_ in photo_ids],
    )


def unreject(connection: sqlite3.Connection, photo_ids: Iterable[int], name: str) -> None:
    connection.executemany(
        "DELETE FROM rejected_label WHERE photo_id = ? AND name = ?", [(id_, name) for id_ in photo_ids]
    )


def rejected(connection: sqlite3.Connection, photo_ids: Iterable[int]) -> dict[int, set[str]]:
    """Photos of which nothing was rejected are left out."""
    found: dict[int, set[str]] = {}
    rows = connection.execute(
        "SELECT photo_id, name FROM rejected_label WHERE photo_id IN (SELECT value FROM json_each(?))",
        (_json(photo_ids),),
    )
    for photo_id, name in rows:
        found.setdefault(photo_id, set()).add(name)
    return found


def labels(connection: sqlite3.Connection, photo_ids: Iterable[int] | None = None) -> dict[int, str]:
    """The labels of these photos or of all: explicit ones, else the name of the folder, below a mark."""
    only = "" if photo_ids is None else "AND p.id IN (SELECT value FROM json_each(?)) "
    rows = connection.execute(
        "SELECT p.id, l.name, f.path, p.relpath FROM photo p JOIN folder f ON f.id = p.folder_id "
        f"LEFT JOIN label l ON l.photo_id = p.id WHERE (l.name IS NOT NULL OR {_MARKED}) {only}ORDER BY p.id",
        () if photo_ids is None else (_json(photo_ids),),
    )
    names: dict[tuple[bytes, bytes], str] = {}  # of the folders seen so far: many photos lie in each
    found: dict[int, str] = {}
    for photo_id, given, root, relpath in rows:
        if given is not None:
            found[photo_id] = given
            continue
        place = (root, os.path.dirname(relpath))
        found[photo_id] = names.get(place) or names.setdefault(place, _folder_name(*place))
    return found


def unlabelled(connection: sqlite3.Connection, limit: int, offset: int) -> list[int]:
    rows = connection.execute(
        f"SELECT p.id FROM photo p WHERE NOT {_MARKED} "
        "AND NOT EXISTS (SELECT 1 FROM label l WHERE l.photo_id = p.id) ORDER BY p.id LIMIT ? OFFSET ?",
        (limit, offset),
    )
    return [row[0] for row in rows]


def _folder_name(root: bytes, below: bytes) -> str:
    """Of the innermost folder; a photo directly in its root is called as the root is, "/" after its path."""
    return folder_label(os.fsdecode(os.path.basename(below) or os.path.basename(root) or root))
