"""Where labels come from, warnings of what was chosen, and trainings that are remembered."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from drawn_classes import variants
from imagefinder.domain.errors import Cancelled
from imagefinder.domain.progress import CancelToken, Progress
from imagefinder.domain.teaching import Source
from imagefinder.domain.training import LabelledPhoto, Recipe, TrainingError, TrainingSpec
from imagefinder.embedding.embedder import Embedder
from imagefinder.storage.library import Library
from imagefinder.training.pair_tables import read_pairs
from imagefinder.usecases import teaching
from imagefinder.usecases.finetuning import Watcher, unfinished
from imagefinder.usecases.indexing import index
from imagefinder.usecases.labelled_folders import FolderSurvey, LabelSurvey
from imagefinder.usecases.models import Models

COLOURS = "colour-layout"


@pytest.fixture
def classes(tmp_path: Path) -> Path:
    for number in range(3):
        variants(tmp_path / "classes" / f"thing-{number}", number, 5)
    return tmp_path / "classes"


def spec_of(classes: Path, name: str = "mine", recipe: Recipe | None = None) -> TrainingSpec:
    photos = tuple(LabelledPhoto(str(path), path.parent.name) for path in sorted(classes.glob("thing-*/*.png")))
    return TrainingSpec(name, COLOURS, photos, recipe or Recipe())


def test_choices_tell_what_there_is(library: Library, models: Models) -> None:
    found = teaching.choices(library, models)
    assert COLOURS in found.bases
    assert found.base in found.bases
    assert COLOURS in found.taken
    assert {"multi-similarity", "triplet"} <= {each.name for each in found.losses}
    assert {"random", "whole-set"} <= set(found.miners)
    assert (found.labelled, found.photos) == (0, 0)


def test_labels_come_from_the_library(library: Library, embedder: Embedder, classes: Path) -> None:
    with pytest.raises(TrainingError, match="No photo of this library has a label"):
        teaching.look(Source("library"), library)
    folder = library.add_folder(str(classes))
    index(library, embedder)
    library.set_labelled(folder.id, True)
    photo = library.photo_at(str(classes / "thing-0" / "0.png"))
    assert photo is not None
    library.set_labels([photo.id], "special")
    found = {each.label: len(each.photos) for each in teaching.look(Source("library"), library).labels}
    assert found == {"special": 1, "thing-0": 4, "thing-1": 5, "thing-2": 5}
    assert teaching.unlabelled(library) == []
    library.set_labelled(folder.id, False)
    others = teaching.unlabelled(library, {str(classes / "thing-1" / "1.png")})
    assert len(others) == 13


def test_labels_come_from_two_folders_of_pairs(library: Library, classes: Path, tmp_path: Path) -> None:
    sides = [tmp_path / "first", tmp_path / "second"]
    for side, word in zip(sides, ("first", "second"), strict=True):
        side.mkdir()
        for number in range(2):
            source = classes / f"thing-{number}" / f"{sides.index(side)}.png"
            (side / f"similar_{number}_{word}.png").write_bytes(source.read_bytes())
    survey = teaching.look(Source("pair folders", tuple(map(str, sides))), library)
    assert [len(each.photos) for each in survey.labels] == [2, 2]


def test_warnings_speak_of_what_was_chosen_only() -> None:
    survey = FolderSurvey(
        (
            LabelSurvey("a", ("1", "2", "3", "4")),
            LabelSurvey("b", ("5", "6", "7", "8"), bursts=2),
            LabelSurvey("few", ("9",)),
        ),
        shared=(("1", "5"),),
        repeated=(("2", "3"),),
    )
    everything = teaching.considered(survey, (), {})
    assert everything == survey
    assert len(everything.warnings()) == 4
    (only,) = teaching.considered(survey, ("few", "b"), {}).warnings()
    assert "1 photo is left out" in only
    merged = teaching.considered(survey, ("few",), {"a": "x", "b": "x"})
    assert [(each.label, len(each.photos), each.bursts) for each in merged.labels] == [("x", 8, 2)]
    assert merged.shared == ()
    assert set(merged.repeated) == {("1", "5"), ("2", "3")}


def test_a_training_is_remembered_whole_and_forgotten(models: Models, classes: Path) -> None:
    recipe = replace(Recipe(), loss="triplet", loss_options={"margin": 0.3}, weight=0.5)
    spec = spec_of(classes, recipe=recipe)
    odd = replace(spec, name="odd.name", photos=(*spec.photos, LabelledPhoto("/x/caf\udce9.jpg", "caf\u00e9")))
    teaching.remember(models, spec)
    teaching.remember(models, odd, running=False)
    found = {each.spec.name: each for each in teaching.remembered(models)}
    assert found["mine"].spec == spec
    assert found["mine"].running
    assert found["odd.name"].spec == odd
    assert not found["odd.name"].running
    teaching.forget(models, "mine")
    teaching.forget(models, "mine")
    assert [each.spec.name for each in teaching.remembered(models)] == ["odd.name"]


def test_a_training_of_an_earlier_version_is_still_known(models: Models, classes: Path) -> None:
    """That could be shown larger photos than its base."""
    spec = spec_of(classes)
    teaching.remember(models, spec)
    file = models.shelf.directory / ".training" / f"{spec.name}.json"
    record = json.loads(file.read_text("ascii"))
    record["recipe"]["enlarged"] = 1.25
    file.write_text(json.dumps(record), "ascii")
    assert [each.spec for each in teaching.remembered(models)] == [spec]


def test_a_damaged_record_is_passed_over(models: Models, classes: Path) -> None:
    teaching.remember(models, spec_of(classes))
    folder = models.shelf.directory / ".training"
    (folder / "bad.json").write_text("{")
    (folder / "old.json").write_text(json.dumps({"name": "old"}))
    assert [each.spec.name for each in teaching.remembered(models)] == ["mine"]


def test_it_goes_on_after_the_app_was_closed(library: Library, models: Models, classes: Path) -> None:
    closing = CancelToken()
    spec = spec_of(classes)
    rounds: list[int] = []

    def close_soon(progress: Progress) -> None:
        if progress.phase == "training":
            closing.cancel()

    with pytest.raises(Cancelled):
        teaching.teach(
            spec, library, models, device="cpu", token=CancelToken(), closing=closing, watcher=Watcher(close_soon)
        )
    assert unfinished(models) == ["mine"]
    (left,) = teaching.remembered(models)
    assert left.running
    outcome = teaching.teach(
        left.spec,
        library,
        models,
        device="cpu",
        token=CancelToken(),
        closing=CancelToken(),
        watcher=Watcher(on_epoch=lambda result, examples: rounds.append(result.epoch)),
    )
    assert outcome.name == "mine"
    assert rounds[0] == 0
    assert teaching.remembered(models) == []
    assert unfinished(models) == []
    assert "mine" in models.shelf.names()


def test_what_cannot_begin_leaves_nothing_behind(library: Library, models: Models, classes: Path) -> None:
    spec = replace(spec_of(classes), photos=spec_of(classes).photos[:5])
    with pytest.raises(TrainingError, match="nothing to tell apart"):
        teaching.teach(
            spec, library, models, device="cpu", token=CancelToken(), closing=CancelToken(), watcher=Watcher()
        )
    assert teaching.remembered(models) == []


def test_what_was_stopped_by_hand_is_kept_but_does_not_ask(library: Library, models: Models, classes: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        teaching.teach(
            spec_of(classes), library, models, device="cpu", token=token, closing=CancelToken(), watcher=Watcher()
        )
    assert [each.running for each in teaching.remembered(models)] == [False]


def test_pairs_and_triplets_are_written(classes: Path, tmp_path: Path) -> None:
    photos = spec_of(classes).photos
    count = teaching.export_pairs(photos, tmp_path / "pairs.csv")
    assert len(read_pairs(tmp_path / "pairs.csv")) == count > len(photos)
    three = teaching.export_pairs(photos, tmp_path / "triplets.csv", triplets=True)
    lines = (tmp_path / "triplets.csv").read_text().splitlines()
    assert lines[0] == "anchor,positive,negative"
    assert len(lines) == three + 1
