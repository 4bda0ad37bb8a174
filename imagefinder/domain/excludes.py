"""Which names below a root are not looked at."""

import fnmatch
import re
from collections.abc import Callable, Sequence

DEFAULT_EXCLUDES = (
    ".*",
    "@eaDir",
    "#recycle",
    "#snapshot",
    "$RECYCLE.BIN",
    "RECYCLER",
    "System Volume Information",
    "lost+found",
    "__MACOSX",
    "*.lrdata",
)
"""Hidden files and folders (.thumbnails and .Trash among them), and what NAS systems, Windows and macOS leave."""


_WILD = re.compile(r"[*?\[]")


def compile_excludes(patterns: Sequence[str]) -> Callable[[str], bool]:
    """A test of one name (of a file or a folder, not a path) against shell patterns, ignoring case.

    Called for every name of a tree: plain names, ``start*`` and ``*end``, which is nearly all there ever is, need no
    regular expression.
    """
    lowered = [pattern.lower() for pattern in patterns]
    names = frozenset(pattern for pattern in lowered if not _WILD.search(pattern))
    starts = tuple(pattern[:-1] for pattern in lowered if pattern.endswith("*") and not _WILD.search(pattern[:-1]))
    ends = tuple(pattern[1:] for pattern in lowered if pattern.startswith("*") and not _WILD.search(pattern[1:]))
    simple = {*names, *(start + "*" for start in starts), *("*" + end for end in ends)}
    rest = "|".join(fnmatch.translate(pattern) for pattern in lowered if pattern not in simple)
    matches = re.compile(rest).match if rest else None

    def excluded(name: str) -> bool:
        name = name.lower()
        if name in names or name.startswith(starts) or name.endswith(ends):
            return True
        return matches is not None and matches(name) is not None

    return excluded
