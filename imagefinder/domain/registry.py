"""Names for things that can be chosen; an unknown name is answered with the known ones."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

from imagefinder.domain.errors import UnknownName

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """A mapping that is filled once and explains itself. ``what`` names the things in messages ("model")."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._things: dict[str, T] = {}

    def register(self, name: str, thing: T) -> T:
        """Raises ValueError for a name that is taken."""
        if name in self._things:
            raise ValueError(f"{self._what} {name!r} is registered already")
        self._things[name] = thing
        return thing

    def __getitem__(self, name: str) -> T:
        """Raises UnknownName, which lists the known names."""
        try:
            return self._things[name]
        except KeyError:
            raise unknown_name(self._what, name, self._things) from None

    def __contains__(self, name: object) -> bool:
        return name in self._things

    def __iter__(self) -> Iterator[str]:
        return iter(self._things)

    def __len__(self) -> int:
        return len(self._things)


def unknown_name(what: str, name: str, known: Mapping[str, object]) -> UnknownName:
    """The error for a name that is not among ``known``, with the nearest spelling first."""
    close = difflib.get_close_matches(name, known, n=1)
    guess = f"Did you mean {close[0]!r}? " if close else ""
    return UnknownName(f"There is no {what} named {name!r}.", f"{guess}Known: {', '.join(sorted(known)) or 'none'}.")
