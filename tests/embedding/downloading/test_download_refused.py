"""Downloads not to be trusted or not to be had: wrong contents, no space, no server, and what is said of it."""

import shutil
import socket
import ssl
from pathlib import Path

import pytest

from download_kit import DATA, SHA256, Get, break_off, ignore, left
from imagefinder.domain.errors import ModelError
from imagefinder.domain.progress import CancelToken
from imagefinder.embedding.download import fetch
from weights_server import WeightsServer


@pytest.mark.parametrize("sound", [True, False])
def test_the_hash_in_the_name_is_checked(server: WeightsServer, get: Get, target: Path, sound: bool) -> None:
    name = f"/net-{SHA256[:8] if sound else '0badcafe'}.pth"
    server.files[name] = DATA
    if sound:
        assert get(name) == SHA256
    else:
        with pytest.raises(ModelError, match="checksum"):
            get(name)
        assert left(target) == []


@pytest.mark.parametrize("sound", [True, False])
def test_the_hash_that_the_hub_sends_is_checked(server: WeightsServer, get: Get, target: Path, sound: bool) -> None:
    sha256 = SHA256 if sound else "0" * 64
    server.redirects["/resolve"] = (f"{server.address}/net.pth", {"X-Linked-Etag": f'"{sha256}"'})
    if sound:
        assert get("/resolve") == SHA256
        assert left(target) == ["net"]
    else:
        with pytest.raises(ModelError, match="checksum"):
            get("/resolve")
        assert left(target) == []


@pytest.mark.parametrize("place", ["ftp://127.0.0.1/net.pth", "file:///etc/hostname"])
def test_redirects_to_elsewhere_are_not_followed(server: WeightsServer, get: Get, target: Path, place: str) -> None:
    server.redirects["/away"] = (place, {})
    with pytest.raises(ModelError, match="answered 302"):
        get("/away")
    assert not target.exists()


def test_a_missing_file(server: WeightsServer, get: Get, target: Path) -> None:
    with pytest.raises(ModelError, match="answered 404"):
        get("/nothing.pth")
    assert not target.exists()


def test_a_web_page_is_no_download_and_does_not_cost_the_part(server: WeightsServer, get: Get, target: Path) -> None:
    break_off(server, get)
    server.headers["Content-Type"] = "text/html; charset=utf-8"
    server.ranges = False
    server.files["/net.pth"] = b"<html>Sign in</html>"
    with pytest.raises(ModelError, match="web page"):
        get()
    assert (target.parent / "net.part").read_bytes() == DATA[:50_000]


def test_too_little_space_is_said_before(
    server: WeightsServer, get: Get, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(target.parents[1])
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage._replace(free=100_000))
    with pytest.raises(ModelError, match=r"not enough space.*67 MB are needed, 0 MB are free"):
        get()
    assert left(target) == []


def test_a_folder_that_cannot_be_written(server: WeightsServer, tmp_path: Path) -> None:
    (tmp_path / "downloads").write_text("a file where the folder should be")
    with pytest.raises(ModelError, match="cannot be saved"):
        fetch(f"{server.address}/net.pth", tmp_path / "downloads" / "net", ignore, CancelToken())


def test_nobody_is_there(server: WeightsServer, get: Get) -> None:
    server.shutdown()  # first, or a socket that is still waited on would take one more connection
    server.server_close()
    with pytest.raises(ModelError, match=r"could not be downloaded.*127.0.0.1 refuses the connection\. .*internet"):
        get()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (socket.gaierror(-2, "Name or service not known"), r": 127.0.0.1 was not found, .* to be offline\. Check"),
        (ssl.SSLCertVerificationError("self-signed"), r": the certificate of 127.0.0.1 is not valid"),
        (OSError("Network is unreachable."), r": Network is unreachable\. Check"),
        (OSError(), r": OSError\. Check"),
    ],
)
def test_why_a_server_cannot_be_reached_is_said_in_words(
    get: Get, monkeypatch: pytest.MonkeyPatch, error: OSError, words: str
) -> None:
    def refuse(*given: object, **more: object) -> None:
        raise error

    monkeypatch.setattr(socket, "create_connection", refuse)
    with pytest.raises(ModelError, match=words):
        get()
