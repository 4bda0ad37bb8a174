"""A whole training on drawn photos, and what comes out of it."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from imagefinder.domain.errors import ModelError
from imagefinder.domain.images import Query
from imagefinder.domain.progress import CancelToken
from imagefinder.domain.training import (
    RECIPES,
    Example,
    LabelledPhoto,
    Mode,
)
from imagefinder.embedding.blend import blending_of, reweight
from imagefinder.embedding.shelf import COLOUR_LAYOUT
from imagefinder.storage.library import Library
from imagefinder.training.measuring import between, same_neighbours
from imagefinder.usecases.evaluation_photos import embed_photos
from imagefinder.usecases.finetuning import WORKPLACE, Watcher, finetune, unfinished
from imagefinder.usecases.indexing import index
from imagefinder.usecases.labelled_folders import labelled_photos
from imagefinder.usecases.models import Models
from imagefinder.usecases.searching import search
from imagefinder.usecases.switching import switch
from imagefinder.usecases.weighing import weighed, weight_of
from training_kit import LABELS, plan


@pytest.mark.parametrize("mode", RECIPES)
def test_a_training_puts_a_measured_model_on_the_shelf(drawn: Path, models: Models, mode: Mode) -> None:
    shown: list[Sequence[Example]] = []
    phases: list[str] = []
    watcher = Watcher(lambda said: phases.append(said.phase), lambda result, examples: shown.append(examples))
    spec = replace(plan(drawn, mode), test=tuple(labelled_photos([drawn / "test"])))
    others = [photo.path for photo in spec.test]
    outcome = finetune(spec, models, unlabelled=others, watcher=watcher)

    expected = {"quick": ["head"], "thorough": ["head", "tail"], "full": ["head", "full"]}[mode]
    assert list(dict.fromkeys(result.phase for result in outcome.epochs)) == expected
    assert {"reading", "training", "measuring"} == set(phases)
    assert outcome.test is not None
    assert outcome.test.before.queries == len(spec.test)
    assert outcome.held_out.before.queries >= 2 * LABELS
    assert set(outcome.held_out.after.labels) == {f"thing {number}" for number in range(LABELS)}
    assert 0 <= (outcome.forgetting or -1) <= 1
    assert not outcome.stopped_early
    query, nearest = shown[0][0].query, shown[0][0].nearest
    assert query in spec.photos
    assert nearest
    assert query not in nearest

    record = models.shelf.spec("taught")
    assert record.dimension == 8 + 16
    assert blending_of(record).weight == outcome.weight
    assert record.licence == "MIT"
    kept = record.options["training"]
    assert kept["held_out"]["after"]["queries"] == outcome.held_out.after.queries
    assert kept["recipe"]["mode"] == mode
    assert set(kept["versions"]) >= {"imagefinder", "torch"}
    assert len(kept["fingerprint"]) == 64
    assert unfinished(models) == []
    assert sorted(path.name for path in models.shelf.directory.iterdir()) == [
        WORKPLACE, "small.safetensors", "taught.safetensors",
    ]  # fmt: skip


@pytest.mark.parametrize("mode", RECIPES)
def test_before_is_the_base_and_after_the_model_that_is_kept(drawn: Path, models: Models, mode: Mode) -> None:
    spec = replace(plan(drawn, mode), test=tuple(labelled_photos([drawn / "test"])))
    outcome = finetune(spec, models, unlabelled=[photo.path for photo in spec.test], device="cpu")
    photos = (*spec.photos, *spec.test)
    found = embed_photos(
        [photo.path for photo in photos], models, ["small", "taught"], "cpu", CancelToken(), lambda said: None
    )
    labels = np.unique([photo.label for photo in photos], return_inverse=True)[1]
    old, new = (found.rows[name] for name in ("small", "taught"))
    cut = len(spec.photos)
    assert outcome.test is not None
    for rows, scores in ((old, outcome.test.before), (new, outcome.test.after)):
        expected = between(rows[cut:], labels[cut:], rows[:cut], labels[:cut])
        for measure, interval in scores.overall.items():
            assert interval.value == pytest.approx(float(np.nanmean(expected[measure])), abs=0.03), measure
    assert outcome.forgetting == pytest.approx(same_neighbours(old[cut:], new[cut:]), abs=0.1)


def test_the_base_is_the_frozen_part_and_a_library_can_adopt_the_result(
    drawn: Path, models: Models, library: Library
) -> None:
    library.add_folder(str(drawn / "learn"))
    index(library, models.embedder(library, models.shelf.spec("small")))
    paths, before, _ = library.export()
    finetune(plan(drawn, "thorough"), models)
    assert library.active_model() == models.shelf.spec("small")

    outcome = switch(library, models, "taught")
    assert outcome.active
    again, after, name = library.export()
    assert (again, name) == (paths, "taught")
    assert np.allclose(blending_of(models.shelf.spec("taught")).parts(after)[1], before, atol=2e-3)
    spec = models.shelf.spec("taught")
    found = search(library, lambda: models.embedder(library, spec), Query("one", path=paths[0]), 3)
    assert found.hits[0].photo.path == paths[0]
    assert weight_of(library) == blending_of(spec).weight
    for weight in (0.2, 0.9):
        anew = reweight(after, blending_of(spec), weight)
        query = weighed(library, after[5], weight)
        near = library.search(query, 4, centred=True)
        assert [similarity for _, similarity in near] == pytest.approx(np.sort(anew @ anew[5])[:-5:-1], abs=2e-3)
    assert switch(library, models, "small").active
    assert weight_of(library) is None
    with pytest.raises(ModelError, match="no tuned and frozen parts"):
        weighed(library, before[0], 0.5)


def test_a_model_without_weights_and_a_tuned_one_can_be_taught(drawn: Path, models: Models) -> None:
    layout = finetune(replace(plan(drawn, name="first"), base=COLOUR_LAYOUT), models)
    assert layout.base == COLOUR_LAYOUT
    steps: list[tuple[str, str, Mode]] = [
        ("second", "first", "quick"), ("third", "small", "thorough"), ("fourth", "third", "full"),
    ]  # fmt: skip
    for name, base, mode in steps:
        finetune(replace(plan(drawn, mode, name), base=base), models)
        embedder = models.shelf.load(name, "cpu")
        side = embedder.spec.input.crop
        assert np.isfinite(embedder.embed(np.zeros((1, side, side, 3), np.uint8))).all()


def test_a_taught_model_travels(drawn: Path, models: Models, tmp_path: Path) -> None:
    finetune(plan(drawn, "thorough"), models)
    models.shelf.export("taught", tmp_path / "taught.safetensors")
    elsewhere = Models(tmp_path / "elsewhere", "cpu")
    assert elsewhere.shelf.import_model(tmp_path / "taught.safetensors") == models.shelf.spec("taught")


def test_two_runs_give_the_same_numbers(drawn: Path, models: Models) -> None:
    ours = finetune(plan(drawn, "thorough", "one"), models)
    theirs = finetune(plan(drawn, "thorough", "two"), models)
    assert ours.held_out == theirs.held_out
    assert models.shelf.spec("one").fingerprint == models.shelf.spec("two").fingerprint
    other = finetune(plan(drawn, "thorough", "three", seed=1), models)
    assert models.shelf.spec("three").weights_sha256 != models.shelf.spec("one").weights_sha256
    assert other.fingerprint == ours.fingerprint


def test_the_record_is_plain_json_without_paths(drawn: Path, models: Models, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG")
    spec = plan(drawn)
    photos = (*spec.photos, LabelledPhoto(str(tmp_path / "broken.png"), "thing 1"))
    outcome = finetune(replace(spec, photos=photos), models)
    assert list(outcome.record()["unreadable"]) == [str(tmp_path / "broken.png")]
    text = json.dumps(outcome.record(), allow_nan=False)
    assert json.loads(text) == outcome.record()
    record = models.shelf.spec("taught").to_json()
    assert str(tmp_path) not in record
    assert str(drawn) not in record
    assert json.loads(record)["options"]["training"]["unreadable"] == 1
