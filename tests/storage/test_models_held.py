"""Several models in one library: going back and forth, and forgetting one."""

from pathlib import Path

import pytest

from comparing_kit import answers_are_right
from imagefinder.domain.errors import LibraryError, UnknownName
from imagefinder.domain.progress import Progress
from imagefinder.storage.library import Library
from storage_kit import item, library_with, model, row

SECOND = model("second", architecture="other")


def two_models(tmp_path: Path, count: int = 30) -> Library:
    """Open, with ``count`` photos of which the second, active model has embedded all but one."""
    library = library_with(tmp_path / "library", tmp_path / "photos", count)
    library.optimise()
    library.add(1, library.register_model(SECOND), [item(f"{n}.jpg", n) for n in range(count - 1)])
    library.activate(SECOND)
    return library


def test_models_held_say_what_they_know_and_cost(tmp_path: Path) -> None:
    with two_models(tmp_path) as library:
        first, second = library.models_held()
        assert (first.spec, second.spec) == (model(), SECOND)
        assert (first.photos, first.pending, first.active) == (30, 0, False)
        assert (second.photos, second.pending, second.active) == (29, 1, True)
        files = sorted(path.stat().st_size for path in (tmp_path / "library").glob("*.faiss"))
        assert sorted([first.bytes - 30 * 32, second.bytes - 29 * 32]) == files
        library.compare_by("hash", False)
        assert library.models_held()[1].spec.compare == "hash"
        assert library.models_held()[0].spec.compare == "cosine", "a choice is that of one model"


def test_going_back_to_a_model_makes_nothing_again(tmp_path: Path) -> None:
    with two_models(tmp_path) as library:
        library.remove_photos([3])
        library.add(1, 1, [item("late.jpg", 900)])
        rebuilt: list[Progress] = []
        library.activate(model(), rebuilt.append)
        assert rebuilt == []
        assert library.count_embedded() == library.count() == 30
        answers_are_right(library, row(900))
        assert library.verify().problems == ()
        library.activate(SECOND, rebuilt.append)
        assert rebuilt == []
        assert library.count_embedded() == 28, "a photo that it has not seen is not found"
        answers_are_right(library, row(900))


def test_going_back_after_many_changes_brings_index_and_mean_up_to_date(tmp_path: Path) -> None:
    with two_models(tmp_path) as library:
        library.add(1, 1, [item(f"{n}.jpg", n) for n in range(30, 60)])
        library.activate(model())
        answers_are_right(library, row(40))
        with library._database.read() as connection:
            assert connection.execute("SELECT count FROM centre WHERE model_id = 1").fetchone() == (60,)
        assert library.verify().problems == ()
    with Library.open(tmp_path / "library") as library:
        assert library.active_model() == model()
        answers_are_right(library, row(40))


@pytest.mark.parametrize("by", ["id", "fingerprint"])
def test_a_forgotten_model_takes_its_vectors_and_its_file_with_it(tmp_path: Path, by: str) -> None:
    with two_models(tmp_path) as library:
        second = library.register_model(SECOND)
        assert len(list((tmp_path / "library").glob("*.faiss"))) == 2
        library.forget_model(1 if by == "id" else model().fingerprint)
        assert [held.spec for held in library.models_held()] == [SECOND]
        assert len(list((tmp_path / "library").glob("*.faiss"))) == 1
        with library._database.read() as connection:
            for table in ("vector", "centre"):
                assert connection.execute(f"SELECT DISTINCT model_id FROM {table}").fetchall() == [(second,)]
        answers_are_right(library, row(1))
        assert library.count() == 30, "photos stay"
        assert library.verify().problems == ()
        new_id = library.register_model(model())
        assert new_id > second, "the number of a model is not given again"
        assert library.pending(new_id) == 30
    with Library.open(tmp_path / "library") as library:
        assert library.active_model() == SECOND
        answers_are_right(library, row(1))


def test_the_active_model_and_unknown_ones_are_not_forgotten(tmp_path: Path) -> None:
    with two_models(tmp_path) as library:
        for active in (library.register_model(SECOND), SECOND.fingerprint):
            with pytest.raises(LibraryError, match="second is what the library searches by"):
                library.forget_model(active)
        for unknown in (77, "no such"):
            with pytest.raises(LibraryError, match="no such model"):
                library.forget_model(unknown)
        assert len(library.models_held()) == 2
        with (
            Library.open(tmp_path / "library", read_only=True) as reader,
            pytest.raises(LibraryError, match="reading only"),
        ):
            reader.forget_model(1)
        assert len(list((tmp_path / "library").glob("*.faiss"))) == 2


def test_forgetting_gives_the_room_back_to_the_disk_while_others_read(tmp_path: Path) -> None:
    wide = model("wide", dimension=2048, architecture="other")
    with library_with(tmp_path / "library", tmp_path / "photos", 10) as library:
        library.add(1, library.register_model(wide), [item(f"{n}.jpg", n, 2048) for n in range(300)])
        with Library.open(tmp_path / "library", read_only=True) as reader:
            before = library.status().bytes
            library.forget_model(wide.fingerprint)
            assert library.status().bytes < before - 300 * 4096
            answers_are_right(reader, row(3))
        answers_are_right(library, row(3))
        assert library.verify().problems == ()


def test_a_disk_without_room_for_writing_anew_does_not_stop_the_forgetting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise LibraryError("The disk is full.")

    with two_models(tmp_path) as library:
        monkeypatch.setattr("imagefinder.storage.database.Database.compact", full)
        library.forget_model(1)
        assert "disk is full" in caplog.text
        assert len(library.models_held()) == 1
        assert library.verify().problems == ()


def test_a_comparison_that_does_not_exist_or_has_nothing_to_compare_is_refused(tmp_path: Path) -> None:
    with Library.open(tmp_path / "library") as library:
        with pytest.raises(LibraryError, match="no photos yet"):
            library.compare_by("hash", True)
        library.activate(model())
        with pytest.raises(UnknownName, match="hash-rerank"):
            library.compare_by("hamming", True)  # type: ignore[arg-type]  # that is the point
        library.compare_by("hash", True)
        assert library.status().index == "hash"


def test_which_model_is_wanted_is_remembered_until_that_is_settled(tmp_path: Path) -> None:
    directory = tmp_path / "library"
    third = model("third", architecture="third")
    with two_models(tmp_path) as library:
        assert library.wanted_model() is None
        library.want_model(model())
    with Library.open(directory) as library:
        assert library.wanted_model() == model()
        assert library.active_model() == SECOND
        library.activate(model())
        assert library.wanted_model() is None, "it answers"
        library.want_model(model())
        assert library.wanted_model() is None, "it answers already"
        library.want_model(SECOND)
        library.activate(model())
        assert library.wanted_model() is None, "another one was chosen, if only the same again"
        library.want_model(third)
        library.forget_model(third.fingerprint)
        assert library.wanted_model() is None, "there is nothing of it"
        library.want_model(SECOND)
        library.want_model(None)
        assert library.wanted_model() is None, "given up"
