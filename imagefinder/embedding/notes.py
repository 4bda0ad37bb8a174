"""Small things worth remembering beside the models, in JSON: losing them costs a second, not a photo."""

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any


def read_notes(path: Path) -> dict[str, Any]:
    """What was written to ``path``; nothing where the file is missing or damaged."""
    try:
        notes = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return notes if isinstance(notes, dict) else {}


def write_notes(path: Path, notes: dict[str, Any]) -> None:
    """Write ``notes`` whole or not at all. Where the disk refuses, they are not remembered: that is no error.

    Two programs that write at once do not mix; what the slower one did not know is forgotten.
    """
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(notes, file, indent=1)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
