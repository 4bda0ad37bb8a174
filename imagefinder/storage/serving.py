"""An index together with how its rows were made."""

import sqlite3
from dataclasses import dataclass

import numpy as np

from imagefinder.domain.images import Embeddings
from imagefinder.domain.progress import CancelToken, ProgressMeter, ProgressSink
from imagefinder.domain.specs import IndexSpec, ModelSpec
from imagefinder.storage import vector_table
from imagefinder.storage.comparing import Comparing
from imagefinder.storage.hash_index import HashIndex
from imagefinder.storage.row_index import RowIndex
from imagefinder.storage.vectors import SAMPLES_PER_LIST, VectorIndex


@dataclass(frozen=True, slots=True, eq=False)
class Serving:
    """An index and how its rows were made. They change together: whoever searches takes both at once."""

    index: RowIndex
    comparing: Comparing


def build(
    connection: sqlite3.Connection,
    model_id: int,
    spec: ModelSpec,
    comparing: Comparing,
    progress: ProgressSink,
    token: CancelToken,
) -> RowIndex:
    """A new index of all rows of a model, of the kind that suits their number. Raises Cancelled."""
    total = vector_table.count(connection, model_id)
    chosen = IndexSpec.choose(total, spec.dimension, comparing.compare, spec.stored)
    index: RowIndex
    if chosen.kind == "hash":
        index = HashIndex(chosen)
    elif chosen.kind == "ivf":
        step = max(1, total // (chosen.lists * SAMPLES_PER_LIST))
        chunks = vector_table.rows(connection, model_id, spec.dimension)
        index = VectorIndex(chosen, np.concatenate([comparing.to_index(rows[::step]) for _, rows in chunks]))
    else:
        index = VectorIndex(chosen)
    meter = ProgressMeter(progress, token, "rebuilding", total)
    for ids, rows in vector_table.rows(connection, model_id, spec.dimension):
        index.add(ids, comparing.to_index(rows))
        meter.report(len(index))
    return index


def holds_rows(serving: Serving, rows: dict[int, Embeddings]) -> bool:
    """Whether the index holds these rows of the catalogue, by number, each bit for bit as it would be made from it."""
    held = serving.index.rows(np.fromiter(rows, np.int64, len(rows)))
    return all(
        seq in held and np.array_equal(held[seq], serving.index.stored(serving.comparing.to_index(row[None]))[0])
        for seq, row in rows.items()
    )
