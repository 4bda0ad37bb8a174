"""What is subtracted from embeddings is measured at certain moments, written down, and the same for every row."""

import logging
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from comparing_kit import answers_are_right, expected_similarities, mean_of_rows, tables
from imagefinder.domain.errors import Cancelled
from imagefinder.domain.progress import CancelToken
from imagefinder.domain.specs import Comparison, ModelSpec
from imagefinder.storage.library import Library
from storage_kit import item, library_with, model, nearest, read, row

COMPARISONS: tuple[Comparison, ...] = ("cosine", "hash", "hash-rerank")


def pinned(library: Library) -> tuple[list[float], int]:
    _, mean, count, _, _ = tables(library)
    return [] if mean is None else mean.tolist(), count


def serving_digest(library: Library) -> str:
    assert library._keeper is not None
    return library._keeper.serving().comparing.digest


def add(library: Library, first: int, last: int) -> None:
    library.add(1, 1, [item(f"{n}.jpg", n) for n in range(first, last)])


def test_before_the_first_optimise_nothing_is_subtracted(tmp_path: Path) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos") as library:
        assert pinned(library) == ([], 0)
        assert np.array_equal(library.centred(row(3)), row(3))
        answers_are_right(library, row(3))
        assert serving_digest(library) == ""


@pytest.mark.parametrize("compare", COMPARISONS)
def test_answers_are_right_after_each_pin_while_the_library_grows_and_shrinks(
    tmp_path: Path, compare: Comparison
) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 5) as library:
        library.compare_by(compare, True)
        means = [pinned(library)]
        for count in (6, 20, 21, 22, 23, 60, 100):
            add(library, library.count(), count)
            answers_are_right(library, row(1))  # by the mean of before
            library.optimise()
            answers_are_right(library, row(1))
            answers_are_right(library, row(5000))
            assert library.verify(repair=False).problems == ()
            means.append(pinned(library))
        library.remove_photos([photo.id for photo in library.newest(1000) if photo.id % 2])
        answers_are_right(library, row(1))
        library.optimise()
        means.append(pinned(library))
        answers_are_right(library, row(1))
        assert [count for _, count in means] == [5, 6, 20, 20, 20, 23, 60, 100, 50]
        np.testing.assert_allclose(pinned(library)[0], mean_of_rows(library), atol=1e-6)
    with Library.open(tmp_path / "library") as library:
        assert pinned(library) == means[-1]
        answers_are_right(library, row(1))
        assert library.verify().problems == ()


def test_the_mean_is_that_of_all_rows_with_a_hundred_at_the_origin(tmp_path: Path) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 40) as library:
        library.optimise()
        np.testing.assert_allclose(pinned(library)[0], sum(row(n) for n in range(40)) / 140, atol=1e-4)


def test_photos_replaced_by_others_count_as_change(tmp_path: Path) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 40) as library:
        library.optimise()
        before = pinned(library)
        library.add(1, 1, [item(f"{n}.jpg", 500 + n) for n in range(4)])
        library.optimise()
        assert pinned(library) == before
        library.add(1, 1, [item("5.jpg", 505)])
        library.optimise()
        assert pinned(library)[0] != before[0]
        assert pinned(library)[1] == 40
        answers_are_right(library, row(1))


def test_a_library_that_became_empty_goes_on(tmp_path: Path) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 5) as library:
        library.optimise()
        library.remove_photos([photo.id for photo in library.newest(10)])
        library.optimise()
        assert library.search(row(1), 5) == []
        add(library, 0, 3)
        library.optimise()
        answers_are_right(library, row(1))
        assert pinned(library)[1] == 3


def test_a_photo_that_is_zero_or_the_mean_itself_does_no_harm(tmp_path: Path) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 30) as library:
        library.add(1, 1, [("grey.jpg", read(900), np.zeros(16, np.float32))])
        for compare in COMPARISONS:
            library.compare_by(compare, True)
            assert len(library.search(row(1), 100)) == 31
            assert len(library.search(np.zeros(16, np.float32), 100)) == 31
            assert library.verify().problems == ()


def test_a_cancelled_optimise_changes_nothing(tmp_path: Path) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 30) as library:
        token = CancelToken()
        token.cancel()
        with pytest.raises(Cancelled):
            library.optimise(token=token)
        assert pinned(library) == ([], 0)
        answers_are_right(library, row(1))


# Crashes


class Crash(Exception):
    pass


def crashes_in(monkeypatch: pytest.MonkeyPatch, target: str, before: Callable[[], None]) -> None:
    """Copy the files as they are when ``target`` is about to run, and stop there."""

    def stop(*_: object, **__: object) -> None:
        before()
        raise Crash

    monkeypatch.setattr(target, stop)


# In the order in which they happen: the mean is written in a transaction, then the new index serves, then it is saved.
CRASHES = {
    "before the mean is written": ("imagefinder.storage.centre_table.pin", False),
    "after it was committed, before the new index serves": ("imagefinder.storage.index_keeper.Serving", True),
    "before the file is written": ("imagefinder.storage.index_file.save", True),
    "before the file gets its name": ("imagefinder.storage.index_file.os.replace", True),
}


@pytest.mark.parametrize("compare", COMPARISONS)
@pytest.mark.parametrize(("target", "committed"), CRASHES.values(), ids=CRASHES)
def test_a_crash_at_any_point_of_a_new_mean_leaves_a_library_that_is_right(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    target: str,
    committed: bool,
    compare: Comparison,
) -> None:
    library = library_with(tmp_path / "library", tmp_path / "photos", 20)
    library.compare_by(compare, True)
    add(library, 20, 30)
    nearest(library, 0)
    before = pinned(library)

    def copy() -> None:
        shutil.copytree(tmp_path / "library", tmp_path / "crashed", ignore=shutil.ignore_patterns("*.lock"))

    with monkeypatch.context() as patch:
        crashes_in(patch, target, copy)
        with pytest.raises(Crash):
            library.optimise()
        # Nor does an exception at this point leave this process with something else than a consistent pair.
        assert len(library.search(row(1), 100)) == 30
    library.optimise()
    answers_are_right(library, row(1))
    library.close()
    with caplog.at_level(logging.INFO), Library.open(tmp_path / "crashed") as again:
        answers_are_right(again, row(1))
        assert (pinned(again) != before) == committed
        assert again.verify().problems == ()
        assert ("compared in another way" in caplog.text) == committed
        assert not [record for record in caplog.records if record.levelno > logging.INFO]
    caplog.clear()
    with caplog.at_level(logging.INFO), Library.open(tmp_path / "crashed") as again:
        answers_are_right(again, row(1))
        assert caplog.text == ""
        again.optimise()
        assert pinned(again)[1] == 30
        answers_are_right(again, row(1))


def test_the_old_index_answers_by_the_old_mean_until_the_new_one_is_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 20) as library:
        library.optimise()
        add(library, 20, 60)
        before = library.search(row(1), 60)
        during: list[list[tuple[int, float]]] = []
        library.optimise(lambda _: during.append(library.search(row(1), 60)))
        assert during
        assert all(found == before for found in during)
        assert library.search(row(1), 60) != before
        answers_are_right(library, row(1))


def test_a_mean_that_is_damaged_is_measured_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    library = library_with(tmp_path / "library", tmp_path / "photos", 20)
    library.optimise()
    with library._database.write() as connection:
        connection.execute("UPDATE centre SET mean = x'0102'")
    library.close()
    with Library.open(tmp_path / "library") as library:
        assert len(library.search(row(1), 100)) == 20
        assert library.search(row(1), 1)[0][1] == pytest.approx(1, abs=2e-3)
        assert "damaged" in caplog.text
        library.optimise()
        np.testing.assert_allclose(pinned(library)[0], mean_of_rows(library), atol=1e-6)
        answers_are_right(library, row(1))
        assert library.verify().problems == ()


def test_readers_see_the_mean_that_their_index_was_made_with(tmp_path: Path) -> None:
    directory = tmp_path / "library"
    with library_with(directory, tmp_path / "photos", 20) as library:
        library.optimise()
        with Library.open(directory, read_only=True) as early, Library.open(directory, read_only=True) as late:
            before = early.search(row(1), 100)
            add(library, 20, 60)
            library.optimise()
            assert early.search(row(1), 100) == before
            answers_are_right(late, row(1))
            assert late.verify().problems == ()


# The way of comparing


def test_the_choice_of_a_library_outlives_what_the_models_record_says(tmp_path: Path) -> None:
    library = library_with(tmp_path / "library", tmp_path / "photos", 30)
    library.compare_by("hash-rerank", False)
    library.register_model(replace(model("renamed"), compare="hash", centred=True))
    expected = replace(model("renamed"), compare="hash-rerank", centred=False)
    for _ in range(2):
        assert library.active_model() == expected
        assert library.models() == [expected]
        library.activate(model("renamed"))
        library.optimise()
        answers_are_right(library, row(1))
        library.close()
        library = Library.open(tmp_path / "library")
    library.close()


@pytest.mark.parametrize("record", [{"centred": False}, {"compare": "hash"}, {"compare": "hash", "centred": False}])
@pytest.mark.parametrize("moment", ["optimise", "activate", "reopen"])
def test_without_a_choice_a_changed_record_holds_from_the_next_moment_on(
    tmp_path: Path, record: dict[str, object], moment: str, caplog: pytest.LogCaptureFixture
) -> None:
    library = library_with(tmp_path / "library", tmp_path / "photos", 30)
    library.optimise()
    before = library.search(row(1), 30)
    changed = ModelSpec(**{**{name: getattr(model(), name) for name in ModelSpec.__dataclass_fields__}, **record})
    assert changed.fingerprint == model().fingerprint
    library.register_model(changed)
    assert library.search(row(1), 30) == before
    if moment == "reopen":
        library.close()
        library = Library.open(tmp_path / "library")
    elif moment == "optimise":
        library.optimise()
    else:
        library.activate(changed)
    assert library.search(row(1), 30) != before
    answers_are_right(library, row(1))
    assert library.verify().problems == ()
    assert library.active_model() == changed
    library.close()


def test_without_centring_cosines_are_those_of_the_stored_rows(tmp_path: Path) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 30) as library:
        library.compare_by("cosine", False)
        assert np.array_equal(library.centred(row(3)), row(3))
        expected = sorted((float(row(n) @ row(77)) for n in range(30)), reverse=True)
        np.testing.assert_allclose([found for _, found in library.search(row(77), 30)], expected, atol=2e-3)


def test_a_choice_that_is_cancelled_or_crashes_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 30) as library:
        library.optimise()
        before = library.search(row(1), 30)
        token = CancelToken()
        token.cancel()
        with pytest.raises(Cancelled):
            library.compare_by("hash", True, token=token)
        with monkeypatch.context() as patch:
            crashes_in(patch, "imagefinder.storage.model_table.choose", lambda: None)
            with pytest.raises(Crash):
                library.compare_by("hash", True)
        assert library.search(row(1), 30) == before
        assert library.active_model() == model()
        with monkeypatch.context() as patch:
            crashes_in(patch, "imagefinder.storage.index_file.save", lambda: None)
            with pytest.raises(Crash):
                library.compare_by("hash", True)
        shutil.copytree(tmp_path / "library", tmp_path / "crashed", ignore=shutil.ignore_patterns("*.lock"))
    with Library.open(tmp_path / "crashed") as library:
        assert library.status().index == "hash"
        answers_are_right(library, row(1))
        assert library.verify().problems == ()


def test_a_query_may_be_centred_already(tmp_path: Path) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 200) as library:
        for compare in COMPARISONS:
            for centred in (True, False):
                library.compare_by(compare, centred)
                for query in (row(1), row(700), row(701)):
                    plain = dict(library.search(query, 200))
                    made = dict(library.search(library.centred(query), 200, centred=True))
                    assert plain.keys() == made.keys() == expected_similarities(library, query).keys()
                    # A bit of a value that lies at its threshold may be lost on the way to the centre and back.
                    slack = 2 / 16 + 1e-6 if compare == "hash" else 1e-5
                    assert max(abs(plain[id_] - made[id_]) for id_ in plain) <= slack
