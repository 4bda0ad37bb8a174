"""Paths that a person or a program wrote down in a text."""

import os
import re
from pathlib import Path

from imagefinder.domain.file_addresses import is_file_address, local_path


def written_paths(line: str) -> list[str]:
    """The absolute paths that a person or program may have meant: bare, quoted, as a shell or an address writes it."""
    bare = line.strip()
    spellings = [bare, bare.strip("\"'"), line]  # a name may end with a space
    if "\\" in bare and os.name != "nt":
        spellings.append(re.sub(r"\\(.)", r"\1", bare))
    found = [_written_path(spelling) for spelling in spellings]
    return [path for path in dict.fromkeys(found) if path is not None]


def _written_path(text: str) -> str | None:
    """As such, with ~, or as a file: address; None for what is no absolute path."""
    if is_file_address(text):
        path = local_path(text)
        return os.path.normpath(path) if path is not None else None
    if text.startswith("~"):
        try:
            text = str(Path(text).expanduser())
        except RuntimeError:  # a user that does not exist
            return None
    return os.path.normpath(text) if os.path.isabs(text) and "\0" not in text else None
