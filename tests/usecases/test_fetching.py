"""Downloads against a server on loopback, well-behaved and not."""

import base64
import gzip
import threading
import zlib
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from imagefinder.domain.errors import Cancelled
from imagefinder.domain.progress import CancelToken
from imagefinder.usecases.fetching import FetchError, fetch_image

PICTURE = bytes(range(256)) * 1000
JPEG = bytes.fromhex("ffd8ffe000104a46494600") + PICTURE
HTML = b"<!DOCTYPE html>\n<title>Not found</title>" + b" " * 2000


def raw_deflate(data: bytes) -> bytes:
    packing = zlib.compressobj(wbits=-15)
    return packing.compress(data) + packing.flush()


TYPES = (
    "text/plain", "application/unknown", "unknown", "jpg", "image", "IMAGE/JPEG", "application/octet-stream",
    "application/force-download", "application/x-download", "text/html", "application/json", "video/mp4", "*/*",
)  # fmt: skip
GOOD: dict[str, tuple[bytes, dict[str, str]]] = {
    "/no-type": (JPEG, {}),
    **{f"/type{number}": (JPEG, {"Content-Type": kind}) for number, kind in enumerate(TYPES)},
    "/gzip": (gzip.compress(JPEG), {"Content-Encoding": "gzip"}),
    "/x-gzip": (gzip.compress(JPEG), {"Content-Type": "image/jpeg", "Content-Encoding": "X-GZIP"}),
    "/gzip-in-parts": (gzip.compress(JPEG[:99]) + gzip.compress(JPEG[99:]), {"Content-Encoding": "gzip"}),
    "/deflate": (zlib.compress(JPEG), {"Content-Encoding": "deflate"}),
    "/raw-deflate": (raw_deflate(JPEG), {"Content-Encoding": "deflate"}),
    "/twice": (gzip.compress(zlib.compress(JPEG)), {"Content-Encoding": "deflate, gzip"}),
    "/said-only": (JPEG, {"Content-Encoding": "gzip"}),
    "/br-said-only": (JPEG, {"Content-Encoding": "br"}),
    "/identity": (JPEG, {"Content-Encoding": "identity"}),
    "/a%20b/%C3%BC.jpg?x=%201": (JPEG, {}),
}
BOMB = gzip.compress(bytes(50 * 2**20))
BAD: dict[str, tuple[str, bytes, dict[str, str]]] = {
    "/html": ("is text/html, not", HTML, {"Content-Type": "text/html; charset=utf-8"}),
    "/html-as-jpeg": ("is a page, not", HTML, {"Content-Type": "image/jpeg"}),
    "/html-of-no-type": ("is a page, not", b"\xef\xbb\xbf \n" + HTML, {}),
    "/json": ("is application/json, not", b'{"error": 404}', {"Content-Type": "application/json"}),
    "/json-as-octets": ("is a page, not", b'{"error": 404}', {"Content-Type": "application/octet-stream"}),
    "/text": ("is a text, not", "Nicht gefunden: ü".encode() * 100, {"Content-Type": "text/plain"}),
    "/text-cut": ("is a text, not", ("x" * 1023 + "ü").encode(), {}),
    "/packed-page": ("is a page, not", gzip.compress(HTML), {"Content-Encoding": "gzip"}),
    "/video": ("is video/mp4, not", PICTURE, {"Content-Type": "video/mp4"}),
    "/nothing": ("sent nothing", b"", {"Content-Type": "image/jpeg"}),
    "/nothing-packed": ("sent nothing", gzip.compress(b""), {"Content-Encoding": "gzip"}),
    "/bomb": ("larger than 1 MB", BOMB, {"Content-Type": "image/jpeg", "Content-Encoding": "gzip"}),
    "/bomb-of-bombs": ("larger than 1 MB", gzip.compress(BOMB), {"Content-Encoding": "gzip, gzip"}),
    "/brotli": ("not known here: br", PICTURE, {"Content-Type": "image/jpeg", "Content-Encoding": "br"}),
    "/packed-badly": ("damaged", PICTURE, {"Content-Type": "image/jpeg", "Content-Encoding": "gzip"}),
    "/packed-half": ("broke off", gzip.compress(PICTURE)[:99], {"Content-Encoding": "gzip"}),
}
ANSWERS = {**GOOD, **{path: (body, headers) for path, (_, body, headers) in BAD.items()}}


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
        elif self.path == "/to-nonsense":
            self._redirect("http://[::1/x")
        elif self.path == "/elsewhere":
            self._redirect(f"http://localhost:{self.connection.getsockname()[1]}/authorised")
        elif self.path.startswith("/authorised"):
            self._answer(self.headers.get("Authorization", "none").encode(), {"Content-Type": "image/png"})
        elif self.path in ANSWERS:
            self._answer(*ANSWERS[self.path])
        else:
            self._serve()

    def _answer(self, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

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
    thread = threading.Thread(target=httpd.serve_forever, args=(0.01,))
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
        ("/to-nonsense", "failed"),
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


@pytest.mark.parametrize("path", GOOD)
def test_the_first_bytes_count_for_more_than_what_the_server_says(server: str, path: str) -> None:
    assert fetch_image(server + path, CancelToken()) == JPEG


def test_bytes_of_no_known_format_are_left_to_the_decoder(server: str) -> None:
    assert fetch_image(server + "/picture", CancelToken()) == PICTURE


@pytest.mark.parametrize(("path", "says"), [(path, says) for path, (says, _, _) in BAD.items()])
def test_what_is_plainly_no_picture_is_named(server: str, path: str, says: str) -> None:
    with pytest.raises(FetchError, match=says):
        fetch_image(server + path, CancelToken(), largest_bytes=2**20)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://[::1/x.jpg", "no address of the web"),
        ("http://127.0.0.1:99999/x.jpg", "no address of the web"),
        ("http://127.0.0.1:port/x.jpg", "no address of the web"),
        ("http:///x.jpg", "names no server"),
        ("http://", "names no server"),
        ("https://..example.org/x.jpg", "no address of the web"),
    ],
)
def test_addresses_that_are_none(url: str, says: str) -> None:
    with pytest.raises(FetchError, match=says):
        fetch_image(url, CancelToken())


def test_an_address_may_be_typed_as_it_is_read(server: str) -> None:
    assert fetch_image(f" {server}/a b/ü.jpg?x= 1#part ", CancelToken()) == JPEG


def test_name_and_password_are_for_their_server_alone(server: str) -> None:
    with_name = server.replace("http://", "http://me:s%20t@")
    assert fetch_image(f"{with_name}/authorised", CancelToken()) == b"Basic " + base64.b64encode(b"me:s t")
    assert fetch_image(f"{with_name}/elsewhere", CancelToken()) == b"none"
