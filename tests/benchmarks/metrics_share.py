"""An evaluation of 5,000 photos: how much of its time goes into metrics, once all is embedded."""

import tempfile
import time
from pathlib import Path

from imagefinder.domain.evaluation import EvaluationOptions
from imagefinder.domain.progress import Progress
from imagefinder.embedding.shelf import builtin_models
from imagefinder.usecases.evaluating import evaluate
from imagefinder.usecases.models import Models
from measuring import say, some_photos

PHOTOS, CLASSES = 5_000, 80
WEIGHTS = Path(__file__).parents[3] / "shared" / "weights" / "mobilenetv2_100_same.safetensors"


def main() -> None:
    """Leave-one-out with all metrics, classes and intervals, for the models that ship and a larger network."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        for number, path in enumerate(some_photos(PHOTOS, base / "drawn")):
            target = base / "photos" / f"{number % CLASSES:02}" / f"{number:04}.jpg"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(path)
        models = Models(base / "models", "cpu")
        names = builtin_models()
        if WEIGHTS.exists():
            names.append(models.shelf.add(WEIGHTS, "mobilenetv2_100_same", None).name)
        for name in names:
            _share(name, base / "photos", models)


def _share(name: str, photos: Path, models: Models) -> None:
    embedded = 0.0

    def watch(progress: Progress) -> None:
        nonlocal embedded
        if progress.phase == "embedding":  # the last one is always reported
            embedded = time.perf_counter()

    began = time.perf_counter()
    report = evaluate([photos], [], models, [name], EvaluationOptions(device="cpu"), progress=watch)
    metrics, whole = time.perf_counter() - embedded, time.perf_counter() - began
    say(
        f"metrics / whole evaluation of {report.counts.queries:,} photos, {name}",
        metrics / whole,
        "<= 0.05",
        f"[{metrics:.2f} s of {whole:.1f} s]",
    )
