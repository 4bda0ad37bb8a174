"""What a classifier sees, in words."""

from dataclasses import replace

import numpy as np
import pytest

from imagefinder.domain.specs import InputSpec, ModelSpec
from imagefinder.embedding.class_names import SUBSETS, names_classes, top_classes

SPEC = ModelSpec("test", "timm", "resnet10t", InputSpec(64, 64), dimension=1000, output="probabilities")


def test_the_likeliest_classes_come_first() -> None:
    row = np.zeros(1000, np.float32)
    row[[281, 951, 0]] = np.sqrt([0.7, 0.2, 0.1], dtype=np.float32)
    assert [name for name, _ in top_classes(row, 3)] == ["tabby", "lemon", "tench"]
    assert [probability for _, probability in top_classes(row, 2)] == pytest.approx([0.7, 0.2])
    assert len(top_classes(row)) == 5


def test_a_row_of_nothing_has_no_classes() -> None:
    assert top_classes(np.zeros(1000, np.float32)) == []


@pytest.mark.parametrize("shape", [(999,), (0,), (1, 1000)])
def test_rows_of_other_lengths_are_a_bug_of_the_caller(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="expected a row"):
        top_classes(np.ones(shape, np.float32))


@pytest.mark.parametrize("count", SUBSETS)
def test_every_list_has_as_many_names_as_it_says(count: int) -> None:
    row = np.full(count, (1 / count) ** 0.5, np.float32)
    named = top_classes(row, count)
    assert len(named) == count
    assert all(name for name, _ in named)
    assert sum(probability for _, probability in named) == pytest.approx(1, abs=1e-4)


def test_only_known_lists_have_names() -> None:
    assert names_classes(SPEC)
    assert not names_classes(replace(SPEC, output="features"))
    assert not names_classes(replace(SPEC, dimension=37))
