"""A library as the first version made it."""

import sqlite3
from importlib import resources
from pathlib import Path

from imagefinder.storage.database import APPLICATION_ID


def old_library(folder: Path) -> None:
    """Make ``folder``, with an empty library of the first version."""
    folder.mkdir(parents=True)
    script = (resources.files("imagefinder.storage") / "migrations" / "0001_first.sql").read_text(encoding="utf-8")
    raw = sqlite3.connect(folder / "library.db")
    raw.executescript(f"{script};PRAGMA application_id = {APPLICATION_ID};PRAGMA user_version = 1;")
    raw.execute("INSERT INTO setting VALUES ('library_id', '0123456789abcdef')")
    raw.commit()
    raw.close()
