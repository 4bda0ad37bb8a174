"""What a person may do to folders between two scans, and what the library makes of it."""

import os
import shutil
from pathlib import Path

import pytest

from drawing import draw_photo
from imagefinder.domain.images import FolderState, IndexSummary
from imagefinder.domain.progress import CancelToken, Progress
from imagefinder.embedding.embedder import Embedder
from imagefinder.storage.library import Library
from imagefinder.usecases.indexing import index


def counts(summary: IndexSummary) -> tuple[int, int, int, int, int, int]:
    """added, updated, moved, removed, unchanged, failed"""
    return (summary.added, summary.updated, summary.moved, summary.removed, summary.unchanged, len(summary.failed))


def names(library: Library) -> set[str]:
    return {photo.name for photo in library.newest(1000)}


@pytest.fixture
def indexed(library: Library, embedder: Embedder, photos: Path) -> Library:
    library.add_folder(str(photos))
    assert counts(index(library, embedder)) == (12, 0, 0, 0, 0, 0)
    return library


def test_a_second_scan_finds_everything_unchanged(indexed: Library, embedder: Embedder) -> None:
    assert counts(index(indexed, embedder)) == (0, 0, 0, 0, 12, 0)
    assert indexed.count_embedded() == 12


def test_new_changed_and_deleted_photos(indexed: Library, embedder: Embedder, photos: Path) -> None:
    draw_photo(photos / "new.jpg", seed=100)
    before = indexed.embedding(indexed.photo_at(str(photos / "a/00.jpg")).id)  # type: ignore[union-attr]  # it is there
    draw_photo(photos / "a/00.jpg", seed=101)
    (photos / "a/01.jpg").unlink()
    assert counts(index(indexed, embedder)) == (1, 1, 0, 1, 10, 0)
    after = indexed.photo_at(str(photos / "a/00.jpg"))
    assert after is not None
    assert before is not None
    row = indexed.embedding(after.id)
    assert row is not None
    assert float(row @ before) < 0.999
    assert names(indexed) >= {"new.jpg", "00.jpg"}
    assert "01.jpg" not in names(indexed)


def test_moved_and_renamed_photos_keep_their_vectors(
    indexed: Library, embedder: Embedder, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {photo.name: photo.id for photo in indexed.newest(100)}
    (photos / "a/00.jpg").rename(photos / "b/renamed.jpg")
    (photos / "b").rename(photos / "c")

    def embed(_: object) -> None:
        raise AssertionError("a moved photo must not be embedded again")

    with monkeypatch.context() as patched:
        patched.setattr(type(embedder), "embed", embed)
        assert counts(index(indexed, embedder)) == (0, 0, 7, 0, 5, 0)
    moved = indexed.photo_at(str(photos / "c/renamed.jpg"))
    assert moved is not None
    assert moved.id == before["00.jpg"]
    assert indexed.thumbnail(moved.content_key)


def test_a_photo_that_moves_from_one_root_to_another_is_recognised_even_when_only_one_is_scanned(
    indexed: Library, embedder: Embedder, photos: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    indexed.add_folder(str(other))
    (photos / "a/00.jpg").rename(other / "00.jpg")
    first = indexed.folders()[0]
    summary = index(indexed, embedder, [first.id])
    assert counts(summary)[:4] == (0, 0, 1, 0)
    assert indexed.photo_at(str(other / "00.jpg")) is not None


def test_two_photos_that_change_places_keep_their_vectors_apart(
    indexed: Library, embedder: Embedder, photos: Path
) -> None:
    one, two = photos / "a/00.jpg", photos / "a/01.jpg"
    rows = [indexed.embedding(indexed.photo_at(str(path)).id) for path in (one, two)]  # type: ignore[union-attr]
    one.rename(photos / "swap.jpg")
    two.rename(one)
    (photos / "swap.jpg").rename(two)
    index(indexed, embedder)
    swapped = [indexed.embedding(indexed.photo_at(str(path)).id) for path in (two, one)]  # type: ignore[union-attr]
    for before, after in zip(rows, swapped, strict=True):
        assert before is not None
        assert after is not None
        assert float(before @ after) > 0.999


@pytest.mark.parametrize("how", ["missing", "empty", "another drive", "nearly empty"])
def test_a_drive_that_drops_forgets_nothing(
    indexed: Library, embedder: Embedder, photos: Path, tmp_path: Path, how: str
) -> None:
    away = tmp_path / "away"
    photos.rename(away)
    if how != "missing":
        photos.mkdir()
    if how == "another drive":
        for number in range(20):
            draw_photo(photos / f"stranger-{number}.jpg", seed=1000 + number)
    if how == "nearly empty":
        shutil.copy2(away / "a/00.jpg", photos / "left.jpg")
    summary = index(indexed, embedder)
    assert summary.offline == (str(photos),)
    assert (summary.added, summary.removed) == (0, 0)
    (folder,) = indexed.folders()
    assert folder.state is FolderState.OFFLINE
    assert indexed.count_embedded() == 12
    photo = indexed.newest(1)[0]
    assert photo.offline
    assert indexed.thumbnail(photo.content_key)
    row = indexed.embedding(photo.id)
    assert row is not None
    assert indexed.search(row, 1)[0][0] == photo.id

    shutil.rmtree(photos, ignore_errors=True)
    away.rename(photos)
    back = index(indexed, embedder)
    assert back.offline == ()
    assert back.unchanged == 12
    assert indexed.folders()[0].state is FolderState.INDEXED


@pytest.mark.parametrize("count", [1, 5])
def test_a_small_root_that_is_emptied_is_offline_too(
    library: Library, embedder: Embedder, tmp_path: Path, count: int
) -> None:
    root = tmp_path / "small"
    for number in range(count):
        draw_photo(root / f"{number}.jpg", seed=number)
    library.add_folder(str(root))
    index(library, embedder)
    for path in root.iterdir():
        path.unlink()
    assert index(library, embedder).offline == (str(root),)
    assert library.count() == count


def test_a_drive_that_drops_while_it_is_read_leaves_nothing_behind_that_must_be_repaired(
    library: Library, embedder: Embedder, tmp_path: Path
) -> None:
    root, away = tmp_path / "drive", tmp_path / "away"
    for number in range(300):
        draw_photo(root / f"{number:03}.jpg", seed=number)
    library.add_folder(str(root))

    def unplug(progress: Progress) -> None:
        if progress.phase == "reading" and progress.done > 0 and root.exists():
            root.rename(away)

    summary = index(library, embedder, progress=unplug)
    assert summary.offline == (str(root),)
    assert summary.failed == ()
    assert library.folders()[0].state is FolderState.OFFLINE
    away.rename(root)
    back = index(library, embedder)
    assert (back.failed, back.offline) == ((), ())
    assert back.added + summary.added == 300
    assert library.count_embedded() == 300


def test_patterns_that_exclude_everything_do_what_they_say(indexed: Library, embedder: Embedder) -> None:
    (folder,) = indexed.folders()
    indexed.set_excludes(folder.id, (*folder.excludes, "a", "b"))
    summary = index(indexed, embedder)
    assert (summary.removed, summary.offline) == (12, ())


def test_missing_photos_can_be_forgotten_of_a_root_that_is_gone_altogether(
    indexed: Library, embedder: Embedder, photos: Path
) -> None:
    shutil.rmtree(photos)
    (folder,) = indexed.folders()
    assert index(indexed, embedder, forget_missing=[folder.id]).removed == 12


def test_the_person_can_say_that_missing_photos_are_gone_for_good(
    indexed: Library, embedder: Embedder, photos: Path
) -> None:
    shutil.rmtree(photos)
    photos.mkdir()
    (folder,) = indexed.folders()
    summary = index(indexed, embedder, forget_missing=[folder.id])
    assert (summary.removed, summary.offline) == (12, ())
    assert indexed.count() == 0


def test_unreadable_files_are_listed_kept_in_mind_and_tried_again_when_they_change(
    indexed: Library, embedder: Embedder, photos: Path
) -> None:
    bad = photos / "bad.jpg"
    bad.write_bytes(b"this is no picture")
    first = index(indexed, embedder)
    assert [failure.path for failure in first.failed] == [str(bad)]
    assert first.failed[0].reason
    again = index(indexed, embedder)
    assert [failure.path for failure in again.failed] == [str(bad)]
    assert again.unchanged == 12
    draw_photo(bad, seed=5)
    mended = index(indexed, embedder)
    assert (len(mended.failed), mended.added) == (0, 1)


def test_the_failure_of_a_file_that_is_deleted_is_forgotten(indexed: Library, embedder: Embedder, photos: Path) -> None:
    bad = photos / "bad.jpg"
    bad.write_bytes(b"")
    index(indexed, embedder)
    bad.unlink()
    assert index(indexed, embedder).failed == ()
    assert indexed.failures() == []


def test_excluded_names_leave_the_library_at_the_next_scan(indexed: Library, embedder: Embedder, photos: Path) -> None:
    (folder,) = indexed.folders()
    indexed.set_excludes(folder.id, (*folder.excludes, "b"))
    assert counts(index(indexed, embedder)) == (0, 0, 0, 6, 6, 0)
    assert photos.joinpath("b").is_dir()


def test_cancelling_keeps_what_was_done_and_the_next_run_goes_on(
    library: Library, embedder: Embedder, tmp_path: Path
) -> None:
    many = tmp_path / "many"
    for number in range(300):
        draw_photo(many / f"{number}.jpg", seed=number)
    library.add_folder(str(many))
    token = CancelToken()

    def stop_soon(progress: Progress) -> None:
        if progress.phase == "reading" and progress.done > 0:
            token.cancel()

    first = index(library, embedder, token=token, progress=stop_soon)
    assert first.cancelled
    assert library.count_embedded() == first.added
    second = index(library, embedder)
    assert first.added + second.added == 300
    assert second.unchanged == first.added


def test_progress_ends_with_everything_done(library: Library, embedder: Embedder, photos: Path) -> None:
    seen: list[Progress] = []
    library.add_folder(str(photos))
    index(library, embedder, progress=seen.append)
    reading = [progress for progress in seen if progress.phase == "reading"]
    assert (reading[-1].done, reading[-1].total) == (12, 12)
    assert seen[-1].phase == "saving"


def test_originals_are_not_touched(library: Library, embedder: Embedder, photos: Path) -> None:
    def state() -> dict[str, tuple[bytes, int]]:
        files = (path for path in photos.rglob("*") if path.is_file())
        return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}

    for path in photos.rglob("*.jpg"):
        os.chmod(path, 0o444)
    before = state()
    library.add_folder(str(photos))
    index(library, embedder)
    index(library, embedder)
    assert state() == before


def test_a_file_that_killed_the_last_run_is_set_aside_and_the_others_are_read(
    library: Library, embedder: Embedder, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.add_folder(str(photos))
    killer = str(photos / "a/00.jpg")
    library.inflight.begin([killer, str(photos / "a/01.jpg")])
    library.close()
    tried: list[str] = []

    def find_killers(paths: list[str], token: CancelToken) -> dict[str, str]:
        tried.extend(paths)
        return {killer: "Decoding it ended the program."}

    monkeypatch.setattr("imagefinder.usecases.indexing.find_killers", find_killers)
    with Library.open(library.directory) as reopened:
        summary = index(reopened, embedder)
        assert sorted(tried) == [killer, str(photos / "a/01.jpg")]
        assert [failure.path for failure in summary.failed] == [killer]
        assert summary.added == 11
        tried.clear()
        index(reopened, embedder)
        assert tried == []
