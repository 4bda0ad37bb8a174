"""The landmark protocol: the hand-worked vector, a literal implementation of the published script, and junk."""

from fractions import Fraction

import numpy as np
import pytest

from imagefinder.domain.images import Embeddings
from imagefinder.evaluation.ground_truth import TruthQuery
from imagefinder.evaluation.landmark import LandmarkScores, clipped_precision_at, judged, measure_level
from imagefinder.evaluation.metrics import Hits, Ints


def places(*numbers: int) -> Ints:
    return np.array(numbers, np.int64)


def score(rankings: list[list[int]], relevant: list[Ints], junk: list[Ints], totals: Ints) -> LandmarkScores:
    """Rankings of all photos, as similarities that produce them."""
    similarities = np.zeros((len(rankings), len(rankings[0])), np.float32)
    for row, ranking in zip(similarities, rankings, strict=True):
        row[ranking] = np.linspace(1, 0, len(ranking))

    def compare(part: slice) -> Embeddings:
        return similarities[part].copy()

    return measure_level(len(rankings[0]), compare, relevant, junk, totals)


V3 = [7, 3, 9, 1, 4, 0, 8, 2, 6, 5]
V3_QUERY = TruthQuery("q", None, easy=places(3, 4), hard=places(1, 2), junk=places(7))


@pytest.mark.parametrize(
    ("level", "ap", "precisions"),
    [
        ("easy", Fraction(19, 24), (Fraction(1), Fraction(2, 3), Fraction(2, 3))),
        ("medium", Fraction(475, 672), (Fraction(1), Fraction(3, 5), Fraction(4, 7))),
        ("hard", Fraction(23, 80), (Fraction(0), Fraction(2, 5), Fraction(2, 5))),
    ],
)
def test_third_vector(level: str, ap: Fraction, precisions: tuple[Fraction, ...]) -> None:
    relevant, junk = judged(V3_QUERY, level)
    found = score([V3], [relevant], [junk], np.array([len(relevant)]))
    assert found.values["mAP"][0] == pytest.approx(float(ap), rel=1e-12)
    for k, expected in zip((1, 5, 10), precisions, strict=True):
        assert found.values[f"mP@{k}"][0] == pytest.approx(float(expected), rel=1e-12), k


def test_missing_relevant_photos_count_as_not_found() -> None:
    found = score([[0, 1, 2]], [places(0)], [places()], np.array([2]))
    assert found.values["mAP"][0] == pytest.approx(0.5)


def test_a_ranking_without_anything_relevant_scores_zero_and_an_empty_question_counts_nowhere() -> None:
    assert clipped_precision_at(Hits.of([[0, 0]], [2]), 5).tolist() == [0]
    found = score([[0, 1], [0, 1]], [places(), places()], [places(), places()], np.array([2, 0]))
    assert found.values["mAP"][0] == 0
    assert np.isnan(found.values["mAP"][1])
    assert np.isnan(found.values["mP@5"][1])


def published(ranking: list[int], relevant: set[int], junk: set[int], total: int) -> tuple[float, list[float]]:
    """The steps of the benchmark's description, one photo after the other."""
    kept = [photo for photo in ranking if photo not in junk]
    ap, found, last = 0.0, 0, 0
    for place, photo in enumerate(kept):
        if photo in relevant:
            before = found / place if place else 1.0
            found += 1
            ap += (before + found / (place + 1)) / 2 / total
            last = place + 1
    cuts = [min(last, k) for k in (1, 5, 10)]
    return ap, [len(relevant.intersection(kept[:cut])) / cut if cut else 0.0 for cut in cuts]


@pytest.mark.parametrize("seed", range(4))
def test_random_rankings_agree_with_the_published_steps(seed: int) -> None:
    generator = np.random.default_rng(seed)
    rankings, relevant, junk, totals = [], [], [], []
    for _ in range(25):
        mixed = generator.permutation(40)
        wanted, ignored = mixed[: generator.integers(1, 12)], mixed[30 : 30 + generator.integers(0, 10)]
        rankings.append(generator.permutation(40).tolist())
        relevant.append(np.sort(wanted))
        junk.append(np.sort(ignored))
        totals.append(len(wanted) + int(generator.integers(0, 2)))
    found = score(rankings, relevant, junk, np.array(totals))
    for query in range(25):
        ap, precisions = published(rankings[query], set(relevant[query]), set(junk[query]), totals[query])
        assert found.values["mAP"][query] == pytest.approx(ap, rel=1e-9)
        assert [found.values[f"mP@{k}"][query] for k in (1, 5, 10)] == pytest.approx(precisions, rel=1e-9)


def test_what_counts_at_another_level_is_junk_and_never_counted_twice() -> None:
    query = TruthQuery("q", None, easy=places(1), hard=places(2), junk=places(2, 3))
    assert [each.tolist() for each in judged(query, "easy")] == [[1], [2, 3]]
    assert [each.tolist() for each in judged(query, "hard")] == [[2], [1, 2, 3]]
    assert [each.tolist() for each in judged(query, "all")] == [[1, 2], [2, 3]]
