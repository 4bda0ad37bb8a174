"""Find photos by words: what they show, what they are called, where they lie, when and by what they were taken."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from imagefinder.domain.images import Embeddings, Query, SearchResult
from imagefinder.domain.progress import CancelToken
from imagefinder.domain.words import Term, Understood
from imagefinder.embedding.class_directions import ClassDirections
from imagefinder.embedding.embedder import Embedder
from imagefinder.embedding.sentences import Sentences
from imagefinder.storage.library import Library
from imagefinder.usecases.prose import in_prose
from imagefinder.usecases.searching import Seen, answer, look_at
from imagefinder.usecases.vocabulary import Vocabulary

CANDIDATES = 750
"""So many of the photos nearest to all that was asked for are compared with each part of it."""
READ_AT_ONCE = 3000
"""So many chosen photos are compared whole; of more, those among the nearest of all photos are looked at first."""
EMPTY = Seen(np.zeros(0, np.float32), b"", None, "")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for in the pictures themselves: several unit rows for each part, the nearest of which counts."""

    parts: tuple[Embeddings, ...]

    @property
    def middle(self) -> Embeddings:
        """One unit row (dimension,) near to all of it."""
        return _unit(np.sum([_unit(rows.mean(axis=0)) for rows in self.parts], axis=0))

    def similarity(self, rows: Embeddings) -> Embeddings:
        """(n,) the mean over the parts of the cosine of centred ``rows`` (n, dimension) with the nearest of each."""
        return np.asarray(np.mean([(rows @ part.T).max(axis=1) for part in self.parts], axis=0), np.float32)


def search_words(
    library: Library,
    embedder: Callable[[], Embedder],
    directions: ClassDirections | None,
    vocabulary: Vocabulary,
    query: Query,
    k: int,
    token: CancelToken | None = None,
    sentences: Sentences | None = None,
) -> SearchResult:
    """The ``k`` best photos for the words of a query, and for its picture if it has one.

    Words that only say something about files (a label, folder, camera, date or file name) choose among the photos;
    words for what photos show put them into order, those that are called so first. Without any of the latter the
    newest come first, each with similarity 1. Where the model has ``sentences``, all that is not said of files is one,
    and no word is unknown: see prose.py. Raises UnknownWord, and what ``searching.search`` raises.
    """
    token = token or CancelToken()
    began = time.perf_counter()
    terms, prose = (vocabulary.terms(query.words), "") if sentences is None else in_prose(vocabulary, query.words)
    seen = look_at(library, embedder, query, token) if query.has_picture else EMPTY
    token.check()
    parts = [directions.rows(term.classes) for term in terms if term.classes and directions is not None]
    if sentences is not None and prose:
        parts.append(sentences.sentence(prose)[None])
    if query.has_picture:
        parts.append(library.centred(seen.row)[None])
    chosen = _chosen(terms)
    if not parts:
        found = [(photo.id, 1.0) for photo in library.newest_of(chosen or (), k)]
    else:
        found = _compared(library, Asked(tuple(parts)), terms, chosen, k + 1)
    token.check()
    return replace(
        answer(library, query, seen, found, k, began),
        terms=(*(Understood(term.text, term.kinds) for term in terms), *_understood(prose)),
        matching=None if chosen is None else len(chosen),
    )


def _compared(
    library: Library, asked: Asked, terms: Sequence[Term], chosen: set[int] | None, k: int
) -> list[tuple[int, float]]:
    """(photo id, similarity) of the ``k`` best, of the ``chosen`` photos or of all."""
    if chosen is not None and len(chosen) <= READ_AT_ONCE:
        ids, rows = library.all_rows(chosen)
        return _ranked(ids, asked.similarity(rows), terms)[:k]
    called = {photo for term in terms if _orders(term) for photo in term.photos or ()}
    wanted = max(CANDIDATES, k + k // 4)
    if chosen is not None:
        called &= chosen
    if len(asked.parts) == 1 and len(asked.parts[0]) == 1:
        wanted = k  # their order is that of the index already
    ids, rows, _ = library.neighbourhood(asked.middle, wanted, centred=True, among=chosen)
    if chosen is not None and len(ids) < min(k, len(chosen)):  # they are unlike what is asked for
        ids, rows = library.all_rows(chosen)
    missing = sorted(called.difference(ids))
    if missing:
        more, their_rows = library.all_rows(missing)
        ids, rows = [*ids, *more], np.concatenate([rows, their_rows])
    return _ranked(ids, asked.similarity(rows), terms)[:k]


def _understood(prose: str) -> tuple[Understood, ...]:
    return (Understood(prose, ("shown",)),) if prose else ()


def _orders(term: Term) -> bool:
    """Whether it puts photos into order, and does not choose among them."""
    return bool(term.classes) or term.first


def _chosen(terms: Sequence[Term]) -> set[int] | None:
    """The photos that all words which only choose agree on; None if there are no such words."""
    sets = [term.photos or frozenset() for term in terms if not _orders(term)]
    return set(frozenset.intersection(*sets)) if sets else None


def _ranked(ids: Sequence[int], similarity: Embeddings, terms: Sequence[Term]) -> list[tuple[int, float]]:
    called = np.zeros(len(ids), np.int64)
    for term in terms:
        if _orders(term) and term.photos:
            called += np.fromiter((photo in term.photos for photo in ids), np.int64, len(ids))
    order = np.lexsort((-similarity, -called))
    return [(ids[place], float(similarity[place])) for place in order.tolist()]


def _unit(row: Embeddings) -> Embeddings:
    return np.asarray(row / max(float(np.linalg.norm(row)), 1e-12), np.float32)
