"""What the app remembers about the window. Losing it costs nothing, so a broken file is set aside, never an error."""

import json
import logging
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from imagefinder.domain.errors import ImageFinderError
from imagefinder.domain.search_options import SearchOptions

VERSION = 1
LARGEST = 10_000
"""No number that is remembered needs to be larger."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Settings:
    """Plain values. ``splitter`` and each geometry are Qt's own saved states in base64."""

    geometry: str = ""
    splitter: str = ""
    models_geometry: str = ""
    teach_geometry: str = ""
    settings_geometry: str = ""
    review_geometry: str = ""
    measure_geometry: str = ""
    removed_geometry: str = ""
    sidebar_shown: bool = True
    inspector_shown: bool = True
    thumbnail_side: int = 160
    min_similarity: int = 0
    limit: int = 100
    sort: str = "similarity"
    last_folder: str = ""
    lever: str = "none"
    """How results are ordered; the names are those of SearchOptions."""
    lever_candidates: int = 1000
    expansion_k: int = 2
    tuned_model: str = ""
    """The taught model for which the person chose a weight, and how much of 100 counts what it learned."""
    tuned_weight: int = 50

    def search_options(self) -> SearchOptions:
        """What of this concerns a search. What a newer version, or an editor, wrote there falls back to the default."""
        try:
            return SearchOptions(lever=self.lever, candidates=self.lever_candidates, expansion_k=self.expansion_k)
        except ImageFinderError as error:
            log.warning("the settings for searching are not usable (%s); going by the defaults", error)
            return SearchOptions()


def load(path: Path) -> Settings:
    """Read the file; unknown keys are ignored and values of the wrong type fall back to the default."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(record, dict):
            raise ValueError("not an object")
    except FileNotFoundError:
        return Settings()
    except (OSError, ValueError) as error:
        log.warning("settings at %s could not be read (%s); starting with the defaults", path, error)
        _set_aside(path)
        return Settings()
    defaults = Settings()
    kept: dict[str, Any] = {}
    for field in fields(Settings):
        value = record.get(field.name)
        if type(value) is not type(getattr(defaults, field.name)):
            continue
        if isinstance(value, int):
            value = type(value)(max(0, min(LARGEST, value)))
        if not isinstance(value, str) or value.isprintable():  # half a surrogate, say, is nothing Qt can take
            kept[field.name] = value
    return Settings(**kept)


def save(path: Path, settings: Settings) -> None:
    """Write atomically. A disk that refuses costs the remembered sizes, and a line in the log."""
    partial = path.with_suffix(".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps({"version": VERSION, **asdict(settings)}, indent=2), encoding="utf-8")
        os.replace(partial, path)
    except OSError as error:
        log.warning("settings could not be saved at %s: %s", path, error)


def _set_aside(path: Path) -> None:
    try:
        os.replace(path, path.with_suffix(".broken"))
    except OSError as error:
        log.warning("%s could not be set aside: %s", path, error)
