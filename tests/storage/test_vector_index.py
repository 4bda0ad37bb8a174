import io
import itertools
import threading
from pathlib import Path

import numpy as np
import pytest

from imagefinder.domain.images import Embeddings
from imagefinder.domain.specs import IndexKind, IndexSpec, Stored
from imagefinder.storage import index_file
from imagefinder.storage.vectors import VectorIndex

DIMENSION = 24
KINDS: tuple[IndexKind, ...] = ("flat", "ivf")
FORMS: tuple[Stored, ...] = ("float16", "int8")
SPECS = [
    pytest.param(IndexSpec(kind, DIMENSION, 32, stored), id=f"{kind} {stored}") for kind in KINDS for stored in FORMS
]
FLAT = IndexSpec("flat", DIMENSION)
FAR: dict[Stored, float] = {"float16": 2e-6, "int8": 6e-3}
"""How far a similarity may be off: rows are exact in these tests, and the query is rounded to bytes as well."""


def unit_rows(count: int, seed: int = 0, dimension: int = DIMENSION, stored: Stored = "float16") -> Embeddings:
    """Rows in loose groups, as photographs are, and exact in the form in which they are kept."""
    rng = np.random.default_rng(seed)
    found = rng.standard_normal((50, dimension))[rng.integers(0, 50, count)] + rng.standard_normal((count, dimension))
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    exact = found.astype(np.float16) if stored == "float16" else np.rint(found * 127) / 127
    return exact.astype(np.float32)


def filled(spec: IndexSpec, rows: Embeddings, first_id: int = 10) -> VectorIndex:
    index = VectorIndex(spec, rows)
    for start in range(0, len(rows), 300):
        chunk = rows[start : start + 300]
        index.add(np.arange(first_id + start, first_id + start + len(chunk)), chunk)
    return index


@pytest.fixture(params=[64, 100_000], autouse=True)
def fresh_rows(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that were added last go into the lists soon, or wait."""
    monkeypatch.setattr("imagefinder.storage.vectors.FRESH_ROWS", request.param)


@pytest.mark.parametrize("stored", FORMS)
def test_rows_that_wait_for_their_lists_are_written_with_the_others(tmp_path: Path, stored: Stored) -> None:
    index = filled(IndexSpec("ivf", DIMENSION, 32, stored), unit_rows(700, stored=stored))
    before = [index.search(query, 5) for query in unit_rows(10, seed=3)]
    index_file.save(tmp_path / "index", index, "library", "model")
    after = [index.search(query, 5) for query in unit_rows(10, seed=3)]
    loaded, _ = index_file.load(tmp_path / "index")
    assert np.array_equal(loaded.ids, index.ids)
    assert loaded.rows(index.ids).keys() == index.rows(index.ids).keys()
    for (_, first), (ids, second), query in zip(before, after, unit_rows(10, seed=3), strict=True):
        assert np.all(first >= second - 1e-6), "all rows that wait are looked at, so nothing near is missed"
        assert loaded.search(query, 5)[0].tolist() == ids.tolist()


@pytest.mark.parametrize("spec", SPECS)
def test_similarities_are_right_and_the_neighbours_found(spec: IndexSpec) -> None:
    rows = unit_rows(2000, stored=spec.stored)
    index = filled(spec, rows)
    assert len(index) == 2000
    overlap = 0
    for query in unit_rows(20, seed=1):
        ids, similarities = index.search(query, 10)
        cosines = rows @ query
        np.testing.assert_allclose(similarities, cosines[ids - 10], atol=FAR[spec.stored])
        assert np.all(np.diff(similarities) <= 0)
        overlap += len(set(ids) & set(np.argsort(-cosines)[:10] + 10))
    exact = spec.kind == "flat" and spec.stored == "float16"
    assert overlap == 200 if exact else overlap >= 180


@pytest.mark.parametrize("spec", SPECS)
def test_removed_rows_are_not_found_and_unknown_ids_do_no_harm(spec: IndexSpec) -> None:
    rows = unit_rows(500, stored=spec.stored)
    index = filled(spec, rows)
    assert index.remove(np.array([12, 13, 9999])) == 2
    assert index.remove(np.array([12])) == 0
    assert len(index) == 498
    ids, _ = index.search(rows[2], 498)
    assert 12 not in ids
    assert -1 not in ids
    index.add(np.array([12]), rows[2:3])
    assert index.search(rows[2], 1)[0].tolist() == [12]


@pytest.mark.parametrize("spec", SPECS)
def test_rows_come_back_bit_for_bit(spec: IndexSpec) -> None:
    rows = unit_rows(700, stored=spec.stored)
    index = filled(spec, rows)
    found = index.rows(np.array([10, 333, 709, 5]))
    assert sorted(found) == [10, 333, 709]
    for id_, held in found.items():
        assert np.array_equal(held, index.stored(rows[[id_ - 10]])[0])
        exact = held.astype(np.float32) if spec.stored == "float16" else (held.astype(np.float32) - 128) / 127
        np.testing.assert_allclose(exact, rows[id_ - 10], atol=1e-7)


def test_an_empty_index_answers_nothing() -> None:
    index = VectorIndex(FLAT)
    ids, similarities = index.search(unit_rows(1)[0], 5)
    assert ids.tolist() == similarities.tolist() == []
    assert index.ids.tolist() == []
    assert filled(FLAT, unit_rows(3)).search(unit_rows(1)[0], 100)[0].size == 3


@pytest.mark.parametrize("spec", SPECS)
def test_an_id_cannot_be_there_twice(spec: IndexSpec) -> None:
    rows = unit_rows(100, stored=spec.stored)
    index = filled(spec, rows)
    for ids in ([50, 500], [600, 600]):
        with pytest.raises(ValueError, match="already"):
            index.add(np.array(ids), rows[:2])
    assert len(index) == 100
    with pytest.raises(ValueError, match="expected"):
        index.add(np.array([700]), rows[:1, :5])


@pytest.mark.parametrize("spec", SPECS)
def test_what_is_saved_is_what_is_loaded(spec: IndexSpec, tmp_path: Path) -> None:
    rows = unit_rows(600, stored=spec.stored)
    index = filled(spec, rows)
    index.remove(np.array([15]))
    path = tmp_path / "ünïcode \U0001f600.faiss"
    index_file.save(path, index, "library", "model")
    loaded, stamp = index_file.load(path)
    assert (stamp.library, stamp.model, stamp.last_seq, stamp.count) == ("library", "model", 609, 599)
    assert np.array_equal(loaded.ids, index.ids)
    for query in rows[:10]:
        assert loaded.search(query, 20)[0].tolist() == index.search(query, 20)[0].tolist()
    loaded.add(np.array([1000]), rows[5:6])
    assert set(loaded.search(rows[5], 1)[0].tolist()) == {1000}


def test_a_file_with_any_damage_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "index.faiss"
    index_file.save(path, filled(FLAT, unit_rows(300)), "library", "model")
    whole = path.read_bytes()
    damaged = [b"", b"\0", b"not ours" * 100, whole[:50], whole[: len(whole) // 2], whole[:-1], whole + b"x"]
    for place in (3, 9, 40, 200, len(whole) // 2, len(whole) - 2):
        flipped = bytearray(whole)
        flipped[place] ^= 0x40
        damaged.append(bytes(flipped))
    for data in damaged:
        path.write_bytes(data)
        with pytest.raises(index_file.IndexFileError):
            index_file.load(path)
    path.write_bytes(whole)
    assert len(index_file.load(path)[0]) == 300


def test_a_failed_save_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "index.faiss"
    index_file.save(path, filled(FLAT, unit_rows(100)), "library", "model")
    before = path.read_bytes()

    def no_space(*_: object) -> None:
        raise OSError(28, "No space left on device")

    bigger = filled(FLAT, unit_rows(200))
    for step in ("os.fsync", "os.replace"):
        with monkeypatch.context() as patch:
            patch.setattr(f"imagefinder.storage.index_file.{step}", no_space)
            with pytest.raises(OSError, match="No space left"):
                index_file.save(path, bigger, "library", "model")
        assert path.read_bytes() == before
        assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_while_faiss_writes_surfaces_as_it_is() -> None:
    pieces = itertools.count()

    def full(_: bytes) -> None:
        if next(pieces) >= 2:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        filled(FLAT, unit_rows(100)).write(full)


@pytest.mark.parametrize("spec", SPECS)
def test_searching_and_saving_while_adding_and_removing(spec: IndexSpec) -> None:
    rows = unit_rows(6000, stored=spec.stored)
    index = VectorIndex(spec, rows)
    index.add(np.arange(100), rows[:100])
    stop = threading.Event()
    wrong: list[object] = []
    counts = [0, 0]

    def search() -> None:
        while not stop.is_set():
            ids, similarities = index.search(rows[7], 20)
            counts[0] += 1
            if ids[0] != 7 or not np.allclose(similarities, rows[ids] @ rows[7], atol=FAR[spec.stored]):
                wrong.append(ids)

    def save() -> None:
        while not stop.is_set():
            target = io.BytesIO()
            index.write(target.write)
            target.seek(0)
            counts[1] += 1
            if not len(VectorIndex.read(index.spec, index.parts, target.read)):
                wrong.append("nothing was saved")

    threads = [threading.Thread(target=work) for work in (search, search, save)]
    for thread in threads:
        thread.start()
    for start in range(100, 6000, 50):
        index.add(np.arange(start, start + 50), rows[start : start + 50])
        if start % 200 == 0:
            index.remove(np.arange(start, start + 10))
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong
    assert min(counts) > 0
    assert len(index) == 6000 - 29 * 10
