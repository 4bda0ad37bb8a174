"""Download one picture, because the person gave its address. The only network access of the main job."""

import base64
import time
import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPException, HTTPMessage
from typing import IO, Any

import imagefinder
from imagefinder.domain.errors import ImageFinderError
from imagefinder.domain.progress import CancelToken
from imagefinder.imaging.formats import looks_like_image
from imagefinder.usecases.unpacking import PackingError, unpacked

LARGEST_BYTES = 64 * 2**20
SECONDS_TO_CONNECT = 10.0
SECONDS_IN_ALL = 30.0
CHUNK_BYTES = 64 * 1024
LOOKED_AT = 1024
"""So many of the first bytes tell a page from a picture."""

_NO_PICTURE = ("video/", "audio/", "font/", "text/html", "application/xhtml", "application/json", "application/pdf")
_MARKUP = (b"<!doctype html", b"<html", b"<head", b"<body", b"<script", b"{", b"[")
_UNESCAPED = "/%:@!$&'()*+,;=~?"


class FetchError(ImageFinderError):
    """The address gave no picture. The message says why."""


def fetch_image(
    url: str,
    token: CancelToken,
    *,
    largest_bytes: int = LARGEST_BYTES,
    seconds: float = SECONDS_IN_ALL,
) -> bytes:
    """The encoded image at an http(s) address. Raises FetchError, or Cancelled.

    Limits: 64 MB, also unpacked, and 30 seconds in all. What is plainly a page is refused, whatever it is called; of
    anything else the first bytes count for more than the content type, and the decoder has the last word.
    """
    request = _request(url)
    until = time.monotonic() + seconds
    try:
        response = _opener().open(request, timeout=min(SECONDS_TO_CONNECT, seconds))
        if response is None:
            raise FetchError("That address led to one that is not http.", "Save the picture and drop the file.")
        with response:
            kind = response.headers.get_content_type() if response.headers.get("Content-Type") else ""
            packings = response.headers.get("Content-Encoding", "")
            data = bytearray()
            looked = False
            while chunk := response.read1(CHUNK_BYTES):  # what is there now: a server that drips must not hold us
                token.check()
                data += chunk
                if len(data) > largest_bytes:
                    raise _too_large(largest_bytes)
                if time.monotonic() > until:
                    raise FetchError(f"The download took longer than {seconds:.0f} seconds.", "Save it and drop it.")
                if not looked and not packings and len(data) >= LOOKED_AT:
                    _refuse_page(kind, bytes(data[:LOOKED_AT]))  # rather now than after 64 MB
                    looked = True
            if response.length:  # read() of a part does not complain when the rest never comes
                raise FetchError("The download broke off.", "Try again, or save the picture.")
    except urllib.error.HTTPError as error:
        error.close()
        said = " ".join(str(error.reason).split())  # of a loop of redirects it is several lines
        raise FetchError(f"The server answered {error.code}: {said}.", "Save the picture and drop it.") from error
    except (OSError, HTTPException, ValueError, OverflowError) as error:
        reason = getattr(error, "reason", error)
        raise FetchError(f"The download failed: {reason}.", "Check the connection, or save the picture.") from error
    found = _unpacked(bytes(data), packings, largest_bytes)
    if not found:
        raise FetchError("The server sent nothing.", "Open the picture in the browser, save it and drop the file.")
    _refuse_page(kind, found[:LOOKED_AT])
    return found


def _request(url: str) -> urllib.request.Request:
    """With what a person may type made fit for the wire: letters of all languages, spaces, a name and password."""
    try:
        parts = urllib.parse.urlsplit(url.strip())
        if parts.scheme not in ("http", "https"):
            raise FetchError(
                f"{parts.scheme or 'This'} addresses cannot be downloaded.", "Save the picture and drop the file."
            )
        host, port = parts.hostname or "", parts.port
        if not host:
            raise FetchError("That address names no server.", "Check how it is written.")
        host = f"[{host}]" if ":" in host else host.encode("idna").decode()
    except ValueError as error:
        raise FetchError(f"That is no address of the web: {error}.", "Check how it is written.") from error
    path, query = (
        urllib.parse.quote(part, safe=_UNESCAPED, errors="surrogateescape") for part in (parts.path or "/", parts.query)
    )
    place = host if port is None else f"{host}:{port}"
    request = urllib.request.Request(urllib.parse.urlunsplit((parts.scheme, place, path, query, "")))
    request.add_header("User-Agent", f"imagefinder/{imagefinder.__version__}")
    if parts.username:
        known = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
        encoded = base64.b64encode(known.encode("utf-8", "replace")).decode()
        request.add_unredirected_header("Authorization", f"Basic {encoded}")  # for this server, and for no other
    return request


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Closes the connection also where the new address is none."""

    def http_error_302(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage
    ) -> Any:
        try:
            return super().http_error_302(req, fp, code, msg, headers)
        except ValueError:
            fp.close()
            raise

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


def _opener() -> urllib.request.OpenerDirector:
    """Only http and https: urllib's default opener would also follow a redirect to a file or an ftp address."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler,
        _Redirects,
        urllib.request.HTTPErrorProcessor,
    ):
        opener.add_handler(handler())
    return opener


def _too_large(largest_bytes: int) -> FetchError:
    return FetchError(f"That picture is larger than {largest_bytes // 2**20} MB.", "Save it and drop it.")


def _unpacked(data: bytes, packings: str, largest_bytes: int) -> bytes:
    """Some servers name a packing and then do not pack."""
    if not packings or looks_like_image(data):
        return data
    try:
        return unpacked(data, packings, largest_bytes)
    except PackingError as error:
        raise FetchError(str(error), "Save the picture and drop the file.") from error
    except OverflowError as error:
        raise _too_large(largest_bytes) from error


def _refuse_page(kind: str, first: bytes) -> None:
    """Raises FetchError for what is plainly no picture. ``kind`` is the content type; "" where there was none."""
    if looks_like_image(first):
        return
    hint = "Open the picture itself in the browser and drag that."
    if kind.startswith(_NO_PICTURE):
        raise FetchError(f"That address is {kind}, not a picture.", hint)
    if first.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_MARKUP):
        raise FetchError("That address is a page, not a picture.", hint)
    if not kind.startswith("image/") and _is_text(first):
        raise FetchError("That address is a text, not a picture.", hint)


def _is_text(first: bytes) -> bool:
    """Cut off within a character or not."""
    text = first.decode("utf-8", "replace").rstrip("\N{REPLACEMENT CHARACTER}")
    return all(each.isprintable() or each in "\t\n\r\f" for each in text.lstrip("\N{ZERO WIDTH NO-BREAK SPACE}"))
