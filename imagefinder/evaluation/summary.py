"""From one number a query to a report's rows: means with intervals, overall and by class, and the worst queries."""

from collections.abc import Sequence

import numpy as np

from imagefinder.domain.evaluation import ClassResult, Interval, WorstQuery, WrongAnswer
from imagefinder.evaluation.bootstrap import intervals, intervals_of
from imagefinder.evaluation.metrics import Floats, Ints
from imagefinder.evaluation.protocol import F1_NEIGHBOURS, Measured
from imagefinder.evaluation.voting import macro_f1

F1 = f"macro F1 (kNN@{F1_NEIGHBOURS})"
CLASS_METRICS = ("hit@1", "precision@10", "mAP", "MAP@R", "kNN@5")
"""What is shown of each class."""
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
    """A row for each name (its number is its place) with a photo on either side, in this order."""
    counted = measured.relevant > 0
    in_gallery = np.bincount(gallery_labels, minlength=len(names))
    table = np.stack([measured.values[name] for name in CLASS_METRICS], axis=1)
    rows = []
    for number, name in enumerate(names):
        own = (labels == number) & counted
        found = dict(zip(CLASS_METRICS, intervals(table[own], resamples, seed), strict=True))
        rows.append(ClassResult(name, int(own.sum()), int(in_gallery[number]), found))
    return tuple(rows)


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
