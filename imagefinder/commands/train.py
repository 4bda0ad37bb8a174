"""Teaching a model on the command line, and the pairs that tutorials about Siamese networks start from."""

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from imagefinder.commands import INTERRUPTED, Command, Run, interruptible, positive, print_json
from imagefinder.commands.given_paths import given_path
from imagefinder.commands.label_levels import register_level, tell_labels
from imagefinder.commands.train_answers import epoch_line, print_outcome
from imagefinder.domain.errors import Cancelled, ImageFinderError
from imagefinder.domain.progress import CancelToken
from imagefinder.domain.training import (
    POOLINGS,
    RECIPES,
    EpochResult,
    Recipe,
    TrainingError,
    TrainingSpec,
)
from imagefinder.terminal import ProgressLine, say, tell

if TYPE_CHECKING:
    from imagefinder.usecases.labelled_folders import FolderSurvey

PLAIN = (
    "loss", "miner", "dimension", "layers", "pooling", "classes", "photos", "blocks", "views", "patience",
    "memory", "chunk", "weight", "held_out", "jitter", "seed",
)  # fmt: skip
"""Options that are called like what they set."""


def register(command: Command) -> None:
    add = command(
        "train",
        train,
        "Teach a model what is similar, by folders of labelled photos. The result is a new model: --model NAME.",
    )
    add.add_argument(
        "folders", nargs="+", metavar="FOLDER", type=given_path,
        help="holds a folder of photos for each label; or a list of pairs (CSV: path_a,path_b,similar)",
    )  # fmt: skip
    add.add_argument("--name", required=True, metavar="NAME", help="what to call the trained model")
    add.add_argument("--base", metavar="MODEL", help="the model to start from (default: the library's own)")
    add.add_argument("--mode", choices=tuple(RECIPES), default="quick", help="how much of it learns (default: quick)")
    register_level(add)
    add.add_argument(
        "--test", action="append", default=[], metavar="FOLDER", type=given_path, help="photos to measure with"
    )
    add.add_argument("--pairs", action="store_true", help="two folders hold similar_N_first and similar_N_second")
    add.add_argument("--resume", action="store_true", help="go on from where an interrupted run was")
    add.add_argument("--restart", action="store_true", help="forget an interrupted run of this name")
    add.add_argument("--estimate", action="store_true", help="only say how long it would take")
    add.add_argument("--json", action="store_true")
    _advanced(add.add_argument_group("advanced"))
    pairs = command("pairs", write, "Write similar and dissimilar pairs, or triplets, of labelled photos as a table.")
    pairs.add_argument("folders", nargs="+", metavar="FOLDER", type=given_path, help="holds a folder for each label")
    pairs.add_argument("--into", required=True, metavar="FILE.csv", type=given_path)
    register_level(pairs)
    pairs.add_argument("--count", type=positive, default=1000, help="how many (default: 1000)")
    pairs.add_argument("--triplets", action="store_true", help="anchor, positive and negative instead")
    pairs.add_argument("--seed", type=int, default=0)


def _advanced(add: Any) -> None:
    add.add_argument("--loss", metavar="NAME")
    add.add_argument("--loss-option", action="append", default=[], metavar="NAME=NUMBER", type=_option)
    add.add_argument("--margin", type=float, metavar="M", help="for losses that have one")
    add.add_argument("--miner", metavar="NAME")
    add.add_argument("--dimension", type=positive, metavar="D", help="of the tuned part of an embedding")
    add.add_argument("--layers", type=int, metavar="N", help="of so many of the last blocks the maps are learned from")
    add.add_argument("--pooling", choices=POOLINGS, help="of these maps (default: average+max)")
    add.add_argument("--classes", type=positive, metavar="P", help="labels in a batch")
    add.add_argument("--photos", type=positive, metavar="K", help="photos of each of them")
    add.add_argument("--epochs", type=positive, metavar="N", help="of what the mode lets learn last")
    add.add_argument("--rate", type=float, metavar="R", help="the learning rate of the same")
    add.add_argument("--head-epochs", type=positive, metavar="N", help="of the head alone")
    add.add_argument("--head-rate", type=float, metavar="R")
    add.add_argument(
        "--blocks", type=positive, metavar="N", help="of --mode thorough: so many of the last blocks learn"
    )
    add.add_argument("--views", type=int, metavar="N", help="of --mode thorough: random views of each photo")
    add.add_argument("--smallest-cut", type=float, metavar="A", help="the least share of a photo that a view shows")
    add.add_argument("--jitter", type=float, metavar="S", help="how much the light and colour of a view may vary")
    add.add_argument("--no-flip", action="store_true", help="never mirror photos")
    add.add_argument("--memory", type=int, metavar="N", help="embeddings of earlier batches to compare with")
    add.add_argument("--chunk", type=int, metavar="N", help="photos that go through the network at once")
    add.add_argument("--held-out", type=float, metavar="S", help="the share of photos to test with (default: 0.2)")
    add.add_argument("--patience", type=positive, metavar="N", help="epochs without gain after which it ends")
    add.add_argument("--weight", type=float, metavar="W", help="of the tuned part, 0 to 1 (default: chosen by testing)")
    add.add_argument("--seed", type=int)


def train(run: Run) -> int:
    """Teach a model what is similar, by labelled photos."""
    from imagefinder.usecases.finetuning import Watcher, finetune, unfinished
    from imagefinder.usecases.labelled_folders import labelled_photos
    from imagefinder.usecases.models import Models
    from imagefinder.usecases.training_time import estimate

    given = run.arguments
    interruptible(run)
    device = getattr(given, "device", "auto")
    models = Models(run.paths.models, device, warn=tell)
    if given.name in unfinished(models) and not (given.resume or given.restart or given.estimate):
        raise TrainingError(
            f"A training of {given.name} was interrupted.", "Go on with --resume, or forget it with --restart."
        )
    recipe = recipe_of(given)
    base = given.base or _usual_model(run, models)
    with ProgressLine() as line:
        survey = _survey(given, run.token, line)
        photos = survey.chosen()
        tell_labels(photo.label for photo in photos)
        if survey.nested is not None:
            tell(survey.nested.sentence())
        for warning in survey.warnings():
            tell(warning)
        test = tuple(labelled_photos(given.test, given.label_level))
        spec = TrainingSpec(given.name, base, photos, recipe, test, given.resume)
        if given.estimate:
            expected = estimate(spec, models, device=device)
            if given.json:
                print_json({"reading": round(expected.reading, 2), "learning": round(expected.learning, 2)})
            else:
                say(f"About {expected.reading:.0f} s to read the photos and {expected.learning:.0f} s to learn.")
            return 0

        def on_epoch(result: EpochResult, examples: object) -> None:
            if not given.json:
                say(epoch_line(result))

        try:
            outcome = finetune(spec, models, device=device, token=run.token, watcher=Watcher(line, on_epoch, tell))
        except Cancelled:
            tell("Nothing was learned yet. What was read is kept: the same command with --resume goes on from there.")
            raise
    if given.json:
        print_json(outcome.record())
    else:
        print_outcome(outcome)
    return INTERRUPTED if outcome.stopped_early else 0


def write(run: Run) -> int:
    """Write pairs or triplets of labelled photos as a table."""
    from imagefinder.training.pair_tables import write_pairs, write_triplets
    from imagefinder.training.pairs import pairs_from_labels, triplets_from_labels
    from imagefinder.usecases.label_levels import nested
    from imagefinder.usecases.labelled_folders import labelled, photos_below

    given = run.arguments
    places = photos_below(given.folders)
    photos = labelled(places, given.label_level)
    tell_labels(photo.label for photo in photos)
    other = nested(places) if given.label_level is None else None
    if other is not None:
        tell(other.sentence())
    if given.triplets:
        write_triplets(given.into, triplets_from_labels(photos, given.count, given.seed))
    else:
        write_pairs(given.into, pairs_from_labels(photos, given.count, given.seed))
    say(f"{given.into}: {given.count:,} {'triplets' if given.triplets else 'pairs'} of {len(photos):,} photos.")
    return 0


def recipe_of(given: Any) -> Recipe:
    """The mode's recipe with what the command line says otherwise. Raises ImageFinderError."""
    from imagefinder.training.losses import LOSSES

    recipe = RECIPES[given.mode]
    chosen = {name: getattr(given, name) for name in PLAIN if getattr(given, name) is not None}
    last = ("head_epochs", "head_rate") if given.mode == "quick" else ("epochs", "network_rate")
    others = (
        (last[0], given.epochs),
        (last[1], given.rate),
        ("head_epochs", given.head_epochs),
        ("head_rate", given.head_rate),
        ("smallest_cut", given.smallest_cut),
    )
    chosen |= {name: value for name, value in others if value is not None}
    options = dict(given.loss_option)
    if given.margin is not None:
        known = LOSSES[given.loss or recipe.loss].options
        names = [name for name in ("margin", "neg_margin") if name in known]
        if not names:
            raise ImageFinderError(f"The loss {given.loss or recipe.loss} has no margin.", "Leave out --margin.")
        options[names[0]] = given.margin
    return replace(recipe, **chosen, loss_options=options, flip=not given.no_flip)


def _survey(given: Any, token: CancelToken, line: ProgressLine) -> "FolderSurvey":
    from imagefinder.training.pair_tables import read_pairs
    from imagefinder.training.pairs import pairs_from_folders
    from imagefinder.usecases.labelled_folders import labels_of_pairs, survey_folders, survey_photos

    lists = [] if given.pairs else [path for path in given.folders if path.is_file()]
    if not lists and not given.pairs:
        return survey_folders(given.folders, given.label_level, token, line)
    if given.label_level is not None:
        raise TrainingError("Pairs have no labels in folders.", "Leave out --label-level.")
    if given.pairs:
        pairs = pairs_from_folders(given.folders[0], given.folders[-1])
    elif len(lists) < len(given.folders):
        raise TrainingError("Folders of labels and lists of pairs do not go together.", "Give one or the other.")
    else:
        pairs = [pair for path in lists for pair in read_pairs(path)]
    return survey_photos(labels_of_pairs(pairs), token, line)


def _option(text: str) -> tuple[str, float]:
    name, _, number = text.partition("=")
    try:
        return name, float(number)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not like margin=0.2") from None


def _usual_model(run: Run, models: Any) -> str:
    from imagefinder.embedding.shelf import default_model
    from imagefinder.usecases.opening import open_existing

    if not run.paths.library.exists():
        return default_model()
    with open_existing(run.paths.library) as library:
        return str(models.shelf.name_of(models.spec(library)))
