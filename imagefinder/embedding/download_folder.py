"""Where downloads wait until they are whole, and what came from where before."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from imagefinder.domain.errors import ModelError
from imagefinder.domain.progress import CancelToken
from imagefinder.embedding.download import fetch
from imagefinder.embedding.notes import read_notes, write_notes
from imagefinder.embedding.partial import discard_download, partial_bytes

FOLDER = ".downloads"
CHECKSUMS = "checksums.json"


class DownloadFolder:
    """The unfinished downloads of one folder of models. One program at a time writes there."""

    def __init__(self, models: Path) -> None:
        self._folder = models / FOLDER
        self._checksums = models / CHECKSUMS

    def bytes(self, name: str) -> int:
        """How much of a download of this name is here, to go on from."""
        return partial_bytes(self._folder / name)

    def discard(self, name: str) -> bool:
        """Delete an unfinished download; whether there was one. Raises OSError."""
        return discard_download(self._folder / name)

    @contextmanager
    def fetched(
        self,
        name: str,
        url: str,
        progress: Callable[[int, int], None],
        token: CancelToken,
        accept_changed: bool,
        timeout: float,
    ) -> Iterator[tuple[Path, str]]:
        """The file at ``url`` and its SHA-256, for as long as the block takes.

        It is deleted after the block, unless that raises: then what came is still there the next time. Raises
        ModelError also where the file is another one than ``url`` gave before, unless ``accept_changed``.
        """
        file = self._folder / name
        with self._alone():
            sha256 = fetch(url, file, progress, token, timeout)
            if not accept_changed and read_notes(self._checksums).get(url, sha256) != sha256:
                discard_download(file)
                raise ModelError(
                    f"{url} is no longer the file that it was when it was downloaded before.",
                    "If its publisher says so, take it with --accept-changed.",
                )
            yield file, sha256
            discard_download(file)
            write_notes(self._checksums, {**read_notes(self._checksums), url: sha256})

    @contextmanager
    def _alone(self) -> Iterator[None]:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self._folder / "lock", timeout=0)
            lock.acquire()
        except Timeout:
            raise ModelError(
                "Another imagefinder is downloading a model.", "Wait until it is done, or stop it there."
            ) from None
        except OSError as error:
            raise ModelError(
                f"Models cannot be saved in {self._folder.parent}: {error.strerror or error}.",
                "Make space or check its permissions.",
            ) from error
        try:
            yield
        finally:
            lock.release()
