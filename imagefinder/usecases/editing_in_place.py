"""Whether a file that changed still shows the picture that it showed, edited, or another one."""

from collections.abc import Sequence

import numpy as np

from imagefinder.domain.changes import Lost
from imagefinder.domain.images import Embeddings, ReadImage
from imagefinder.imaging.structure import is_edit
from imagefinder.ranking.calibration import fixed
from imagefinder.storage.library import Library
from imagefinder.usecases.comparing import cosine_scale

SURELY_ALIKE = 0.985
"""Above what photos of one kind of thing reach, such as two bunches of bananas (0.98)."""


def other_pictures(
    library: Library, folder_id: int, model_id: int, changed: Sequence[tuple[str, ReadImage, Embeddings]]
) -> set[str]:
    """The paths, of files that changed, at which there is another picture now: what was said of the old one is not
    true of it.

    Only photos that something was said of are looked at. An edit keeps the light and dark places of a picture or of a
    part of it and leaves it alike to the model, or else keeps one of these very well. Where one of the two is not
    known, the other decides. ``changed`` are (relpath, what was read, raw unit row) each.
    """
    before = library.lost(folder_id, [path for path, _, _ in changed])
    said = {path: photo for path, photo in before.items() if photo.labelled}
    if not said:
        return set()
    rows = library.rows_of(model_id, [photo.photo_id for photo in said.values()])
    spec = library.model(model_id)
    scale = cosine_scale(library) if library.active_model() == spec else None
    related = (scale or fixed(spec)).related

    def is_another(path: str, read: ReadImage, row: Embeddings) -> bool:
        old = rows.get(said[path].photo_id)
        cosine = None if old is None else _cosine(library, old, row, centred=scale is not None)
        if cosine is not None and cosine >= SURELY_ALIKE:
            return False
        alike = cosine is None or cosine >= related
        edited = _looks_edited(library, said[path], read, alike)
        return not (alike if edited is None else edited)

    return {path for path, read, row in changed if path in said and is_another(path, read, row)}


def _looks_edited(library: Library, photo: Lost, read: ReadImage, alike: bool) -> bool | None:
    """None where there is no thumbnail of the photo as it was: the cache may have lost it, and may hold anything."""
    thumbnail = library.thumbnail(photo.content_key)
    if thumbnail is None or not read.thumbnail:
        return None
    try:
        return is_edit(thumbnail, read.thumbnail, alike)
    except OSError:
        return None


def _cosine(library: Library, old: Embeddings, new: Embeddings, centred: bool) -> float:
    first, second = (library.centred(row) if centred else row for row in (old, new))
    return float(np.dot(first, second))
