"""Which model a library searches by, on the command line: switch, go back, forget."""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Protocol, get_args

from imagefinder.commands import INTERRUPTED, Run, interruptible, must_have_library, print_json
from imagefinder.commands.model_answers import as_json, models_of
from imagefinder.domain.errors import ImageFinderError
from imagefinder.domain.images import HeldModel
from imagefinder.domain.specs import Comparison
from imagefinder.terminal import ProgressLine, say, tell

if TYPE_CHECKING:
    from imagefinder.usecases.switching import SwitchOutcome


class Action(Protocol):
    """Adds one action of `imagefinder models`: its name, what runs it, and one sentence about it."""

    def __call__(self, name: str, run: Callable[[Run], int], text: str) -> argparse.ArgumentParser: ...


def register_use(action: Action) -> None:
    add = action(
        "use",
        use,
        "Make the library search by this model. Photos that it has not seen are read again, while the old model keeps "
        "answering; interrupted, it goes on the next time. Going back to a model that has seen all photos is instant.",
    )
    add.add_argument("name", metavar="NAME")
    add.add_argument(
        "--compare",
        choices=get_args(Comparison),
        help="by embeddings, by their hash codes, or by these first (default: as before); no photo is read for that",
    )
    add.add_argument("--centring", choices=("on", "off"), help="whether the library's mean is subtracted first")
    add = action(
        "forget", forget, "Delete what a model knows of the library's photos, if the library uses another one."
    )
    add.add_argument("name", metavar="NAME")
    add.add_argument("--yes", action="store_true", help="do not ask")


def use(run: Run) -> int:
    """Make the library search by a model."""
    from imagefinder.usecases.opening import open_library
    from imagefinder.usecases.switching import switch

    name = run.arguments.name
    interruptible(run)
    models = models_of(run)
    models.shelf.name_of(models.shelf.spec(name))
    must_have_library(run)
    with open_library(run.paths.library) as library:
        with ProgressLine() as line:
            outcome = switch(library, models, name, run.token, line)
            spec = library.active_model()
            if outcome.active and spec is not None:
                given = run.arguments
                centred = spec.centred if given.centring is None else given.centring == "on"
                library.compare_by(given.compare or spec.compare, centred, line, run.token)
        kept = [held for held in library.models_held() if held.photos and not held.active]
    if as_json(run):
        record: dict[str, Any] = asdict(outcome)
        record["summary"] = None
        if outcome.summary is not None:
            read = outcome.summary
            record["summary"] = {
                "read": read.unchanged + read.added + read.updated,
                "failed": [{"path": failure.path, "reason": failure.reason} for failure in read.failed],
                "offline": list(read.offline),
                "seconds": round(read.seconds, 3),
            }
        print_json(record)
    else:
        _tell_outcome(outcome, kept)
    for root in outcome.summary.offline if outcome.summary is not None else ():
        tell(f"{root} is missing or nearly empty. Connect its drive, then run this again.")
    return INTERRUPTED if outcome.cancelled else 0


def _tell_outcome(outcome: "SwitchOutcome", kept: Sequence[HeldModel]) -> None:
    name = outcome.name
    if outcome.active:
        say(f"The library searches by {name}.")
    elif outcome.pending:
        keeps = f"The library keeps searching by {outcome.before}: " if outcome.before else ""
        say(f"{keeps}{name} has not seen {outcome.pending:,} photos yet.")
    else:
        say(f"The library does not search by {name} yet.")
    if outcome.cancelled:
        say(f"To go on from here: imagefinder models use {name}")
    for held in kept if outcome.active else ():
        # An earlier version under the same name has no file any more to go back to.
        back = "" if held.pending or held.spec.name == name else ", and going back to it is instant"
        say(f"What {held.spec.name} knows of {held.photos:,} photos is kept ({held.bytes / 1e6:,.1f} MB){back}.")
        say(f"To delete that: imagefinder models forget {held.spec.name}")


def forget(run: Run) -> int:
    """Delete what an inactive model knows of the photos."""
    from imagefinder.usecases.opening import open_library
    from imagefinder.usecases.switching import forget

    name = run.arguments.name
    must_have_library(run)
    if not run.arguments.yes:
        if sys.stdin is None or not sys.stdin.isatty():
            raise ImageFinderError("Nobody is here to confirm that.", "Say so with --yes.")
        tell(f"To use {name} again, all photos will have to be read again. Delete what it knows of them? [y/N]")
        if sys.stdin.readline().strip().casefold() not in ("y", "yes"):
            tell("Nothing was deleted.")
            return 0
    with open_library(run.paths.library) as library:
        gone = forget(library, name)
    if as_json(run):
        print_json({"forgot": name, "photos": gone.photos, "bytes": gone.bytes})
    else:
        say(f"Forgot what {name} knew of {gone.photos:,} photos ({gone.bytes / 1e6:,.1f} MB).")
    return 0
