"""Embeddings as they are compared, for what goes on after a search."""

import sqlite3
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from comparing_kit import expected_similarities, tables
from imagefinder.domain.images import Embeddings
from imagefinder.domain.specs import Comparison
from imagefinder.storage import row_blobs, vector_table
from imagefinder.storage.library import Library
from storage_kit import item, library_with, row

COMPARISONS: tuple[Comparison, ...] = ("cosine", "hash", "hash-rerank")


def centred_rows(library: Library) -> dict[int, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    rows, mean, _, _, centred = tables(library)
    shift = mean if mean is not None and centred else np.zeros(16)
    apart = {photo_id: found / np.linalg.norm(found) - shift for photo_id, found in rows.items()}
    return {photo_id: found / np.linalg.norm(found) for photo_id, found in apart.items()}


@pytest.mark.parametrize("compare", COMPARISONS)
@pytest.mark.parametrize("centred", [True, False])
def test_a_neighbourhood_is_a_search_with_its_rows(tmp_path: Path, compare: Comparison, centred: bool) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 60) as library:
        library.compare_by(compare, centred)
        plain = centred_rows(library)
        ids, rows, query = library.neighbourhood(row(300), 12)
        assert ids == [photo_id for photo_id, _ in library.search(row(300), 12)]
        assert (rows.shape, query.shape) == ((12, 16), (16,))
        assert rows.dtype == query.dtype == np.float32
        np.testing.assert_allclose(rows, [plain[photo_id] for photo_id in ids], atol=1e-6)
        np.testing.assert_allclose(query, library.centred(row(300)))
        if compare != "hash":
            expected = sorted(expected_similarities(library, row(300)).values(), reverse=True)[:12]
            np.testing.assert_allclose(rows @ query, expected, atol=1e-3)
        same_ids, same_rows, same_query = library.neighbourhood(query, 12, centred=True)
        assert np.array_equal(same_query, query)
        if compare != "hash":
            assert same_ids == ids
            assert np.array_equal(same_rows, rows)
        assert len(library.neighbourhood(row(300), 1000)[0]) == 60
        assert library.neighbourhood(row(300), 0)[1].shape == (0, 16)


def test_reranking_finds_the_exact_best_among_the_candidates(tmp_path: Path) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 400) as library:
        library.compare_by("cosine", True)
        exact = [photo_id for photo_id, _ in library.search(row(900), 5)]
        library.compare_by("hash", True)
        by_codes = {photo_id for photo_id, _ in library.search(row(900), 200)}
        library.compare_by("hash-rerank", True)
        found = library.search(row(900), 5)
        assert [photo_id for photo_id, _ in found] == [photo_id for photo_id in exact if photo_id in by_codes][:5]
        cosines = expected_similarities(library, row(900))
        np.testing.assert_allclose([cosine for _, cosine in found], [cosines[id_] for id_, _ in found], atol=1e-3)
        assert len(library.search(row(900), 30)) == 30, "more answers are chosen among more candidates"


def test_all_rows_and_those_of_some_photos(tmp_path: Path) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 30) as library:
        library.optimise()
        plain = centred_rows(library)
        ids, rows = library.all_rows()
        assert ids == sorted(plain)
        np.testing.assert_allclose(rows, [plain[photo_id] for photo_id in ids], atol=1e-6)
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
        some, few = library.all_rows([7, 3, 999, 7])
        assert some == [3, 7]
        assert np.array_equal(few, rows[[2, 6]])
        assert library.all_rows([])[1].shape == (0, 16)


def test_a_random_sample_is_the_same_for_the_same_seed_and_reads_no_other_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 100) as library:
        library.optimise()
        everything = dict(zip(*library.all_rows(), strict=True))
        decoded: list[int] = []
        decode = row_blobs.decode

        def counting(blobs: Iterable[bytes], dimension: int) -> Embeddings:
            found = decode(blobs, dimension)
            decoded.append(len(found))
            return found

        monkeypatch.setattr(vector_table, "decode", counting)
        ids, rows = library.random_rows(20, seed=5)
        assert sum(decoded) == 20
        assert len(set(ids)) == 20
        for photo_id, found in zip(ids, rows, strict=True):
            assert np.array_equal(found, everything[photo_id])
        again, same = library.random_rows(20, seed=5)
        assert again == ids
        assert np.array_equal(same, rows)
        assert library.random_rows(20, seed=6)[0] != ids
        assert sorted(library.random_rows(1000, seed=1)[0]) == sorted(everything)


def test_a_library_without_a_model_has_no_rows(tmp_path: Path) -> None:
    with Library.open(tmp_path / "library") as library:
        assert np.array_equal(library.centred(row(1)), row(1))
        assert library.neighbourhood(row(1), 5)[0] == []
        assert library.random_rows(5, 0)[0] == []
        assert library.all_rows()[0] == []


def test_photos_that_another_process_removed_are_left_out(tmp_path: Path) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 30) as library:
        for compare in COMPARISONS:
            library.compare_by(compare, True)
            with Library.open(tmp_path / "library", read_only=True) as reader:
                before = [photo_id for photo_id, _ in reader.search(row(1), 100)]
                library.remove_photos(before[:1])
                assert [photo_id for photo_id, _ in reader.search(row(1), 100)] == before[1:]
                ids, rows, _ = reader.neighbourhood(row(1), 100)
                assert ids == before[1:]
                assert len(rows) == len(ids)
                assert sorted(reader.random_rows(100, 0)[0]) == sorted(ids)
                assert reader.all_rows()[0] == sorted(ids)


def test_rows_of_a_wrong_size_are_left_out(tmp_path: Path) -> None:
    library_with(tmp_path / "library", tmp_path / "photos", 10).close()
    raw = sqlite3.connect(tmp_path / "library" / "library.db")
    raw.execute("UPDATE vector SET embedding = x'0102' WHERE seq = 2")
    raw.commit()
    raw.close()
    with Library.open(tmp_path / "library") as library:
        assert 2 not in library.all_rows()[0]
        library.optimise()
        assert 2 not in library.neighbourhood(row(1), 100)[0]
        assert library.verify().repaired
        library.add(1, 1, [item("1.jpg", 1)])
        assert len(library.all_rows()[0]) == 10
