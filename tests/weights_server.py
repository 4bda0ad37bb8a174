"""A server on this machine that plays the publishers of weights, in good days and bad ones."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread


@dataclass(slots=True)
class Asked:
    """One request as it came."""

    path: str
    range: str
    if_range: str


class WeightsServer(ThreadingHTTPServer):
    """Serves ``files`` by path, whole or the part that is asked for; the other fields spoil that.

    ``cuts`` has, for each coming answer, after how many bytes the connection is closed (None: not at all);
    ``missing`` bytes more are promised than sent; ``stall_at`` bytes are sent and then nothing more until
    ``released``.
    """

    daemon_threads = False

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.redirects: dict[str, tuple[str, dict[str, str]]] = {}
        self.headers: dict[str, str] = {}
        self.etag = '"one"'
        self.ranges = True
        self.chunked = False
        self.cuts: list[int | None] = []
        self.missing = 0
        self.stall_at: int | None = None
        self.released = Event()
        self.requests: list[Asked] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def asked(self) -> list[str]:
        return [request.path for request in self.requests]


class _Handler(BaseHTTPRequestHandler):
    server: WeightsServer

    def do_GET(self) -> None:
        server = self.server
        asked = Asked(self.path, self.headers.get("Range", ""), self.headers.get("If-Range", ""))
        server.requests.append(asked)
        if self.path in server.redirects:
            place, headers = server.redirects[self.path]
            self._start(302, {"Location": place, "Content-Length": "0", **headers})
            return
        data = server.files.get(self.path)
        if data is None:
            self._start(404, {"Content-Length": "0"})
            return
        headers = {"ETag": server.etag, **server.headers} if server.etag else dict(server.headers)
        first = 0
        if server.ranges and asked.range and asked.if_range in ("", server.etag):
            first = int(asked.range.removeprefix("bytes=").removesuffix("-"))
            if first >= len(data):
                self._start(416, {"Content-Range": f"bytes */{len(data)}", "Content-Length": "0"})
                return
            headers["Content-Range"] = f"bytes {first}-{len(data) - 1}/{len(data)}"
        body = data[first:]
        if not server.chunked:
            headers["Content-Length"] = str(len(body) + server.missing)
        self._start(206 if first else 200, headers)
        cut = server.cuts.pop(0) if server.cuts else None
        if server.stall_at is not None:
            self.wfile.write(body[: server.stall_at])
            server.released.wait(30)
            return
        self.wfile.write(body[:cut])

    def _start(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Tests are quiet."""

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:
            return  # the test hung up, as it meant to


@contextmanager
def weights_server() -> Iterator[WeightsServer]:
    """A running server, for as long as the block takes."""
    with WeightsServer() as running:
        thread = Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield running
        finally:
            running.released.set()
            running.shutdown()
            thread.join()
