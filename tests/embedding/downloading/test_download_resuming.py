"""Downloads that break off, stall, change meanwhile or are cancelled, and go on with what came."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from download_kit import DATA, SHA256, Get, break_off, ignore, left
from imagefinder.domain.errors import Cancelled, ModelError
from imagefinder.domain.progress import CancelToken
from imagefinder.embedding import download
from imagefinder.embedding.download import fetch
from imagefinder.embedding.partial import Partial
from weights_server import WeightsServer


def test_a_whole_download(server: WeightsServer, get: Get, target: Path) -> None:
    seen: list[tuple[int, int]] = []
    assert get(progress=lambda done, total: seen.append((done, total))) == SHA256
    assert target.read_bytes() == DATA
    assert left(target) == ["net"]
    assert seen[-1] == (len(DATA), len(DATA))
    assert seen == sorted(seen)
    assert server.requests[0].range == ""


def test_a_download_without_a_length(server: WeightsServer, get: Get, target: Path) -> None:
    server.chunked = True
    seen: list[tuple[int, int]] = []
    get(progress=lambda done, total: seen.append((done, total)))
    assert target.read_bytes() == DATA
    assert seen[-1] == (len(DATA), 0)


def test_a_broken_connection_is_gone_on_with_by_itself(server: WeightsServer, get: Get, target: Path) -> None:
    server.cuts = [70_000, 30_000, None]
    assert get() == SHA256
    assert [request.range for request in server.requests] == ["", "bytes=70000-", "bytes=100000-"]
    assert {request.if_range for request in server.requests[1:]} == {'"one"'}
    assert target.read_bytes() == DATA


def test_a_connection_that_always_breaks_at_once_is_given_up(server: WeightsServer, get: Get, target: Path) -> None:
    server.cuts = [70_000, 0, None]
    with pytest.raises(ModelError, match=r"broke off: 70,000 of 192,000 bytes came.*0\.1 MB of 0\.2 MB are kept"):
        get()
    assert len(server.requests) == 2
    assert get() == SHA256
    assert server.requests[-1].range == "bytes=70000-"


def test_a_server_that_promises_more_than_it_has(server: WeightsServer, get: Get, target: Path) -> None:
    server.missing = 1000
    with pytest.raises(ModelError, match=r"broke off|other parts"):
        get()
    assert not target.exists()


def test_a_silent_server_is_given_up_and_what_came_is_kept(server: WeightsServer, get: Get, target: Path) -> None:
    server.stall_at = 50_000
    with pytest.raises(ModelError, match=r"sent nothing for 0\.2 seconds.*are kept"):
        get(timeout=0.2)
    assert left(target) == ["net.part", "net.part.json"]
    assert (target.parent / "net.part").read_bytes() == DATA[:50_000]


def test_the_next_call_goes_on(server: WeightsServer, get: Get, target: Path) -> None:
    break_off(server, get)
    seen: list[tuple[int, int]] = []
    assert get(progress=lambda done, total: seen.append((done, total))) == SHA256
    assert server.requests[0].range == "bytes=50000-"
    assert seen[0][0] > 50_000
    assert seen[-1] == (len(DATA), len(DATA))
    assert left(target) == ["net"]


def test_a_server_without_ranges_starts_again(server: WeightsServer, get: Get, target: Path) -> None:
    break_off(server, get)
    server.ranges = False
    assert get() == SHA256
    assert target.read_bytes() == DATA


def test_a_file_that_changed_meanwhile_starts_again(server: WeightsServer, get: Get, target: Path) -> None:
    break_off(server, get)
    server.files["/net.pth"] = DATA[::-1]
    server.etag = '"two"'
    get()
    assert server.requests[0].if_range == '"one"'
    assert target.read_bytes() == DATA[::-1]


def test_a_changed_length_starts_again_even_where_the_server_does_not_notice(
    server: WeightsServer, get: Get, target: Path
) -> None:
    break_off(server, get)
    server.files["/net.pth"] = DATA[::-1] + b"more"
    get()
    assert [request.range for request in server.requests] == ["bytes=50000-", ""]
    assert target.read_bytes() == DATA[::-1] + b"more"


def test_without_a_word_on_what_the_file_is_nothing_is_put_together(server: WeightsServer, get: Get) -> None:
    server.etag = 'W/"weak"'
    break_off(server, get)
    assert get() == SHA256
    assert server.requests[0].range == ""


def test_the_date_of_the_file_will_do(server: WeightsServer, get: Get) -> None:
    server.etag = ""
    server.headers["Last-Modified"] = "Sat, 01 Jan 2022 00:00:00 GMT"
    break_off(server, get)
    get()
    assert server.requests[0].range == "bytes=50000-"
    assert server.requests[0].if_range == "Sat, 01 Jan 2022 00:00:00 GMT"


def test_a_part_that_was_whole_needs_no_server(server: WeightsServer, get: Get, target: Path) -> None:
    break_off(server, get)
    with (target.parent / "net.part").open("ab") as file:
        file.write(DATA[50_000:])
    assert get() == SHA256
    assert server.requests == []
    assert left(target) == ["net"]


def test_a_whole_part_of_unknown_length(server: WeightsServer, get: Get, target: Path) -> None:
    server.chunked = True
    break_off(server, get)
    with (target.parent / "net.part").open("ab") as file:
        file.write(DATA[50_000:])
    assert get() == SHA256
    assert len(server.requests) == 1


def test_a_part_that_is_too_long_starts_again(server: WeightsServer, get: Get, target: Path) -> None:
    break_off(server, get)
    with (target.parent / "net.part").open("ab") as file:
        file.write(DATA)
    assert get() == SHA256
    assert [request.range for request in server.requests] == [f"bytes={50_000 + len(DATA)}-", ""]


def test_the_part_of_another_address_is_not_gone_on_with(server: WeightsServer, get: Get, target: Path) -> None:
    break_off(server, get)
    server.files["/other.pth"] = DATA[::-1]
    get("/other.pth")
    assert server.requests[0].range == ""
    assert target.read_bytes() == DATA[::-1]


def test_a_whole_file_that_was_not_used_yet_is_not_fetched_again(server: WeightsServer, get: Get) -> None:
    get()
    server.requests.clear()
    assert get() == SHA256
    assert server.requests == []


def test_cancelling_keeps_what_came(server: WeightsServer, get: Get, target: Path) -> None:
    token = CancelToken()
    with pytest.raises(Cancelled):
        get(token=token, progress=lambda done, total: token.cancel())
    kept = (target.parent / "net.part").read_bytes()
    assert kept
    assert DATA.startswith(kept)
    assert get() == SHA256
    with pytest.raises(Cancelled):
        fetch(server.address + "/other.pth", target.with_name("other"), ignore, token)


@pytest.mark.parametrize("length_known", [True, False])
def test_cancelling_does_not_wait_for_a_silent_server(
    server: WeightsServer, get: Get, target: Path, monkeypatch: pytest.MonkeyPatch, length_known: bool
) -> None:
    token = CancelToken()
    came: list[int] = []
    wait_for_more = download._next

    def cancelled_while_waiting(*given: Any) -> bytes:
        if came and came[-1] == 50_000:
            token.cancel()
        return wait_for_more(*given)

    monkeypatch.setattr(download, "_next", cancelled_while_waiting)
    server.stall_at = 50_000
    server.chunked = not length_known
    with pytest.raises(Cancelled):
        get(token=token, progress=lambda done, total: came.append(done))
    assert not server.released.is_set()
    assert (target.parent / "net.part").read_bytes() == DATA[:50_000]


def test_the_hash_of_the_hub_is_remembered_with_the_part(server: WeightsServer, get: Get, target: Path) -> None:
    server.redirects["/resolve"] = ("/net.pth", {"X-Linked-Etag": f'"{SHA256}"'})
    server.stall_at = 50_000
    with pytest.raises(ModelError, match="sent nothing"):
        get("/resolve", timeout=0.2)
    server.released.set()
    server.stall_at = None
    partial = Partial(target, f"{server.address}/resolve")
    assert (partial.size(), partial.promise().sha256) == (50_000, SHA256)
    assert get("/resolve") == SHA256
    assert server.requests[-1].range == "bytes=50000-"


def test_the_hub_has_another_version_now(server: WeightsServer, get: Get, target: Path) -> None:
    other = DATA[::-1]
    server.redirects["/resolve"] = ("/net.pth", {"X-Linked-Etag": f'"{SHA256}"'})
    server.stall_at = 50_000
    with pytest.raises(ModelError, match="sent nothing"):
        get("/resolve", timeout=0.2)
    server.released.set()
    server.stall_at = None
    server.files["/net.pth"] = other
    server.redirects["/resolve"] = ("/net.pth", {"X-Linked-Etag": f'"{hashlib.sha256(other).hexdigest()}"'})
    get("/resolve")
    assert target.read_bytes() == other
