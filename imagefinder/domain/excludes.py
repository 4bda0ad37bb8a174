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


def compile_excludes(patterns: Sequence[str]) -> Callable[[str], bool]:
    """A test of one name (of a file or a folder, not a path) against shell patterns, ignoring case."""
    if not patterns:
        return lambda name: False
    expression = re.compile("|".join(fnmatch.translate(pattern) for pattern in patterns), re.IGNORECASE)
    return lambda name: expression.match(name) is not None
