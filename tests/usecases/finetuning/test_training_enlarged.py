"""A tuned model that is shown larger photos than its base: what was before is still what the base says."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from imagefinder.domain.errors import Cancelled
from imagefinder.domain.images import Embeddings, Pixels
from imagefinder.domain.progress import CancelToken
from imagefinder.domain.training import RECIPES, Mode
from imagefinder.embedding.blend import blending_of
from imagefinder.embedding.enlarged import enlarged
from imagefinder.embedding.shelf import COLOUR_LAYOUT
from imagefinder.training.looking import Look
from imagefinder.training.measuring import between, same_neighbours
from imagefinder.usecases.evaluation_photos import embed_photos
from imagefinder.usecases.finetuning import finetune
from imagefinder.usecases.labelled_folders import labelled_photos
from imagefinder.usecases.models import Models
from imagefinder.usecases.training_time import estimate
from training_kit import BASE, plan, told


def test_the_size_grows_in_whole_steps_and_not_beyond_what_brings_something(models: Models) -> None:
    base = models.shelf.load("small", "cpu", "float32")
    assert enlarged(base, 1.25) is base  # 40 is nearer to 32 than to 64
    larger = enlarged(base, 2)
    assert (larger.spec.input.crop, larger.spec.input.resize) == (64, 64)
    assert larger.network is base.network
    assert larger.spec.fingerprint != base.spec.fingerprint
    assert enlarged(base, 100).spec.input.crop == 224
    assert larger.embed(np.zeros((2, 64, 64, 3), np.uint8)).shape == (2, 16)


def test_what_cannot_use_more_stays_as_it_is(models: Models, drawn: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = models.shelf.load(COLOUR_LAYOUT, "cpu")
    assert enlarged(layout, 1.5) is layout
    finetune(plan(drawn), models)
    taught = models.shelf.load("taught", "cpu")
    assert enlarged(taught, 2) is taught
    base = models.shelf.load("small", "cpu", "float32")

    def of_one_size(pictures: object) -> None:
        raise AssertionError("Input height (64) doesn't match model (32).")

    monkeypatch.setattr(base.network, "forward", of_one_size)
    assert enlarged(base, 2) is base


@pytest.mark.parametrize("mode", RECIPES)
def test_before_is_the_base_as_it_is_and_after_the_model_that_is_kept(drawn: Path, models: Models, mode: Mode) -> None:
    spec = replace(plan(drawn, mode, enlarged=2), test=tuple(labelled_photos([drawn / "test"])))
    others = [photo.path for photo in spec.test]
    outcome = finetune(spec, models, unlabelled=others, device="cpu")
    assert models.shelf.spec("taught").input.crop == 2 * BASE.input.crop
    assert outcome.test is not None

    photos = (*spec.photos, *spec.test)
    found = embed_photos(
        [photo.path for photo in photos], models, ["small", "taught"], "cpu", CancelToken(), lambda said: None
    )
    labels = np.unique([photo.label for photo in photos], return_inverse=True)[1]
    old, new = (found.rows[name] for name in ("small", "taught"))
    cut = len(spec.photos)
    for rows, scores in ((old, outcome.test.before), (new, outcome.test.after)):
        expected = between(rows[cut:], labels[cut:], rows[:cut], labels[:cut])
        for measure, interval in scores.overall.items():
            assert interval.value == pytest.approx(float(np.nanmean(expected[measure])), abs=0.03), measure
    assert outcome.forgetting == pytest.approx(same_neighbours(old[cut:], new[cut:]), abs=0.1)
    # The frozen part is the same network, but it saw more.
    frozen = blending_of(models.shelf.spec("taught")).parts(new)[1]
    assert np.abs(frozen - old).max() > 0.05


def test_the_held_out_photos_are_measured_against_the_base_as_it_is(drawn: Path, models: Models) -> None:
    small = finetune(plan(drawn, name="small-size", enlarged=1), models, device="cpu")
    large = finetune(plan(drawn, name="large-size", enlarged=2), models, device="cpu")
    for measure, interval in small.held_out.before.overall.items():
        assert large.held_out.before.overall[measure].value == pytest.approx(interval.value, abs=0.03), measure
    assert [each.query for each in large.examples_before] == [each.query for each in small.examples_before]
    assert large.held_out.after.overall != small.held_out.after.overall


def test_an_interrupted_reading_goes_on_with_both_sizes(drawn: Path, models: Models) -> None:
    spec = plan(drawn, enlarged=2)
    whole = finetune(replace(spec, name="whole"), models, device="cpu")
    token = CancelToken()
    _, _, watcher = told()
    stopped = replace(watcher, progress=lambda said: token.cancel() if said.phase == "training" else None)
    with pytest.raises(Cancelled):
        finetune(spec, models, device="cpu", token=token, watcher=stopped)
    again = finetune(replace(spec, resume=True), models, device="cpu")
    assert again.held_out == whole.held_out


def test_an_estimate_shows_photos_as_large_as_the_training_would(
    drawn: Path, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[tuple[int, ...]] = []

    def at(_: Look, pixels: Pixels) -> tuple[None, Embeddings]:
        shown.append(pixels.shape[1:])
        return None, np.zeros((len(pixels), 1), np.float32)

    monkeypatch.setattr(Look, "at", at)
    estimate(plan(drawn, enlarged=2), models, device="cpu")
    assert set(shown) == {(64, 64, 3)}
