"""A library of made-up photos in folders named for what they show: three kinds, a few without a label, a stranger."""

from pathlib import Path

import numpy as np

from imagefinder.domain.images import Embeddings
from imagefinder.storage.library import Library
from storage_kit import DIMENSION, model, read

KINDS = ("apple", "pear", "plum")


def kind_row(kind: int, seed: int, spread: float = 0.25) -> Embeddings:
    """A unit row near the axis of its kind."""
    found = np.eye(DIMENSION)[kind] + spread * np.random.default_rng(seed).standard_normal(DIMENSION) / 4
    return np.asarray(found / np.linalg.norm(found), np.float32)


def fill(library: Library, root: Path, each: int = 8, loose: int = 2) -> tuple[list[int], list[int]]:
    """``each`` photos of each kind in a root that is labelled, ``loose`` of each in one that is not: both lists' ids,
    kind by kind."""
    library.activate(model())
    model_id = library.register_model(model())
    found: list[list[int]] = []
    for part, count, labelled in (("sorted", each, True), ("loose", loose, False)):
        folder = root / part
        folder.mkdir(parents=True)
        added = library.add_folder(str(folder))
        items = []
        for kind, name in enumerate(KINDS):
            for number in range(count):
                seed = 1000 * labelled + 100 * kind + number
                items.append((f"{name}/{number}.jpg" if labelled else f"{seed}.jpg", read(seed), kind_row(kind, seed)))
        library.add(added.id, model_id, items)
        library.set_labelled(added.id, labelled)
        photos = [library.photo_at(str(folder / relpath)) for relpath, _, _ in items]
        found.append([photo.id for photo in photos if photo is not None])
    return found[0], found[1]
