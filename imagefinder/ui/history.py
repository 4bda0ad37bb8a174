"""Past queries, as a browser keeps pages."""

from imagefinder.domain.images import Query

LONGEST = 100


class History:
    """A line of queries and a place in it; a new query drops what lay ahead of that place."""

    def __init__(self) -> None:
        self._queries: list[Query] = []
        self._at = -1

    def visit(self, query: Query) -> None:
        """A query that was asked. The same one again leaves everything as it is."""
        if 0 <= self._at < len(self._queries) and self._queries[self._at] == query:
            return
        self._queries = [*self._queries[: self._at + 1], query][-LONGEST:]
        self._at = len(self._queries) - 1

    def replace_current(self, query: Query) -> None:
        """The same query in another form: a downloaded picture instead of its address."""
        if self._at >= 0:
            self._queries[self._at] = query

    @property
    def current(self) -> Query | None:
        return self._queries[self._at] if self._at >= 0 else None

    @property
    def can_go_back(self) -> bool:
        """From the first query one can go back to the library."""
        return self._at >= 0

    @property
    def can_go_forward(self) -> bool:
        return self._at + 1 < len(self._queries)

    def back(self) -> Query | None:
        """The query before; None stands for the library without a query."""
        self._at = max(-1, self._at - 1)
        return self.current

    def forward(self) -> Query | None:
        self._at = min(len(self._queries) - 1, self._at + 1)
        return self.current
