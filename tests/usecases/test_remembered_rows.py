"""What evaluations remember of photos: the same numbers again without reading a file, and never those of another."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from drawn_classes import variants
from imagefinder.domain.errors import Cancelled
from imagefinder.domain.evaluation import EvaluationOptions, EvaluationReport, Way
from imagefinder.domain.images import Embeddings, Pixels
from imagefinder.domain.progress import CancelToken
from imagefinder.domain.specs import ModelSpec
from imagefinder.embedding.colour_layout import SPEC
from imagefinder.usecases import remembered_rows
from imagefinder.usecases.evaluating import evaluate
from imagefinder.usecases.evaluation_files import as_record, as_text
from imagefinder.usecases.models import Models
from imagefinder.usecases.remembered_rows import FOLDER, Keys, Looked, RememberedRows, key_of, keys_of

QUICK = EvaluationOptions(resamples=20, device="cpu")
NOW = Looked(3, 0.5, "cpu", "float32")
SMALL: ModelSpec = replace(SPEC, dimension=4)


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    for seed, name in enumerate(("anemone", "birch")):
        variants(tmp_path / "gallery" / name, seed, 4)
    return tmp_path / "gallery"


def run(models: Models, folder: Path, options: EvaluationOptions = QUICK) -> EvaluationReport:
    return evaluate([folder], [], models, ["colour-layout"], options)


def forbid_looking(monkeypatch: pytest.MonkeyPatch, models: Models) -> None:
    def load(name: str, *_: object) -> None:
        raise AssertionError(f"{name} was loaded")

    monkeypatch.setattr(models.shelf, "load", load)


def some(count: int, start: int = 1) -> tuple[Keys, list[str], Embeddings]:
    numbers = np.arange(start, start + count, dtype=np.uint8)
    return np.repeat(numbers[:, None], 16, axis=1), [""] * count, np.repeat(numbers[:, None], 4, axis=1).astype("f4")


def test_the_second_evaluation_looks_at_nothing_and_says_so(
    models: Models, gallery: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(models, gallery)
    forbid_looking(monkeypatch, models)
    second = run(models, gallery, replace(QUICK, ways=(Way(), Way(lever="query-expansion"))))
    before, again = first.models[0], second.models[0]
    assert again.overall == before.overall
    assert (before.recalled, before.measured_now, again.recalled, again.measured_now) == (0, True, 8, False)
    assert again.photos_per_second == before.photos_per_second
    assert (again.precision, again.device) == ("float32", "cpu")
    assert "--again" in as_text(second)
    assert "--again" not in as_text(first)
    assert as_record(second)["models"][0]["photos_per_second"] == before.photos_per_second


def test_a_photo_that_changed_is_looked_at_again(models: Models, gallery: Path, tmp_path: Path) -> None:
    run(models, gallery)
    changed = gallery / "birch" / "0.png"
    changed.write_bytes((gallery / "anemone" / "0.png").read_bytes())
    (result,) = run(models, gallery).models
    assert result.recalled == 7
    (fresh,) = run(Models(tmp_path / "others", "cpu"), gallery).models
    assert fresh.recalled == 0
    assert result.overall == fresh.overall
    assert run(models, gallery).models[0].recalled == 8


def test_all_photos_can_be_looked_at_again(models: Models, gallery: Path) -> None:
    first = run(models, gallery).models[0]
    again = run(models, gallery, replace(QUICK, again=True)).models[0]
    assert (again.recalled, again.embedded, again.measured_now) == (0, 8, True)
    assert again.embedding_seconds != first.embedding_seconds
    assert again.overall == first.overall


def test_unreadable_photos_are_tried_again(models: Models, gallery: Path) -> None:
    broken = gallery / "birch" / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff")
    for recalled in (0, 8):
        report = run(models, gallery)
        assert [each.path for each in report.counts.unreadable] == [str(broken)]
        assert report.models[0].recalled == recalled


def test_what_was_done_is_kept_when_it_is_cancelled(
    models: Models, gallery: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variants(gallery / "cedar", 2, 24)
    token = CancelToken()
    real = models.shelf.load("colour-layout", "cpu")
    with monkeypatch.context() as patch:
        embed = real.embed

        def embed_and_stop(pixels: Pixels) -> Embeddings:
            token.cancel()
            return embed(pixels)

        patch.setattr(real, "embed", embed_and_stop)
        patch.setattr(models.shelf, "load", lambda *_: real)
        with pytest.raises(Cancelled):
            evaluate([gallery], [], models, ["colour-layout"], QUICK, token)
    assert run(models, gallery).models[0].recalled == real.batch_size


def test_a_damaged_file_knows_nothing(models: Models, gallery: Path) -> None:
    first = run(models, gallery)
    (file,) = (models.shelf.directory / FOLDER).glob("*.npz")
    whole = file.read_bytes()
    for damaged in (b"", b"junk", whole[: len(whole) // 2], whole.replace(b"NUMPY", b"NUMPX")):
        file.write_bytes(damaged)
        assert run(models, gallery).models[0].overall == first.models[0].overall
    np.savez(file, keys=np.zeros((2, 3), np.uint8), times=np.zeros(2), rows=np.zeros((2, 4)), looked=np.array("[]"))
    assert run(models, gallery).models[0].recalled == 0


def test_a_folder_that_cannot_be_written_costs_time_only(models: Models, gallery: Path) -> None:
    models.shelf.directory.mkdir(parents=True)
    (models.shelf.directory / FOLDER).write_text("in the way")
    assert run(models, gallery).models[0].recalled == 0
    assert run(models, gallery).models[0].recalled == 0


def test_a_key_changes_with_the_file_and_the_part_of_it(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    assert key_of(str(file)) == bytes(16)
    file.write_bytes(b"one")
    os.utime(file, ns=(1, 1))
    plain = key_of(str(file))
    assert plain != bytes(16)
    assert key_of(str(file), (0, 0, 5, 5)) not in (plain, key_of(str(file), (0, 0, 5, 6)))
    os.utime(file, ns=(1, 2))
    assert key_of(str(file)) != plain
    assert keys_of([str(file), "missing"]).tolist()[1] == [0] * 16


def test_photos_of_several_folders_are_remembered_together(tmp_path: Path) -> None:
    memory = RememberedRows(tmp_path, SMALL, "cpu")
    memory.remember(*some(3), NOW)
    memory.remember(*some(2, start=3), replace(NOW, photos=2))
    keys, _, rows = some(5)
    found = memory.recall(keys)
    assert found.known.tolist() == [True] * 4 + [False]
    assert (found.rows[:4] == rows[:4]).all()
    assert found.looked == NOW  # the larger of the two measurements


def test_rows_of_another_arithmetic_device_or_model_are_not_mixed(tmp_path: Path) -> None:
    memory = RememberedRows(tmp_path, SMALL, "cpu")
    memory.remember(*some(3), NOW)
    memory.remember(*some(1, start=9), replace(NOW, precision="bfloat16"))
    assert not memory.recall(some(3)[0]).known.any()
    assert memory.recall(some(1, start=9)[0]).known.all()
    for other in (
        RememberedRows(tmp_path, SMALL, "cuda"),
        RememberedRows(tmp_path, replace(SMALL, pooling="max"), "cpu"),
    ):
        assert not other.recall(some(1, start=9)[0]).known.any()


def test_what_was_not_used_for_long_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = (RememberedRows(tmp_path, SMALL, device) for device in ("cpu", "cuda"))
    old.remember(*some(3), NOW)
    for file in (tmp_path / FOLDER).iterdir():
        os.utime(file, ns=(1, 1))
    monkeypatch.setattr(remembered_rows, "LIMIT_BYTES", 2000)
    new.remember(*some(3), NOW)
    assert new.recall(some(3)[0]).known.all()
    assert not old.recall(some(3)[0]).known.any()


def test_no_more_photos_are_remembered_than_there_is_room_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = RememberedRows(tmp_path, SMALL, "cpu")
    memory.remember(*some(30), NOW)
    monkeypatch.setattr(remembered_rows, "LIMIT_BYTES", 20 * (16 + 32 + 4 * 4))
    memory.remember(*some(10, start=40), NOW)
    assert memory.recall(some(10, start=40)[0]).known.all()
    assert memory.recall(some(30)[0]).known.sum() == 10
