"""What teaching brings on the grocery photographs: `python tests/benchmarks finetuned` for the model that ships, or
`python tests/benchmarks/finetuned.py MODEL [MODE ...] [--models DIR]`.

Seen: trained on train and val, each test photo searched among them. Unseen: trained on every other class only, searched
with and among the other half.
"""

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from imagefinder.domain.progress import CancelToken
from imagefinder.domain.training import RECIPES, LabelledPhoto, Scores, TrainingSpec
from imagefinder.embedding.shelf import default_model
from imagefinder.training.measuring import between
from imagefinder.usecases.evaluation_photos import embed_photos
from imagefinder.usecases.finetuning import Watcher, finetune
from imagefinder.usecases.labelled_folders import labelled_photos, survey_photos
from imagefinder.usecases.models import Models
from measuring import GROCERY

SHOWN = ("hit@1", "mAP")


def main(base: str = "", modes: tuple[str, ...] = ("quick",), folder: Path | None = None) -> None:
    """Print a line for each mode and half."""
    if not GROCERY.is_dir():
        print("(left out: the development photographs are not here)")
        return
    with tempfile.TemporaryDirectory() as temporary:
        models = Models(folder or Path(temporary), "cpu")
        base = base or default_model()
        photos = survey_photos(labelled_photos([GROCERY / "train", GROCERY / "val"])).chosen()
        test = tuple(labelled_photos([GROCERY / "test"]))
        for mode in modes:
            spec = TrainingSpec(f"{base}-{mode}-{np.random.default_rng().integers(10**9)}", base, photos)
            _seen(replace(spec, recipe=RECIPES[mode], test=test), models)
            _unseen(replace(spec, name=f"{spec.name}-half", recipe=RECIPES[mode]), test, models)


def _seen(spec: TrainingSpec, models: Models) -> None:
    watcher = Watcher(on_epoch=lambda result, examples: print(end=".", flush=True), warn=print)
    outcome = finetune(spec, models, device="cpu", watcher=watcher)
    models.shelf.remove(spec.name)
    assert outcome.test is not None
    seconds = "  ".join(f"{phase} {taken:.0f} s" for phase, taken in outcome.seconds.items())
    before, after = _shown(outcome.test.before), _shown(outcome.test.after)
    print(f"\n{spec.base}, {spec.recipe.mode}, seen classes: {before} -> {after}")
    print(f"  weight {outcome.weight:.2f}  {seconds}", flush=True)


def _unseen(spec: TrainingSpec, test: tuple[LabelledPhoto, ...], models: Models) -> None:
    names = sorted({photo.label for photo in spec.photos})
    taught = set(names[::2])
    finetune(replace(spec, photos=tuple(each for each in spec.photos if each.label in taught)), models, device="cpu")
    gallery = [photo for photo in spec.photos if photo.label not in taught]
    queries = [photo for photo in test if photo.label not in taught and photo.label in names]
    paths = [photo.path for photo in (*gallery, *queries)]
    both = [spec.base, spec.name]
    found = embed_photos(paths, models, both, "cpu", CancelToken(), lambda said: None)
    models.shelf.remove(spec.name)
    number = {name: place for place, name in enumerate(names)}
    label_of = {photo.path: number[photo.label] for photo in (*gallery, *queries)}
    labels = np.array([label_of[path] for path in found.paths])
    asked = np.isin(found.paths, [photo.path for photo in queries])
    lines = []
    for rows in (found.rows[name] for name in both):
        values = between(rows[asked], labels[asked], rows[~asked], labels[~asked])
        lines.append("  ".join(f"{name} {np.nanmean(values[name]):.3f}" for name in SHOWN))
    print(f"{spec.base}, {spec.recipe.mode}, unseen classes: {lines[0]} -> {lines[1]}", flush=True)


def _shown(scores: Scores) -> str:
    return "  ".join(f"{name} {scores.overall[name].value:.3f}" for name in SHOWN)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("mode", nargs="*", default=["quick"])
    parser.add_argument("--models", type=Path, help="the folder that the model is in")
    given = parser.parse_args()
    main(given.model, tuple(given.mode), given.models)
