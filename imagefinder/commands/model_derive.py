"""New models of one that is here, on the command line: read in another way, or fitted to photos."""

import argparse
import math
from typing import TYPE_CHECKING, get_args

from imagefinder.commands import Run, interruptible, positive
from imagefinder.commands.given_paths import given_path
from imagefinder.commands.model_answers import device, models_of, tell_new
from imagefinder.commands.model_use import Action
from imagefinder.domain.specs import Output
from imagefinder.terminal import ProgressLine

if TYPE_CHECKING:
    from imagefinder.usecases.deriving import Sample
    from imagefinder.usecases.models import Models


def register_derive(action: Action) -> None:
    add = action(
        "derive",
        derive,
        "Make a model of one that is here: read its network in another way (--pooling, --layers, --scales, --output), "
        "or keep fewer numbers of a photo, fitted to photos (--pca, --whitening). For both, derive twice.",
    )
    add.add_argument("base", metavar="BASE", help="a model that is here")
    add.add_argument("--name", metavar="NAME", required=True, help="what to call the new one")
    register_reading(add)
    kind = add.add_mutually_exclusive_group()
    kind.add_argument("--pca", type=positive, metavar="DIM", help="keep so many principal components")
    kind.add_argument(
        "--whitening",
        type=positive,
        metavar="DIM",
        help="learn from labels which differences matter, and keep so many numbers",
    )
    add.add_argument("--power", type=float, help="of --pca: 0 only turns, 0.5 whitens fully (default: 0.25)")
    add.add_argument(
        "--folder",
        action="append",
        default=[],
        type=given_path,
        help="fit to the photos in there (default: the library's)",
    )
    add.set_defaults(refuse=add.error)  # for what goes together in no way that argparse can be told


def register_reading(add: argparse.ArgumentParser) -> None:
    """The options that say how a network's features become the numbers to compare; None where nothing is said."""
    add.add_argument(
        "--pooling",
        metavar="P",
        help="how a map of features becomes one row: average, max, gem, rmac, mac, spoc, token, attention, native",
    )
    add.add_argument(
        "--layers", type=layer_list, metavar="A,B", help="layers to read, side by side (a wrong name lists them)"
    )
    add.add_argument(
        "--scales", type=scale_list, metavar="1,0.7071,0.5", help="sizes at which to look at a picture (default: 1)"
    )
    add.add_argument("--output", choices=get_args(Output), help="compare features, or what a classifier sees")


def layer_list(text: str) -> tuple[str, ...]:
    """Names between commas, for argparse."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def scale_list(text: str) -> tuple[float, ...]:
    """Numbers above 0 between commas, for argparse."""
    try:
        found = tuple(float(number) for number in text.split(","))
    except ValueError:
        found = ()
    if not found or not all(math.isfinite(number) and number > 0 for number in found):
        raise argparse.ArgumentTypeError(f"{text!r} are no sizes; write them like 1,0.7071,0.5")
    return found


def derive(run: Run) -> int:
    """Make a model of another one."""
    from imagefinder.usecases.deriving import derive_model, represent_model

    given = run.arguments
    reading = {word: getattr(given, word) for word in ("pooling", "layers", "scales", "output")}
    read_anew = any(value is not None for value in reading.values())
    fitted = given.pca is not None or given.whitening is not None
    if read_anew and fitted:
        given.refuse("read it in another way, or fit it to photos, not both at once: derive twice")
    if not read_anew and not fitted:
        given.refuse("say what to change: --pooling, --layers, --scales, --output, --pca or --whitening")
    if given.folder and not fitted:
        given.refuse("--folder belongs to --pca and --whitening")
    if given.power is not None and given.pca is None:
        given.refuse("--power belongs to --pca")
    models = models_of(run)
    if read_anew:
        return tell_new(run, represent_model(models, given.base, given.name, **reading), "Made")
    sample = _sample(run, models)
    if given.pca is not None:
        power = 0.25 if given.power is None else given.power
        made = derive_model(models, given.base, given.name, sample, "pca", given.pca, power)
    else:
        made = derive_model(models, given.base, given.name, sample, "whitening", given.whitening)
    return tell_new(run, made, "Made")


def _sample(run: Run, models: "Models") -> "Sample":
    from imagefinder.usecases.deriving import sample_of_folders, sample_of_library
    from imagefinder.usecases.opening import open_existing

    given = run.arguments
    interruptible(run)
    spec = models.shelf.spec(given.base)
    models.shelf.free_name(given.name)
    if given.folder:
        with ProgressLine() as line:
            return sample_of_folders(models, spec, given.folder, device(run), run.token, line)
    with open_existing(run.paths.library) as library:
        return sample_of_library(library, spec)
