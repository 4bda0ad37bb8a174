"""Checks the catalogue, the vectors and the index against each other."""

import sqlite3
from dataclasses import dataclass

import numpy as np

from imagefinder.domain.progress import CancelToken, ProgressMeter, ProgressSink
from imagefinder.storage import vector_table
from imagefinder.storage.database import Database
from imagefinder.storage.index_keeper import IndexKeeper
from imagefinder.storage.serving import holds_rows

ROWS_TO_COMPARE = 2000
STEPS = 4


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """``problems`` are sentences, empty where all is well. ``repaired`` says that none of them is left.

    ``photos`` and ``vectors`` (of the active model) count the catalogue, ``indexed`` what can be found by searching.
    """

    problems: tuple[str, ...]
    repaired: bool
    photos: int
    vectors: int
    indexed: int


def verify(
    database: Database, keeper: IndexKeeper | None, repair: bool, progress: ProgressSink, token: CancelToken
) -> VerifyReport:
    """See Library.verify. Called with the database's lock held."""
    meter = ProgressMeter(progress, token, "checking", STEPS)
    with database.snapshot() as connection:
        problems = _check_file(connection)
        beyond_repair = bool(problems)
        meter.report(1)
        bad = vector_table.bad_seqs(connection)
        meter.report(2)
        index_problem = _check_index(connection, keeper, bad) if keeper else ""
        photos = int(connection.execute("SELECT count(*) FROM photo").fetchone()[0])
        meter.report(3)
    if bad:
        problems.append(f"{len(bad)} photos had a damaged vector. They are read again at the next scan.")
    if index_problem:
        problems.append(f"{index_problem} It is rebuilt from the catalogue.")
    if repair and bad:
        with database.write() as connection:
            connection.executemany("DELETE FROM vector WHERE seq = ?", [(seq,) for seq in bad])
    if repair and keeper and (bad or index_problem):
        keeper.rebuild(token=token)
        keeper.problem = ""
        keeper.save()
    with database.read() as connection:
        vectors = vector_table.count(connection, keeper.model_id) if keeper else 0
    meter.report(STEPS)
    return VerifyReport(
        problems=tuple(problems),
        repaired=repair and bool(problems) and not beyond_repair,
        photos=photos,
        vectors=vectors,
        indexed=len(keeper.serving().index) if keeper else 0,
    )


def _check_file(connection: sqlite3.Connection) -> list[str]:
    faults = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(10)") if row[0] != "ok"]
    problems = [f"The catalogue is damaged: {fault}." for fault in faults]
    orphans = connection.execute("PRAGMA foreign_key_check").fetchall()
    if orphans:
        problems.append(f"{len(orphans)} entries of the catalogue belong to nothing.")
    return problems


def _check_index(connection: sqlite3.Connection, keeper: IndexKeeper, bad: list[int]) -> str:
    """What is wrong with the index, in a sentence; empty where it is as the catalogue."""
    serving = keeper.serving()
    if keeper.problem:
        return keeper.problem
    held = np.setdiff1d(serving.index.ids, bad)
    if not np.array_equal(held, np.setdiff1d(vector_table.seqs(connection, keeper.model_id), bad)):
        return "The index does not hold the photos that the catalogue does."
    sample = held[:: max(1, len(held) // ROWS_TO_COMPARE)]
    if not holds_rows(serving, vector_table.at(connection, sample, keeper.spec.dimension)):
        return "The index holds other vectors than the catalogue."
    return ""
