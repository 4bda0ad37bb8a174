"""The main job on pictures that the program draws itself: nothing to download, nothing of the person's touched."""

from dataclasses import dataclass
from pathlib import Path

from imagefinder.domain.errors import LibraryError
from imagefinder.domain.images import IndexSummary
from imagefinder.domain.progress import CancelToken, Progress, ProgressSink
from imagefinder.imaging.demo_gallery import draw_gallery
from imagefinder.paths import Paths
from imagefinder.usecases.indexing import index
from imagefinder.usecases.models import Models
from imagefinder.usecases.opening import open_library

QUERY_SEED = 20


@dataclass(frozen=True, slots=True)
class Demo:
    """A gallery that is indexed, and a picture that is not in it."""

    photos: Path
    query: Path
    summary: IndexSummary


def prepare_demo(home: Path, paths: Paths, device: str, token: CancelToken, progress: ProgressSink) -> Demo:
    """Draw the gallery into ``home``/photos, index it, and draw a query next to it. Again is quick: all is there.

    Raises LibraryError where the folder cannot be written, Cancelled.
    """
    progress(Progress("drawing"))
    photos = home / "photos"
    try:
        draw_gallery(photos)
        query = draw_gallery(home / "queries", each=1, seed=QUERY_SEED)[1]
    except OSError as error:
        raise LibraryError(f"The demo cannot be drawn in {home}: {error.strerror}.", "Name another folder.") from error
    token.check()
    with open_library(paths.library) as library:
        library.add_folder(str(photos))
        models = Models(paths.models, device)
        embedder = models.embedder(library, models.spec(library))
        summary = index(library, embedder, token=token, progress=progress)
    return Demo(photos, query, summary)
