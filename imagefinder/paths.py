"""Where everything lives: the library, models, settings and logs. `--basedir` keeps them together."""

from dataclasses import dataclass
from pathlib import Path

import platformdirs

from imagefinder.domain.errors import ImageFinderError

APP = "imagefinder"


@dataclass(frozen=True, slots=True)
class Paths:
    """Folders and files of one run; none of them needs to exist yet."""

    library: Path
    models: Path
    settings: Path
    logs: Path

    @classmethod
    def resolve(cls, basedir: Path | None = None, library: Path | None = None) -> "Paths":
        """The system's places, or everything below ``basedir``. ``library`` moves the library alone."""
        if basedir is not None:
            base = _absolute(basedir)
            data, config, log = base / "data", base / "config", base / "log"
        else:
            data = platformdirs.user_data_path(APP, appauthor=False)
            config = platformdirs.user_config_path(APP, appauthor=False)
            log = platformdirs.user_log_path(APP, appauthor=False)
        chosen = _absolute(library) if library is not None else data / "library"
        return cls(library=chosen, models=data / "models", settings=config / "settings.json", logs=log)


def _absolute(path: Path) -> Path:
    try:
        return path.expanduser().absolute()
    except RuntimeError as error:  # ~nobody
        raise ImageFinderError(f"{path} cannot be found: {error}", "Write the whole path.") from error
