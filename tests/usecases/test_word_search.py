"""Finding photos by words, alone and beside a picture."""

from pathlib import Path

import numpy as np
import pytest

from imagefinder.domain.errors import Cancelled
from imagefinder.domain.images import Embeddings, Query, SearchResult
from imagefinder.domain.progress import CancelToken
from imagefinder.domain.words import UnknownWord
from imagefinder.embedding.class_directions import ClassDirections
from imagefinder.embedding.class_words import ClassWords
from imagefinder.embedding.embedder import Embedder
from imagefinder.storage.library import Library
from imagefinder.usecases import word_search
from imagefinder.usecases.vocabulary import Vocabularies
from imagefinder.usecases.word_search import search_words
from storage_kit import DIMENSION, model, read

WORDS = ClassWords.of_names(["dog", "cat", "boat"])
DIRECTIONS = ClassDirections(np.eye(3, DIMENSION, dtype=np.float32), None, (0, 0), WORDS)


def no_network() -> Embedder:
    raise AssertionError("no network is needed for this")


def towards(**shares: float) -> Embeddings:
    """A unit row that points to these classes, the more the larger; the rest to none of them."""
    row = np.zeros(DIMENSION, np.float32)
    for name, share in shares.items():
        row[["dog", "cat", "boat"].index(name)] = share
    row[DIMENSION - 1] = np.sqrt(1 - (row**2).sum())
    return row


PHOTOS = {
    "a/dog.jpg": ("2021-01-01", towards(dog=0.9)),
    "a/dim.jpg": ("2020-01-01", towards(dog=0.4)),
    "b/cat.jpg": ("2021-01-02", towards(cat=0.9)),
    "b/both.jpg": ("2019-01-01", towards(dog=0.6, cat=0.6)),
    "b/boat at sea.jpg": ("2018-01-01", towards(boat=0.8)),
}


@pytest.fixture
def filled(library: Library, tmp_path: Path) -> Library:
    (tmp_path / "root").mkdir()
    library.activate(model())
    folder = library.add_folder(str(tmp_path / "root"))
    items = [
        (relpath, read(seed, taken_at=f"{day} 12:00:00"), row)
        for seed, (relpath, (day, row)) in enumerate(PHOTOS.items())
    ]
    library.add(folder.id, library.register_model(model()), items)
    return library


def search(
    library: Library, words: str, k: int = 10, photo: str | None = None, directions: ClassDirections | None = DIRECTIONS
) -> SearchResult:
    vocabulary = Vocabularies().of(library, directions.words if directions is not None else None)
    query = Query(photo or words, photo_id=None if photo is None else id_of(library, photo), words=words)
    return search_words(library, no_network, directions, vocabulary, query, k)


def id_of(library: Library, name: str) -> int:
    return next(photo.id for photo in library.newest(100) if photo.name == name)


def found(result: SearchResult) -> list[str]:
    return [hit.photo.name for hit in result.hits]


def test_what_photos_show_puts_them_into_order_without_a_network(filled: Library) -> None:
    result = search(filled, "cat")
    assert found(result)[:2] == ["cat.jpg", "both.jpg"]
    assert len(result.hits) == 5
    assert result.hits[0].similarity == pytest.approx(0.9, abs=1e-3)
    assert result.matching is None
    assert result.ordered_by_look
    assert [(term.text, term.kinds) for term in result.terms] == [("cat", ("shown", "file"))]


def test_two_things_are_both_looked_for(filled: Library) -> None:
    assert found(search(filled, "dim dog"))[0] == "dim.jpg"
    assert set(found(search(filled, "boat cat", 2))) == {"boat at sea.jpg", "cat.jpg"}


def test_what_is_called_so_comes_first(filled: Library) -> None:
    filled.set_labels([id_of(filled, "dim.jpg")], "dog")
    names = found(search(filled, "dog"))
    assert set(names[:2]) == {"dim.jpg", "dog.jpg"}
    assert names[2] == "both.jpg"


def test_names_and_dates_choose_and_the_newest_come_first(filled: Library) -> None:
    result = search(filled, "b")
    assert found(result) == ["cat.jpg", "both.jpg", "boat at sea.jpg"]
    assert {hit.similarity for hit in result.hits} == {1.0}
    assert result.matching == 3
    assert not result.ordered_by_look
    assert found(search(filled, "b 2019")) == ["both.jpg"]


def test_a_date_and_something_shown(filled: Library) -> None:
    result = search(filled, "dog 2019-2020")
    assert found(result) == ["both.jpg", "dim.jpg"]
    assert result.matching == 2


def test_of_many_chosen_photos_the_best_are_found_among_the_nearest(
    filled: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(word_search, "READ_AT_ONCE", 1)
    monkeypatch.setattr(word_search, "CANDIDATES", 2)
    assert found(search(filled, "dog a", 2)) == ["dog.jpg", "dim.jpg"]
    assert found(search(filled, "cat b", 3))[:2] == ["cat.jpg", "both.jpg"]


def test_nothing_is_found_where_words_exclude_each_other(filled: Library) -> None:
    result = search(filled, "a b dog")
    assert result.hits == ()
    assert result.matching == 0
    assert [term.text for term in result.terms] == ["a", "b", "dog"]


def test_words_beside_a_picture(filled: Library) -> None:
    both = search(filled, "cat", 4, photo="dim.jpg")
    assert found(both)[:3] == ["cat.jpg", "both.jpg", "dog.jpg"]  # the first is called so
    assert "dim.jpg" not in found(both)
    assert found(search(filled, "b", 3, photo="dog.jpg"))[0] == "both.jpg"
    assert search(filled, "b", 3, photo="dog.jpg").ordered_by_look


def test_a_model_without_words_still_finds_what_is_written(filled: Library) -> None:
    assert found(search(filled, "dog", directions=None)) == ["dog.jpg"]
    assert found(search(filled, "2018", directions=None)) == ["boat at sea.jpg"]
    with pytest.raises(UnknownWord):
        search(filled, "qwxyz", directions=None)


def test_no_more_than_asked_for(filled: Library) -> None:
    assert [hit.rank for hit in search(filled, "dog", 2).hits] == [1, 2]
    assert len(search(filled, "b", 2).hits) == 2


def test_an_empty_library_answers_with_nothing(library: Library) -> None:
    assert search(library, "dog").hits == ()
    assert search(library, "2019").hits == ()


def test_it_can_be_cancelled(filled: Library) -> None:
    token = CancelToken()
    token.cancel()
    vocabulary = Vocabularies().of(filled, WORDS)
    with pytest.raises(Cancelled):
        search_words(filled, no_network, DIRECTIONS, vocabulary, Query("dog", words="dog"), 5, token)
