import sqlite3
import threading
from pathlib import Path

import pytest

from imagefinder.storage.thumbnails import ThumbnailCache


def key(n: int) -> bytes:
    return n.to_bytes(16, "big")


def test_thumbnails_survive_and_can_be_replaced(tmp_path: Path) -> None:
    cache = ThumbnailCache(tmp_path / "thumbnails.db")
    cache.put([(key(1), b"one"), (key(2), b"two")])
    cache.put([(key(2), b"zwei")])
    cache.close()
    cache.close()
    again = ThumbnailCache(tmp_path / "thumbnails.db")
    assert [again.get(key(n)) for n in (1, 2, 3)] == [b"one", b"zwei", None]
    again.close()
    assert again.get(key(1)) is None


def test_past_the_limit_the_longest_unused_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = 2**20
    cache = ThumbnailCache(tmp_path / "thumbnails.db", limit=limit)
    now = 1000
    monkeypatch.setattr("time.time", lambda: now)
    for n in range(200):
        now += 1
        cache.put([(key(n), b"x" * 15_000)])
        assert cache.get(key(0)), "what is looked at stays"
    assert cache.size() <= limit
    assert cache.get(key(199))
    assert cache.get(key(1)) is None
    cache.close()
    assert (tmp_path / "thumbnails.db").stat().st_size <= 1.2 * limit


@pytest.mark.parametrize("content", [b"rubbish" * 1000, b"SQLite format 3\0" + b"\xff" * 5000, b"x"])
def test_a_damaged_cache_is_made_anew(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "thumbnails.db"
    path.write_bytes(content)
    cache = ThumbnailCache(path)
    assert cache.get(key(1)) is None
    cache.put([(key(1), b"one")])
    assert cache.get(key(1)) == b"one"
    cache.close()


@pytest.mark.parametrize("script", ["PRAGMA user_version = 77", "DROP TABLE thumbnail"])
def test_a_cache_of_another_kind_is_made_anew(tmp_path: Path, script: str) -> None:
    path = tmp_path / "thumbnails.db"
    ThumbnailCache(path).close()
    raw = sqlite3.connect(path)
    raw.execute(script)
    raw.close()
    cache = ThumbnailCache(path)
    cache.put([(key(1), b"one")])
    cache.put([(key(1), b"one")])
    assert cache.get(key(1)) == b"one"
    cache.close()


def test_damage_while_it_is_open_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "thumbnails.db"
    cache = ThumbnailCache(path)
    cache.put([(key(n), bytes(20_000)) for n in range(100)])
    cache.close()
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    cache = ThumbnailCache(path)
    assert cache.get(key(50)) is None
    cache.put([(key(1), b"one")])
    assert cache.get(key(1)) == b"one"
    cache.close()


def test_no_room_and_no_file_are_no_errors(tmp_path: Path) -> None:
    nowhere = ThumbnailCache(tmp_path / "missing" / "thumbnails.db")
    nowhere.put([(key(1), b"one")])
    assert nowhere.get(key(1)) is None
    assert nowhere.size() == 0
    nowhere.close()
    reader = ThumbnailCache(tmp_path / "thumbnails.db", read_only=True)
    assert reader.get(key(1)) is None
    reader.close()
    assert not (tmp_path / "thumbnails.db").exists()


def test_a_reader_sees_what_the_writer_keeps(tmp_path: Path) -> None:
    writer = ThumbnailCache(tmp_path / "thumbnails.db")
    writer.put([(key(1), b"one")])
    reader = ThumbnailCache(tmp_path / "thumbnails.db", read_only=True)
    reader.put([(key(2), b"two")])
    assert (reader.get(key(1)), reader.get(key(2))) == (b"one", None)
    reader.close()
    writer.close()


def test_threads_share_it(tmp_path: Path) -> None:
    cache = ThumbnailCache(tmp_path / "thumbnails.db")
    wrong: list[int] = []

    def work(first: int) -> None:
        for n in range(first, first + 50):
            cache.put([(key(n), b"%d" % n)])
            if cache.get(key(n)) != b"%d" % n:
                wrong.append(n)

    threads = [threading.Thread(target=work, args=(first,)) for first in (0, 100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    cache.close()
