from math import exp

import pytest

from imagefinder.ranking.voting import vote


def test_votes_count_by_the_exponential_of_their_similarity() -> None:
    found = vote([(1, "pear", 0.80), (2, "apple", 0.83), (3, "pear", 0.79)])
    weights = [exp(0.83 / 0.07), exp(0.80 / 0.07), exp(0.79 / 0.07)]
    assert found.label == "pear"
    assert found.confidence == pytest.approx((weights[1] + weights[2]) / sum(weights))
    assert [voter.photo_id for voter in found.voters] == [2, 1, 3]
    assert [voter.weight for voter in found.voters] == pytest.approx([weight / sum(weights) for weight in weights])
    assert sum(voter.weight for voter in found.voters) == pytest.approx(1)


def test_one_near_photo_beats_two_far_ones() -> None:
    assert vote([(1, "apple", 0.9), (2, "pear", 0.5), (3, "pear", 0.5)]).label == "apple"


def test_only_the_nearest_vote() -> None:
    candidates = [(number, "far", 0.5) for number in range(100)] + [(100, "near", 0.51)]
    found = vote(candidates, k=1)
    assert (found.label, found.confidence, len(found.voters)) == ("near", 1.0, 1)


def test_without_photos_there_is_no_label() -> None:
    for candidates in ([], [(1, "apple", 0.9)]):
        found = vote(candidates, k=0)
        assert (found.label, found.confidence, found.sure, found.voters) == (None, 0.0, False, ())


def test_where_neighbours_disagree_it_is_not_sure() -> None:
    assert vote([(1, "apple", 0.8), (2, "apple", 0.8)]).sure
    assert not vote([(1, "apple", 0.8), (2, "pear", 0.79)]).sure  # 54 to 46
    assert not vote([(1, "a", 0.8), (2, "a", 0.8), (3, "b", 0.8), (4, "c", 0.8)]).sure  # a half is not enough
    assert not vote([(number, "ab"[number % 5 > 2], 0.8) for number in range(10)]).sure  # 60 to 40: too short a lead
    assert vote([(number, "ab"[number % 10 > 6], 0.8) for number in range(10)]).sure  # 70 to 30


def test_what_is_like_none_of_them_is_not_sure() -> None:
    agreed = [(number, "apple", 0.4) for number in range(5)]
    assert vote(agreed, related=0.4).sure
    found = vote(agreed, related=0.41)
    assert (found.label, found.sure) == ("apple", False)
    assert found.confidence == pytest.approx(1)


def test_of_equal_labels_the_nearer_photo_decides() -> None:
    assert vote([(1, "zebra", 0.5), (2, "apple", 0.5)]).label == "zebra"


def test_similarities_at_the_ends_of_their_range_are_no_trouble() -> None:
    found = vote([(1, "a", 1.0), (2, "b", -1.0)])
    assert found.confidence == pytest.approx(1)
    assert vote([(1, "a", -1.0)]).confidence == 1
