"""A student that learns from a teacher: what it is shown, that it learns, and that it survives interruptions."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawing import draw_photo
from imagefinder.domain.errors import Cancelled, ImageFinderError, ModelError
from imagefinder.domain.images import Embeddings, Pixels
from imagefinder.domain.progress import CancelToken, Progress
from imagefinder.domain.specs import InputSpec, ModelSpec
from imagefinder.embedding.backbones import build
from imagefinder.embedding.checkpoints import load_into, read_record, read_weights
from imagefinder.embedding.shelf import ModelShelf
from imagefinder.training import distillation
from imagefinder.training.distillation import STAGES, Distillation, Learned, Stage, Target
from imagefinder.training.views import ViewCache, mixed, random_view, resized
from imagefinder.usecases.distilling import DistillationPlan, distil

if TYPE_CHECKING:
    from torch import nn

PLAN = DistillationPlan(rounds=2, per_picture=2, samples=16 * 72, side=32, dimension=16, stages=(Stage(32, 1.0, 0.3),))


@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_a_view_has_the_size_that_is_asked_for_and_only_colours_in_reach(width: int, height: int, seed: int) -> None:
    picture = np.full((height, width, 3), (200, 100, 50), np.uint8)

    view = random_view(picture, 24, np.random.default_rng(seed))

    assert view.shape == (24, 24, 3)
    assert view.std(axis=(0, 1)).max() < 1  # a plain picture stays plain, whatever the crop and the light


def test_a_mixed_view_lies_between_its_two_pictures() -> None:
    black, white = np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 3), 200, np.uint8)

    assert (mixed(black, white, 0.25) == 150).all()


def test_shrinking_averages_instead_of_dropping_pixels() -> None:
    stripes = np.zeros((1, 64, 64, 3), np.uint8)
    stripes[:, :, ::2] = 254

    assert np.abs(resized(stripes, 16)[:, 4:-4, 4:-4].astype(int) - 127).max() <= 3


def test_the_target_keeps_who_is_near_whom() -> None:
    rng = np.random.default_rng(1)
    rows = _unit(rng.normal(size=(400, 6)).astype(np.float32) @ rng.normal(size=(6, 32)).astype(np.float32) + 3)

    target = Target.fit(rows, 6)
    got = target(rows)

    centred = _unit(rows - rows.mean(axis=0))
    assert np.allclose(np.linalg.norm(got, axis=1), 1, atol=1e-5)
    assert np.corrcoef((got @ got.T).ravel(), (centred @ centred.T).ravel())[0, 1] > 0.95
    with pytest.raises(ModelError, match="cannot become 64"):
        Target.fit(rows, 64)


@pytest.mark.parametrize("seed", range(8))
def test_pictures_and_targets_are_mixed_in_the_same_parts(seed: int) -> None:
    """Each picture of one number, each target an axis: the mean of a picture says which parts it is made of."""
    import torch

    count, side = 6, 20
    pictures = torch.arange(1.0, count + 1).reshape(-1, 1, 1, 1).expand(-1, 3, side, side).contiguous()
    mixed, targets = distillation.in_pairs(pictures, torch.eye(count), np.random.default_rng(seed))
    assert mixed.shape == pictures.shape
    assert torch.allclose(targets.norm(dim=1), torch.ones(count))
    parts = targets / targets.sum(dim=1, keepdim=True)
    assert (parts.diagonal() >= 0.5 - 1e-6).all()
    assert torch.allclose(mixed.mean(dim=(1, 2, 3)), parts @ torch.arange(1.0, count + 1), atol=1e-4)
    assert not torch.equal(mixed, pictures)


def test_stages_follow_one_another() -> None:
    stages = (Stage(8, 0.5), Stage(16, 0.3), Stage(16, 0.2, mixed=1.0))
    found = [distillation._stage_at(done, stages) for done in (0.0, 0.49, 0.5, 0.79, 0.8, 1.0)]
    assert found == [stages[at] for at in (0, 0, 1, 1, 2, 2)]
    assert sum(stage.share for stage in STAGES) == pytest.approx(1)


class TestViewCache:
    def test_a_round_comes_back_as_it_was_written(self, tmp_path: Path) -> None:
        cache = ViewCache(tmp_path, 8, "teacher")
        pictures = np.random.default_rng(0).integers(0, 255, (5, 8, 8, 3), np.uint8)

        cache.write(3, 5, iter([pictures[:3], pictures[3:]]), _brightness)

        assert cache.rounds() == [3]
        assert np.array_equal(cache.read(3).views, pictures)
        assert np.array_equal(cache.read(3).targets, _brightness(pictures).astype(np.float16))

    def test_an_interrupted_round_is_not_there_and_can_be_made_again(self, tmp_path: Path) -> None:
        cache = ViewCache(tmp_path, 8, "teacher")
        pictures = np.zeros((2, 8, 8, 3), np.uint8)

        def pulled() -> Iterator[Pixels]:
            yield pictures
            raise Cancelled

        with pytest.raises(Cancelled):
            cache.write(0, 4, pulled(), _brightness)
        assert cache.rounds() == []
        cache.write(0, 4, iter([pictures, pictures]), _brightness)
        assert cache.rounds() == [0]

    def test_views_for_another_teacher_are_not_taken(self, tmp_path: Path) -> None:
        ViewCache(tmp_path, 8, "one")

        with pytest.raises(ModelError, match="another teacher"):
            ViewCache(tmp_path, 8, "other")

    def test_a_damaged_round_says_what_to_do(self, tmp_path: Path) -> None:
        cache = ViewCache(tmp_path, 8, "teacher")
        cache.write(0, 1, iter([np.zeros((1, 8, 8, 3), np.uint8)]), _brightness)
        (tmp_path / "targets-0.npy").write_bytes(b"torn")

        with pytest.raises(ModelError, match="Delete its files"):
            cache.read(0)


class TestDistil:
    def test_a_student_learns_what_its_teacher_sees_and_lands_in_one_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(distillation, "WARM_UP_STEPS", 1)
        folder = _photos(tmp_path / "photos", 40)
        teacher = ModelShelf(tmp_path / "models").load("colour-layout", "cpu")
        news: list[Learned] = []

        plan = replace(PLAN, shown=40, licence="apache-2.0")
        spec = distil(teacher, [folder], tmp_path / "work", tmp_path / "small.safetensors", plan, learned=news.append)

        record = read_record(tmp_path / "small.safetensors")
        assert record == spec
        assert (record.name, record.licence, record.input.crop) == ("small", "apache-2.0", 40)
        assert "36 pictures" in record.provenance  # a tenth was never looked at
        network = build(record)
        load_into(network, read_weights(tmp_path / "small.safetensors"))
        assert news[-1].cosine > 0.1  # after sixteen steps; 0 is what an untrained network reaches
        assert news[-1].samples > 0

    def test_a_cancelled_run_goes_on_where_it_was(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(distillation, "REPORT_STEPS", 5)
        folder = _photos(tmp_path / "photos", 12)
        teacher = ModelShelf(tmp_path / "models").load("colour-layout", "cpu")
        token = CancelToken()
        seen: list[str] = []

        def pull(progress: Progress) -> None:
            seen.append(progress.phase)
            if progress.phase == "training":
                token.cancel()

        target = tmp_path / "small.safetensors"
        with pytest.raises(Cancelled):
            distil(teacher, [folder], tmp_path / "work", target, PLAN, token=token, progress=pull)
        assert not target.exists()
        phases: list[str] = []
        distil(
            teacher, [folder], tmp_path / "work", target, PLAN, progress=lambda progress: phases.append(progress.phase)
        )

        assert "embedding" in seen
        assert "embedding" not in phases  # the teacher's views were kept
        assert target.exists()

    def test_training_goes_on_from_its_checkpoint(self, tmp_path: Path) -> None:
        cache = ViewCache(tmp_path / "views", 32, "teacher")
        rng = np.random.default_rng(0)
        pictures = rng.integers(0, 255, (160, 32, 32, 3), np.uint8)
        cache.write(0, 160, iter([pictures]), lambda shown: _unit(rng.normal(size=(len(shown), 32)).astype(np.float32)))
        network = _network()
        first = Distillation(network, cache, 16, tmp_path)
        list(first.run(256, CancelToken(), (Stage(32, 1.0),)))

        second = Distillation(_network(), cache, 16, tmp_path)

        assert second.samples == first.samples == 256
        (tmp_path / "student.pt").write_bytes(b"torn")
        with pytest.raises(ModelError, match="Delete it to begin anew"):
            Distillation(_network(), cache, 16, tmp_path)

    def test_without_pictures_it_says_so(self, tmp_path: Path) -> None:
        teacher = ModelShelf(tmp_path / "models").load("colour-layout", "cpu")
        (tmp_path / "empty").mkdir()

        with pytest.raises(ImageFinderError, match="no pictures"):
            distil(teacher, [tmp_path / "empty"], tmp_path / "work", tmp_path / "x.safetensors", PLAN)


def _photos(folder: Path, count: int) -> Path:
    folder.mkdir()
    for number in range(count):
        draw_photo(folder / f"{number:03}.jpg", number)
    return folder


def _network() -> "nn.Module":
    return build(ModelSpec("small", "builtin", "compact", InputSpec(32, 32), 16))


def _brightness(pictures: Pixels) -> Embeddings:
    return np.stack([pictures.mean(axis=(1, 2, 3)), np.full(len(pictures), 1.0)], axis=1).astype(np.float32)


def _unit(rows: Embeddings) -> Embeddings:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)
