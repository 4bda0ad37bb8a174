"""A report as lines for a terminal, as rows of a table for other programs, and as a record for JSON."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from imagefinder.domain.evaluation import EvaluationReport, Interval, ModelResult
from imagefinder.evaluation.summary import CLASS_F1

CSV_HEADER = ("model", "compare", "centred", "lever", "scope", "class", "queries", "metric", "value", "low", "high")
NAME_WIDTH = 40
COLUMNS = 4
"""As many as fit beside each other in a usual terminal."""
CLASS_METRICS = ("hit@1", "precision@10", "mAP", "MAP@R", CLASS_F1)
"""What is shown of each class beside each other; everything that was measured is in the table and in the record."""
CLASS_TABLES = 3
"""Where more models, or ways to compare, stand side by side, their classes would be a flood."""
EARLIER = "Speeds marked * were measured by an earlier evaluation; --again measures them anew."


def as_text(report: EvaluationReport) -> str:
    """The report for people: models side by side, then each model's classes, then what to know about the numbers."""
    lines = [headline(report), report.protocol]
    for start in range(0, len(report.models), COLUMNS):
        lines += ["", *_side_by_side(report.models[start : start + COLUMNS])]
    several = len(report.models) > CLASS_TABLES
    shown = [model for model in report.models if len(model.classes) > 1 and not several]
    for model in shown:
        lines += ["", f"{title(model)}, by class", *_classes(model)]
    lines += ["", f"In brackets: bootstrap 95 % intervals, {report.options.resamples:,} resamples of the queries."]
    if several and report.counts.classes:
        lines.append("The numbers of each class are in what --csv, --json and --report write.")
    elif shown:
        lines.append("All metrics of each class are in what --csv and --json write.")
    lines += [] if all(model.measured_now for model in report.models) else [EARLIER]
    lines += report.notes
    return "\n".join(lines)


def as_csv(report: EvaluationReport) -> str:
    """One row for each model, scope ("overall" or "class"), class and metric; numbers with six decimals.

    The last overall rows of a model are what it takes, without an interval: photos read and embedded in a second,
    milliseconds to compare and sort for one query after that, and bytes of memory for each photo.
    """
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(CSV_HEADER)
    for model in report.models:
        start = (model.model, model.compare, model.centred, model.lever)
        counted = report.counts.queries - report.counts.lone
        scopes = [("overall", "", counted, model.overall)]
        scopes += [("class", each.label, each.queries, each.metrics) for each in model.classes]
        for scope, label, queries, metrics in scopes:
            for name, found in metrics.items():
                numbers = (_six_decimals(number) for number in (found.value, found.low, found.high))
                writer.writerow((*start, scope, label, queries, name, *numbers))
            if scope == "overall":
                for name, number in _measured_costs(model).items():
                    writer.writerow((*start, scope, label, queries, name, _six_decimals(number), "", ""))
    return target.getvalue()


def as_record(report: EvaluationReport) -> dict[str, Any]:
    """Plain dictionaries, lists, text and numbers; what is not a number is None, as JSON has no nan."""
    record: dict[str, Any] = _plain(asdict(report))
    for written, model in zip(record["models"], report.models, strict=True):
        written["photos_per_second"] = model.photos_per_second
    return record


def headline(report: EvaluationReport) -> str:
    """How much was measured."""
    counts = report.counts
    classes = f", {counts.classes:,} classes" if counts.classes else ""
    return f"{counts.queries:,} queries in a gallery of {counts.gallery:,} photos{classes}"


def title(model: ModelResult) -> str:
    """A model's name with what sets this run apart from its plain use. Hash codes alone do not know centring."""
    how: list[str] = [] if model.compare == "cosine" else [model.compare]
    how += [model.lever] if model.lever else []
    how += [] if model.centred or model.compare == "hash" else ["not centred"]
    return f"{model.model} ({', '.join(how)})" if how else model.model


def interval(found: Interval) -> str:
    """Like ``0.596 [0.577 0.615]``."""
    return "-" if math.isnan(found.value) else f"{found.value:.3f} [{found.low:.3f} {found.high:.3f}]"


def costs(model: ModelResult) -> dict[str, str]:
    """What a model takes: numbers with their units, by name. A star marks what an earlier evaluation measured."""
    rate = model.photos_per_second
    star = "" if model.measured_now else "*"
    return {
        "values a photo": f"{model.dimension:,}",
        "memory a photo": f"{model.bytes_per_photo:,} bytes",
        "photos read, embedded": f"{rate:.1f}/s{star}" if rate else "-",
        "a query read, embedded": f"{1e3 / rate:.1f} ms{star}" if rate else "-",
        "and searched for": f"{model.query_seconds * 1e3:.2f} ms",
        "all measured": f"{model.measuring_seconds:.2f} s",
        "arithmetic": f"{model.precision}, {model.device}" if model.precision else "-",
    }


def _side_by_side(models: Sequence[ModelResult]) -> list[str]:
    width = max(22, *(len(title(model)) + 2 for model in models))
    columns = [{"": title(model), **_formatted(model.overall), **costs(model)} for model in models]
    return [f"{name:26}" + "".join(f"{column[name]:>{width}}" for column in columns) for name in columns[0]]


def _formatted(metrics: Mapping[str, Interval]) -> dict[str, str]:
    return {name: interval(found) for name, found in metrics.items()}


def _measured_costs(model: ModelResult) -> dict[str, float]:
    rate = model.photos_per_second
    return {
        "photos/s": rate or math.nan,
        "ms/query": model.query_seconds * 1e3,
        "bytes/photo": model.bytes_per_photo,
    }


def _six_decimals(number: float) -> str:
    return "" if math.isnan(number) else f"{number:.6f}"


def class_metrics(model: ModelResult) -> list[str]:
    """Those of CLASS_METRICS that were measured; the model has classes."""
    return [name for name in CLASS_METRICS if name in model.classes[0].metrics]


def _classes(model: ModelResult) -> list[str]:
    metrics = class_metrics(model)
    width = min(NAME_WIDTH, max(len(each.label) for each in model.classes)) + 2
    lines = [f"{'':{width}}{'queries':>8}{'gallery':>8}" + "".join(f"{name:>22}" for name in metrics)]
    for each in model.classes:
        numbers = "".join(f"{interval(each.metrics[name]):>22}" for name in metrics)
        lines.append(f"{each.label[:NAME_WIDTH]:{width}}{each.queries:>8,}{each.gallery:>8,}{numbers}")
    return lines


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
