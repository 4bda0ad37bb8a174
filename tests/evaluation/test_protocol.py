"""Whole rankings: leave-one-out, queries against a gallery, ties, chunks, and pytorch-metric-learning's numbers."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from imagefinder.domain.errors import Cancelled, UnknownName
from imagefinder.domain.images import Embeddings
from imagefinder.evaluation import protocol
from imagefinder.evaluation.comparing import by_cosine, by_hash, by_hash_then_cosine, by_lever, find_lever
from imagefinder.evaluation.metrics import Ints
from imagefinder.evaluation.ordering import LEFT_OUT, nearest_first, places
from imagefinder.evaluation.protocol import Measured, measure
from imagefinder.ranking.hashing import codes, hamming, hamming_similarity


def unit_rows(count: int, dimension: int, seed: int, classes: int = 1) -> tuple[Embeddings, Ints]:
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, count)
    rows = generator.standard_normal((classes, dimension))[labels] + 1.5 * generator.standard_normal((count, dimension))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.astype(np.float32), labels


def leave_one_out(rows: Embeddings, labels: Ints) -> Measured:
    return measure(labels, labels, by_cosine(rows, rows), list(np.arange(len(rows))[:, None]))


def test_equal_similarities_keep_the_order_of_the_gallery() -> None:
    similarities = np.array([[0.5, -0.0, 0.5, 0.0, -1, 0.9], [1, 1, 1, 1, 1, 1]], np.float32)
    assert nearest_first(similarities).tolist() == [[5, 0, 2, 1, 3, 4], [0, 1, 2, 3, 4, 5]]


def test_the_order_is_that_of_a_stable_sort() -> None:
    similarities = np.random.default_rng(0).integers(-5, 6, (40, 300)).astype(np.float32) / np.float32(4)
    similarities[:, ::7] = LEFT_OUT
    assert (nearest_first(similarities) == np.argsort(-similarities, axis=1, kind="stable")).all()


@pytest.mark.parametrize("steps", [3, 1000, 10**6])
def test_places_are_those_of_the_whole_order(steps: int) -> None:
    generator = np.random.default_rng(steps)
    similarities = np.round(generator.uniform(-1, 1, (30, 200)) * steps).astype(np.float32) / np.float32(steps)
    similarities[:, ::7] = LEFT_OUT
    similarities[3] = 0.5
    owner, column = np.nonzero(generator.random(similarities.shape) < 0.1)
    order = nearest_first(similarities)
    expected = [np.flatnonzero(order[row] == at)[0] for row, at in zip(owner, column, strict=True)]
    for nearest in (1, 20, 500):
        found, first = places(similarities, owner, column, nearest)
        assert found.tolist() == expected
        assert (first == order[:, :nearest]).all()


def test_places_in_nothing() -> None:
    nothing = np.zeros(0, np.int64)
    found, first = places(np.zeros((2, 0), np.float32), nothing, nothing, 5)
    assert (found.shape, first.shape) == ((0,), (2, 0))


def test_what_is_not_a_number_is_refused() -> None:
    similarities, first = np.array([[np.nan]], np.float32), np.zeros(1, np.int64)
    with pytest.raises(ValueError, match="not a number"):
        nearest_first(similarities)
    with pytest.raises(ValueError, match="not a number"):
        places(similarities, first, first, 1)


def test_one_tie_decides_hit_at_1_by_the_order_of_the_gallery() -> None:
    query, gallery = np.ones((1, 1), np.float32), np.ones((2, 1), np.float32)
    first = measure(np.array([1]), np.array([1, 0]), by_cosine(query, gallery))
    second = measure(np.array([1]), np.array([0, 1]), by_cosine(query, gallery))
    assert (first.values["hit@1"][0], second.values["hit@1"][0]) == (1, 0)


def test_chunks_and_threads_do_not_change_the_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, labels = unit_rows(150, 16, seed=1, classes=6)
    whole = leave_one_out(rows, labels)
    monkeypatch.setattr(protocol, "CHUNK", 500)
    monkeypatch.setattr(protocol, "THREADS", 3)
    parts = leave_one_out(rows, labels)
    for name, values in whole.values.items():
        assert np.allclose(values, parts.values[name], equal_nan=True), name
    assert (whole.neighbours == parts.neighbours).all()
    assert np.allclose(whole.curve, parts.curve)


def test_few_queries_at_a_time_give_the_same_numbers_and_report_more_often() -> None:
    rows, labels = unit_rows(60, 8, seed=1, classes=4)
    told: list[int] = []
    few = measure(labels, labels, by_cosine(rows, rows), report=told.append, at_once=7)
    assert told == [*range(0, 60, 7), 60]
    assert (few.neighbours == measure(labels, labels, by_cosine(rows, rows)).neighbours).all()


def test_no_chunk_is_larger_than_promised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "CHUNK", 1000)
    rows, labels = unit_rows(200, 8, seed=1)
    sizes = []
    compare = by_cosine(rows, rows)

    def watched(part: slice) -> Embeddings:
        similarities = compare(part)
        sizes.append(similarities.size)
        return similarities

    measure(labels, labels, watched)
    assert len(sizes) == 40
    assert max(sizes) == 1000


def test_leave_one_out_against_a_literal_loop() -> None:
    rows, labels = unit_rows(60, 8, seed=2, classes=5)
    found = leave_one_out(rows, labels)
    similarities = rows @ rows.T
    for query in range(60):
        others = [photo for photo in range(60) if photo != query]
        ranking = sorted(others, key=lambda photo: -similarities[query, photo])
        relevance = [labels[photo] == labels[query] for photo in ranking]
        total = sum(relevance)
        assert found.relevant[query] == total
        assert found.neighbours[query].tolist() == ranking[:20]
        precisions = [sum(relevance[: place + 1]) / (place + 1) for place in range(59) if relevance[place]]
        assert found.values["mAP"][query] == pytest.approx(sum(precisions) / total)
        votes = [labels[photo] for photo in ranking[:5]]
        most = max(votes.count(vote) for vote in votes)
        winner = next(vote for vote in votes if votes.count(vote) == most)
        assert found.values["kNN@5"][query] == float(winner == labels[query])


def test_the_numbers_of_pytorch_metric_learning() -> None:
    pytest.importorskip("pytorch_metric_learning", reason="pytorch-metric-learning is not installed")
    import torch
    from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator

    def neighbours(
        query: torch.Tensor, k: int, reference: torch.Tensor, same: bool
    ) -> tuple[torch.Tensor, torch.Tensor]:
        table = query @ reference.T
        if same:
            table.fill_diagonal_(float("-inf"))  # a query is the last of its own answers, and is cut off
        values, places = torch.sort(table, descending=True, stable=True)
        kept = len(reference) - 1 if same else k
        return values[:, :kept], places[:, :kept]

    include = ("precision_at_1", "r_precision", "mean_average_precision_at_r", "mean_average_precision",
               "mean_reciprocal_rank")  # fmt: skip
    names = dict(zip(include, ("hit@1", "R-precision", "MAP@R", "mAP", "MRR"), strict=True))
    calculator = AccuracyCalculator(include=include, k=None, knn_func=neighbours)
    gallery, gallery_labels = unit_rows(120, 12, seed=3, classes=7)
    queries, query_labels = unit_rows(50, 12, seed=4, classes=8)  # the eighth class is lone
    theirs = calculator.get_accuracy(
        torch.tensor(queries), torch.tensor(query_labels), torch.tensor(gallery), torch.tensor(gallery_labels)
    )
    ours = measure(query_labels, gallery_labels, by_cosine(queries, gallery))
    assert (ours.relevant == 0).any()
    for their_name, name in names.items():
        assert np.nanmean(ours.values[name]) == pytest.approx(theirs[their_name], abs=1e-6), name
    theirs = calculator.get_accuracy(torch.tensor(gallery), torch.tensor(gallery_labels))
    ours = leave_one_out(gallery, gallery_labels)
    for their_name, name in names.items():
        assert np.nanmean(ours.values[name]) == pytest.approx(theirs[their_name], abs=1e-6), name


def test_lone_queries_are_nan_in_every_metric() -> None:
    rows, _ = unit_rows(4, 4, seed=0)
    found = measure(np.array([0, 9]), np.array([0, 0]), by_cosine(rows[:2], rows[2:]))
    assert found.relevant.tolist() == [2, 0]
    assert all(np.isnan(values[1]) and not np.isnan(values[0]) for values in found.values.values())


def test_what_is_left_out_is_neither_right_nor_wrong() -> None:
    gallery = np.array([[1, 0], [0.9, 0.1], [0.8, 0.2], [0, 1]], np.float32)
    labels = np.array([0, 1, 0, 0])
    found = measure(np.array([0]), labels, by_cosine(gallery[:1], gallery), [np.array([0, 1])])
    assert found.relevant.tolist() == [2]
    assert found.values["mAP"][0] == 1
    assert found.neighbours[0, :3].tolist() == [2, 3, -1]


@pytest.mark.parametrize("others", [0, 1, 3])
def test_galleries_smaller_than_every_cut(others: int) -> None:
    rows, _ = unit_rows(others + 1, 4, seed=0)
    found = measure(np.zeros(1, np.int64), np.zeros(others, np.int64), by_cosine(rows[:1], rows[1:]))
    assert found.relevant.tolist() == [others]
    if others:
        assert found.values["precision@10"][0] == pytest.approx(others / 10)  # over k, also where there are fewer
        assert found.values["kNN@20"][0] == 1


def test_everything_left_out_is_lone() -> None:
    rows, _ = unit_rows(2, 4, seed=0)
    found = measure(np.zeros(1, np.int64), np.zeros(1, np.int64), by_cosine(rows[:1], rows[1:]), [np.array([0])])
    assert found.relevant.tolist() == [0]
    assert np.isnan(found.values["hit@1"][0])


def test_hash_codes_are_compared_as_the_index_compares_them() -> None:
    rows, _ = unit_rows(30, 20, seed=5)
    rows[3] = 0
    threshold = rows.mean(axis=0)
    expected = hamming_similarity(hamming(codes(rows, threshold)[:, None], codes(rows, threshold)[None]), 20)
    assert np.allclose(by_hash(rows, rows, threshold)(slice(0, 30)), expected, atol=1e-6)


def test_the_best_by_hash_are_ordered_again_by_cosine() -> None:
    rows, _ = unit_rows(50, 16, seed=6)
    queries, threshold = rows[:5], rows.mean(axis=0)
    hashed = by_hash(queries, rows, threshold)
    order = nearest_first(by_hash_then_cosine(hashed, queries, rows, 10)(slice(0, 5)))
    by_code = nearest_first(hashed(slice(0, 5)))
    for query in range(5):
        expected = sorted(by_code[query, :10].tolist(), key=lambda photo: -float(rows[photo] @ queries[query]))
        assert order[query, :10].tolist() == expected
        assert order[query, 10:].tolist() == by_code[query, 10:].tolist()


def test_a_lever_never_sees_what_is_left_out() -> None:
    rows, labels = unit_rows(12, 4, seed=7)
    seen: list[int] = []

    def lever(query: Embeddings, gallery: Embeddings) -> Embeddings:
        seen.append(int((gallery == query).all(axis=1).sum()))
        similarities: Embeddings = gallery @ query
        return similarities

    own = list(np.arange(12)[:, None])
    with_lever = measure(labels, labels, by_lever(rows, rows, lever, own), own)
    assert seen == [0] * 12
    assert (with_lever.neighbours == leave_one_out(rows, labels).neighbours).all()


def test_a_registered_lever_orders_its_candidates_before_the_rest() -> None:
    rows, _ = unit_rows(80, 16, seed=8, classes=4)
    rescore = find_lever("k-reciprocal", 60)
    assert rescore is not None
    similarities = rescore(rows[0], rows[1:])
    cosines = rows[1:] @ rows[0]
    ordered = nearest_first(similarities[None])[0]
    assert set(ordered[:60].tolist()) == set(np.argsort(-cosines)[:60].tolist())
    assert (ordered[60:] == nearest_first(cosines[None])[0][60:]).all()
    assert find_lever("", 60) is None


def test_an_unknown_lever_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownName, match="k-reciprocal"):
        find_lever("k-recipocal", 60)


def blas_threads() -> set[int]:
    return {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}


@pytest.fixture
def threads() -> Iterator[int]:
    """So many does BLAS use in the test: not one, wherever it runs."""
    with threadpool_limits(3, "blas"):
        if blas_threads() != {3}:
            pytest.skip("this BLAS cannot be told how many threads to use")
        yield 3


def test_matrix_products_get_their_threads_back_once_all_is_ranked(threads: int) -> None:
    rows, labels = unit_rows(50, 4, seed=0)
    during: list[set[int]] = []
    measure(labels, labels, by_cosine(rows, rows), report=lambda done: during.append(blas_threads()))
    assert during[0] == {1}
    assert blas_threads() == {threads}


def test_matrix_products_get_their_threads_back_when_the_reader_stops_early(threads: int) -> None:
    rows, _ = unit_rows(50, 4, seed=0)
    with closing(protocol.rankings(50, 50, by_cosine(rows, rows), at_once=5)) as chunks:
        assert next(chunks).start == 0
        assert blas_threads() == {1}
    assert blas_threads() == {threads}


@pytest.mark.parametrize("where", ["all_metrics", "report", "compare"])
def test_matrix_products_get_their_threads_back_after_an_error(
    threads: int, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, labels = unit_rows(50, 4, seed=0)

    def fail(*given: object) -> Any:
        raise MemoryError

    if where == "all_metrics":  # after a chunk was handed over
        monkeypatch.setattr(protocol, where, fail)
    compare = fail if where == "compare" else by_cosine(rows, rows)
    report = fail if where == "report" else (lambda done: None)
    with pytest.raises(MemoryError) as error:
        measure(labels, labels, compare, report=report, at_once=5)
    assert blas_threads() == {threads}
    assert error.traceback  # which keeps the stopped frames, and what is open in them, alive until here


def test_measuring_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "CHUNK", 100)
    rows, labels = unit_rows(50, 4, seed=0)
    done: list[int] = []

    def stop_at(after: int) -> Callable[[int], None]:
        def report(count: int) -> None:
            done.append(count)
            if count >= after:
                raise Cancelled

        return report

    with pytest.raises(Cancelled):
        measure(labels, labels, by_cosine(rows, rows), report=stop_at(10))
    assert done[-1] == 10
