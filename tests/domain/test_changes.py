from hypothesis import given
from hypothesis import strategies as st

from imagefinder.domain.changes import KnownFile, Lost, diff, looks_offline, match_moves
from imagefinder.domain.images import FileStamp


def known(size: int = 1, mtime: int = 1, done: bool = True, photo_id: int | None = 7) -> KnownFile:
    return KnownFile(photo_id, size, mtime, done)


def test_every_path_falls_into_exactly_one_class() -> None:
    found = {name: FileStamp(1, 1) for name in ("same", "new", "pending", "failing")} | {"edited": FileStamp(2, 1)}
    before = {
        "same": known(),
        "pending": known(done=False),
        "failing": known(photo_id=None),
        "edited": known(),
        "gone": known(),
    }
    changes = diff(found, before)
    assert changes.added == ["new"]
    assert changes.changed == ["edited"]
    assert changes.pending == ["pending"]
    assert changes.gone == ["gone"]
    assert (changes.unchanged, changes.failing) == (1, 1)


def test_a_file_is_changed_when_only_its_time_is() -> None:
    assert diff({"a": FileStamp(1, 2)}, {"a": known(mtime=1)}).changed == ["a"]


def test_a_file_that_could_not_be_read_and_then_changed_is_new() -> None:
    changes = diff({"a": FileStamp(2, 2)}, {"a": known(photo_id=None)})
    assert (changes.added, changes.gone) == (["a"], [])


def test_what_lies_in_a_folder_that_could_not_be_listed_is_not_gone() -> None:
    changes = diff({}, {"nas/a.jpg": known(), "nas2/b.jpg": known()}, unlisted=["nas"])
    assert changes.gone == ["nas2/b.jpg"]


names = st.sampled_from([f"{letter}.jpg" for letter in "abcdefgh"])
stamps = st.builds(FileStamp, st.integers(0, 2), st.integers(0, 2))


@given(
    st.dictionaries(names, stamps),
    st.dictionaries(names, st.builds(KnownFile, st.just(1), st.integers(0, 2), st.integers(0, 2), st.booleans())),
)
def test_nothing_is_counted_twice_or_forgotten(found: dict[str, FileStamp], before: dict[str, KnownFile]) -> None:
    changes = diff(found, before)
    listed = [*changes.added, *changes.changed, *changes.pending]
    assert len(listed) == len(set(listed))
    assert len(listed) + changes.unchanged + changes.failing == len(found)
    assert set(changes.gone) == before.keys() - found.keys()


def test_a_root_looks_offline_only_when_nearly_everything_is_gone_at_once() -> None:
    assert looks_offline(0, 10)
    assert looks_offline(9, 100)
    assert not looks_offline(10, 100)
    assert looks_offline(0, 3), "that all are gone at once needs the person's say, however few they were"
    assert not looks_offline(1, 9), "some of a handful may well have been deleted on purpose"
    assert not looks_offline(0, 0)


def test_a_moved_photo_is_recognised_by_content_and_read_only_where_the_size_fits() -> None:
    read = []

    def key_of(path: str) -> bytes:
        read.append(path)
        return b"same" if path == "new/a.jpg" else b"other"

    lost = [Lost(1, "old/a.jpg", 100, b"same")]
    added = {"new/a.jpg": FileStamp(100, 5), "new/b.jpg": FileStamp(100, 5), "new/c.jpg": FileStamp(99, 5)}
    assert match_moves(lost, added, key_of) == {"new/a.jpg": lost[0]}
    assert "new/c.jpg" not in read


def test_of_equal_photos_the_one_that_kept_its_name_is_taken() -> None:
    lost = [Lost(1, "old/x.jpg", 9, b"k"), Lost(2, "old/y.jpg", 9, b"k")]
    moves = match_moves(lost, {"new/y.jpg": FileStamp(9, 1), "new/z.jpg": FileStamp(9, 1)}, lambda _: b"k")
    assert moves == {"new/y.jpg": lost[1], "new/z.jpg": lost[0]}


def test_one_lost_photo_cannot_be_in_two_places() -> None:
    moves = match_moves(
        [Lost(1, "a.jpg", 9, b"k")], {"b.jpg": FileStamp(9, 1), "c.jpg": FileStamp(9, 1)}, lambda _: b"k"
    )
    assert len(moves) == 1


def test_a_candidate_that_cannot_be_read_is_no_move() -> None:
    assert match_moves([Lost(1, "a.jpg", 9, b"k")], {"b.jpg": FileStamp(9, 1)}, lambda _: None) == {}
