"""Searching by a tuned model with another weight between what it learned and what it knew."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from drawn_classes import variants
from imagefinder.domain.images import Query
from imagefinder.domain.specs import ModelSpec
from imagefinder.domain.training import LabelledPhoto, TrainingSpec
from imagefinder.embedding.blend import blending_of
from imagefinder.storage.library import Library
from imagefinder.usecases.finetuning import finetune
from imagefinder.usecases.indexing import index
from imagefinder.usecases.models import Models
from imagefinder.usecases.searching import search
from imagefinder.usecases.switching import switch
from imagefinder.usecases.weighed_search import search_weighed, weighable


@pytest.fixture
def tuned(library: Library, models: Models, tmp_path: Path) -> Library:
    """A library that is searched with a model taught from its own photos."""
    photos = [
        LabelledPhoto(str(path), f"thing-{number}")
        for number in range(3)
        for path in variants(tmp_path / "classes" / f"thing-{number}", number, 5)
    ]
    library.add_folder(str(tmp_path / "classes"))
    index(library, models.embedder(library, models.shelf.spec("colour-layout")))
    finetune(TrainingSpec("mine", "colour-layout", tuple(photos)), models, device="cpu")
    assert switch(library, models, "mine").active
    return library


def test_only_tuned_models_can_be_weighed(library: Library, models: Models) -> None:
    assert weighable(library) is None


def test_similarities_are_those_of_the_weighed_parts(tuned: Library, models: Models) -> None:
    found = weighable(tuned)
    spec = tuned.active_model()
    assert found is not None
    assert spec is not None
    assert found.model == "mine"
    assert found.weight == blending_of(spec).weight
    paths, _, _ = tuned.export()
    photo = tuned.photo_at(paths[0])
    assert photo is not None

    def ask(weight: float) -> dict[int, float]:
        result = search_weighed(
            tuned, lambda: models.embedder(tuned, spec), Query("", photo_id=photo.id), 20, None, weight
        )
        assert photo.id not in {hit.photo.id for hit in result.hits}
        assert result.model == "mine"
        return {hit.photo.id: hit.similarity for hit in result.hits}

    plain = search(tuned, lambda: models.embedder(tuned, spec), Query("", photo_id=photo.id), 20)
    same = ask(found.weight)
    assert [hit.photo.id for hit in plain.hits] == list(same)
    np.testing.assert_allclose([hit.similarity for hit in plain.hits], list(same.values()), atol=2e-3)

    # A similarity is a mean of the two parts', so it lies between those at the ends, at the place of its share.
    low, high = ask(found.least), ask(found.largest)
    place = _share(spec, found.weight) - _share(spec, found.least)
    whole = _share(spec, found.largest) - _share(spec, found.least)
    between = [low[number] + (high[number] - low[number]) * place / whole for number in same]
    np.testing.assert_allclose(between, list(same.values()), atol=2e-3)
    assert max(abs(low[number] - high[number]) for number in same) > 0.01


def _share(spec: ModelSpec, weight: float) -> float:
    """Of the tuned part in a similarity."""
    return replace(blending_of(spec), weight=weight).factors[0] ** 2


def test_any_other_model_is_searched_with_as_always(library: Library, models: Models, tmp_path: Path) -> None:
    variants(tmp_path / "classes" / "thing-0", 0, 4)
    library.add_folder(str(tmp_path / "classes"))
    spec = models.shelf.spec("colour-layout")
    index(library, models.embedder(library, spec))
    photo = library.photo_at(str(tmp_path / "classes" / "thing-0" / "0.png"))
    assert photo is not None
    query = Query("", photo_id=photo.id)
    found = search_weighed(library, lambda: models.embedder(library, spec), query, 10, None, 0.5)
    plain = search(library, lambda: models.embedder(library, spec), query, 10)
    assert [(hit.photo.id, hit.similarity) for hit in found.hits] == [
        (hit.photo.id, hit.similarity) for hit in plain.hits
    ]
