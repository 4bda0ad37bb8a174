"""How alike two pictures are, on the command line."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from imagefinder.commands import Command, Run, print_json
from imagefinder.commands.given_paths import picture
from imagefinder.terminal import say, tell

if TYPE_CHECKING:
    from imagefinder.usecases.opening import Library


def register(command: Command) -> None:
    add = command(
        "compare",
        compare,
        "Print how alike two pictures are: same, similar, related or different, as the library's own photos have it. "
        "A picture is a file, or an address of the web, which is fetched.",
    )
    add.add_argument("a", metavar="A")
    add.add_argument("b", metavar="B")
    add.add_argument("--model", metavar="NAME", help="the model to use (default: the library's own)")
    add.add_argument("--json", action="store_true")


def compare(run: Run) -> int:
    """Print how alike two pictures are."""
    from imagefinder.embedding.shelf import default_model
    from imagefinder.usecases.comparing import compare
    from imagefinder.usecases.models import Embedder, Models

    device = getattr(run.arguments, "device", "auto")
    a, b = picture(run.arguments.a), picture(run.arguments.b)
    models = Models(run.paths.models, device, warn=tell)
    with _library(run) as library:

        def embedder() -> Embedder:
            if library is not None:
                return models.embedder(library, models.spec(library, run.arguments.model))
            return models.shelf.load(run.arguments.model or default_model(), device, None, tell)

        found = compare(library, embedder, a, b, run.token)
    if run.arguments.json:
        print_json(
            {
                "verdict": found.verdict,
                "explanation": found.explanation,
                "similarity": found.similarity,
                "cosine": found.cosine,
                "l2": found.l2,
                "model": found.model,
                "calibrated_on": found.calibrated_on,
                "scale": found.scale._asdict(),
            }
        )
    else:
        say(f"{found.verdict}: {found.explanation}")
        limits = f"same from {found.scale.same:.2f}, similar from {found.scale.alike:.2f}"
        say(f"similarity {found.similarity:.3f} ({limits}, related from {found.scale.related:.2f})")
        say(f"cosine {found.cosine:.4f}, distance {found.l2:.4f}, model {found.model}")
    return 0


@contextlib.contextmanager
def _library(run: Run) -> "Iterator[Library | None]":
    """The library, where there is one."""
    from imagefinder.usecases.opening import open_existing

    if not (run.paths.library / "library.db").is_file():
        yield None
        return
    with open_existing(run.paths.library) as library:
        yield library
