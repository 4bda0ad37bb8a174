"""From a row to its BLOB and back, in both forms."""

import numpy as np
import pytest

from imagefinder.domain.images import Embeddings
from imagefinder.domain.specs import Stored
from imagefinder.storage.row_blobs import decode, encode, row_bytes, sound, unit

FORMS: tuple[Stored, ...] = ("float16", "int8")
DIMENSION = 512


def components(count: int, seed: int = 0) -> Embeddings:
    """Unit rows as principal components are: every number near zero on average, the first ones larger."""
    spread = np.arange(1, DIMENSION + 1) ** -0.25
    found = np.random.default_rng(seed).standard_normal((count, DIMENSION)) * spread
    return unit(np.asarray(found, np.float32))


@pytest.mark.parametrize("stored", FORMS)
def test_rows_come_back_as_unit_rows_that_point_where_they_did(stored: Stored) -> None:
    rows = components(200)
    blobs = [encode(row, stored) for row in rows]
    assert {len(blob) for blob in blobs} == {row_bytes(DIMENSION, stored)}
    found = decode(blobs, DIMENSION)
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6 if stored == "int8" else 1e-3)
    cosines = np.sum(unit(found) * rows, axis=1)
    assert np.median(cosines) > 0.9999
    assert np.min(cosines) > 0.9995, "a row with one large number leaves few steps for the others"
    assert np.all(sound(blobs, DIMENSION))


@pytest.mark.parametrize("stored", FORMS)
def test_a_row_of_zeros_or_of_one_number_is_kept_exactly(stored: Stored) -> None:
    rows = np.stack([np.zeros(8, np.float32), *np.eye(8, dtype=np.float32), *-np.eye(8, dtype=np.float32)])
    blobs = [encode(row, stored) for row in rows]
    assert np.array_equal(decode(blobs, 8), rows)
    assert np.all(sound(blobs, 8))


def test_what_was_decoded_is_encoded_the_same_again() -> None:
    blobs = [encode(row, "int8") for row in components(50)]
    assert [encode(row, "int8") for row in decode(blobs, DIMENSION)] == blobs


def test_rows_of_both_forms_side_by_side_are_each_as_they_are_alone() -> None:
    blobs = [encode(row, FORMS[n % 3 == 0]) for n, row in enumerate(components(20))]
    together = decode(blobs, DIMENSION)
    for blob, row in zip(blobs, together, strict=True):
        assert np.array_equal(decode([blob], DIMENSION)[0], row)
    assert decode([], DIMENSION).shape == (0, DIMENSION)
    assert sound([], DIMENSION).tolist() == []


@pytest.mark.parametrize("length", [0, 1, DIMENSION - 1, DIMENSION + 1, 2 * DIMENSION - 1, 4 * DIMENSION])
def test_a_blob_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match=r"reshape|buffer|assign|broadcast"):
        decode([encode(components(1)[0], "int8"), bytes(length)], DIMENSION)


def test_damage_shows_where_it_can() -> None:
    row = components(1)[0]
    halves, steps = np.frombuffer(encode(row, "float16"), "<f2"), np.frombuffer(encode(row, "int8"), np.int8)
    not_finite, twice, beyond, shrunk = halves.copy(), halves * np.float16(2), steps.copy(), steps // 2
    not_finite[7] = np.nan
    beyond[7] = -128
    blobs = [array.tobytes() for array in (halves, not_finite, twice, steps, beyond, shrunk)]
    assert sound(blobs, DIMENSION).tolist() == [True, False, False, True, False, False]


@pytest.mark.parametrize("stored", FORMS)
def test_what_could_never_be_found_again_is_refused(stored: Stored) -> None:
    row = components(1)[0]
    bad = row.copy()
    bad[3] = np.nan
    for embedding in (bad, row * 3, row * np.float32(np.inf)):
        with pytest.raises(ValueError, match="an embedding"):
            encode(embedding, stored)
