"""Settings, and the models of a library: SQL in functions that take a connection. Transactions are the caller's."""

import sqlite3
from dataclasses import replace

from imagefinder.domain.specs import Comparison, ModelSpec

WANTED_MODEL = "wanted_model"
"""The setting with the id of the model that is to become the active one; it is there during a switch only."""


def setting(connection: sqlite3.Connection, key: str) -> str | None:
    row = connection.execute("SELECT value FROM setting WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row[0])


def set_setting(connection: sqlite3.Connection, key: str, value: str) -> None:
    connection.execute(
        "INSERT INTO setting VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", (key, value)
    )


def drop_setting(connection: sqlite3.Connection, key: str) -> None:
    connection.execute("DELETE FROM setting WHERE key = ?", (key,))


def register(connection: sqlite3.Connection, spec: ModelSpec) -> int:
    """The id of the model, the same one whenever it gives the same embeddings; its name and prose are updated.

    What the library chose by ``choose`` stays.
    """
    cursor = connection.execute(
        "INSERT INTO model (name, fingerprint, dimension, spec) VALUES (?, ?, ?, ?) ON CONFLICT (fingerprint) "
        "DO UPDATE SET name = excluded.name, spec = excluded.spec RETURNING id",
        (spec.name, spec.fingerprint, spec.dimension, spec.to_json()),
    )
    return int(cursor.fetchone()[0])


def choose(connection: sqlite3.Connection, model_id: int, compare: Comparison, centred: bool) -> None:
    """How this library compares, whatever the model's record says now or later."""
    connection.execute("UPDATE model SET compare = ?, centred = ? WHERE id = ?", (compare, int(centred), model_id))


def models(connection: sqlite3.Connection) -> dict[int, ModelSpec]:
    """All models by id, each with the library's own choice of ``compare`` and ``centred``."""
    found = connection.execute("SELECT id, spec, compare, centred FROM model ORDER BY id")
    return {id_: _chosen(ModelSpec.from_json(spec), compare, centred) for id_, spec, compare, centred in found}


def _chosen(spec: ModelSpec, compare: Comparison | None, centred: int | None) -> ModelSpec:
    return replace(
        spec,
        compare=spec.compare if compare is None else compare,
        centred=spec.centred if centred is None else bool(centred),
    )


def forget(connection: sqlite3.Connection, model_id: int) -> None:
    """Delete a model with its vectors and its centre."""
    connection.execute("DELETE FROM vector WHERE model_id = ?", (model_id,))
    connection.execute("DELETE FROM removed_vector WHERE model_id = ?", (model_id,))
    connection.execute("DELETE FROM model WHERE id = ?", (model_id,))


def precision(connection: sqlite3.Connection, spec: ModelSpec) -> str | None:
    row = connection.execute("SELECT precision FROM model WHERE fingerprint = ?", (spec.fingerprint,)).fetchone()
    return row[0] or None if row else None


def set_precision(connection: sqlite3.Connection, model_id: int, precision: str) -> None:
    connection.execute("UPDATE model SET precision = ? WHERE id = ?", (precision, model_id))
