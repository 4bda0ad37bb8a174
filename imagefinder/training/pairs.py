"""Pairs and triplets of photos, as the classic lessons about Siamese networks use them."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from imagefinder.domain.training import LabelledPhoto, Pair, TrainingError

_MEMBER = re.compile(r"(?P<what>similar|dissimilar|different)_(?P<number>\d+)_(?P<side>first|second)", re.IGNORECASE)


class Triplet(NamedTuple):
    """A photo, one with the same label, and one with another."""

    anchor: str
    positive: str
    negative: str


def pairs_from_labels(photos: Sequence[LabelledPhoto], count: int, seed: int) -> list[Pair]:
    """``count`` pairs, similar ones and others in turn, drawn evenly over the labels; none of a photo with itself.

    Raises TrainingError where there are not two labels, or no label with two photos.
    """
    draw = _Draw(photos, seed)
    pairs = []
    for number in range(count):
        anchor, positive = draw.two_alike()
        similar = number % 2 == 0
        pairs.append(Pair(anchor.path, positive.path if similar else draw.unlike(anchor).path, similar))
    return pairs


def triplets_from_labels(photos: Sequence[LabelledPhoto], count: int, seed: int) -> list[Triplet]:
    """``count`` triplets, drawn evenly over the labels. Raises TrainingError as ``pairs_from_labels`` does."""
    draw = _Draw(photos, seed)
    triplets = []
    for _ in range(count):
        anchor, positive = draw.two_alike()
        triplets.append(Triplet(anchor.path, positive.path, draw.unlike(anchor).path))
    return triplets


def pairs_from_folders(first: Path, second: Path) -> list[Pair]:
    """Files named "similar_N_first" in one folder and "similar_N_second" in the other, and "dissimilar_N_..." alike.

    Raises TrainingError for a folder that cannot be listed, a file without its counterpart, or no pairs at all.
    """
    sides = [_members(first, "first"), _members(second, "second")]
    for here, there in (sides, sides[::-1]):
        alone = sorted(here.keys() - there.keys())
        if alone:
            name = Path(here[alone[0]]).name
            raise TrainingError(f"{name} has no counterpart.", "Pairs need a file in both folders.")
    if not sides[0]:
        raise TrainingError(
            f"There are no pairs in {first} and {second}.", 'Files are called "similar_1_first" and "similar_1_second".'
        )
    return [Pair(path, sides[1][key], key[0] == "similar") for key, path in sorted(sides[0].items())]


def labels_from_pairs(pairs: Sequence[Pair]) -> list[LabelledPhoto]:
    """Photos that are joined by similar pairs share a label; the labels are numbers from 1 on, as text.

    So a training that wants labels can learn from pairs. Pairs that are not similar say nothing here but that both
    photos take part; one that contradicts the others is an error. Raises TrainingError.
    """
    root: dict[str, str] = {}

    def find(path: str) -> str:
        root.setdefault(path, path)
        while root[path] != path:
            root[path] = root[root[path]]
            path = root[path]
        return path

    for pair in pairs:
        first, second = find(pair.first), find(pair.second)
        if pair.similar and first != second:
            root[second] = first
    for pair in pairs:
        if not pair.similar and find(pair.first) == find(pair.second):
            raise TrainingError(
                f"{Path(pair.first).name} and {Path(pair.second).name} are said to be dissimilar, and to be similar "
                "through other pairs.",
                "Remove one of these pairs.",
            )
    numbers: dict[str, int] = {}
    return [LabelledPhoto(path, str(numbers.setdefault(find(path), len(numbers) + 1))) for path in root]


class _Draw:
    def __init__(self, photos: Sequence[LabelledPhoto], seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._by_label: dict[str, list[LabelledPhoto]] = {}
        for photo in photos:
            self._by_label.setdefault(photo.label, []).append(photo)
        self._alike = [label for label, members in self._by_label.items() if len(members) > 1]
        if len(self._by_label) < 2 or not self._alike:
            raise TrainingError(
                "Pairs need two or more labels, and two photos of a label.", "Add a folder, or photos to the folders."
            )

    def two_alike(self) -> tuple[LabelledPhoto, LabelledPhoto]:
        members = self._by_label[self._alike[self._rng.integers(len(self._alike))]]
        first, second = self._rng.choice(len(members), 2, replace=False)
        return members[first], members[second]

    def unlike(self, photo: LabelledPhoto) -> LabelledPhoto:
        others = [label for label in self._by_label if label != photo.label]
        members = self._by_label[others[self._rng.integers(len(others))]]
        return members[self._rng.integers(len(members))]


def _members(folder: Path, side: str) -> Mapping[tuple[str, int], str]:
    try:
        files = sorted(folder.iterdir())
    except OSError as error:
        raise TrainingError(f"{folder} cannot be opened: {error.strerror or error}.", "Check its name.") from error
    found = {}
    for file in files:
        match = _MEMBER.fullmatch(file.stem)
        if match and match["side"].lower() == side:
            what = "similar" if match["what"].lower() == "similar" else "dissimilar"
            found[what, int(match["number"])] = str(file)
    return found
