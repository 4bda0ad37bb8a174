from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from galleries import groups
from imagefinder.domain.errors import ImageFinderError, UnknownName
from imagefinder.domain.search_options import LEVER_NAMES, RANGES, SearchOptions
from imagefinder.ranking.levers import LEVERS

AT_REST = SearchOptions()


def test_every_name_that_can_be_chosen_has_its_method() -> None:
    assert tuple(LEVERS) == LEVER_NAMES
    assert AT_REST.lever == LEVER_NAMES[0] == "none"


@pytest.mark.parametrize("name", LEVER_NAMES)
def test_every_method_explains_itself(name: str) -> None:
    lever = LEVERS[name]
    assert lever.name == name
    for text in (lever.sentence, lever.cost):
        assert text.endswith(".")
        assert not any(word in text.lower() for word in ("embedding", "vector", "epoch"))


@pytest.mark.parametrize("name", LEVER_NAMES)
@pytest.mark.parametrize("count", [0, 1, 2, 3, 60])
def test_every_method_gives_one_score_to_each_photo(name: str, count: int) -> None:
    query, gallery = groups(count, seed=count)
    found = LEVERS[name].rank(query, gallery, AT_REST)
    assert found.shape == (count,)
    assert found.dtype == np.float32
    assert np.all(np.isfinite(found))


@pytest.mark.parametrize("name", LEVER_NAMES)
def test_no_method_changes_what_it_is_given(name: str) -> None:
    query, gallery = groups(30)
    kept_query, kept_gallery = query.copy(), gallery.copy()
    LEVERS[name].rank(query, gallery, AT_REST)
    np.testing.assert_array_equal(query, kept_query)
    np.testing.assert_array_equal(gallery, kept_gallery)


@pytest.mark.parametrize("name", LEVER_NAMES)
def test_every_method_puts_the_querys_own_group_first(name: str) -> None:
    rng = np.random.default_rng(1)
    kinds = np.repeat(np.arange(5), 12)
    rows = np.eye(8)[kinds] + 0.15 * rng.standard_normal((60, 8))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    found = LEVERS[name].rank(rows[0], rows[1:], SearchOptions(reciprocal_k1=8, diffusion_k=8))
    assert set(kinds[1:][np.argsort(-found)[:11]].tolist()) == {0}


def test_only_query_expansion_makes_a_query_and_it_agrees_with_its_order() -> None:
    assert [name for name, lever in LEVERS.items() if lever.expand] == ["query-expansion"]
    query, gallery = groups(30)
    lever = LEVERS["query-expansion"]
    assert lever.expand is not None
    options = SearchOptions(expansion_k=3)
    np.testing.assert_array_equal(lever.rank(query, gallery, options), gallery @ lever.expand(query, gallery, options))


def test_options_out_of_range_are_refused_with_the_range() -> None:
    with pytest.raises(ImageFinderError, match="Choose 50 to 5000"):
        SearchOptions(candidates=49)
    for name, (lowest, highest) in RANGES.items():
        lowest_allowed: dict[str, Any] = {name: lowest}
        assert getattr(replace(AT_REST, **lowest_allowed), name) == lowest
        for beyond in (lowest - 1, highest + 1):
            too_far: dict[str, Any] = {name: beyond}
            with pytest.raises(ImageFinderError, match=name):
                replace(AT_REST, **too_far)


def test_a_method_that_does_not_exist_is_answered_with_those_that_do() -> None:
    with pytest.raises(UnknownName, match="diffusion"):
        SearchOptions(lever="magic")
