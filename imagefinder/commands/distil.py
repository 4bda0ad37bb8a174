"""Making a small model out of a large one, on the command line. It is how the built-in model was made."""

import time
from typing import TYPE_CHECKING

from imagefinder.commands import Command, Run, interruptible, positive
from imagefinder.commands.given_paths import given_path
from imagefinder.commands.model_derive import scale_list
from imagefinder.terminal import ProgressLine, say, tell

if TYPE_CHECKING:
    from imagefinder.training.distillation import Learned

DIARY_SECONDS = 60.0


def register(command: Command) -> None:
    add = command("distil", distil, "Make a small, fast model that sees like a large one, on pictures without labels.")
    add.add_argument("folders", nargs="+", metavar="FOLDER", type=given_path, help="pictures to learn from")
    add.add_argument("--teacher", required=True, metavar="NAME", help="the large model, see: imagefinder models")
    add.add_argument("--into", required=True, metavar="FILE.safetensors", type=given_path, help="where the model goes")
    add.add_argument(
        "--work", required=True, metavar="DIR", type=given_path, help="kept between runs: an interrupted run goes on"
    )
    add.add_argument("--samples", type=positive, default=3_600_000, help="views to learn from (default: 3600000)")
    add.add_argument("--rounds", type=positive, default=4, help="passes of the teacher over all pictures (default: 4)")
    add.add_argument("--side", type=positive, default=160, help="pixels of the views that are kept (default: 160)")
    add.add_argument("--shown", type=positive, default=160, help="pixels the model is shown at last (default: 160)")
    add.add_argument("--scales", type=scale_list, metavar="1,1.3333", default=(1.0,), help="sizes it looks at, summed")
    add.add_argument("--dimension", type=positive, default=384, help="numbers per photo (default: 384)")
    add.add_argument("--seed", type=positive, default=1)
    add.add_argument("--name", default="", help="what to call it (default: as the file)")
    add.add_argument("--licence", default="", help="of the finished model, such as apache-2.0")
    add.add_argument("--description", default="", metavar="TEXT", help="what it is good at, in a sentence")


def distil(run: Run) -> int:
    """Make the views, train, write the model."""
    from imagefinder.embedding.shelf import ModelShelf
    from imagefinder.usecases.distilling import DistillationPlan, distil

    interruptible(run)
    given = run.arguments
    device = getattr(given, "device", "auto")
    teacher = ModelShelf(run.paths.models).load(given.teacher, device, warn=tell)
    plan = DistillationPlan(
        rounds=given.rounds,
        samples=given.samples,
        side=given.side,
        shown=given.shown,
        scales=given.scales,
        dimension=given.dimension,
        seed=given.seed,
        name=given.name,
        licence=given.licence,
        description=given.description,
    )
    with ProgressLine() as line:
        spec = distil(
            teacher,
            given.folders,
            given.work,
            given.into,
            plan,
            device=device,
            token=run.token,
            progress=line,
            learned=_Diary(),
        )
    say(f"{given.into}: {spec.provenance} Add it with: imagefinder models import {given.into}")
    return 0


class _Diary:
    """A line a minute on how far the student is: the training takes hours, often with its output in a file."""

    def __init__(self) -> None:
        self._next = time.monotonic() + DIARY_SECONDS

    def __call__(self, news: "Learned") -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + DIARY_SECONDS
            tell(
                f"{news.samples:,} views at {news.side} px: cosine {news.cosine:.3f}, divergence {news.divergence:.3f}"
            )
