"""How good a model is on a person's own folders, on the command line."""

import argparse
import math
from collections.abc import Callable

from imagefinder.commands import Command, Run, interruptible, positive, print_json
from imagefinder.commands.given_paths import given_path
from imagefinder.commands.label_levels import labels_line, register_level
from imagefinder.domain.errors import LibraryError
from imagefinder.terminal import ProgressLine, one_line, say, tell


def register(command: Command) -> None:
    add = command(
        "evaluate",
        evaluate,
        "Measure how well models find photos of the same class; the class of a photo is the name of its folder. "
        "Every photo is searched for among the others, or, with --queries, the queries among the photos.",
    )
    add.add_argument("folders", nargs="+", metavar="FOLDER", type=given_path)
    add.add_argument("--queries", nargs="+", action="extend", default=[], metavar="FOLDER2", type=given_path)
    register_level(add, "class")
    add.add_argument(
        "--model", nargs="+", action="extend", default=[], metavar="NAME", help="several are shown side by side"
    )
    add.add_argument(
        "--ground-truth",
        type=given_path,
        metavar="FILE|DIR",
        help="of a landmark benchmark: gnd_*.pkl, the same as .json, or a folder with *_query.txt",
    )
    add.add_argument(
        "--without-near-duplicates",
        action="store_true",
        help="leave photos of the query's own burst, and others nearly equal to it, out of its search; without this "
        "they are only counted. Not with --ground-truth, as the two options below",
    )
    add.add_argument(
        "--duplicate-similarity",
        type=_similarity,
        metavar="S",
        help="photos of one class are nearly equal from this cosine on, 0 to 1, of their embeddings by any of the "
        "named models, as the model gives them: not centred, however they are searched (default: 0.95)",
    )
    add.add_argument(
        "--burst-seconds",
        type=_seconds,
        metavar="T",
        help="photos of one class are of one burst where they were taken at most so far apart (default: 5)",
    )
    add.add_argument(
        "--centring",
        nargs="+",
        choices=("on", "off"),
        default=[],
        help="whether the gallery's mean is subtracted (default: as the model says). Of this option and the two below "
        "the first word is measured together, each further word beside it",
    )
    add.add_argument(
        "--compare",
        nargs="+",
        choices=("cosine", "hash", "hash-rerank"),
        default=[],
        help="by embeddings, by their hash codes, or by these first (default: as the model says)",
    )
    add.add_argument(
        "--lever",
        nargs="+",
        default=[],
        metavar="NAME",
        help="order the nearest photos anew: none, query-expansion, augmentation, k-reciprocal, diffusion",
    )
    add.add_argument("--again", action="store_true", help="embed photos that an earlier evaluation embedded, too")
    add.add_argument("--candidates", type=positive, default=1000, help="how many the lever orders (default: 1000)")
    add.add_argument("--resamples", type=positive, default=1000, help="behind each interval (default: 1000)")
    add.add_argument("--seed", type=int, default=0, help="of the intervals (default: 0)")
    add.add_argument("--worst", type=positive, default=10, help="how many of the worst queries to keep (default: 10)")
    add.add_argument("--json", action="store_true")
    add.add_argument("--csv", type=given_path, metavar="FILE", help="write a row for each model, class and metric")
    add.add_argument(
        "--report", type=given_path, metavar="FILE.html", help="write a page with curves and the worst queries"
    )


def evaluate(run: Run) -> int:
    """Measure how well models find photos of the same class."""
    from imagefinder.domain.evaluation import EvaluationError, EvaluationOptions, EvaluationReport, one_at_a_time
    from imagefinder.usecases.evaluating import evaluate
    from imagefinder.usecases.evaluation_files import as_record, as_text, check_writable, write_csv, write_html
    from imagefinder.usecases.landmarks import NO_NEAR_DUPLICATES, evaluate_landmarks
    from imagefinder.usecases.models import Models

    given = run.arguments
    interruptible(run)
    for target in (given.csv, given.report):
        if target is not None:
            check_writable(target)
    asked = {"duplicate_similarity": given.duplicate_similarity, "burst_seconds": given.burst_seconds}
    limits = {name: limit for name, limit in asked.items() if limit is not None}
    if given.ground_truth is not None and limits:
        raise EvaluationError(*NO_NEAR_DUPLICATES)
    device = getattr(given, "device", "auto")
    models = Models(run.paths.models, device, warn=tell)
    options = EvaluationOptions(
        ways=one_at_a_time([word == "on" for word in given.centring], given.compare, given.lever),
        candidates=given.candidates,
        without_near_duplicates=given.without_near_duplicates,
        resamples=given.resamples,
        seed=given.seed,
        worst=given.worst,
        device=device,
        again=given.again,
        label_level=given.label_level,
        **limits,
    )
    names = given.model or [_own_model(run)]
    measure: Callable[..., EvaluationReport] = evaluate
    folders: tuple[object, ...] = (given.folders, given.queries)
    if given.ground_truth is not None:
        measure, folders = evaluate_landmarks, (*folders, given.ground_truth)
    with ProgressLine() as line:
        report = measure(*folders, models, names, options, run.token, line)
    classes = report.models[0].classes if report.models else ()
    if classes:
        tell(labels_line({each.label: each.gallery for each in classes}, ("class", "classes")))
    for failure in report.counts.unreadable:
        tell(f"Could not read {one_line(failure.path)}: {failure.reason}")
    if given.json:
        print_json(as_record(report))
    else:
        say(as_text(report))
    if given.csv is not None:
        write_csv(report, given.csv)
    if given.report is not None:
        write_html(report, given.report, run.token)
    return 0


def _similarity(text: str) -> float:
    """For argparse."""
    number = _number(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return number


def _seconds(text: str) -> float:
    """For argparse."""
    number = _number(text)
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0 on")
    return number


def _number(text: str) -> float:
    """nan for what is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def _own_model(run: Run) -> str:
    """The library's own model, or the one that a new library would get."""
    from imagefinder.embedding.shelf import default_model
    from imagefinder.usecases.opening import open_existing

    try:
        with open_existing(run.paths.library) as library:
            active = library.active_model()
    except LibraryError:
        return default_model()
    return active.name if active is not None else default_model()
