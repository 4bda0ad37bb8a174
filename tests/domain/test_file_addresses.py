"""file: addresses become paths of this computer, byte for byte."""

import os
import socket

import pytest

from imagefinder.domain.file_addresses import local_path

HOST = socket.gethostname()


@pytest.mark.skipif(os.name == "nt", reason="paths of other systems")
@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("file:///a/b.jpg", "/a/b.jpg"),
        ("file:/a/b.jpg", "/a/b.jpg"),
        ("FILE:///a/b.jpg", "/a/b.jpg"),
        ("file://localhost/a/b.jpg", "/a/b.jpg"),
        ("file://LOCALHOST/a/b.jpg", "/a/b.jpg"),
        ("file://127.0.0.1/a/b.jpg", "/a/b.jpg"),
        ("file://[::1]/a/b.jpg", "/a/b.jpg"),
        (f"file://{HOST}/a/b.jpg", "/a/b.jpg"),
        (f"file://{HOST.upper()}.example.org/a/b.jpg", "/a/b.jpg"),
        ("file:///a%20b%23%3F%25.jpg", "/a b#?%.jpg"),
        ("file:///a b/ü.jpg", "/a b/ü.jpg"),
        ("file:///a.jpg?x=1#part", "/a.jpg"),
        ("file://another-computer/a.jpg", None),
        ("file:relative.jpg", None),
        ("file:", None),
        ("file://", None),
        ("file:///a%00b.jpg", None),
        ("http://localhost/a.jpg", None),
        ("/a/b.jpg", None),
    ],
)
def test_what_an_address_means_here(address: str, path: str | None) -> None:
    assert local_path(address) == path


@pytest.mark.skipif(os.name == "nt", reason="every name is Unicode there")
@pytest.mark.parametrize("address", ["file:///caf%E9.jpg", "file://localhost/caf%e9.jpg", "file:///caf\udce9.jpg"])
def test_names_that_are_no_utf8_stay_what_they_are(address: str) -> None:
    path = local_path(address)
    assert path is not None
    assert os.fsencode(path) == b"/caf\xe9.jpg"


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("file:///C:/a%20b.jpg", r"C:\a b.jpg"),
        ("file:///C|/a.jpg", r"C:\a.jpg"),
        ("file://C:/a.jpg", r"C:\a.jpg"),
        ("file://localhost/c:/a.jpg", r"c:\a.jpg"),
        (f"file://{HOST}/C:/a.jpg", r"C:\a.jpg"),
        ("file://nas/photos/a.jpg", r"\\nas\photos\a.jpg"),
        ("file:////nas/photos/a.jpg", r"\\nas\photos\a.jpg"),
        ("file://nas/C:/a.jpg", None),
    ],
)
def test_windows_has_drives_and_network_paths(address: str, path: str | None) -> None:
    assert local_path(address, windows=True) == path
