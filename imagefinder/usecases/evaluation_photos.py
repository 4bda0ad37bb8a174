"""The photos of an evaluation: which they are, and what each model makes of them."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

import numpy as np

from imagefinder.domain.errors import UnreadableImage
from imagefinder.domain.evaluation import EvaluationError, Unreadable
from imagefinder.domain.images import Embeddings, Pixels
from imagefinder.domain.labels import folder_label
from imagefinder.domain.progress import CancelToken, ProgressMeter, ProgressSink
from imagefinder.domain.specs import InputSpec, ModelSpec
from imagefinder.embedding.embedder import Embedder
from imagefinder.imaging.decode import decode, read_file
from imagefinder.imaging.reading import frame, read_image
from imagefinder.usecases.label_levels import Place
from imagefinder.usecases.models import Models
from imagefinder.usecases.reading import read_ahead
from imagefinder.usecases.remembered_rows import Keys, Looked, RememberedRows, keys_of
from imagefinder.usecases.scanning import walk

READER_THREADS = max(2, os.cpu_count() or 2)

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Listing:
    """``paths`` are absolute and sorted: that is the order in which photos of equal similarity are ranked."""

    paths: list[str]
    empty_folders: list[str]
    """Leaf folders without a photo."""
    roots: dict[str, str] = field(default_factory=dict)
    """For each path, the folder that was given and holds it."""

    def places(self) -> list[Place]:
        return [Place(self.roots[path], path) for path in self.paths]


class Speed(TypedDict):
    """How fast a model looked at photos: see the fields of ModelResult of these names."""

    embedded: int
    embedding_seconds: float
    recalled: int
    measured_now: bool
    device: str
    precision: str


@dataclass(frozen=True, slots=True)
class Embedded:
    """The photos that every model could read, and each model's rows (n, dimension) for them, in this order."""

    paths: list[str]
    times: list[str]
    rows: dict[str, Embeddings]
    specs: dict[str, ModelSpec]
    speeds: dict[str, Speed]
    unreadable: tuple[Unreadable, ...]


def label_of(path: str) -> str:
    """The class of a photo: the name of the folder that it lies in, as labels are written."""
    return folder_label(os.path.basename(os.path.dirname(path)))


def list_photos(
    folders: Sequence[Path], excludes: Sequence[str], token: CancelToken, progress: ProgressSink
) -> Listing:
    """Every photo below the folders, once, by the same rules as a library. Raises EvaluationError, Cancelled."""
    paths: dict[str, str] = {}
    visited: set[str] = set()
    meter = ProgressMeter(progress, token, "looking")
    for folder in folders:
        root = os.path.abspath(folder)

        def visit(files: int, where: str) -> None:
            visited.add(where)
            meter.report(len(paths) + files, where)

        found = walk(root, excludes, visit)
        if found is None:
            raise EvaluationError(f"{folder} is no folder that can be read.", "Check its name and its drive.")
        for relpath in found.found:
            paths.setdefault(os.path.join(root, relpath), root)
    parents = {os.path.dirname(folder) for folder in visited}
    holding = {os.path.dirname(path) for path in paths}
    return Listing(sorted(paths), sorted(visited - parents - holding), paths)


def embed_photos(
    paths: Sequence[str],
    models: Models,
    names: Sequence[str],
    device: str,
    token: CancelToken,
    progress: ProgressSink,
    boxes: Sequence[Box | None] | None = None,
    again: bool = False,
) -> Embedded:
    """Read and embed every photo with every model, the models one after the other.

    ``boxes``, one for each path, cut a photo down to a part, in pixels of the upright original. What an earlier call
    embedded and what has not changed since is taken from there, unless ``again``; what is done when it is cancelled is
    kept for the next one. Raises UnknownName, ModelError and Cancelled. What cannot be read is listed in the result.
    """
    for name in names:
        if not models.shelf.available(name):  # to be told before the first one has worked for an hour
            models.shelf.load(name, device)
    meter = ProgressMeter(progress, token, "embedding", total=len(paths) * len(names))
    photos = _Photos(paths, boxes, keys_of(paths, boxes), [""] * len(paths), {})
    tables: dict[str, Embeddings] = {}
    specs: dict[str, ModelSpec] = {}
    speeds: dict[str, Speed] = {}
    for turn, name in enumerate(names):
        specs[name] = models.shelf.spec(name)
        memory = RememberedRows(models.shelf.directory, specs[name], device)
        known = memory.recall(np.zeros_like(photos.keys) if again else photos.keys)
        missing = np.flatnonzero(~known.known).tolist()
        looked, now = known.looked, False
        if missing:
            embedder = models.shelf.load(name, device, None if again else known.looked.precision or None)
            if embedder.precision != known.looked.precision:  # the known rows would not compare with the others
                missing = list(range(len(paths)))
            done = turn * len(paths) + len(paths) - len(missing)
            fresh = _embed_with(embedder, photos, missing, known.rows, memory, meter, done, token)
            # A handful that came since tells less about the speed than the many before.
            if again or fresh.precision != looked.precision or fresh.photos >= looked.photos:
                looked, now = fresh, True
        tables[name], speeds[name] = known.rows, _speed(looked, len(paths) - len(missing), now)
        for place in np.flatnonzero(known.known).tolist():
            photos.times[place] = known.times[place]
        meter.report((turn + 1) * len(paths), "", len(photos.failures))
    kept = [place for place, path in enumerate(paths) if path not in photos.failures]
    return Embedded(
        [paths[place] for place in kept],
        [photos.times[place] for place in kept],
        {name: table[kept] if photos.failures else table for name, table in tables.items()},
        specs,
        speeds,
        tuple(Unreadable(path, reason) for path, reason in sorted(photos.failures.items())),
    )


def _speed(looked: Looked, recalled: int, now: bool) -> Speed:
    return Speed(
        embedded=looked.photos,
        embedding_seconds=looked.seconds,
        recalled=recalled,
        measured_now=now,
        device=looked.device,
        precision=looked.precision,
    )


@dataclass(frozen=True, slots=True)
class _Photos:
    """What all models share; ``times`` and ``failures`` fill up."""

    paths: Sequence[str]
    boxes: Sequence[Box | None] | None
    keys: Keys
    times: list[str]
    failures: dict[str, str]


def _embed_with(
    embedder: Embedder,
    photos: _Photos,
    missing: Sequence[int],
    rows: Embeddings,
    memory: RememberedRows,
    meter: ProgressMeter,
    done: int,
    token: CancelToken,
) -> Looked:
    """Fill the ``missing`` rows, and remember them, also where it is cancelled on the way."""
    began = time.perf_counter()
    filled: list[int] = []
    places: list[int] = []
    batch: list[Pixels] = []

    def read(place: int) -> tuple[Pixels, str]:
        return _read(photos.paths[place], embedder.spec.input, photos.boxes[place] if photos.boxes else None)

    def flush() -> None:
        if batch:
            rows[places] = embedder.embed(np.stack(batch))
            filled.extend(places)
            places.clear()
            batch.clear()

    reading = read_ahead(missing, read, threads=READER_THREADS, window=4 * embedder.batch_size, check=token.check)
    try:
        for count, (place, outcome) in enumerate(reading, 1):
            if isinstance(outcome, UnreadableImage):
                photos.failures.setdefault(photos.paths[place], str(outcome))
            else:
                pixels, photos.times[place] = outcome
                places.append(place)
                batch.append(pixels)
            if len(batch) == embedder.batch_size:
                flush()
            meter.report(done + count, os.path.dirname(photos.paths[place]), len(photos.failures))
        flush()
    finally:
        reading.close()
        looked = Looked(len(filled), time.perf_counter() - began, embedder.device, embedder.precision)
        if filled:
            memory.remember(photos.keys[filled], [photos.times[place] for place in filled], rows[filled], looked)
    return looked


def _read(path: str, spec: InputSpec, box: Box | None) -> tuple[Pixels, str]:
    """What the model looks at, and when it was taken."""
    if box is None:
        image = read_image(path, spec)
        return image.pixels, image.info.taken_at
    picture, info, _ = decode(read_file(path)[0])
    left, top, right, bottom = (round(side) for side in box)
    inside = (max(0, left), max(0, top), min(picture.width, right), min(picture.height, bottom))
    if inside[0] >= inside[2] or inside[1] >= inside[3]:
        raise UnreadableImage("The box of the query lies outside of the picture.")
    return frame(picture.crop(inside), spec), info.taken_at
