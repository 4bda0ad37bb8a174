"""The options that say how pictures are shown to a network, where its record does not say it rightly."""

import argparse
import math
from typing import TYPE_CHECKING, get_args

from imagefinder.commands import Run, positive
from imagefinder.domain.specs import Framing, Interpolation

if TYPE_CHECKING:
    from imagefinder.embedding.seeing import Seeing, Triple

CROPS: dict[str, Framing] = {"squash": "squash", "centre": "crop", "whole": "whole"}


def register_seeing(add: argparse.ArgumentParser) -> None:
    """The options; None where nothing is said, so that the network's own record holds."""
    add.add_argument("--size", type=positive, metavar="PX", help="the side of the square that the network is shown")
    add.add_argument("--resize", type=positive, metavar="PX", help="the side of a picture before the square is cut out")
    add.add_argument(
        "--crop",
        choices=tuple(CROPS),
        help="squash the picture into the square, cut out its centre, or fit it in whole with a border",
    )
    add.add_argument("--mean", type=three, metavar="R,G,B", help="what is taken off the colours, from 0 to 1")
    add.add_argument("--std", type=three, metavar="R,G,B", help="what they are then divided by, from 0 to 1")
    add.add_argument("--interpolation", choices=get_args(Interpolation), help="how pictures are resized")


def three(text: str) -> "Triple":
    """Three numbers between commas, for argparse; one stands for all three."""
    try:
        found = tuple(float(number) for number in text.split(","))
    except ValueError:
        found = ()
    if len(found) == 1:
        found *= 3
    if len(found) != 3 or not all(map(math.isfinite, found)):
        raise argparse.ArgumentTypeError(f"{text!r} are not three numbers; write them like 0.485,0.456,0.406")
    return found


def seeing_of(run: Run) -> "Seeing":
    """What was said of it on the command line."""
    from imagefinder.embedding.seeing import Seeing

    given = run.arguments
    return Seeing(
        given.size,
        given.resize,
        CROPS.get(given.crop or ""),
        given.mean,
        given.std,
        given.interpolation,
    )
