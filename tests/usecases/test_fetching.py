"""Downloads against a server on loopback, well-behaved and not."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from imagefinder.domain.errors import Cancelled
from imagefinder.domain.progress import CancelToken
from imagefinder.usecases.fetching import FetchError, fetch_image

PICTURE = bytes(range(256)) * 1000


class Handler(BaseHTTPRequestHandler):
    """Serves one behaviour per path."""

    stalled = threading.Event()

    def do_GET(self) -> None:
        if self.path == "/missing":
            self.send_error(404)
        elif self.path == "/redirect":
            self._redirect("/picture")
        elif self.path == "/to-file":
            self._redirect("file:///etc/hostname")
        elif self.path == "/round":
            self._redirect("/round")
        else:
            self._serve()

    def _serve(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8" if self.path == "/page" else "image/png")
        length = len(PICTURE) + (500 if self.path == "/truncated" else 0)
        if self.path != "/endless":
            self.send_header("Content-Length", str(length))
        self.end_headers()
        try:
            if self.path == "/stalling":
                self.wfile.write(PICTURE[:1000])
                self.stalled.wait(20)
            elif self.path == "/endless":
                while True:
                    self.wfile.write(PICTURE)
            else:
                self.wfile.write(PICTURE)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the client has had enough, as it should

    def _redirect(self, where: str) -> None:
        self.send_response(302)
        self.send_header("Location", where)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it so
        pass


@pytest.fixture
def server() -> Iterator[str]:
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    Handler.stalled.set()
    httpd.shutdown()
    httpd.server_close()
    thread.join()
    Handler.stalled.clear()


@pytest.mark.parametrize("path", ["/picture", "/redirect"])
def test_the_bytes_arrive_as_they_are(server: str, path: str) -> None:
    assert fetch_image(server + path, CancelToken()) == PICTURE


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/missing", "404"),
        ("/page", "text/html"),
        ("/to-file", "failed|not http|answered"),
        ("/round", "answered|failed"),
        ("/truncated", "broke off"),
        ("/endless", "larger than"),
    ],
)
def test_what_is_wrong_is_said(server: str, path: str, says: str) -> None:
    with pytest.raises(FetchError, match=says):
        fetch_image(server + path, CancelToken(), largest_bytes=2**20)


def test_a_server_that_stalls_is_given_up(server: str) -> None:
    with pytest.raises(FetchError, match=r"timed out|longer"):
        fetch_image(server + "/stalling", CancelToken(), seconds=0.5)


def test_a_download_can_be_cancelled(server: str) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        fetch_image(server + "/picture", token)


def test_nobody_listens() -> None:
    with pytest.raises(FetchError, match="failed"):
        fetch_image("http://127.0.0.1:9/x.jpg", CancelToken(), seconds=2)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x.jpg", "x.jpg", ""])
def test_other_addresses_are_refused_without_trying(url: str) -> None:
    with pytest.raises(FetchError, match="cannot be downloaded"):
        fetch_image(url, CancelToken())
