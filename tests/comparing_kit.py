"""What a search should answer, computed plainly from the tables of a library."""

import itertools
import json

import numpy as np
import numpy.typing as npt

from imagefinder.domain.images import Embeddings
from imagefinder.storage.comparing import ROUNDING
from imagefinder.storage.library import Library

RESERVE = 100
Wide = npt.NDArray[np.float64]


def tables(library: Library) -> tuple[dict[int, Wide], Wide | None, int, str, bool]:
    """The active model's rows by photo id, its pinned mean with its count, and how the library compares."""
    with library._database.read() as connection:
        (active,) = connection.execute("SELECT value FROM setting WHERE key = 'active_model'").fetchone()
        spec, compare, centred = connection.execute(
            "SELECT spec, compare, centred FROM model WHERE id = ?", (int(active),)
        ).fetchone()
        found = connection.execute("SELECT photo_id, embedding FROM vector WHERE model_id = ?", (int(active),))
        rows = {photo_id: _decoded(blob, json.loads(spec)["dimension"]) for photo_id, blob in found}
        pin = connection.execute("SELECT count, mean FROM centre WHERE model_id = ?", (int(active),)).fetchone()
    record = json.loads(spec)
    mean = None if pin is None else np.frombuffer(pin[1], "<f4").astype(np.float64)
    return (
        rows,
        mean,
        0 if pin is None else pin[0],
        record.get("compare", "cosine") if compare is None else compare,
        bool(record.get("centred", True) if centred is None else centred),
    )


def expected_similarities(library: Library, query: Embeddings) -> dict[int, float]:
    """Photo id -> the similarity to the raw unit row ``query``, for all photos."""
    rows, mean, count, compare, centred = tables(library)
    wide = query.astype(np.float64)
    if compare == "hash":
        threshold = np.zeros_like(wide) if mean is None else mean * (count + RESERVE) / count
        asked_bits = wide - threshold > ROUNDING
        return {id_: 1 - 2 * float(np.mean((row - threshold > ROUNDING) != asked_bits)) for id_, row in rows.items()}
    shift = np.zeros_like(wide) if mean is None or not centred else mean
    asked = _unit(wide - shift)
    return {id_: float(_unit(row - shift) @ asked) for id_, row in rows.items()}


def mean_of_rows(library: Library) -> Wide:
    """The shrunk mean of the rows as they are now."""
    rows = np.stack(list(tables(library)[0].values()))
    return np.asarray(rows.sum(axis=0) / (len(rows) + RESERVE), np.float64)


def _decoded(blob: bytes, dimension: int) -> Wide:
    if len(blob) == 2 * dimension:
        return np.frombuffer(blob, "<f2").astype(np.float64)
    steps = np.frombuffer(blob, np.int8).astype(np.float64)
    return steps if not steps.any() else _unit(steps)


def _unit(row: Wide) -> Wide:
    return np.asarray(row / np.linalg.norm(row), np.float64)


def answers_are_right(library: Library, query: Embeddings, tolerance: float = 2e-3) -> None:
    """Every photo is found, with the similarity that it should have, best first."""
    expected = expected_similarities(library, query)
    hits = library.search(query, len(expected) + 10)
    assert sorted(photo_id for photo_id, _ in hits) == sorted(expected)
    similarities = [similarity for _, similarity in hits]
    assert all(first >= second - 1e-6 for first, second in itertools.pairwise(similarities))
    np.testing.assert_allclose(similarities, [expected[photo_id] for photo_id, _ in hits], atol=tolerance)
