"""What words mean in a library."""

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from imagefinder.domain.words import Suggestion, UnknownWord
from imagefinder.embedding.class_words import ClassWords
from imagefinder.storage.library import Library
from imagefinder.storage.text_view import PhotoText
from imagefinder.usecases import vocabulary
from imagefinder.usecases.vocabulary import Vocabularies, Vocabulary
from storage_kit import library_with

TODAY = date(2024, 1, 17)
ROOT = "/photos/Pictures"
TEXTS = [
    PhotoText(1, f"{ROOT}/Summer party", ROOT, "IMG_0001.jpg", "Canon EOS 5D", "2021-03-05 10:00:00"),
    PhotoText(2, f"{ROOT}/Summer party", ROOT, "garden-gate.jpg", "NIKON D90", "2021-06-05 10:00:00"),
    PhotoText(3, f"{ROOT}/Zoo/Old", ROOT, "dog_and_location.jpg", "", "2019-06-05 10:00:00"),
    PhotoText(4, f"{ROOT}/Zoo", ROOT, "cat.jpg", "NIKON D90", "2019-12-24 10:00:00"),
    PhotoText(5, f"{ROOT}/Zoo", ROOT, "location.jpg", "", ""),
]
LABELS = {1: "Anna", 2: "Anna", 4: "tiger"}


@pytest.fixture(scope="module")
def words() -> Vocabulary:
    return Vocabulary(TEXTS, LABELS, ClassWords.imagenet())


@pytest.fixture(scope="module")
def blind() -> Vocabulary:
    """Of a model without words."""
    return Vocabulary(TEXTS, LABELS)


def meant(known: Vocabulary, text: str) -> list[tuple[str, tuple[str, ...], list[int] | None]]:
    return [
        (term.text, term.kinds, sorted(term.photos) if term.photos is not None else None)
        for term in known.terms(text, TODAY)
    ]


def listed(found: Sequence[Suggestion]) -> list[tuple[str, str, int | None]]:
    return [(each.before + each.word, each.kind, each.photos) for each in found]


@pytest.mark.parametrize(
    ("text", "kind", "photos"),
    [
        ("Anna", "label", [1, 2]),
        ("anna", "label", [1, 2]),
        ("summer party", "folder", [1, 2]),
        ("Old", "folder", [3]),
        ("pictures", "folder", [1, 2, 3, 4, 5]),
        ("nikon", "camera", [2, 4]),
        ("Nikon D90", "camera", [2, 4]),
        ("d90", "camera", [2, 4]),
        ("2021", "date", [1, 2]),
        ("march 2021", "date", [1]),
        ("June", "date", [2, 3]),
        ("2019 - 2021", "date", [1, 2, 3, 4]),
        ("summer 2021", "date", [2]),
        ("last year", "date", []),
        ("24.12.2019", "date", [4]),
        ("März", "date", [1]),
        ("IMG_00", "file", [1]),
        ("img-0001", "file", [1]),
        ("garden", "file", [2]),
    ],
)
def test_what_names_photos(blind: Vocabulary, text: str, kind: str, photos: list[int]) -> None:
    ((_, kinds, found),) = meant(blind, text)
    assert kinds == (kind,)
    assert found == photos


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("dog", "dog"),
        ("dogs", "dog"),
        ("Hund", "dog"),
        ("Hunde", "dog"),
        ("狗", "dog"),
        ("the dog", "dog"),
        ("goldfish", ""),
    ],
)
def test_what_photos_show(words: Vocabulary, text: str, name: str) -> None:
    (term,) = words.terms(text)
    assert "shown" in term.kinds
    (expected,) = {concept.classes for concept in ClassWords.imagenet().find(name or text)}
    assert set(term.classes) == set(expected)


def test_the_longest_name_counts(words: Vocabulary) -> None:
    assert [term.text for term in words.terms("golden retriever Summer party 15 march 2021")] == [
        "golden retriever",
        "Summer party",
        "15 march 2021",
    ]


def test_words_between_mean_nothing(words: Vocabulary) -> None:
    assert [term.text for term in words.terms("dog in the garden, with Anna und Katze")] == [
        "dog",
        "garden",
        "Anna",
        "Katze",
    ]


def test_a_word_for_what_photos_show_also_names_those_that_are_called_so(words: Vocabulary) -> None:
    assert meant(words, "dog") == [("dog", ("shown", "file"), [3])]
    assert meant(words, "cat") == [("cat", ("shown", "file"), [4])]  # not every "location"
    assert meant(words, "tiger") == [("tiger", ("label", "shown"), [4])]


def test_a_folder_that_is_called_like_a_year_holds_its_photos_too() -> None:
    text = PhotoText(7, f"{ROOT}/2019", ROOT, "scan.jpg", "", "2023-01-01 00:00:00")
    assert meant(Vocabulary([*TEXTS, text], {}), "2019") == [("2019", ("date", "folder"), [3, 4, 7])]


@pytest.mark.parametrize(
    ("text", "message", "instead"),
    [
        ("dgo", "“dgo”", "dingo"),
        ("Ana", "“Ana”", "Anna"),
        ("golden retriver", "“retriver”", "golden retriever"),
        ("zoo elephnt 2019", "“elephnt”", "zoo elephant 2019"),
        ("Anna qwxyz", "“qwxyz”", "Anna"),
        ("qwxyz vbnm Anna wvuts", "“qwxyz vbnm” or “wvuts”", "Anna"),
    ],
)
def test_an_unknown_word_is_told_with_what_may_be_meant(
    words: Vocabulary, text: str, message: str, instead: str
) -> None:
    with pytest.raises(UnknownWord, match=re.escape(f"Nothing here is known as {message}.")) as told:
        words.terms(text)
    assert told.value.instead[0] == instead
    assert told.value.hint


def test_a_model_without_words_says_what_can_be_named(blind: Vocabulary) -> None:
    with pytest.raises(UnknownWord, match="This model has no words for what photos show"):
        blind.terms("qwxyz")


def test_suggestions_say_where_they_come_from(words: Vocabulary) -> None:
    assert listed(words.suggestions("ann", 8))[0] == ("Anna", "label", 2)
    assert listed(words.suggestions("sum", 8))[0] == ("Summer party", "folder", 2)
    assert listed(words.suggestions("nik", 2))[0] == ("NIKON", "camera", 2)
    assert ("2021", "date", 2) in listed(words.suggestions("20", 8))
    assert listed(words.suggestions("2021", 8))[0] == ("2021", "date", 2)
    assert ("March", "date", 1) in listed(words.suggestions("mar", 8))
    assert listed(words.suggestions("gate", 8))[-1] == ("gate", "file", 1)
    assert words.suggestions("Fahrrad", 1) == [Suggestion("Fahrrad", "shown", meaning="bicycle")]
    assert ("狗", "shown", None) in listed(words.suggestions("狗", 8))


def test_the_last_words_are_completed_alone(words: Vocabulary) -> None:
    assert ("dog 2019", "date", 2) in listed(words.suggestions("dog 20", 8))
    assert listed(words.suggestions("Anna golden ret", 8))[0] == ("Anna golden retriever", "shown", None)


def test_broad_words_come_before_narrow_ones(words: Vocabulary) -> None:
    assert words.suggestions("b", 8)[0].word == "bird"


def test_an_empty_text_shows_what_there_is(words: Vocabulary) -> None:
    kinds = {each.kind for each in words.suggestions("", 8)}
    assert kinds == {"label", "folder", "camera", "date"}
    assert Vocabulary([], {}).suggestions(" ", 8) == []


def test_many_folders_leave_room_for_what_photos_show() -> None:
    texts = [PhotoText(n, f"{ROOT}/dog show {n}", ROOT, f"{n}.jpg", "", "") for n in range(20)]
    kinds = [each.kind for each in Vocabulary(texts, {}, ClassWords.imagenet()).suggestions("dog", 8)]
    assert "shown" in kinds
    assert kinds.count("folder") == 5


def test_the_vocabulary_is_made_again_when_the_library_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 3) as library:
        kept = Vocabularies()
        first = kept.of(library, None)
        assert kept.of(library, None) is first
        library.set_labels([photo.id for photo in library.newest(1)], "dog")
        with monkeypatch.context() as patch:
            patch.setattr(vocabulary, "STALE_TIMES", 1e9)  # as if it had taken long
            assert kept.of(library, None, may_be_stale=True) is first
        second = kept.of(library, None)
        assert [len(term.photos or ()) for term in second.terms("dog")] == [1]
        assert kept.of(library, ClassWords.imagenet()) is not second


def test_an_empty_library_knows_the_words_of_its_model(tmp_path: Path) -> None:
    with Library.open(tmp_path / "library") as library:
        known = Vocabularies().of(library, ClassWords.imagenet())
    assert [term.kinds for term in known.terms("dog")] == [("shown",)]
