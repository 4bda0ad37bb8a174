"""From one number a query to a report's rows: means with intervals, overall and by class, and the worst queries."""

from collections.abc import Sequence
from itertools import islice

import numpy as np

from imagefinder.domain.evaluation import ClassResult, Interval, WorstQuery, WrongAnswer
from imagefinder.evaluation.bootstrap import intervals, intervals_of, intervals_of_kinds
from imagefinder.evaluation.metrics import Floats, Ints
from imagefinder.evaluation.protocol import F1_NEIGHBOURS, Measured
from imagefinder.evaluation.voting import f1, macro_f1, right_missed_claimed

F1 = f"macro F1 (kNN@{F1_NEIGHBOURS})"
CLASS_F1 = f"F1 (kNN@{F1_NEIGHBOURS})"
CLASSES_AT_ONCE = 50
WRONG_SHOWN = 5


def overall(measured: Measured, labels: Ints, resamples: int, seed: int) -> dict[str, Interval]:
    """Every metric over the queries that are not lone, one at least, and macro F1. ``labels`` (q,) are the queries'."""
    counted = measured.relevant > 0
    table = np.stack([column[counted] for column in measured.values.values()], axis=1)
    truth, predicted = labels[counted], measured.predicted[counted]

    def statistic(counts: Floats) -> Floats:
        return np.column_stack([counts @ table / len(table), macro_f1(truth, predicted, counts)])

    return dict(zip((*measured.values, F1), intervals_of(statistic, len(table), resamples, seed), strict=True))


def by_class(
    measured: Measured, labels: Ints, gallery_labels: Ints, names: Sequence[str], resamples: int, seed: int
) -> tuple[ClassResult, ...]:
    """A row for each name (its number is its place) with a photo on either side, in this order.

    Every metric is a mean over the queries of the class that are not lone, and its interval draws from these. Only F1
    also hangs on the others, which may be taken for this class: its interval draws from all queries that are not lone,
    and leaves draws without any of the class out, as macro F1 does.
    """
    counted = np.flatnonzero(measured.relevant > 0)
    in_gallery = np.bincount(gallery_labels, minlength=len(names))
    table = np.stack(list(measured.values.values()), axis=1)
    own = [counted[labels[counted] == number] for number in range(len(names))]
    kinds = right_missed_claimed(labels[counted], measured.predicted[counted], len(names))
    scores = intervals_of_kinds(f1, kinds, len(counted), resamples, seed)
    means = _means([table[queries] for queries in own], resamples, seed)
    return tuple(
        ClassResult(
            name,
            len(own[number]),
            int(in_gallery[number]),
            dict(zip((*measured.values, CLASS_F1), (*means[number], scores[number]), strict=True)),
        )
        for number, name in enumerate(names)
    )


def _means(tables: Sequence[Floats], resamples: int, seed: int) -> list[list[Interval]]:
    """``intervals`` of each of the tables (q, m). Those with as many queries have the same draws: these are shared."""
    result: list[list[Interval]] = [[] for _ in tables]
    alike: dict[int, list[int]] = {}
    for number, table in enumerate(tables):
        alike.setdefault(len(table), []).append(number)
    for numbers in alike.values():
        for start in range(0, len(numbers), CLASSES_AT_ONCE):
            part = numbers[start : start + CLASSES_AT_ONCE]
            found = iter(intervals(np.hstack([tables[number] for number in part]), resamples, seed))
            for number in part:
                result[number] = list(islice(found, tables[number].shape[1]))
    return result


def worst_queries(
    measured: Measured,
    queries: tuple[Sequence[str], Ints],
    gallery: tuple[Sequence[str], Ints],
    names: Sequence[str],
    count: int,
) -> tuple[WorstQuery, ...]:
    """The queries with the lowest average precision and the wrong photos nearest to each. Sides are (paths, labels)."""
    paths, labels = queries
    precision = np.where(measured.relevant > 0, measured.values["mAP"], np.inf)
    order = np.argsort(precision, kind="stable")[: min(count, int((measured.relevant > 0).sum()))]
    result = []
    for query in order:
        wrong = [
            WrongAnswer(gallery[0][photo], names[gallery[1][photo]], float(similarity))
            for photo, similarity in zip(measured.neighbours[query], measured.similarities[query], strict=True)
            if photo >= 0 and gallery[1][photo] != labels[query]
        ]
        result.append(
            WorstQuery(paths[query], names[labels[query]], float(precision[query]), tuple(wrong[:WRONG_SHOWN]))
        )
    return tuple(result)
