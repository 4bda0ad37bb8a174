import os

from hypothesis import given
from hypothesis import strategies as st

from imagefinder.domain.changes import (
    FAILED,
    PIECES,
    Keys,
    KnownFile,
    Listing,
    Lost,
    away_folders,
    best_match,
    diff,
    is_of,
    looks_offline,
)
from imagefinder.domain.images import FileStamp


def known(
    size: int = 1,
    mtime: int = 1,
    done: bool = True,
    photo_id: int | None = 7,
    ctime: int = 0,
    inode: int = 0,
    away: bool = False,
) -> KnownFile:
    return KnownFile(size, mtime, ctime, inode, photo_id, FAILED if photo_id is None else done, int(away))


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
small = st.integers(0, 2)
known_files = st.builds(KnownFile, small, small, small, small, st.just(1), st.integers(0, 2), small, st.just(b""))
stamps = st.builds(FileStamp, st.integers(0, 2), st.integers(0, 2), st.integers(0, 2), st.integers(0, 2))


@given(
    st.dictionaries(names, stamps),
    st.dictionaries(names, known_files),
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


def test_a_swap_within_one_second_shows_in_the_ctime() -> None:
    stamp = FileStamp(9, 1, ctime_ns=5, inode=3)
    assert diff({"a": stamp}, {"a": known(9, 1, ctime=4, inode=3)}).changed == ["a"]
    assert diff({"a": stamp}, {"a": known(9, 1, ctime=5, inode=3)}).unchanged == 1


def test_another_inode_alone_matters_only_beside_a_file_of_the_same_size_and_time() -> None:
    """Many drives count inodes anew each time they are connected."""
    before = {
        "a": known(9, 1, ctime=4, inode=1),
        "b": known(9, 1, ctime=4, inode=2),
        "c": known(7, 1, ctime=4, inode=3),
    }
    found = {"a": FileStamp(9, 1, 4, 2), "b": FileStamp(9, 1, 4, 1), "c": FileStamp(7, 1, 4, 8)}
    changes = diff(found, before)
    assert (changes.changed, changes.noted, changes.unchanged) == (["a", "b"], ["c"], 1)


def test_of_many_files_with_another_ctime_only_those_are_read_that_may_have_changed_places() -> None:
    """Permissions were changed, or a backup linked them all."""
    before = {str(n): known(n, 1, ctime=4, inode=n) for n in range(1000)} | {"twin": known(7, 1, ctime=4, inode=1007)}
    found = {name: file.stamp._replace(ctime_ns=9) for name, file in before.items()}
    changes = diff(found, before)
    assert sorted(changes.changed) == ["7", "twin"]
    assert (len(changes.noted), changes.unchanged) == (999, 999)


def test_the_stamp_of_a_file_that_could_not_be_read_is_not_taken_for_the_photos() -> None:
    failed = KnownFile(5, 6, 0, 0, photo_id=1, done=FAILED)
    changes = diff({"a": FileStamp(5, 6, 7, 8)}, {"a": failed})
    assert (changes.noted, changes.changed, changes.failing) == ([], [], 1)
    assert diff({"a": FileStamp(5, 9, 7, 8)}, {"a": failed}).changed == ["a"]


def test_stamps_of_older_libraries_are_completed_without_reading() -> None:
    changes = diff({"a": FileStamp(1, 1, 5, 6)}, {"a": known()})
    assert (changes.noted, changes.changed, changes.unchanged) == (["a"], [], 1)


def test_a_photo_that_is_back_is_noted_and_read_only_if_the_model_has_not_seen_it() -> None:
    found = {"a": FileStamp(1, 1), "b": FileStamp(1, 1)}
    changes = diff(found, {"a": known(away=True), "b": known(away=True, done=False)})
    assert (changes.noted, changes.pending, changes.unchanged) == (["a", "b"], ["b"], 1)


def path(*parts: str) -> str:
    return os.path.join(*parts)


def album(name: str, count: int) -> list[str]:
    return [path(name, f"{number}.jpg") for number in range(count)]


def test_a_mount_that_is_gone_is_away_however_few_its_photos() -> None:
    local, nas = album("local", 10), album("nas", 2)
    before = {"nas": True}
    for now in (Listing({"", "local", "nas"}, {"nas"}), Listing({"", "local", "nas"}), Listing({"", "local"})):
        assert now.unplugged(before) == {"nas"}
        assert away_folders(local + nas, nas, (), now.unplugged(before)) == {"nas"}
    assert Listing({"", "nas"}, mounts={"nas"}).unplugged(before) == set()
    assert away_folders(local + nas, nas, ()) == set(), "a small folder that was deleted"


def test_a_folder_that_was_a_root_is_there_if_it_holds_anything() -> None:
    before = {"inner": False}
    assert Listing({"", "inner"}).unplugged(before) == set()
    assert Listing({"", "inner"}, {"inner"}).unplugged(before) == {"inner"}
    assert Listing({""}).unplugged(before) == {"inner"}


def test_an_album_that_lost_nearly_all_of_its_photos_is_away_and_the_others_are_not() -> None:
    photos = [*album("a", 10), *album("b", 12), *album("b/c", 1)]
    assert away_folders(photos, album("b", 12)[1:] + album("b/c", 1), ()) == {path("b")}
    assert away_folders(photos, album("b", 12)[:5], ()) == set()


def test_a_root_with_a_mount_that_is_gone_is_not_offline_itself() -> None:
    photos = ["1.jpg", *album("nas", 400)]
    assert away_folders(photos, album("nas", 400), {"nas"}) == {"nas"}


def test_a_root_that_lost_everything_is_away_as_a_whole() -> None:
    photos = [*album("a", 3), *album("b", 3)]
    assert away_folders(photos, photos, ()) == {""}
    assert away_folders(photos, photos[1:], {""}) == {""}, "empty, though one was found elsewhere"


def photo(
    id_: int, at: str, size: int, key: bytes, whole: bool = True, format_: str = "JPEG", labelled: bool = False
) -> Lost:
    return Lost(id_, at, FileStamp(size, 1), key, whole, format_, labelled)


def test_a_content_is_recognised_by_its_whole_key() -> None:
    keys = Keys(b"whole", b"partial")
    assert is_of(photo(1, "/a", 9, b"whole"), FileStamp(9, 5), keys)
    assert not is_of(photo(1, "/a", 8, b"whole"), FileStamp(9, 5), keys)
    assert not is_of(photo(1, "/a", 9, b"partial"), FileStamp(9, 5), keys), "a new key is never an older one"


def test_an_older_key_says_enough_of_compressed_and_of_small_files_only() -> None:
    keys, large = Keys(b"whole", b"partial"), PIECES + 1
    assert is_of(photo(1, "/a", large, b"partial", whole=False), FileStamp(large, 5), keys)
    assert is_of(photo(1, "/a", PIECES, b"partial", whole=False, format_="BMP"), FileStamp(PIECES, 5), keys)
    bitmap = photo(1, "/a", large, b"partial", whole=False, format_="BMP")
    assert not is_of(bitmap, FileStamp(large, 5), keys), "two drawings on the same page share it"
    assert is_of(bitmap, FileStamp(large, 1), keys), "but hardly with the same time"


def test_of_equal_photos_the_one_in_place_or_with_the_same_name_or_a_label_is_taken() -> None:
    equal = [photo(1, path("old", "x.jpg"), 9, b"k"), photo(2, path("old", "y.jpg"), 9, b"k")]
    named = photo(3, path("old", "z.jpg"), 9, b"k", labelled=True)

    def anything(_: Lost) -> bool:
        return True

    assert best_match([*equal, named], path("new", "y.jpg"), anything) == equal[1]
    assert best_match([*equal, named], path("old", "x.jpg"), anything) == equal[0]
    assert best_match([*equal, named], path("new", "w.jpg"), anything) == named
    assert best_match(equal, "a", lambda _: False) is None
