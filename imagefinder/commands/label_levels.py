"""Which folder is the label, on the command line, and what the labels are."""

import argparse
from collections import Counter
from collections.abc import Iterable, Mapping

from imagefinder.commands import positive
from imagefinder.terminal import one_line, tell

SHOWN = 30
"""Labels that are named; the others are counted."""


def register_level(add: argparse.ArgumentParser, what: str = "label") -> None:
    add.add_argument(
        "--label-level",
        type=positive,
        metavar="N",
        help=f"take the {what} from the Nth folder on the way to a photo: 1 is directly below FOLDER, 2 the next one "
        "(default: the folder that the photo lies in)",
    )


def tell_labels(labels: Iterable[str], what: tuple[str, str] = ("label", "labels")) -> None:
    """Such as "2 labels: 2021 (9), 2022 (9)"; it is no result, so that results stay fit for other programs."""
    tell(labels_line(Counter(labels), what))


def labels_line(counts: Mapping[str, int], what: tuple[str, str] = ("label", "labels")) -> str:
    names = sorted(counts, key=lambda name: (name.casefold(), name))
    shown = ", ".join(f"{one_line(name)} ({counts[name]:,})" for name in names[:SHOWN])
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return f"{len(names):,} {what[0] if len(names) == 1 else what[1]}: {shown}{more}"
