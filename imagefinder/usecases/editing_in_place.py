"""Whether a file that changed still shows the picture that it showed, edited, or another one."""

from collections.abc import Sequence

import numpy as np

from imagefinder.domain.changes import Lost
from imagefinder.domain.images import Embeddings, ReadImage
from imagefinder.imaging.structure import SAME, structure_likeness
from imagefinder.ranking.calibration import fixed
from imagefinder.storage.library import Library
from imagefinder.usecases.comparing import cosine_scale

FEW_EDITS = 3
"""Of a few files that changed at once most were edited; of many, another card or export may lie in their place."""


def other_pictures(
    library: Library,
    folder_id: int,
    model_id: int,
    changed: Sequence[tuple[str, ReadImage, Embeddings]],
    few: bool,
) -> set[str]:
    """The paths, of files that changed, at which there is another picture now: what was said of the old one is not
    true of it.

    Only photos that something was said of are looked at. An edit keeps the light and dark places of a picture, or else
    leaves it alike to the model; of a ``few`` files less is asked. ``changed`` are (relpath, what was read, raw unit
    row) each.
    """
    before = library.lost(folder_id, [path for path, _, _ in changed])
    said = {path: photo for path, photo in before.items() if photo.labelled}
    if not said:
        return set()
    rows = library.rows_of(model_id, [photo.photo_id for photo in said.values()])
    spec = library.model(model_id)
    scale = cosine_scale(library) if library.active_model() == spec else None
    limits = scale or fixed(spec)
    enough = limits.related if few else limits.alike
    return {
        path
        for path, read, row in changed
        if path in said
        and not _has_structure_of(library, said[path], read)
        and not _is_alike(library, rows.get(said[path].photo_id), row, enough, centred=scale is not None)
    }


def _has_structure_of(library: Library, photo: Lost, read: ReadImage) -> bool:
    thumbnail = library.thumbnail(photo.content_key)
    if thumbnail is None or not read.thumbnail:
        return False
    try:
        return structure_likeness(thumbnail, read.thumbnail) >= SAME
    except OSError:  # the cache may hold anything
        return False


def _is_alike(library: Library, old: Embeddings | None, new: Embeddings, enough: float, centred: bool) -> bool:
    if old is None:
        return False
    first, second = (library.centred(row) if centred else row for row in (old, new))
    return float(np.dot(first, second)) >= enough
