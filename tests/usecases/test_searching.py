import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drawing import draw_photo
from imagefinder.domain.errors import Cancelled, LibraryError, UnreadableImage
from imagefinder.domain.images import Query
from imagefinder.domain.progress import CancelToken
from imagefinder.domain.search_options import LEVER_NAMES, SearchOptions
from imagefinder.embedding.embedder import Embedder
from imagefinder.ranking.calibration import COPY
from imagefinder.ranking.expansion import expand
from imagefinder.ranking.levers import LEVERS
from imagefinder.storage.library import Library
from imagefinder.usecases.exporting import export
from imagefinder.usecases.indexing import index
from imagefinder.usecases.searching import search
from labelled_library import fill


@pytest.fixture
def indexed(library: Library, embedder: Embedder, photos: Path) -> Library:
    library.add_folder(str(photos))
    index(library, embedder)
    return library


def no_model() -> Embedder:
    raise AssertionError("the model is not needed for this")


def test_a_photo_is_most_similar_to_itself_and_results_are_best_first(
    indexed: Library, embedder: Embedder, photos: Path
) -> None:
    result = search(indexed, lambda: embedder, Query("x", path=str(photos / "a/03.jpg")), 5)
    assert result.hits[0].photo.name == "03.jpg"
    assert result.hits[0].similarity == pytest.approx(1, abs=2e-3)
    similarities = [hit.similarity for hit in result.hits]
    assert similarities == sorted(similarities, reverse=True)
    assert [hit.rank for hit in result.hits] == [1, 2, 3, 4, 5]
    assert result.searched == 12
    assert result.info is not None
    assert result.thumbnail.startswith(b"\xff\xd8")


def test_a_photo_of_the_library_asks_without_model_or_file_and_is_not_its_own_answer(
    indexed: Library, photos: Path
) -> None:
    photo = indexed.photo_at(str(photos / "a/03.jpg"))
    assert photo is not None
    os.remove(photo.path)
    result = search(indexed, no_model, Query("x", photo_id=photo.id), 100)
    assert len(result.hits) == 11
    assert photo.id not in {hit.photo.id for hit in result.hits}


def test_a_picture_from_outside_and_the_same_one_as_bytes_agree(
    indexed: Library, embedder: Embedder, tmp_path: Path
) -> None:
    path = draw_photo(tmp_path / "outside.png", seed=3)
    by_path = search(indexed, lambda: embedder, Query("x", path=str(path)), 3)
    by_bytes = search(indexed, lambda: embedder, Query("x", data=path.read_bytes()), 3)
    assert by_path.hits == by_bytes.hits
    assert by_path.hits[0].photo.name == "03.jpg"


def test_the_query_may_be_larger_than_the_library(indexed: Library, embedder: Embedder, photos: Path) -> None:
    assert len(search(indexed, lambda: embedder, Query("x", path=str(photos / "a/00.jpg")), 1000).hits) == 12


def test_an_empty_library_has_no_answers(library: Library, embedder: Embedder, tmp_path: Path) -> None:
    path = draw_photo(tmp_path / "q.jpg", seed=1)
    result = search(library, lambda: embedder, Query("x", path=str(path)), 5)
    assert (result.hits, result.searched) == ((), 0)


def test_what_cannot_be_read_says_why(indexed: Library, embedder: Embedder, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_text("hello")
    for query in (Query("x", path=str(bad)), Query("x", path=str(tmp_path / "none.jpg")), Query("x", data=b"junk")):
        with pytest.raises(UnreadableImage):
            search(indexed, lambda: embedder, query, 5)


def test_a_photo_that_was_removed_meanwhile_is_explained(indexed: Library) -> None:
    with pytest.raises(LibraryError, match="no longer"):
        search(indexed, no_model, Query("x", photo_id=10**9), 5)


def test_a_cancelled_search_stops(indexed: Library, embedder: Embedder, photos: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        search(indexed, lambda: embedder, Query("x", path=str(photos / "a/00.jpg")), 5, token)


def test_what_is_exported_is_plain_and_complete(indexed: Library, tmp_path: Path) -> None:
    target = tmp_path / "all.npz"
    assert export(indexed, target) == 12
    with np.load(target, allow_pickle=False) as data:
        assert set(data) == {"paths", "embeddings", "model"}
        assert str(data["model"]) == "colour-layout"
        assert data["embeddings"].dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(data["embeddings"], axis=1), 1, rtol=1e-5)
        for path, row in zip(data["paths"], data["embeddings"], strict=True):
            photo = indexed.photo_at(str(path))
            assert photo is not None
            stored = indexed.embedding(photo.id)
            assert stored is not None
            np.testing.assert_allclose(stored, row, atol=1e-3)


def test_an_export_that_cannot_be_written_leaves_nothing_behind(indexed: Library, tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="could not be written"):
        export(indexed, tmp_path / "nowhere" / "all.npz")
    assert not list(tmp_path.glob("*.partial"))


def asked(library: Library, photo_id: int, k: int, **options: Any) -> list[tuple[int, float]]:
    result = search(library, no_model, Query("x", photo_id=photo_id), k, options=SearchOptions(**options))
    assert [hit.rank for hit in result.hits] == list(range(1, len(result.hits) + 1))
    return [(hit.photo.id, hit.similarity) for hit in result.hits]


LEVERS_IN_USE = [name for name in LEVER_NAMES if name != "none"]


@pytest.mark.parametrize("lever", LEVERS_IN_USE)
def test_a_method_orders_the_same_photos_and_keeps_their_similarities(
    library: Library, tmp_path: Path, lever: str
) -> None:
    labelled, _ = fill(library, tmp_path, each=20)
    plain = asked(library, labelled[0], 100)
    found = asked(library, labelled[0], 100, lever=lever)
    assert len(plain) == 65
    assert dict(found) == pytest.approx(dict(plain), abs=2e-3)
    assert [photo_id for photo_id, _ in found] != [photo_id for photo_id, _ in plain]
    assert {photo_id for photo_id, _ in found[:19]} <= {photo_id for photo_id, _ in plain[:25]}
    assert labelled[0] not in dict(found)


@pytest.mark.parametrize("lever", LEVERS_IN_USE)
def test_copies_come_first_and_then_the_order_is_that_of_the_method(
    library: Library, tmp_path: Path, lever: str
) -> None:
    labelled, _ = fill(library, tmp_path, each=20)
    options = SearchOptions(lever=lever, candidates=50)
    row = library.embedding(labelled[5])
    assert row is not None
    ids, rows, query = library.neighbourhood(row, 51)
    others = np.array(ids) != labelled[5]
    scores = LEVERS[lever].rank(query, rows[others], options)
    if lever != "query-expansion":
        cosines = dict(zip(ids, (rows @ query).tolist(), strict=True))
        by_method = np.array(ids)[others][np.argsort(-scores, kind="stable")].tolist()
        copies = sorted((each for each in by_method if cosines[each] >= COPY), key=lambda each: -cosines[each])
        assert 0 < len(copies) < 30
        expected = copies + [each for each in by_method if each not in copies]
        found = asked(library, labelled[5], 40, lever=lever, candidates=50)
        assert [photo_id for photo_id, _ in found] == expected[:40]


def test_query_expansion_asks_the_whole_library(library: Library, tmp_path: Path) -> None:
    labelled, _ = fill(library, tmp_path, each=30)
    row = library.embedding(labelled[0])
    assert row is not None
    ids, rows, query = library.neighbourhood(row, 100)
    others = np.array(ids) != labelled[0]
    better = expand(query, rows[others], k=2, alpha=3)
    everyone, all_rows = library.all_rows()
    score_of = dict(zip(everyone, (all_rows @ better).tolist(), strict=True))
    found = asked(library, labelled[0], 20, lever="query-expansion", candidates=50)
    best = sorted((score for photo_id, score in score_of.items() if photo_id != labelled[0]), reverse=True)
    assert [score_of[photo_id] for photo_id, _ in found] == pytest.approx(best[:20], abs=2e-3)


@pytest.mark.parametrize("lever", LEVERS_IN_USE)
def test_where_codes_are_compared_a_method_still_says_cosines(library: Library, tmp_path: Path, lever: str) -> None:
    labelled, _ = fill(library, tmp_path, each=20)
    library.compare_by("hash", True)
    found = asked(library, labelled[0], 100, lever=lever)
    row = library.embedding(labelled[0])
    assert row is not None
    ids, rows = library.all_rows(photo_id for photo_id, _ in found)
    assert len(ids) == 65
    cosines = (rows @ library.centred(row)).tolist()
    assert dict(found) == pytest.approx(dict(zip(ids, cosines, strict=True)), abs=1e-5)


@pytest.mark.parametrize("lever", LEVERS_IN_USE)
def test_a_method_on_a_library_of_one_or_no_photo(library: Library, tmp_path: Path, lever: str) -> None:
    labelled, loose = fill(library, tmp_path, each=1, loose=0)
    library.remove_photos(labelled[2:])
    assert [photo_id for photo_id, _ in asked(library, labelled[0], 5, lever=lever)] == [labelled[1]]
    library.remove_photos(labelled[1:])
    assert asked(library, labelled[0], 5, lever=lever) == []
    assert loose == []


@pytest.mark.parametrize("lever", LEVERS_IN_USE)
def test_a_method_answers_a_file_too(indexed: Library, embedder: Embedder, photos: Path, lever: str) -> None:
    query = Query("x", path=str(photos / "a/03.jpg"))
    result = search(indexed, lambda: embedder, query, 12, options=SearchOptions(lever=lever))
    assert len(result.hits) == 12
    similarity_of = {hit.photo.name: hit.similarity for hit in result.hits}
    assert similarity_of["03.jpg"] == pytest.approx(1, abs=2e-3)
    assert result.hits[0].photo.name == "03.jpg"


@pytest.mark.parametrize("lever", LEVER_NAMES)
def test_every_method_leaves_an_empty_library_without_answers(
    library: Library, embedder: Embedder, tmp_path: Path, lever: str
) -> None:
    path = draw_photo(tmp_path / "q.jpg", seed=1)
    query = Query("x", path=str(path))
    assert search(library, lambda: embedder, query, 5, options=SearchOptions(lever=lever)).hits == ()
