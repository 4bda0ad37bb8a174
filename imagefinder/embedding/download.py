"""Fetching a network's official weights: only when the person asks for it."""

import hashlib
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path

from imagefinder.domain.errors import ModelError
from imagefinder.domain.progress import CancelToken

CHUNK = 2**20
TIMEOUT_SECONDS = 30
OFFLINE_HINT = "Check the internet connection, or download the file elsewhere and add it: imagefinder models add FILE"


def fetch(url: str, target: Path, progress: Callable[[int, int], None], token: CancelToken) -> None:
    """Download ``url`` into the file ``target``, through the proxies that the system names.

    ``progress`` gets bytes done and in all (0 while unknown). A hash in the name, as in torchvision's
    resnet50-11ad3fa6.pth, is checked. Raises ModelError, or Cancelled; what it leaves in ``target`` is then partial.
    """
    digest = hashlib.sha256()
    done = 0
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "imagefinder"})
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer, target.open("wb") as file:
            total = int(answer.headers.get("Content-Length") or 0)
            while chunk := answer.read(CHUNK):
                token.check()
                file.write(chunk)
                digest.update(chunk)
                done += len(chunk)
                progress(done, total)
    except urllib.error.HTTPError as error:
        error.close()
        raise ModelError(f"The server answered {error.code} {error.reason} for {url}.", OFFLINE_HINT) from error
    except (HTTPException, OSError) as error:
        reason = getattr(error, "reason", None) or error
        raise ModelError(f"The weights could not be downloaded from {url}: {reason}", OFFLINE_HINT) from error
    if total and done != total:
        raise ModelError(f"The download broke off after {done:,} of {total:,} bytes.", "Try again.")
    expected = re.search(r"-([0-9a-f]{8,64})\.\w+$", url)
    if expected and not digest.hexdigest().startswith(expected[1]):
        raise ModelError("The download is damaged: its checksum is not the published one.", "Try again.")
