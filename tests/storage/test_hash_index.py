import threading
from pathlib import Path

import numpy as np
import pytest

from imagefinder.domain.images import Embeddings
from imagefinder.domain.specs import IndexSpec
from imagefinder.ranking.hashing import codes, hamming, hamming_similarity
from imagefinder.storage import index_file
from imagefinder.storage.hash_index import HashIndex
from imagefinder.storage.vectors import VectorIndex

DIMENSION = 100


def signed_rows(count: int, seed: int = 0, dimension: int = DIMENSION) -> Embeddings:
    return np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)


def filled(rows: Embeddings, first_id: int = 10) -> HashIndex:
    index = HashIndex(IndexSpec("hash", rows.shape[1]))
    for start in range(0, len(rows), 300):
        chunk = rows[start : start + 300]
        index.add(np.arange(first_id + start, first_id + start + len(chunk)), chunk)
    return index


@pytest.mark.parametrize("dimension", [3, 8, 100, 511, 1280])
def test_a_search_is_that_of_plain_hamming_distances(dimension: int) -> None:
    rows = signed_rows(1000, dimension=dimension)
    index = filled(rows)
    for query in signed_rows(10, seed=1, dimension=dimension):
        ids, similarities = index.search(query, 25)
        plain = hamming_similarity(hamming(codes(rows), codes(query)), dimension)
        assert np.array_equal(similarities, plain[ids - 10])
        assert np.array_equal(similarities, np.sort(plain)[::-1][:25])
        assert len(set(ids.tolist())) == 25


def test_removed_codes_are_not_found_and_can_come_back() -> None:
    rows = signed_rows(500)
    index = filled(rows)
    assert index.remove(np.array([12, 13, 9999])) == 2
    assert index.remove(np.array([12])) == 0
    assert len(index) == 498
    ids, _ = index.search(rows[2], 498)
    assert 12 not in ids
    assert -1 not in ids
    index.add(np.array([12]), rows[2:3])
    assert index.search(rows[2], 1)[0].tolist() == [12]
    with pytest.raises(ValueError, match="already"):
        index.add(np.array([12]), rows[2:3])
    index.remove(index.ids)
    assert index.search(rows[2], 5)[0].tolist() == []


def test_codes_come_back_bit_for_bit_and_take_a_bit_for_each_value() -> None:
    rows = signed_rows(700)
    index = filled(rows)
    found = index.rows(np.array([10, 333, 709, 5]))
    assert sorted(found) == [10, 333, 709]
    for id_, code in found.items():
        assert np.array_equal(code, codes(rows[id_ - 10]))
        assert code.nbytes == 13


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    rows = signed_rows(600)
    index = filled(rows)
    index.remove(np.array([15]))
    path = tmp_path / "index.faiss"
    index_file.save(path, index, "library", "model", "centre")
    loaded, stamp = index_file.load(path)
    assert isinstance(loaded, HashIndex)
    assert (stamp.kind, stamp.centre, stamp.last_seq, stamp.count) == ("hash", "centre", 609, 599)
    assert np.array_equal(loaded.ids, index.ids)
    for query in rows[:10]:
        assert np.array_equal(loaded.search(query, 20)[1], index.search(query, 20)[1])
    loaded.add(np.array([1000]), rows[5:6])
    assert loaded.search(rows[5], 1)[0].tolist() == [1000]


def test_a_file_of_codes_is_no_file_of_vectors(tmp_path: Path) -> None:
    pieces: list[bytes] = []
    filled(signed_rows(20)).write(pieces.append)
    with (tmp_path / "codes").open("wb") as file:
        file.writelines(pieces)
    for spec in (IndexSpec("hash", 200), IndexSpec("flat", DIMENSION)):
        kind = HashIndex if spec.kind == "hash" else VectorIndex
        with (tmp_path / "codes").open("rb") as file, pytest.raises(ValueError, match="not an index"):
            kind.read(spec, 1, file.read)


def test_searching_while_adding_and_removing() -> None:
    rows = signed_rows(4000)
    index = filled(rows[:100], 0)
    stop = threading.Event()
    wrong: list[object] = []
    searches = 0

    def search() -> None:
        nonlocal searches
        while not stop.is_set():
            ids, similarities = index.search(rows[7], 20)
            searches += 1
            expected = hamming_similarity(hamming(codes(rows[ids]), codes(rows[7])), DIMENSION)
            if ids[0] != 7 or not np.array_equal(similarities, expected):
                wrong.append(ids)

    thread = threading.Thread(target=search)
    thread.start()
    for start in range(100, 4000, 50):
        index.add(np.arange(start, start + 50), rows[start : start + 50])
        if start % 200 == 0:
            index.remove(np.arange(start, start + 10))
    stop.set()
    thread.join()
    assert not wrong
    assert searches > 0
    assert len(index) == 4000 - 19 * 10
