"""What is given on the command line: addresses in place of paths, empty paths, and the labels that folders become."""

import os
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest

from command_line import Cli
from drawing import draw_photo
from imagefinder.commands.given_paths import path_of, picture, window_argument
from imagefinder.commands.label_levels import labels_line
from imagefinder.domain.errors import ImageFinderError
from imagefinder.terminal import one_line


@pytest.fixture
def years(tmp_path: Path) -> Path:
    for row, kind in enumerate(("beach", "city")):
        for column, year in enumerate(("2021", "2022")):
            for number in range(2):
                draw_photo(tmp_path / "years" / kind / year / f"{number}.jpg", 100 * row + 10 * column + number)
    return tmp_path / "years"


@pytest.fixture
def address(years: Path) -> Iterator[str]:
    """Of a photo, on a server that says nothing about it."""
    data = (years / "city" / "2021" / "0.jpg").read_bytes()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it so
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/photo.jpg?x=1"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.skipif(os.name == "nt", reason="hosts name network drives there")
@pytest.mark.parametrize("host", ["", "localhost", socket.gethostname()])
def test_pictures_are_compared_by_their_addresses(cli: Cli, years: Path, address: str, host: str) -> None:
    one = years / "city" / "2021" / "0.jpg"
    found = cli.json("compare", f"file://{host}{quote(str(one))}", address)
    assert found["verdict"] == "same"


def test_what_a_picture_on_the_command_line_is() -> None:
    assert picture("a.jpg").path == "a.jpg"
    assert picture("file:///a%20b.jpg").path == os.path.normpath("/a b.jpg")
    web = picture("HTTPS://example.org/x/a.jpg?y=1")
    assert (web.url, web.name, web.path) == ("HTTPS://example.org/x/a.jpg?y=1", "a.jpg", None)
    assert window_argument("https://example.org/a.jpg") == "https://example.org/a.jpg"
    with pytest.raises(ImageFinderError, match="address of the web"):
        picture("https://example.org/a.jpg", online=False)
    for nothing in ("", " "):
        for read in (path_of, picture, window_argument):
            with pytest.raises(ImageFinderError, match="An empty path names nothing"):
                read(nothing)
    with pytest.raises(ImageFinderError, match="no file of this computer"):
        path_of("file:relative.jpg")


def test_a_file_that_is_called_like_an_address_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file:odd.jpg").touch()
    assert path_of("file:odd.jpg") == "file:odd.jpg"


@pytest.mark.parametrize(
    "words",
    [
        ["evaluate", ""],
        ["train", "", "--name", "x"],
        ["pairs", "", "--into", "x.csv"],
        ["pairs", ".", "--into", ""],
        ["models", "import", ""],
        ["demo", ""],
        ["status", "--library", ""],
        ["--basedir", "", "status"],
    ],
)
def test_an_empty_path_is_not_the_current_folder(
    cli: Cli, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli(*words)
    assert ended.value.code == 2
    assert "An empty path names nothing" in capsys.readouterr().err


def test_an_empty_picture_is_refused(cli: Cli, years: Path) -> None:
    cli("compare", "", str(years / "city" / "2021" / "0.jpg"), expect=1)
    assert "An empty path names nothing" in cli.errors
    cli("", expect=1)
    assert "An empty path names nothing" in cli.errors


def test_pairs_print_their_labels_and_ask_about_classes_by_year(cli: Cli, years: Path, tmp_path: Path) -> None:
    cli("pairs", str(years), "--into", str(tmp_path / "pairs.csv"), "--count", "4")
    assert "2 labels: 2021 (4), 2022 (4)" in cli.errors
    assert "If the labels are to be beach and city: --label-level 1." in cli.errors
    cli("pairs", str(years), "--into", str(tmp_path / "pairs.csv"), "--count", "40", "--label-level", "1")
    assert "2 labels: beach (4), city (4)" in cli.errors
    assert "If the labels" not in cli.errors
    rows = (tmp_path / "pairs.csv").read_text().splitlines()[1:]
    for first, second, similar in (row.split(",") for row in rows):
        assert (first.split("/")[1] == second.split("/")[1]) is (similar == "1")


def test_evaluation_prints_its_classes_and_takes_them_from_a_level(cli: Cli, years: Path) -> None:
    said = cli("evaluate", str(years))
    assert "2 classes: 2021 (4), 2022 (4)" in cli.errors
    assert "If the labels are to be beach and city: --label-level 1." in said
    said = cli("evaluate", str(years), "--label-level", "1")
    assert "2 classes: beach (4), city (4)" in cli.errors
    assert "If the labels" not in said


@pytest.mark.skipif(os.name == "nt", reason="every name is Unicode there")
def test_folders_that_are_no_utf8_are_labels_of_their_own(cli: Cli, tmp_path: Path) -> None:
    for number, name in enumerate((b"caf\xe9", b"caf\xea", b"city")):
        for photo in range(2):
            draw_photo(tmp_path / "lat" / os.fsdecode(name) / f"{photo}.jpg", 10 * number + photo)
    table = tmp_path / "pairs.csv"
    cli("pairs", str(tmp_path / "lat"), "--into", str(table), "--count", "9")
    assert "3 labels: caf\\xe9 (2), caf\\xea (2), city (2)" in cli.errors
    assert b"caf\xe9/" in table.read_bytes()
    cli("pairs", str(tmp_path / "lat"), "--into", str(table), "--triplets")
    assert b"caf\xea/" in table.read_bytes()
    assert not list(tmp_path.glob(".*.part"))


def test_many_labels_are_named_in_part() -> None:
    line = labels_line({f"label {number:02}": 1 for number in range(40)})
    assert line.startswith("40 labels: label 00 (1), label 01 (1)")
    assert line.endswith("label 29 (1) and 10 more")
    assert labels_line({"a\nb": 1000}) == "1 label: a\\nb (1,000)"


def test_a_name_is_one_line() -> None:
    assert one_line("a\nb\r\x1b[1m\u202eé\udce9") == "a\\nb\\r\\x1b[1m\\u202eé\udce9"
