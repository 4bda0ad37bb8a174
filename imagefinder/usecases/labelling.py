"""Propose labels for photos, by what the labelled photos most like them are called."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from imagefinder.domain.errors import LibraryError
from imagefinder.domain.images import Embeddings, Photo, Query
from imagefinder.domain.labels import LabelVote, Voter
from imagefinder.domain.progress import CancelToken, ProgressMeter, ProgressSink, ignore_progress
from imagefinder.embedding.embedder import Embedder
from imagefinder.ranking.nearest import nearest
from imagefinder.ranking.voting import VOTERS, vote
from imagefinder.storage.library import Library
from imagefinder.usecases.comparing import cosine_scale
from imagefinder.usecases.searching import look_at

__all__ = ["LabelVote", "Proposal", "Voter", "accept", "proposals", "reject", "suggest", "undo_accept", "undo_reject"]

LOOK_AT = 20
"""How many photos to look through for each voter that is wanted, before all labelled photos are compared."""
CELLS = 2**24
"""How many similarities are in memory at once: 64 MB."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A label for a photo that has none."""

    photo: Photo
    vote: LabelVote


class NoLabels(LibraryError):
    """No photo of the library has a label, so none can vote."""

    def __init__(self) -> None:
        super().__init__(
            "No photo of this library has a label yet.",
            "Where folders are named for what their photos show, say so with: imagefinder label --mark FOLDER",
        )


def suggest(
    library: Library,
    embedder: Callable[[], Embedder],
    query: Query,
    k: int = VOTERS,
    token: CancelToken | None = None,
) -> LabelVote:
    """What the query is likely to show, by the vote of the ``k`` labelled photos most like it.

    A query that is in the library, asked for by its id or its path, has no vote itself, and what somebody said it is
    not is not proposed. Raises NoLabels, and as ``searching.search`` does.
    """
    token = token or CancelToken()
    labels = library.labelled_photos()
    if not labels:
        raise NoLabels
    row = look_at(library, embedder, query, token).row
    token.check()
    itself = query.photo_id
    if query.path is not None and (photo := library.photo_at(os.path.abspath(query.path))) is not None:
        itself = photo.id
    refused = library.rejected_labels([itself]).get(itself, set()) if itself is not None else set()
    labels = {photo_id: label for photo_id, label in labels.items() if photo_id != itself and label not in refused}
    ids, rows, centred = library.neighbourhood(row, LOOK_AT * k)
    if sum(photo_id in labels for photo_id in ids) < min(k, len(labels)):  # few are labelled: compare with all those
        ids, rows = library.all_rows(labels)
    cosines = np.clip(rows @ centred, -1, 1).tolist()
    candidates = [
        (number, labels[number], cosine) for number, cosine in zip(ids, cosines, strict=True) if number in labels
    ]
    return vote(candidates, k, _related(library))


def proposals(
    library: Library,
    k: int = VOTERS,
    limit: int = 1000,
    token: CancelToken | None = None,
    progress: ProgressSink = ignore_progress,
) -> tuple[list[Proposal], int]:
    """Labels for the photos that have none: the ``limit`` best, sure ones first, then the more confident ones.

    Beside these, returns how many photos there is a proposal for in all. What somebody said a photo is not has no vote
    on it. A photo without any voter left is not among them. Raises NoLabels, and Cancelled.
    """
    labels = library.labelled_photos()
    if not labels:
        raise NoLabels
    voters, their_rows = library.all_rows(labels)
    waiting = library.unlabelled_photos(library.count())
    related = _related(library)
    meter = ProgressMeter(progress, token or CancelToken(), "measuring", len(waiting))
    chunk = max(1, min(1000, CELLS // max(1, len(voters))))
    votes: list[tuple[int, LabelVote]] = []
    for start in range(0, len(waiting), chunk):
        meter.report(start)
        ids, rows = library.all_rows(waiting[start : start + chunk])
        refused = library.rejected_labels(ids)
        votes += _votes(ids, rows, voters, their_rows, labels, refused, k, related)
    meter.report(len(waiting))
    votes.sort(key=lambda pair: (not pair[1].sure, -pair[1].confidence, pair[0]))
    photos = library.photos([photo_id for photo_id, _ in votes[:limit]])
    best = [Proposal(photos[photo_id], said) for photo_id, said in votes[:limit] if photo_id in photos]
    return best, len(votes)


def accept(library: Library, photo_ids: Iterable[int], label: str) -> dict[int, str | None]:
    """Call these photos ``label``. Returns what ``undo_accept`` needs. Raises LibraryError."""
    return library.set_labels(photo_ids, label)


def undo_accept(library: Library, before: dict[int, str | None]) -> None:
    """Give the photos back the labels that they had before ``accept``."""
    library.restore_labels(before)


def reject(library: Library, photo_ids: Iterable[int], label: str) -> None:
    """These photos are not ``label``: it is not proposed for them again. Raises LibraryError."""
    library.reject_label(photo_ids, label)


def undo_reject(library: Library, photo_ids: Iterable[int], label: str) -> None:
    """Undo ``reject``."""
    library.unreject_label(photo_ids, label)


def _votes(
    ids: list[int],
    rows: Embeddings,
    voters: list[int],
    their_rows: Embeddings,
    labels: dict[int, str],
    refused: dict[int, set[str]],
    k: int,
    related: float,
) -> list[tuple[int, LabelVote]]:
    if not ids or not voters:
        return []
    cosines = np.clip(rows @ their_rows.T, -1, 1)
    best = nearest(cosines, k)
    found = []
    for photo_id, cosine, places in zip(ids, cosines, best, strict=True):
        unwanted = refused.get(photo_id, set())
        # Somebody's "no" leaves room for those who come next.
        chosen = range(len(voters)) if unwanted else places.tolist()
        candidates = [(voters[place], labels[voters[place]], float(cosine[place])) for place in chosen]
        said = vote([candidate for candidate in candidates if candidate[1] not in unwanted], k, related)
        if said.label is not None:
            found.append((photo_id, said))
    return found


def _related(library: Library) -> float:
    limits = cosine_scale(library)
    return -1.0 if limits is None else limits.related
