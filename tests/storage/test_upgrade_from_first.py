"""A library that the first version made goes on as if nothing had happened, and gets what is new."""

import logging
import sqlite3
import zlib
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from comparing_kit import answers_are_right, mean_of_rows, tables
from imagefinder.domain.errors import LibraryError
from imagefinder.domain.specs import IndexSpec
from imagefinder.storage import index_file
from imagefinder.storage.database import APPLICATION_ID, Database
from imagefinder.storage.library import Library
from imagefinder.storage.vectors import VectorIndex
from storage_kit import item, model, nearest, row

LIBRARY = "0123456789abcdef"
# A record as it was written before models said how they are compared.
RECORD = (
    '{"architecture": "plain", "description": "", "dimension": 16, "input": {"crop": 8, "framing": "crop", "mean": '
    '[0.0, 0.0, 0.0], "resize": 8, "std": [1.0, 1.0, 1.0]}, "licence": "", "name": "plain", "options": {}, '
    '"pooling": "average", "provenance": "", "source": "builtin", "weights_sha256": ""}'
)


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """The folder of a library with 30 photos and an index file."""
    folder = tmp_path / "library"
    folder.mkdir()
    script = (resources.files("imagefinder.storage") / "migrations" / "0001_first.sql").read_text(encoding="utf-8")
    raw = sqlite3.connect(folder / "library.db")
    raw.executescript(f"{script};PRAGMA application_id = {APPLICATION_ID};PRAGMA user_version = 1;")
    raw.executemany("INSERT INTO setting VALUES (?, ?)", [("library_id", LIBRARY), ("active_model", "1")])
    raw.execute("INSERT INTO folder VALUES (1, ?, 'indexed', '[]')", (str(tmp_path / "photos").encode(),))
    raw.execute("INSERT INTO model VALUES (1, 'plain', ?, 16, ?, 'float32')", (model().fingerprint, RECORD))
    for n in range(30):
        raw.execute(
            "INSERT INTO photo VALUES (?, 1, ?, ?, 5, ?, 640, 480, 'JPEG', '', '', 0, '2020-01-01 00:00:00')",
            (n + 1, f"sub/{n}.jpg".encode(), 1000 + n, n.to_bytes(16)),
        )
        raw.execute("INSERT INTO vector VALUES (?, ?, 1, ?)", (n + 1, n + 1, row(n).astype("<f2").tobytes()))
    raw.execute("INSERT INTO failure VALUES (1, ?, 1, 2, 'broken')", (b"bad.jpg",))
    raw.commit()
    raw.close()
    index = VectorIndex(IndexSpec("flat", 16))
    index.add(np.arange(1, 31), np.stack([row(n) for n in range(30)]).astype(np.float16).astype(np.float32))
    old = index_file.Stamp.of(index, LIBRARY, model().fingerprint)
    assert old.centre == ""
    index_file.save(folder / f"vectors-{model().fingerprint[:16]}.faiss", index, LIBRARY, model().fingerprint)
    return folder


def test_everything_is_still_there_and_found(first: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), Library.open(first) as library:
        assert (library.id, library.count(), library.count_embedded()) == (LIBRARY, 30, 30)
        assert library.active_model() == model()
        assert library.precision(model()) == "float32"
        assert nearest(library, 7) == "sub/7.jpg"
        assert [failure.reason for failure in library.failures()] == ["broken"]
        assert [folder.labelled for folder in library.folders()] == [False]
        assert library.labelled_photos() == {}
        answers_are_right(library, row(3))
        assert library.verify().problems == ()
    assert caplog.records == [], "its index file serves as it is until the first mean is pinned"


def test_the_first_optimise_pins_a_mean(first: Path) -> None:
    with Library.open(first) as library:
        library.add(1, library.register_model(model()), [item("new.jpg", 50)])
        library.optimise()
        found = tables(library)[1]
        assert found is not None
        np.testing.assert_allclose(found, mean_of_rows(library), atol=1e-6)
        answers_are_right(library, row(3))
        assert library.verify().problems == ()
    with Library.open(first) as library:
        answers_are_right(library, row(3))
        library.set_labelled(1, True)
        library.set_labels([3], "pear")
        assert library.label_counts() == {"pear": 1, "photos": 1, "sub": 29}
        library.compare_by("hash", True)
        answers_are_right(library, row(3))
        assert library.verify().problems == ()


def test_an_index_file_from_before_stamps_named_a_centre_is_read(first: Path) -> None:
    (path,) = first.glob("*.faiss")
    data = path.read_bytes()
    length = int.from_bytes(data[8:12], "little")
    stamp = data[12 : 12 + length].replace(b', "centre": ""', b"")
    body = data[:8] + len(stamp).to_bytes(4, "little") + stamp + data[12 + length : -4]
    path.write_bytes(body + index_file.LENGTH.pack(zlib.crc32(body)))
    loaded, read = index_file.load(path)
    assert (len(loaded), read.centre) == (30, "")


def test_an_upgrade_that_is_interrupted_is_done_at_the_next_start(first: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        scripts = [
            (resources.files("imagefinder.storage") / "migrations" / name).read_text(encoding="utf-8")
            for name in ("0001_first.sql", "0002_comparing_and_labels.sql")
        ]
        broken = [scripts[0], scripts[1] + "; nonsense;"]
        patch.setattr("imagefinder.storage.database._migrations", lambda: broken)
        with pytest.raises(sqlite3.OperationalError):
            Database(first / "library.db")
    raw = sqlite3.connect(first / "library.db")
    assert raw.execute("PRAGMA user_version").fetchone() == (1,)
    assert raw.execute("SELECT count(*) FROM sqlite_master WHERE name IN ('centre', 'label')").fetchone() == (0,)
    raw.close()
    with Library.open(first) as library:
        assert nearest(library, 7) == "sub/7.jpg"


def test_a_reader_says_that_the_library_must_be_opened_for_writing_first(first: Path) -> None:
    with pytest.raises(LibraryError, match="older version"):
        Library.open(first, read_only=True)
    Library.open(first).close()
    with Library.open(first, read_only=True) as reader:
        assert nearest(reader, 7) == "sub/7.jpg"
