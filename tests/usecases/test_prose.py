"""Sentences for a model with a tower for texts: which of their words are said of the files, and what they find."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

import tiny_clip
from imagefinder.domain.images import Embeddings
from imagefinder.embedding.blend import Blending, TunedPart, blend_spec
from imagefinder.embedding.sentences import TowerSentences
from imagefinder.embedding.shelf import ModelShelf
from imagefinder.embedding.text_tower import MIDDLE, read_tower, unit
from imagefinder.storage.text_view import PhotoText
from imagefinder.usecases.models import Models
from imagefinder.usecases.prose import in_prose
from imagefinder.usecases.vocabulary import Vocabulary

TODAY = date(2026, 11, 29)
PHOTOS = (
    PhotoText(1, "/photos/dress", "/photos", "shared.jpg", "Apple iPhone 12", "2019-03-04T10:00:00"),
    PhotoText(2, "/photos/beach", "/photos", "IMG_0412.jpg", "Nikon D750", "2021-07-04T10:00:00"),
    PhotoText(3, "/photos/beach", "/photos", "cat.jpg", "", "2021-12-24T10:00:00"),
)
LABELS = {3: "Anna"}


@pytest.mark.parametrize(
    ("text", "sentence", "chosen", "first"),
    [
        ("a red dress on a chair", "a red dress on a chair", [], [{1}]),
        ("two dogs in the snow", "two dogs in the snow", [], []),
        ("2021", "", [{2, 3}], []),
        ("dress", "", [{1}], []),
        ("the beach", "", [{2, 3}], []),
        ("Anna, beach", "", [{3}, {2, 3}], []),
        ("Anna with a dog in 2021", "Anna with a dog", [{2, 3}], [{3}]),
        ("sunset Nikon", "sunset", [{2}], []),
        ("a red apple", "a red apple", [], []),
        ("apple", "", [{1}], []),
        ("soldiers on the march", "soldiers on the march", [], []),
        ("snow in march", "snow", [{1}], []),
        ("March", "", [{1}], []),
        ("IMG_0412", "", [{2}], []),
        ("cat", "cat", [], [{3}]),
        ("a cat", "a cat", [], []),
        ("the", "", [], []),
    ],
)
def test_what_is_said_of_the_files_and_what_is_shown(
    text: str, sentence: str, chosen: list[set[int]], first: list[set[int]]
) -> None:
    terms, found = in_prose(Vocabulary(PHOTOS, LABELS), text, TODAY)
    assert found == sentence
    assert [set(term.photos or ()) for term in terms if not term.first] == chosen
    assert [set(term.photos or ()) for term in terms if term.first] == first


@pytest.fixture
def models(tmp_path: Path) -> Models:
    tiny_clip.register(tmp_path)
    return Models(tmp_path / "models", "cpu")


def row_of(shelf: ModelShelf, name: str, text: str) -> Embeddings:
    weights = shelf.weights(name)
    tower = read_tower(shelf.spec(name).architecture, weights)
    assert tower is not None
    return unit(tower.row(text) - (weights[MIDDLE] / 2).numpy())


def test_a_sentence_is_compared_less_half_the_middle_of_everyday_words(models: Models, tmp_path: Path) -> None:
    spec = models.shelf.add(tiny_clip.save(tmp_path / "weights.pt", tiny_clip.draw()), f"open_clip:{tiny_clip.TINY}")
    sentences = models.sentences(spec)
    assert sentences is not None
    assert sentences is models.sentences(spec)
    row = sentences.sentence("a dog")
    assert row.shape == (32,)
    assert row @ row_of(models.shelf, spec.name, "a dog") > 0.9999
    assert models.sentences(models.shelf.spec("colour-layout")) is None
    assert models.directions(spec) is None


def test_a_tuned_model_is_asked_in_the_rows_of_the_one_it_came_from(models: Models, tmp_path: Path) -> None:
    base = models.shelf.add(tiny_clip.save(tmp_path / "weights.pt", tiny_clip.draw()), f"open_clip:{tiny_clip.TINY}")
    tuned = blend_spec("mine", base, TunedPart("", 32), Blending(8, 0.5, 1.0, 1.0), {}, "")
    sentences = models.sentences(tuned)
    assert isinstance(sentences, TowerSentences)
    row = sentences.sentence("a dog")
    assert not row[:8].any()
    assert np.allclose(row[8:], row_of(models.shelf, base.name, "a dog"), atol=1e-6)
    models.shelf.remove(base.name)
    assert Models(tmp_path / "models", "cpu").sentences(tuned) is None
