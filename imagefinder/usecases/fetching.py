"""Download one picture, because the person dropped its address. The only network access of the main job."""

import time
import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPException

import imagefinder
from imagefinder.domain.errors import ImageFinderError
from imagefinder.domain.progress import CancelToken

LARGEST_BYTES = 64 * 2**20
SECONDS_TO_CONNECT = 10.0
SECONDS_IN_ALL = 30.0
CHUNK_BYTES = 64 * 1024


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

    Limits: 64 MB, 30 seconds in all, and a content type that may be an image (the decoder has the last word).
    """
    scheme = urllib.parse.urlsplit(url).scheme
    if scheme not in ("http", "https"):
        raise FetchError(f"{scheme or 'This'} addresses cannot be downloaded.", "Save the picture and drop the file.")
    until = time.monotonic() + seconds
    request = urllib.request.Request(url, headers={"User-Agent": f"imagefinder/{imagefinder.__version__}"})
    # Only http and https: urllib's default opener would also follow a redirect to a file or an ftp address.
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPRedirectHandler,
        urllib.request.HTTPErrorProcessor,
    ):
        opener.add_handler(handler())
    try:
        response = opener.open(request, timeout=min(SECONDS_TO_CONNECT, seconds))
        if response is None:
            raise FetchError(f"{url} led to an address that is not http.", "Save the picture and drop the file.")
        with response:
            kind = response.headers.get_content_type()
            if not (kind.startswith("image/") or kind in ("application/octet-stream", "binary/octet-stream")):
                raise FetchError(
                    f"That address is {kind}, not a picture.", "Open the picture itself in the browser and drag that."
                )
            chunks: list[bytes] = []
            size = 0
            while chunk := response.read1(CHUNK_BYTES):  # what is there now: a server that drips must not hold us
                token.check()
                size += len(chunk)
                if size > largest_bytes:
                    raise FetchError(
                        f"That picture is larger than {largest_bytes // 2**20} MB.", "Save it and drop it."
                    )
                if time.monotonic() > until:
                    raise FetchError(f"The download took longer than {seconds:.0f} seconds.", "Save it and drop it.")
                chunks.append(chunk)
            if response.length:  # read() of a part does not complain when the rest never comes
                raise FetchError("The download broke off.", "Try again, or save the picture.")
    except urllib.error.HTTPError as error:
        error.close()
        raise FetchError(
            f"The server answered {error.code}: {error.reason}.", "Save the picture and drop it."
        ) from error
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise FetchError(f"The download failed: {reason}.", "Check the connection, or save the picture.") from error
    return b"".join(chunks)
