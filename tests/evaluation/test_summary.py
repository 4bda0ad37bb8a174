"""The rows of a report: every metric of every class."""

import numpy as np
import pytest

from imagefinder.evaluation.bootstrap import intervals
from imagefinder.evaluation.comparing import by_cosine
from imagefinder.evaluation.metrics import Hits, all_metrics
from imagefinder.evaluation.protocol import measure
from imagefinder.evaluation.summary import CLASS_F1, F1, by_class, overall

NAMES = ("ash", "birch", "cedar", "elm", "fir", "larch")


def test_every_metric_of_every_class_is_the_mean_of_its_queries() -> None:
    generator = np.random.default_rng(0)
    gallery_labels = generator.integers(0, 5, 90)  # nothing of the last class: its queries are lone
    labels = np.repeat(np.arange(6), [30, 12, 12, 0, 7, 3])
    centres = generator.standard_normal((6, 8))
    rows, gallery = (
        (centres[each] + 1.5 * generator.standard_normal((len(each), 8))).astype(np.float32)
        for each in (labels, gallery_labels)
    )
    measured = measure(labels, gallery_labels, by_cosine(rows, gallery))
    classes = by_class(measured, labels, gallery_labels, NAMES, 100, seed=3)
    assert [each.label for each in classes] == list(NAMES)
    assert [each.queries for each in classes] == [30, 12, 12, 0, 7, 0]
    assert [each.gallery for each in classes] == np.bincount(gallery_labels, minlength=6).tolist()
    for number, each in enumerate(classes):
        assert list(each.metrics) == [*measured.values, CLASS_F1]
        assert all_metrics(Hits.of([1])).keys() < each.metrics.keys()
        if not each.queries:
            assert all(np.isnan([found.value, found.low, found.high]).all() for found in each.metrics.values())
            continue
        own = labels == number
        for name, values in measured.values.items():
            (alone,) = intervals(values[own][:, None], 100, seed=3)
            found = each.metrics[name]
            assert (found.value, found.low, found.high) == pytest.approx((alone.value, alone.low, alone.high)), name
        right = (own & (measured.predicted == number)).sum()
        wrong = (own ^ (measured.predicted == number))[labels != 5].sum()
        found = each.metrics[CLASS_F1]
        assert found.value == pytest.approx(2 * right / (2 * right + wrong))
        assert found.low < found.value < found.high
    mean = np.mean([each.metrics[CLASS_F1].value for each in classes if each.queries])
    assert mean == pytest.approx(overall(measured, labels, 100, seed=3)[F1].value)
