"""What words mean in the open library, asked on the query lane."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from imagefinder.domain.images import Query, SearchResult
from imagefinder.domain.progress import CancelToken
from imagefinder.domain.words import Suggestion

if TYPE_CHECKING:
    from imagefinder.usecases.models import Embedder, Models
    from imagefinder.usecases.opening import Library
    from imagefinder.usecases.vocabulary import Vocabularies


class LibraryWords:
    """Keeps the vocabulary between two questions. Only the thread of the query lane may call it."""

    def __init__(self) -> None:
        self._vocabularies: Vocabularies | None = None

    def search(
        self,
        library: "Library",
        models: "Models",
        embedder: "Callable[[], Embedder]",
        query: Query,
        limit: int,
        token: CancelToken,
    ) -> SearchResult:
        """The photos for the words of a query, and its picture if it has one. Raises as ``search_words`` does."""
        from imagefinder.usecases.word_search import search_words

        spec = models.spec(library)
        directions, sentences = models.directions(spec), models.sentences(spec)
        vocabulary = self._kept().of(library, directions.words if directions is not None else None)
        token.check()
        return search_words(library, embedder, directions, vocabulary, query, limit, token, sentences)

    def suggestions(self, library: "Library", models: "Models", typed: str, limit: int) -> list[Suggestion]:
        """What a text may become; for an empty one, what there is to ask for."""
        directions = models.directions(models.spec(library))
        classes = directions.words if directions is not None else None
        return self._kept().of(library, classes, may_be_stale=True).suggestions(typed, limit)

    def _kept(self) -> "Vocabularies":
        if self._vocabularies is None:
            from imagefinder.usecases.vocabulary import Vocabularies

            self._vocabularies = Vocabularies()
        return self._vocabularies
