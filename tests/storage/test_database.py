import sqlite3
import threading
from pathlib import Path

import pytest

from imagefinder.domain.errors import LibraryError
from imagefinder.storage.database import Database, _migrations


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "library.db")


def settings(database: Database) -> list[tuple[str, str]]:
    with database.read() as connection:
        return connection.execute("SELECT key, value FROM setting ORDER BY key").fetchall()


def test_every_commit_reaches_the_disk(database: Database) -> None:
    with database.read() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
    database.close()


def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    def half_done() -> None:
        with database.write() as connection:
            connection.execute("INSERT INTO setting VALUES ('a', '1')")
            with database.write() as same:
                assert same is connection
                same.execute("INSERT INTO setting VALUES ('b', '2')")
            raise KeyError

    with pytest.raises(KeyError):
        half_done()
    assert settings(database) == []
    with database.write() as connection:
        connection.execute("INSERT INTO setting VALUES ('c', '3')")
    assert settings(database) == [("c", "3")]
    database.close()


def test_a_snapshot_does_not_see_later_commits(database: Database) -> None:
    def write() -> None:
        with database.write() as connection:
            connection.execute("INSERT INTO setting VALUES ('a', '1')")

    with database.snapshot() as connection:
        assert connection.execute("SELECT count(*) FROM setting").fetchone() == (0,)
        other = threading.Thread(target=write)
        other.start()
        other.join()
        assert connection.execute("SELECT count(*) FROM setting").fetchone() == (0,)
    assert settings(database) == [("a", "1")]
    database.close()


def test_threads_have_connections_of_their_own_and_ended_threads_give_theirs_back(database: Database) -> None:
    seen: list[sqlite3.Connection] = []
    for _ in range(5):
        thread = threading.Thread(target=lambda: seen.append(database.connection()))
        thread.start()
        thread.join()
    assert len({id(connection) for connection in [*seen, database.connection()]}) == 6
    assert len(database._open) <= 2
    database.close()
    with pytest.raises(LibraryError, match="closed"):
        database.connection()


def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    path.write_bytes(b"my diary " * 200)
    with pytest.raises(LibraryError, match="damaged, or is not an imagefinder library"):
        Database(path)
    assert path.read_bytes() == b"my diary " * 200


def test_the_database_of_another_program_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    foreign = sqlite3.connect(path)
    foreign.execute("CREATE TABLE recipe (title)")
    foreign.close()
    before = path.read_bytes()
    with pytest.raises(LibraryError, match="is not an imagefinder library"):
        Database(path)
    assert path.read_bytes() == before


def test_a_library_from_a_newer_version_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    database = Database(path)
    with database.write() as connection:
        connection.execute("PRAGMA user_version = 999")
    database.close()
    before = path.read_bytes()
    with pytest.raises(LibraryError, match="newer version"):
        Database(path)
    assert path.read_bytes() == before


def test_damage_in_the_middle_is_reported_in_words(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    database = Database(path)
    with database.write() as connection:
        connection.executemany("INSERT INTO setting VALUES (?, ?)", [(str(n), "x" * 500) for n in range(500)])
    database.close()
    data = bytearray(path.read_bytes())
    for page in range(4096, len(data), 4096):
        data[page : page + 64] = b"\xff" * 64
    path.write_bytes(data)
    with pytest.raises(LibraryError, match="damaged"):
        settings(Database(path))


def test_a_full_disk_is_reported_and_undone(database: Database) -> None:
    with database.write() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute("INSERT INTO setting VALUES ('before', '')")
    database.connection().execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(LibraryError, match="disk is full"), database.write() as connection:
        connection.executemany("INSERT INTO setting VALUES (?, ?)", [(str(n), "x" * 4000) for n in range(50)])
    assert settings(database) == [("before", "")]
    database.close()


def test_reading_only_writes_nothing(database: Database, tmp_path: Path) -> None:
    reader = Database(tmp_path / "library.db", read_only=True)
    with database.write() as connection:
        connection.execute("INSERT INTO setting VALUES ('a', '1')")
    assert settings(reader) == [("a", "1")]
    with pytest.raises(LibraryError, match="reading only"), reader.write():
        pass
    reader.close()
    database.close()


def test_a_migration_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "library.db"
    Database(path).close()
    released, good = _migrations(), "CREATE TABLE tag (name TEXT);"
    with monkeypatch.context() as patch:
        patch.setattr(
            "imagefinder.storage.database._migrations", lambda: [*released, good, "CREATE TABLE x (a); nonsense;"]
        )
        with pytest.raises(sqlite3.OperationalError):
            Database(path)
    raw = sqlite3.connect(path)
    assert raw.execute("PRAGMA user_version").fetchone() == (len(released) + 1,)
    assert [name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE name IN ('tag', 'x')")] == ["tag"]
    raw.close()


def test_closing_waits_for_what_another_thread_is_reading(tmp_path: Path) -> None:
    database = Database(tmp_path / "library.db")
    inside, finish, closed = threading.Event(), threading.Event(), threading.Event()
    seen: list[int] = []

    def read() -> None:
        with database.read() as connection:
            inside.set()
            finish.wait(10)
            seen.append(connection.execute("SELECT 1").fetchone()[0])

    def close() -> None:
        database.close()
        closed.set()

    reader, closer = threading.Thread(target=read), threading.Thread(target=close)
    reader.start()
    inside.wait(10)
    closer.start()
    assert not closed.wait(0.1)
    finish.set()
    reader.join()
    closer.join()
    assert seen == [1]
    with pytest.raises(LibraryError, match="closed"), database.read():
        pass
