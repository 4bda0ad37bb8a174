"""Where downloads wait until they are whole, and what came from where before."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from imagefinder.domain.errors import ModelError
from imagefinder.domain.progress import CancelToken
from imagefinder.embedding.download import NotThere, fetch
from imagefinder.embedding.notes import read_notes, write_notes
from imagefinder.embedding.partial import discard_download, partial_bytes

FOLDER = ".downloads"
CHECKSUMS = "checksums.json"
BESIDE = "~beside"
"""Behind the name of a download, for what comes with it: no model's name has such a sign."""


class Fetched(NamedTuple):
    """What came."""

    file: Path
    sha256: str
    url: str
    """Where it came from."""
    beside: Path | None
    """What came with it."""


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
        found = [discard_download(self._folder / each) for each in (name, name + BESIDE)]
        return any(found)

    @contextmanager
    def fetched(
        self,
        name: str,
        urls: Sequence[str],
        progress: Callable[[int, int], None],
        token: CancelToken,
        accept_changed: bool,
        timeout: float,
        beside: str = "",
    ) -> Iterator[Fetched]:
        """The file at the first of ``urls`` that is there, and the one at ``beside``, for as long as the block takes.

        They are deleted after the block, unless that raises: then what came is still there the next time. Raises
        ModelError also where a file is another one than its address gave before, unless ``accept_changed``.
        """
        file, other = self._folder / name, self._folder / f"{name}{BESIDE}"
        known = read_notes(self._checksums)

        def checked(url: str, target: Path, heard: Callable[[int, int], None]) -> str:
            sha256 = fetch(url, target, heard, token, timeout)
            if not accept_changed and known.get(url, sha256) != sha256:
                discard_download(target)
                raise ModelError(
                    f"{url} is no longer the file that it was when it was downloaded before.",
                    "If its publisher says so, take it with --accept-changed.",
                )
            return sha256

        with self._alone():
            for url in urls:
                try:
                    sha256 = checked(url, file, progress)
                    break
                except NotThere:
                    if url == urls[-1]:
                        raise
            came = {url: sha256}
            if beside:
                have = file.stat().st_size
                came[beside] = checked(beside, other, lambda done, total: progress(have + done, have + total))
            yield Fetched(file, sha256, url, other if beside else None)
            for each in (file, other):
                discard_download(each)
            write_notes(self._checksums, {**read_notes(self._checksums), **came})

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
