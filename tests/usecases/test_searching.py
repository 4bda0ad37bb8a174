import os
from pathlib import Path

import numpy as np
import pytest

from drawing import draw_photo
from imagefinder.domain.errors import Cancelled, LibraryError, UnreadableImage
from imagefinder.domain.images import Query
from imagefinder.domain.progress import CancelToken
from imagefinder.embedding.embedder import Embedder
from imagefinder.storage.library import Library
from imagefinder.usecases.exporting import export
from imagefinder.usecases.indexing import index
from imagefinder.usecases.searching import search


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
