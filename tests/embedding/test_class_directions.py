"""Words as directions among a model's embeddings."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from imagefinder.domain.specs import ModelSpec
from imagefinder.embedding.architectures import find_architecture
from imagefinder.embedding.backbones import build
from imagefinder.embedding.class_directions import ClassDirections, directions
from imagefinder.embedding.class_words import ClassWords
from imagefinder.embedding.packaged import PACKAGED
from imagefinder.embedding.seeing import Seeing
from imagefinder.embedding.shelf import COLOUR_LAYOUT, ModelShelf
from own_models import CLASSES, NAMES

LITE = "efficientnet-lite0"


def own(**changes: object) -> tuple[ModelSpec, "Mapping[str, object]"]:
    """A classifier of own classes, with weights drawn at random."""
    import torch

    torch.manual_seed(1)
    spec = replace(find_architecture("resnet10t", Seeing(size=64)).spec(), **changes)  # type: ignore[arg-type]
    logits = replace(spec, output="logits", dimension=CLASSES)
    return spec, build(logits).state_dict()


def test_rows_are_the_classifiers_as_unit_rows() -> None:
    spec, state = own(classes=NAMES)
    found = directions(spec, state)  # type: ignore[arg-type]
    assert found is not None
    rows = found.rows([3, 0])
    weights = np.asarray(state["fc.weight"])
    assert rows.shape == (2, spec.dimension)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(rows[0], weights[3] / np.linalg.norm(weights[3]), rtol=1e-5)
    assert [concept.classes for concept in found.words.find("kind 3")] == [(3,)]


def test_scores_have_one_axis_for_each_class() -> None:
    spec, state = own(classes=NAMES, output="logits", dimension=CLASSES)
    found = directions(spec, state)  # type: ignore[arg-type]
    assert found is not None
    np.testing.assert_array_equal(found.rows([5]), np.eye(CLASSES, dtype=np.float32)[[5]])


def test_without_names_there_are_no_words() -> None:
    spec, state = own()
    assert directions(spec, state) is None  # type: ignore[arg-type]


def test_what_surrounds_the_features_stays_empty() -> None:
    rows = np.eye(3, dtype=np.float32)
    found = ClassDirections(rows, None, (2, 4), ClassWords.of_names(["a", "b", "c"])).rows([1])
    np.testing.assert_array_equal(found, [[0, 0, 0, 1, 0, 0, 0, 0, 0]])


def test_projected_rows_lie_where_projected_features_do() -> None:
    matrix = np.asarray([[1, 0, 0], [0, 1, 0]], np.float32)
    rows = np.asarray([[3, 4, 5]], np.float32)
    found = ClassDirections(rows, matrix, (0, 0), ClassWords.of_names(["a"])).rows([0])
    np.testing.assert_allclose(found, [[0.6, 0.8]], rtol=1e-6)


def test_the_default_network_knows_a_thousand_classes(tmp_path: Path) -> None:
    if PACKAGED[LITE].path is None:
        pytest.skip(f"the package of {LITE} is not installed")
    shelf = ModelShelf(tmp_path)
    spec = shelf.spec(LITE)
    found = directions(spec, shelf.weights(LITE))
    assert found is not None
    dogs = [place for concept in found.words.find("dog") for place in concept.classes]
    assert 100 < len(dogs) < 140
    rows = found.rows(sorted(set(dogs)))
    assert rows.shape[1] == spec.dimension
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-5)
    # Kinds of dogs lie nearer to each other than to ships.
    ships = found.rows(sorted({place for concept in found.words.find("ship") for place in concept.classes}))
    assert (rows @ rows.T).mean() > (rows @ ships.T).mean() + 0.05


def test_a_model_without_weights_has_no_words(tmp_path: Path) -> None:
    assert directions(ModelShelf(tmp_path).spec(COLOUR_LAYOUT), {}) is None
