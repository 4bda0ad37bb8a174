"""What was read of one root, embedded and committed in batches."""

import logging
from dataclasses import dataclass

import numpy as np

from imagefinder.domain.changes import Away
from imagefinder.domain.errors import ImageFinderError, UnreadableImage
from imagefinder.domain.images import Embeddings, FileStamp, ReadImage
from imagefinder.embedding.embedder import Embedder
from imagefinder.storage.library import Library
from imagefinder.usecases.editing_in_place import other_pictures
from imagefinder.usecases.surveying import Survey

log = logging.getLogger(__name__)

# A crash replays what was embedded since the last save from the catalogue: 50,000 vectors take about a second.
SAVE_EVERY = 50_000
NO_TIME = -1

Entry = tuple[str, ReadImage, Embeddings]


@dataclass(slots=True)
class Taken:
    """How many photos, over all roots of a run."""

    added: int = 0
    updated: int = 0
    again: int = 0
    """Unchanged on disk, and embedded by this model for the first time."""
    set_aside: int = 0
    """Labelled photos in whose place there is another picture now."""
    embedded: int = 0
    failed: int = 0
    since_save: int = 0


class Intake:
    """Collects what the readers give, until there is enough for the model."""

    def __init__(self, library: Library, embedder: Embedder, model_id: int, each: Survey, taken: Taken) -> None:
        self._library = library
        self._embedder = embedder
        self._model_id = model_id
        self._each = each
        self._taken = taken
        self._added = set(each.changes.added)
        self._changed = set(each.changes.changed)
        self._batch: list[tuple[str, ReadImage]] = []
        self._refused: list[tuple[str, UnreadableImage]] = []

    def take(self, relpath: str, image: ReadImage) -> None:
        self._batch.append((relpath, image))
        self._commit_enough()

    def refuse(self, relpath: str, reason: UnreadableImage) -> None:
        """A file that could not be read."""
        self._note(relpath, reason)
        self._commit_enough()

    def commit(self, lasting_only: bool = False) -> None:
        """Write what is there; with ``lasting_only`` nothing is held against files that may be read another time."""
        batch, self._batch = self._batch, []
        if batch:
            rows = self._embedder.embed(np.stack([image.pixels for _, image in batch]))
            self._add([(relpath, image, row) for (relpath, image), row in zip(batch, rows, strict=True)])
        noted = [
            (path, _stamp_to_note(self._each.stamp(path), reason), str(reason))
            for path, reason in self._refused
            if reason.lasting or not lasting_only
        ]
        if noted:
            self._library.record_failures(self._each.folder.id, noted)
        self._refused.clear()
        if self._taken.since_save >= SAVE_EVERY:
            self._library.save_index()
            self._taken.since_save = 0

    def _commit_enough(self) -> None:
        if max(len(self._batch), len(self._refused)) >= self._embedder.batch_size:
            self.commit()

    def _add(self, entries: list[Entry]) -> None:
        """In one transaction; if that fails for a reason that nobody knows, one by one: it costs that photo only."""
        try:
            self._add_together(entries)
        except ImageFinderError:
            raise
        except Exception as error:
            if len(entries) > 1:
                for entry in entries:
                    self._add([entry])
                return
            relpath = entries[0][0]
            log.exception("adding %r", self._each.path(relpath))
            text = f"The library cannot take it in: {error!r}."
            self._note(relpath, UnreadableImage(text, "That is a bug; the log says more."))

    def _is_unplugged(self, relpath: str) -> bool:
        return self._each.known_file(relpath).away == Away.UNPLUGGED

    def _note(self, relpath: str, reason: UnreadableImage) -> None:
        self._refused.append((relpath, reason))
        self._taken.failed += 1

    def _add_together(self, entries: list[Entry]) -> None:
        folder_id, taken = self._each.folder.id, self._taken
        changed = [entry for entry in entries if entry[0] in self._changed]
        others: set[str] = set()
        if changed:
            others = other_pictures(self._library, folder_id, self._model_id, changed)
            # The photo of a drive that is away has not been edited, whatever has its place meanwhile.
            others |= {relpath for relpath, _, _ in changed if self._is_unplugged(relpath)}
        self._library.add(folder_id, self._model_id, entries, others)
        added = sum(relpath in self._added for relpath, _, _ in entries)
        taken.added += added
        taken.updated += len(changed)
        taken.again += len(entries) - added - len(changed)
        copied = {copy.photo_id for copy in self._each.copies}  # whose content is somewhere else, with its label
        taken.set_aside += sum(self._each.displaced[path].photo_id not in copied for path in others)
        taken.embedded += len(entries)
        taken.since_save += len(entries)


def _stamp_to_note(found: FileStamp, reason: UnreadableImage) -> FileStamp:
    """The file's own stamp, so that it is left alone until it changes; or one that no file has, to try it again."""
    return found if reason.lasting else FileStamp(found.size, NO_TIME)
