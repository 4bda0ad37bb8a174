"""The landmark benchmarks on a person's copy of them: Oxford5k, Paris6k and their revisited forms."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from imagefinder.domain.evaluation import (
    EvaluationCounts,
    EvaluationError,
    EvaluationOptions,
    EvaluationReport,
    Interval,
    ModelResult,
    Way,
    WorstQuery,
    WrongAnswer,
)
from imagefinder.domain.progress import CancelToken, ProgressMeter, ProgressSink, ignore_progress
from imagefinder.evaluation.bootstrap import intervals
from imagefinder.evaluation.ground_truth import GroundTruth, read_ground_truth, without_ending
from imagefinder.evaluation.landmark import MAIN_LEVEL, REVISITED, LandmarkScores, judged, measure_level
from imagefinder.evaluation.metrics import Ints
from imagefinder.evaluation.summary import WRONG_SHOWN
from imagefinder.usecases.evaluating import DEFAULTS
from imagefinder.usecases.evaluation_photos import Box, Embedded, embed_photos, list_photos
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
from imagefinder.usecases.models import Models

NO_NEAR_DUPLICATES = (
    "A ground truth says itself which photos are left out of a search; near-duplicates are not looked for.",
    "Leave out either --ground-truth, or --without-near-duplicates, --duplicate-similarity and --burst-seconds.",
)


def evaluate_landmarks(
    gallery: Sequence[Path],
    queries: Sequence[Path],
    ground_truth: Path,
    models: Models,
    names: Sequence[str],
    options: EvaluationOptions = DEFAULTS,
    token: CancelToken | None = None,
    progress: ProgressSink = ignore_progress,
) -> EvaluationReport:
    """Measure as the landmark benchmarks publish it: trapezoid mAP and mP@k, Easy/Medium/Hard where there are levels.

    Photos are found by their names, those of queries in ``queries`` or else in ``gallery``, and cropped to the query's
    box. Relevant photos that are missing count as not found. The ground truth alone says what is left out: nothing is
    looked for that is nearly equal. Raises EvaluationError, also where the options ask for that, UnknownName,
    ModelError and Cancelled.
    """
    token = token or CancelToken()
    if options.without_near_duplicates:
        raise EvaluationError(*NO_NEAR_DUPLICATES)
    check_ways(options)
    names = list(dict.fromkeys(names))
    truth = read_ground_truth(ground_truth)
    listed = _by_name(list_photos(gallery, options.excludes, token, progress).paths)
    asked = _by_name(list_photos(queries, options.excludes, token, progress).paths) if queries else listed
    kept = {name: listed[name] for name in truth.images if name in listed} if truth.closed else listed
    wanted = [query for query in truth.queries if query.image in asked]
    if not kept or not wanted:
        raise EvaluationError(
            f"None of the {'photos' if not kept else 'query photos'} that {ground_truth} names is in the folders.",
            "Name the folder with the photos of this benchmark.",
        )
    meant = GroundTruth(truth.images, tuple(wanted), truth.revisited, truth.closed)
    searched = embed_photos(list(kept.values()), models, names, options.device, token, progress, again=options.again)
    if not searched.paths:
        raise EvaluationError("None of the photos could be read.", searched.unreadable[0].reason)
    cropped = _embed_queries(meant, asked, models, names, options, token, progress)
    judging = _Judging(meant, searched, [asked[query.image] for query in wanted])
    levels = REVISITED if meant.revisited else ("all",)
    turns = [(name, way) for name in searched.rows for way in options.ways]
    meter = ProgressMeter(progress, token, "measuring", total=len(wanted) * len(levels) * len(turns))
    results = []
    for turn, (name, way) in enumerate(turns):

        def report(done: int, before: int = turn * len(wanted) * len(levels)) -> None:
            meter.report(before + done)

        results.append(_measure(name, way, searched, cropped, judging, levels, options, report))
    unreadable = searched.unreadable
    absent = sum(name not in listed for name in truth.images)
    counts = EvaluationCounts(
        gallery=len(searched.paths),
        queries=len(wanted),
        classes=0,
        lone=judging.lone(levels),
        near_duplicate_queries=None,
        near_duplicate_pairs=None,
        unreadable=unreadable,
        missing=absent,
    )
    notes = [f"{absent:,} photos that the ground truth names are not there; they count as not found."] if absent else []
    if len(wanted) < len(truth.queries):
        notes.append(f"{len(truth.queries) - len(wanted):,} of {len(truth.queries):,} query photos are not there.")
    if unreadable:
        notes.append(f"Photos that could not be read: {len(unreadable):,}.")
    how = "Landmark protocol: cropped queries, junk left out, average precision by trapezoids."
    folders = tuple(map(str, gallery)), tuple(map(str, queries))
    return EvaluationReport(*folders, how, options, counts, tuple(results), tuple(notes) + notes_on(results))


def _by_name(paths: Sequence[str]) -> dict[str, str]:
    """Paths by the names that ground truths use; of several with one name the first."""
    found: dict[str, str] = {}
    for path in paths:
        found.setdefault(without_ending(path), path)
    return found


def _embed_queries(
    truth: GroundTruth,
    asked: dict[str, str],
    models: Models,
    names: Sequence[str],
    options: EvaluationOptions,
    token: CancelToken,
    progress: ProgressSink,
) -> Embedded:
    """One row for each query, in order: several queries may be boxes of one photo. Raises EvaluationError."""
    paths = [asked[query.image] for query in truth.queries]
    boxes: list[Box | None] = [query.box for query in truth.queries]
    embedded = embed_photos(paths, models, names, options.device, token, progress, boxes, options.again)
    if embedded.unreadable:
        first = embedded.unreadable[0]
        raise EvaluationError(f"The query photo {first.path} could not be read: {first.reason}")
    return embedded


class _Judging:
    """What is relevant to each query, in gallery numbers."""

    def __init__(self, truth: GroundTruth, searched: Embedded, query_paths: list[str]) -> None:
        self.queries = truth.queries
        self.query_paths = query_paths
        places = {without_ending(path): place for place, path in enumerate(searched.paths)}
        self._place = np.array([places.get(name, -1) for name in truth.images], np.int64)

    def at(self, level: str) -> tuple[list[Ints], list[Ints], Ints]:
        """(relevant, junk, how many are relevant in all) of each query."""
        pairs = [judged(query, level) for query in self.queries]
        relevant, junk = ([self._there(pair[side]) for pair in pairs] for side in (0, 1))
        return relevant, junk, np.array([len(pair[0]) for pair in pairs], np.int64)

    def _there(self, images: Ints) -> Ints:
        places = self._place[images]
        return places[places >= 0]

    def lone(self, levels: Sequence[str]) -> int:
        """Queries without anything relevant at the level that counts most."""
        return int((self.at(main_level(levels))[2] == 0).sum())


def main_level(levels: Sequence[str]) -> str:
    return MAIN_LEVEL if MAIN_LEVEL in levels else levels[0]


def _measure(
    name: str,
    way: Way,
    searched: Embedded,
    cropped: Embedded,
    judging: _Judging,
    levels: Sequence[str],
    options: EvaluationOptions,
    report: Callable[[int], None],
) -> ModelResult:
    began = time.perf_counter()
    spec = searched.specs[name]
    rows = cropped.rows[name], searched.rows[name]
    overall: dict[str, Interval] = {}
    scores: dict[str, LandmarkScores] = {}
    # Junk is taken out of the rankings, as published: a lever may still see it.
    compare = comparer(*rows, spec, way, options.candidates, None)
    for turn, level in enumerate(levels):
        relevant, junk, totals = judging.at(level)

        def report_level(done: int, before: int = turn * len(totals)) -> None:
            report(before + done)

        scores[level] = measure_level(len(searched.paths), compare, relevant, junk, totals, report_level, at_once(way))
        counted = totals > 0
        table = np.stack([column[counted] for column in scores[level].values.values()], axis=1)
        means = intervals(table, options.resamples, options.seed)
        overall |= {f"{level} {metric}": mean for metric, mean in zip(scores[level].values, means, strict=True)}
    main = main_level(levels)
    return ModelResult(
        model=name,
        dimension=spec.dimension,
        centred=is_centred(spec, way),
        compare=comparison(spec, way),
        lever=lever_of(way),
        overall=overall,
        classes=(),
        curve=scores[main].curve,
        worst=_worst(scores[main], judging, judging.at(main)[0], searched.paths, options.worst),
        measuring_seconds=time.perf_counter() - began,
        query_seconds=seconds_per_query(compare, len(cropped.paths)),
        bytes_per_photo=bytes_per_photo(spec, comparison(spec, way)),
        **searched.speeds[name],
    )


def _worst(
    scores: LandmarkScores, judging: _Judging, relevant: Sequence[Ints], paths: Sequence[str], count: int
) -> tuple[WorstQuery, ...]:
    precision = np.where(scores.relevant > 0, scores.values["mAP"], np.inf)
    order = np.argsort(precision, kind="stable")[: min(count, int((scores.relevant > 0).sum()))]
    result = []
    for query in order:
        right = set(relevant[query].tolist())
        wrong = tuple(
            WrongAnswer(paths[photo], "", float(similarity))
            for photo, similarity in zip(scores.neighbours[query].tolist(), scores.similarities[query], strict=True)
            if photo >= 0 and photo not in right
        )
        path = judging.query_paths[query]
        result.append(WorstQuery(path, "", float(precision[query]), wrong[:WRONG_SHOWN]))
    return tuple(result)
