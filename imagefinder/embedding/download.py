"""Fetching a network's official weights: only when the person asks for it, and going on where it broke off.

The addresses and hashes are those in timm's and torchvision's own records, and the weights are read by their code. The
transfer is not theirs: torch.hub's and huggingface_hub's (2.4) both delete what came when a download breaks off or is
stopped, and the latter checks no hash. On a slow line a network of 370 MB would never arrive.
"""

import contextlib
import errno
import re
import shutil
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import Message
from http.client import HTTPException, HTTPMessage, HTTPResponse
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from imagefinder.domain.errors import ModelError
from imagefinder.domain.progress import CancelToken
from imagefinder.embedding.partial import Partial, Promise, sha256_of

CHUNK = 2**20
TIMEOUT_SECONDS = 30.0
ATTEMPTS = 5
"""How often a download that breaks off, but gets further every time, is gone on with by itself."""
PATIENCE_SECONDS = 0.2
"""How long a person who cancels waits for it at most."""
SPARE_BYTES = 64 * 2**20
"""What a download leaves free on the disk."""
OFFLINE_HINT = "Check the internet connection, or download the file elsewhere and add it."
"""Who knows which network it is for adds the command (``ModelShelf.download``)."""

Progress = Callable[[int, int], None]
"""Gets bytes done and in all (0 while unknown)."""


class NotThere(ModelError):
    """The server has no file at that address."""


class _BrokeOff(Exception):
    """The connection ended early; the message says how."""


class _StartAgain(Exception):
    """What is here is not the beginning of what the server has now."""


def fetch(url: str, target: Path, progress: Progress, token: CancelToken, timeout: float = TIMEOUT_SECONDS) -> str:
    """Download ``url`` into the file ``target``, through the proxies that the system names. Returns its SHA-256.

    What arrived stays in a file beside it when the download fails, is cancelled or is killed, and the next call goes
    on from there, if the server still has the same file (RFC 9110, sections 13.1.5 and 14). Checked against the
    hash in the name, as in torchvision's resnet50-11ad3fa6.pth, and the one that Hugging Face sends along
    (X-Linked-Etag). A server that is silent for ``timeout`` seconds has stalled. Raises ModelError, or Cancelled.
    """
    partial = Partial(target, url)
    try:
        if target.is_file():  # it came whole, but could not be used then, as on a full disk
            size = target.stat().st_size
            progress(size, size)
            return sha256_of(target)
        sha256 = _receive_whole(partial, progress, token, timeout)
        published = _hash_in_name(url) or partial.promise().sha256
        if not sha256.startswith(published):
            partial.discard()
            raise ModelError("The download is damaged: its checksum is not the published one.", "Try again.")
        partial.finish()
    except OSError as error:
        raise _cannot_save(target, error) from error
    return sha256


def _receive_whole(partial: Partial, progress: Progress, token: CancelToken, timeout: float) -> str:
    """Go on until the partial file is whole, for as long as every attempt brings more. Returns its SHA-256."""
    furthest, fresh = partial.size(), False
    for attempt in range(ATTEMPTS):
        token.check()
        try:
            _receive(partial, progress, token, timeout)
        except _StartAgain:
            partial.discard()
            if fresh:
                break
            furthest, fresh = 0, True
        except _BrokeOff as error:
            token.check()
            got = partial.size()
            if got <= furthest or attempt == ATTEMPTS - 1:
                raise ModelError(f"The download from {partial.url} broke off: {error}.", _kept(partial)) from error
            furthest = got
        else:
            return partial.sha256()
    raise ModelError(f"The server of {partial.url} sends other parts than it was asked for.", OFFLINE_HINT)


def _receive(partial: Partial, progress: Progress, token: CancelToken, timeout: float) -> None:
    """One request for what is missing. Raises ModelError, Cancelled, _BrokeOff, _StartAgain and the disk's OSError."""
    promise, have = partial.promise(), partial.size()
    if have and have == promise.length:
        return
    headers = {"User-Agent": "imagefinder", "Accept-Encoding": "identity"}
    if have and (promise.validator or promise.sha256 or _hash_in_name(partial.url)):
        headers["Range"] = f"bytes={have}-"
        if promise.validator:
            headers["If-Range"] = promise.validator
    redirects = _Redirects()
    request = urllib.request.Request(partial.url, headers=headers)
    try:
        answer: HTTPResponse = urllib.request.build_opener(redirects).open(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and have:  # nothing lies behind what is here
            if promise.length in (0, have) and error.headers.get("Content-Range") == f"bytes */{have}":
                return
            raise _StartAgain from error
        refused = NotThere if error.code == 404 else ModelError
        raise refused(f"The server answered {error.code} {error.reason} for {partial.url}.", OFFLINE_HINT) from error
    except (HTTPException, OSError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        if isinstance(reason, TimeoutError):
            raise _stalled(partial, timeout) from error
        raise ModelError(
            f"The weights could not be downloaded from {partial.url}: {_in_words(reason, partial.url)}.", OFFLINE_HINT
        ) from error
    with answer:
        _receive_body(answer, redirects.sha256, partial, progress, token, timeout)


def _receive_body(
    answer: HTTPResponse, published: str, partial: Partial, progress: Progress, token: CancelToken, timeout: float
) -> None:
    promise, have = partial.promise(), partial.size()
    sha256 = _linked_hash(answer.headers) or published
    if answer.status == 206:
        start, total = _content_range(answer.headers)
        same = promise.length in (0, total) and (not sha256 or not promise.sha256 or sha256 == promise.sha256)
        if start != have or not same:
            raise _StartAgain
    else:
        have, total = 0, int(answer.headers.get("Content-Length") or 0)
    if answer.headers.get_content_type() == "text/html":
        raise ModelError(f"The server sent a web page instead of the weights at {partial.url}.", OFFLINE_HINT)
    _check_room(partial, have, total)
    if not have:
        partial.begin(Promise(partial.url, _validator(answer.headers), total, sha256))
    with partial.file.open("ab") as file, _cut_when_cancelled(answer, token):
        while chunk := _next(answer, partial, timeout):
            file.write(chunk)
            have += len(chunk)
            progress(have, total)
            token.check()
    token.check()  # what was cut looks whole where the server did not say how long it is
    if have < total:
        raise _BrokeOff(f"{have:,} of {total:,} bytes came")


def _next(answer: HTTPResponse, partial: Partial, timeout: float) -> bytes:
    """What has arrived, at least a byte; nothing at the end."""
    try:
        return answer.read1(CHUNK)
    except TimeoutError as error:
        raise _stalled(partial, timeout) from error
    except (HTTPException, OSError) as error:
        raise _BrokeOff(str(error) or type(error).__name__) from error


@contextmanager
def _cut_when_cancelled(answer: HTTPResponse, token: CancelToken) -> Iterator[None]:
    """Cut the connection once ``token`` is cancelled, so that nobody waits for a server that sends nothing."""
    ours = socket.socket(fileno=answer.fileno())
    try:
        line = ours.dup()
    finally:
        ours.detach()  # it is the answer's, and stays open
    over = threading.Event()

    def watch() -> None:
        while not over.wait(PATIENCE_SECONDS):
            if token.cancelled:
                with contextlib.suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)
                return

    watcher = threading.Thread(target=watch, name="download-watcher", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
        line.close()


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, and keeps the hash that the hub sends with the one to the server of its large files."""

    def __init__(self) -> None:
        self.sha256 = ""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        if not newurl.startswith("https:" if req.full_url.startswith("https:") else ("http:", "https:")):
            raise urllib.error.HTTPError(req.full_url, code, "with a redirect that is not encrypted", headers, fp)
        self.sha256 = self.sha256 or _linked_hash(headers)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _linked_hash(headers: Message) -> str:
    """The SHA-256 of a file in Git LFS, as Hugging Face names it; empty where there is none (or one of Git's own)."""
    found = re.fullmatch(r'"?([0-9a-f]{64})"?', str(headers.get("X-Linked-Etag", "")))
    return found[1] if found else ""


def _hash_in_name(url: str) -> str:
    found = re.search(r"-([0-9a-f]{8,64})\.\w+$", url)
    return found[1] if found else ""


def _validator(headers: Message) -> str:
    etag = str(headers.get("ETag", ""))
    return etag if etag.startswith('"') else str(headers.get("Last-Modified", ""))


def _content_range(headers: Message) -> tuple[int, int]:
    """Where the part begins, and how long the whole is; -1 where the header is missing or odd."""
    found = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", str(headers.get("Content-Range", "")))
    return (int(found[1]), int(found[2])) if found else (-1, -1)


def _check_room(partial: Partial, have: int, total: int) -> None:
    """The weights are on the disk twice for a moment: as they came, and as they are written with their record."""
    partial.file.parent.mkdir(parents=True, exist_ok=True)
    needed = (total - have) + total + SPARE_BYTES
    free = shutil.disk_usage(partial.file.parent).free
    if total and free < needed:
        raise ModelError(
            f"There is not enough space in {partial.file.parent}: {needed / 1e6:,.0f} MB are needed, "
            f"{free / 1e6:,.0f} MB are free.",
            "Make space and try again.",
        )


def _in_words(reason: object, url: str) -> str:
    """Why a server cannot be reached, as half a sentence."""
    host = urlsplit(url).hostname
    if isinstance(reason, socket.gaierror):
        return f"{host} was not found, so this computer seems to be offline"
    if isinstance(reason, ConnectionRefusedError):
        return f"{host} refuses the connection"
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"the certificate of {host} is not valid, or the clock of this computer is wrong"
    return str(reason).rstrip(".") or type(reason).__name__


def _kept(partial: Partial) -> str:
    have, total = partial.size(), partial.promise().length
    if not have:
        return "Try again."
    return f"Try again: {have / 1e6:,.1f} MB{f' of {total / 1e6:,.1f} MB' if total else ''} are kept, it goes on there."


def _stalled(partial: Partial, timeout: float) -> ModelError:
    return ModelError(f"The server of {partial.url} has sent nothing for {timeout:g} seconds.", _kept(partial))


def _cannot_save(target: Path, error: OSError) -> ModelError:
    reason = "the disk is full" if error.errno == errno.ENOSPC else error.strerror or str(error)
    return ModelError(
        f"Models cannot be saved in {target.parent}: {reason}.", "Make space or check its permissions; then try again."
    )
