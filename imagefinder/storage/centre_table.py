"""The pinned mean of each model's vectors: SQL in functions that take a connection. Transactions are the caller's.

Why it is pinned. What an index holds are rows with the mean subtracted; if the mean moved with every photo, no two rows
of an index would have been made alike, and a similarity would change for no reason that a person can see. So it is
measured over all vectors, written down, and used as it is for every row and every query, until it is measured anew.

How it stays right while a library grows. It is measured anew at the end of a run of indexing and when a model becomes
the active one, if by then more than a tenth of the rows that it was made of have gone, or as many have been added. The
index is made again with it. Between two such moments new photos are compared by a mean that does not count them, which
a tenth of the rows can move but little.
"""

import logging
import sqlite3
from dataclasses import dataclass

import numpy as np

from imagefinder.domain.images import Embeddings
from imagefinder.domain.progress import CancelToken
from imagefinder.ranking.centring import shrunk_mean
from imagefinder.storage import vector_table

log = logging.getLogger(__name__)

STORED = np.dtype("<f4")
DRIFT = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Centre:
    """The shrunk mean (dimension,), float32, of ``count`` rows, the newest of which is ``last_seq``."""

    count: int
    last_seq: int
    mean: Embeddings


def pinned(connection: sqlite3.Connection, model_id: int, dimension: int) -> Centre | None:
    """What was written down; None before that, and for what cannot be a mean of unit rows."""
    row = connection.execute("SELECT count, last_seq, mean FROM centre WHERE model_id = ?", (model_id,)).fetchone()
    if row is None:
        return None
    mean = np.frombuffer(row[2], np.uint8)
    if mean.size != dimension * STORED.itemsize or not np.linalg.norm(mean.view(STORED)) < 1:  # NaN is not, either
        log.warning("the mean of model %d is damaged; it is measured again after the next run of indexing", model_id)
        return None
    return Centre(row[0], row[1], mean.view(STORED).astype(np.float32))


def pin(connection: sqlite3.Connection, model_id: int, centre: Centre) -> None:
    connection.execute(
        "INSERT INTO centre VALUES (?, ?, ?, ?) ON CONFLICT (model_id) DO UPDATE SET "
        "count = excluded.count, last_seq = excluded.last_seq, mean = excluded.mean",
        (model_id, centre.count, centre.last_seq, centre.mean.astype(STORED).tobytes()),
    )


def has_drifted(connection: sqlite3.Connection, model_id: int, centre: Centre) -> bool:
    """Whether more than a tenth of its rows have gone, or as many have come, since it was pinned."""
    total = vector_table.count(connection, model_id)
    come = vector_table.count(connection, model_id, after=centre.last_seq)
    gone = centre.count - (total - come)
    return total > 0 and max(come, gone) > DRIFT * centre.count


def measure(connection: sqlite3.Connection, model_id: int, dimension: int, token: CancelToken) -> Centre | None:
    """The centre of all rows as they are now, read in pieces; None where there are none. Raises Cancelled."""
    total, count, last = np.zeros(dimension, np.float64), 0, 0
    for ids, rows in vector_table.rows(connection, model_id, dimension):
        total += rows.sum(axis=0, dtype=np.float64)
        count += len(ids)
        last = int(ids[-1]) if len(ids) else last
        token.check()
    return Centre(count, last, shrunk_mean(total, count)) if count else None
