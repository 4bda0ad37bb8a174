"""How well do models find photos of the same class? Measured on a person's own folders."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from imagefinder.domain.evaluation import (
    EvaluationCounts,
    EvaluationError,
    EvaluationOptions,
    EvaluationReport,
    ModelResult,
    Way,
)
from imagefinder.domain.images import Embeddings
from imagefinder.domain.progress import CancelToken, ProgressMeter, ProgressSink, ignore_progress
from imagefinder.evaluation.metrics import Ints
from imagefinder.evaluation.protocol import measure
from imagefinder.evaluation.splits import near_duplicates
from imagefinder.evaluation.summary import by_class, overall, worst_queries
from imagefinder.usecases.evaluation_photos import Embedded, embed_photos, list_photos
from imagefinder.usecases.evaluation_ways import (
    at_once,
    bytes_per_photo,
    check_ways,
    comparer,
    comparison,
    is_centred,
    lever_of,
    notes_on,
    seconds_per_query,
)
from imagefinder.usecases.label_levels import Nested, label_at, nested
from imagefinder.usecases.models import Models

DEFAULTS = EvaluationOptions()


def evaluate(
    gallery: Sequence[Path],
    queries: Sequence[Path],
    models: Models,
    names: Sequence[str],
    options: EvaluationOptions = DEFAULTS,
    token: CancelToken | None = None,
    progress: ProgressSink = ignore_progress,
) -> EvaluationReport:
    """Search for every query in the gallery, with every model in every way, and measure what of its class comes first.

    The class of a photo is the name of its folder. Without query folders every photo of the gallery is left out and
    searched for in turn. A photo that is on both sides is left out of its own search. Raises EvaluationError where
    nothing can be measured, UnknownName, ModelError and Cancelled.
    """
    token = token or CancelToken()
    check_ways(options)
    listed, asked = (list_photos(folders, options.excludes, token, progress) for folders in (gallery, queries))
    if not listed.paths:
        raise EvaluationError("There are no photos to search in.", "Name a folder with photos.")
    if queries and not asked.paths:
        raise EvaluationError("There are no photos to search for.", "Name a folder with photos after --queries.")
    embedded = embed_photos(
        list(dict.fromkeys(listed.paths + asked.paths)), models, list(dict.fromkeys(names)), options.device, token,
        progress, again=options.again,
    )  # fmt: skip
    places = listed.places() + asked.places()
    label_of = {place.path: label_at(place, options.label_level) for place in reversed(places)}
    sides = _Sides.of(embedded, listed.paths, asked.paths if queries else listed.paths, label_of)
    duplicates = _near_duplicates(sides, embedded, options, token)
    left_out = sides.own()
    if options.without_near_duplicates:
        left_out = [np.concatenate(pair) for pair in zip(left_out, duplicates, strict=True)]
    turns = [(name, way) for name in embedded.rows for way in options.ways]
    meter = ProgressMeter(progress, token, "measuring", total=len(sides.queries) * len(turns))
    results = []
    lone = 0
    for turn, (name, way) in enumerate(turns):

        def report(done: int, before: int = turn * len(sides.queries)) -> None:
            meter.report(before + done)

        result, lone = _measure(name, way, embedded, sides, left_out, options, report)
        results.append(result)
    pairs = sum(map(len, duplicates))
    counts = EvaluationCounts(
        gallery=len(sides.gallery),
        queries=len(sides.queries),
        classes=len(sides.names),
        lone=lone,
        near_duplicate_queries=sum(len(each) > 0 for each in duplicates),
        near_duplicate_pairs=pairs if queries else pairs // 2,
        unreadable=embedded.unreadable,
        empty_folders=tuple(dict.fromkeys(listed.empty_folders + asked.empty_folders)),
    )
    how = "Every query is searched for in the gallery." if queries else "Every photo is searched for among the others."
    return EvaluationReport(
        tuple(map(str, gallery)),
        tuple(map(str, queries)),
        how,
        options,
        counts,
        tuple(results),
        _notes(counts, options, nested(places) if options.label_level is None else None) + notes_on(results),
    )


@dataclass(frozen=True, slots=True)
class _Sides:
    """``queries`` and ``gallery`` are places in Embedded.paths; labels are places in ``names``."""

    queries: Ints
    gallery: Ints
    query_labels: Ints
    gallery_labels: Ints
    names: tuple[str, ...]

    @classmethod
    def of(
        cls, embedded: Embedded, gallery: Sequence[str], queries: Sequence[str], label_of: Mapping[str, str]
    ) -> "_Sides":
        places = {path: place for place, path in enumerate(embedded.paths)}
        names = tuple(sorted({label_of[path] for path in embedded.paths}))
        numbers = {name: number for number, name in enumerate(names)}
        left, right = (np.array([places[p] for p in side if p in places], np.int64) for side in (queries, gallery))
        if not len(left) or not len(right):
            reasons = "; ".join(sorted({failure.reason for failure in embedded.unreadable})[:3])
            raise EvaluationError("None of the photos could be read.", reasons)
        labels = np.array([numbers[label_of[path]] for path in embedded.paths], np.int64)
        return cls(left, right, labels[left], labels[right], names)

    def own(self) -> list[Ints]:
        """For each query, where it is in the gallery itself: one number or none."""
        place = np.full(max(self.queries.max(), self.gallery.max()) + 1, -1)
        place[self.gallery] = np.arange(len(self.gallery))
        return [each[each >= 0] for each in place[self.queries][:, None]]

    def rows(self, rows: Embeddings) -> tuple[Embeddings, Embeddings]:
        """The rows of the queries and of the gallery. Where both are all photos, nothing is copied."""
        everything = np.arange(len(rows))
        left, right = (
            rows if np.array_equal(side, everything) else rows[side] for side in (self.queries, self.gallery)
        )
        return left, right


def _near_duplicates(sides: _Sides, embedded: Embedded, options: EvaluationOptions, token: CancelToken) -> list[Ints]:
    """For each query, its near-duplicates in the gallery but itself: the same for all models, so that they compare.

    Features tell, as the models give them: class probabilities of different photos of one thing may well be equal.
    """
    telling = [name for name in embedded.rows if embedded.specs[name].output == "features"] or embedded.rows
    times = [[embedded.times[photo] for photo in side] for side in (sides.queries, sides.gallery)]
    found = near_duplicates(
        (times[0], times[1]),
        (sides.query_labels, sides.gallery_labels),
        [sides.rows(embedded.rows[name]) for name in telling],
        options.burst_seconds,
        options.duplicate_similarity,
        token.check,
    )
    return [near[sides.gallery[near] != photo] for near, photo in zip(found, sides.queries, strict=True)]


def _measure(
    name: str,
    way: Way,
    embedded: Embedded,
    sides: _Sides,
    left_out: Sequence[Ints],
    options: EvaluationOptions,
    report: Callable[[int], None],
) -> tuple[ModelResult, int]:
    """One model's result in one way, and how many queries were lone."""
    began = time.perf_counter()
    spec, rows = embedded.specs[name], embedded.rows[name]
    compare = comparer(*sides.rows(rows), spec, way, options.candidates, left_out)
    measured = measure(sides.query_labels, sides.gallery_labels, compare, left_out, report, at_once(way))
    lone = int((measured.relevant == 0).sum())
    if lone == len(sides.queries):
        raise EvaluationError(
            "No query has a photo of its class to be found.",
            "Put the photos of each class into a folder of their own, two or more of them.",
        )
    paths = embedded.paths
    asked, searched = ([paths[photo] for photo in side] for side in (sides.queries, sides.gallery))
    result = ModelResult(
        model=name,
        dimension=spec.dimension,
        centred=is_centred(spec, way),
        compare=comparison(spec, way),
        lever=lever_of(way),
        overall=overall(measured, sides.query_labels, options.resamples, options.seed),
        classes=by_class(
            measured, sides.query_labels, sides.gallery_labels, sides.names, options.resamples, options.seed
        ),
        curve=measured.curve,
        worst=worst_queries(
            measured, (asked, sides.query_labels), (searched, sides.gallery_labels), sides.names, options.worst
        ),
        measuring_seconds=time.perf_counter() - began,
        query_seconds=seconds_per_query(compare, len(sides.queries)),
        bytes_per_photo=bytes_per_photo(spec, comparison(spec, way)),
        **embedded.speeds[name],
    )
    return result, lone


def _notes(counts: EvaluationCounts, options: EvaluationOptions, other: Nested | None) -> tuple[str, ...]:
    notes = []
    if other is not None:
        notes.append(other.sentence())
    if counts.classes == 1:
        notes.append("All photos are of one class, so that no answer can be wrong: these numbers say nothing.")
    if counts.lone:
        notes.append(f"Queries with nothing of their class in the gallery, which are in no mean: {counts.lone:,}.")
    if counts.near_duplicate_queries:
        share = f"{counts.near_duplicate_queries:,} of {counts.queries:,} queries"
        if options.without_near_duplicates:
            notes.append(f"{share} had near-duplicates in the gallery; these were left out for them.")
        else:
            notes.append(f"{share} have a near-duplicate in the gallery, which flatters these numbers.")
    if counts.unreadable:
        notes.append(f"Photos that could not be read: {len(counts.unreadable):,}.")
    if counts.empty_folders:
        notes.append(f"Folders that hold no photo, and are no class: {len(counts.empty_folders):,}.")
    return tuple(notes)
