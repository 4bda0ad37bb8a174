"""The shelf as a list to choose from, and the model that answers."""

import json
import shutil
from pathlib import Path

import pytest

from drawing import draw_photo
from imagefinder.domain.errors import ModelError, UnknownName
from imagefinder.domain.models import ModelInfo
from imagefinder.domain.specs import ModelSpec
from imagefinder.embedding.architectures import find_architecture
from imagefinder.embedding.backbones import build
from imagefinder.embedding.shelf import COLOUR_LAYOUT, default_model
from imagefinder.embedding.speeds import Speeds, measure
from imagefinder.storage.library import Library
from imagefinder.usecases.indexing import index
from imagefinder.usecases.library_list import libraries_using, unreadable_libraries
from imagefinder.usecases.model_catalogue import RECOMMENDED, may_be_sold
from imagefinder.usecases.models import Embedder, Models

TIMM = "timm:mobilenetv3_small_050.lamb_in1k"


@pytest.fixture(scope="module")
def network_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of TIMM's network, drawn at random."""
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(7)
    file = tmp_path_factory.mktemp("weights") / "given.safetensors"
    save_file(build(find_architecture(TIMM).spec()).state_dict(), file)
    return file


@pytest.fixture
def mine(models: Models, network_file: Path) -> ModelSpec:
    return models.shelf.add(network_file, TIMM, "mine")


def entry(models: Models, name: str, library: Library | None = None) -> ModelInfo:
    return next(each for each in models.catalogue(library) if each.name == name)


def fill(library: Library, models: Models, photos: Path, name: str | None = None) -> None:
    library.add_folder(str(photos))
    index(library, models.embedder(library, models.spec(library, name)))


def test_presets_say_what_they_are_good_at_and_what_their_licence_means(models: Models) -> None:
    preset = entry(models, RECOMMENDED)
    assert (preset.state, preset.recommended, preset.removable) == ("to download", True, False)
    assert preset.bytes > 80_000_000
    assert (preset.input_size, preset.dimension) == (224, 384)
    assert preset.licence == "Apache-2.0"
    assert "commercial" in preset.licence_words
    assert preset.commercial is True
    assert preset.photos_per_second is None
    assert "Meta" in preset.provenance
    assert all(each.provenance for each in models.catalogue() if each.state != "needs a file")
    assert entry(models, "mobilenetv2_100_same").state == "needs a file"
    assert entry(models, "mobilenetv2_100_same").commercial is None
    assert all(each.good_at and each.licence_words for each in models.catalogue())
    assert [each.name for each in models.catalogue() if each.default] == [default_model()]
    assert [each.name for each in models.catalogue() if each.recommended] == [RECOMMENDED]


def test_what_is_here_is_ready(models: Models, mine: ModelSpec) -> None:
    found = entry(models, "mine")
    assert (found.state, found.removable, found.provenance) == ("ready", True, "Added from given.safetensors.")
    assert found.bytes == (models.shelf.directory / "mine.safetensors").stat().st_size
    builtin = entry(models, COLOUR_LAYOUT)
    assert (builtin.state, builtin.removable, builtin.bytes) == ("ready", False, 0)


def test_a_damaged_one_says_so_and_hides_no_other(models: Models, mine: ModelSpec) -> None:
    (models.shelf.directory / "broken.safetensors").write_bytes(b"nonsense")
    broken = entry(models, "broken")
    assert (broken.state, broken.removable) == ("damaged", True)
    assert "damaged" in broken.problem
    assert entry(models, "mine").state == "ready"
    models.remove("broken")
    assert "broken" not in models.shelf.names()


def test_any_network_of_timm_can_be_asked_about(models: Models) -> None:
    found = models.info(TIMM)
    assert (found.name, found.state, found.dimension) == (TIMM, "to download", 1024)
    with pytest.raises(UnknownName, match="dinov2-small"):
        models.info("dinov2-smal")


@pytest.mark.parametrize(
    ("licence", "expected"),
    [("", None), ("MIT", True), ("CC-BY-NC-4.0", False), ("apple-amlr", False), ("Research only", False)],
)
def test_licences_that_forbid_commercial_use(mine: ModelSpec, licence: str, expected: bool | None) -> None:
    from dataclasses import replace

    assert may_be_sold(replace(mine, licence=licence), None) is expected


def test_speed_is_measured_once_and_remembered(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    rates = iter([50.04, 70.0])
    monkeypatch.setattr("imagefinder.usecases.models.measure", lambda embedder: next(rates))
    assert models.info(COLOUR_LAYOUT, measured=False).photos_per_second is None
    assert models.info(COLOUR_LAYOUT).photos_per_second == 50.0
    assert models.info(COLOUR_LAYOUT).photos_per_second == 50.0
    assert entry(Models(models.shelf.directory), COLOUR_LAYOUT).photos_per_second == 50.0
    assert models.info(COLOUR_LAYOUT, again=True).photos_per_second == 70.0
    assert models.info(RECOMMENDED).photos_per_second is None
    notes = json.loads((models.shelf.directory / "speeds.json").read_text())
    assert notes == {models.shelf.spec(COLOUR_LAYOUT).fingerprint: {"cpu float32": 70.0}}


def test_the_speed_is_photos_over_seconds(embedder: Embedder) -> None:
    ticks = iter(range(100))
    assert measure(embedder, seconds=4, clock=lambda: next(ticks)) == 3 * embedder.batch_size / 4


@pytest.mark.parametrize("text", ["", "nonsense", "[]", '{"x": 1}', "\xff"])
def test_damaged_notes_are_no_notes(models: Models, embedder: Embedder, text: str) -> None:
    models.shelf.directory.mkdir()
    for name in ("speeds.json", "libraries.json"):
        (models.shelf.directory / name).write_text(text, "latin-1")
    assert entry(models, COLOUR_LAYOUT).libraries == ()
    speeds = Speeds(models.shelf.directory)
    assert speeds.get(embedder.spec) is None
    speeds.put(embedder, 5.0)
    assert speeds.get(embedder.spec) == 5.0


def test_who_uses_a_model_is_known(models: Models, mine: ModelSpec, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    draw_photo(photos / "1.jpg", seed=1)
    with Library.open(tmp_path / "one") as one:
        fill(one, models, photos, "mine")
        with Library.open(tmp_path / "two") as two:
            fill(two, models, photos)
            assert entry(models, "mine", two).libraries == (str(tmp_path / "one"),)
        assert entry(models, default_model()).libraries == (str(tmp_path / "two"),)
        here = entry(models, "mine", one)
        assert here.active
        assert here.in_library is not None
        assert (here.in_library.photos, here.in_library.pending) == (1, 0)
        assert here.in_library.bytes > 0
    assert not entry(models, "mine").active
    assert entry(models, "mine").in_library is None
    assert entry(models, "mine").libraries == (str(tmp_path / "one"),)
    shutil.rmtree(tmp_path / "one")
    assert entry(models, "mine").libraries == ()
    notes = json.loads((models.shelf.directory / "libraries.json").read_text())
    assert notes == {"libraries": [str(tmp_path / "two")]}


def test_a_library_that_cannot_be_read_is_passed_over(models: Models, tmp_path: Path, photos: Path) -> None:
    with Library.open(tmp_path / "one") as one:
        fill(one, models, photos)
    (tmp_path / "one" / "library.db").write_bytes(b"from another version")
    assert libraries_using(models.shelf.directory) == {}
    assert unreadable_libraries(models.shelf.directory) == (str(tmp_path / "one"),)
    assert "one" in (models.shelf.directory / "libraries.json").read_text()


def test_reading_a_library_does_not_note_it(models: Models, tmp_path: Path, photos: Path) -> None:
    with Library.open(tmp_path / "one") as one:
        fill(one, models, photos)
    (models.shelf.directory / "libraries.json").unlink()
    with Library.open(tmp_path / "one", read_only=True) as one:
        fresh = Models(models.shelf.directory, "cpu")
        fresh.embedder(one, fresh.spec(one))
    assert not (models.shelf.directory / "libraries.json").exists()


def test_a_model_that_is_used_is_not_removed_by_the_way(
    models: Models, mine: ModelSpec, library: Library, photos: Path
) -> None:
    fill(library, models, photos, "mine")
    with pytest.raises(ModelError, match=rf"used by {library.directory}.*--even-if-used"):
        models.remove("mine", library=library)
    assert models.shelf.available("mine")
    models.remove("mine", even_if_used=True, library=library)
    assert "mine" not in models.shelf.names()
    with pytest.raises(ModelError, match="is not here"):
        models.embedder(library, models.spec(library))


def test_a_model_that_may_be_used_is_not_removed_by_the_way(
    models: Models, mine: ModelSpec, tmp_path: Path, photos: Path
) -> None:
    with Library.open(tmp_path / "one") as one:
        fill(one, models, photos)
    (tmp_path / "one" / "library.db").write_bytes(b"from another version")
    with pytest.raises(ModelError, match=r"cannot be read now, and may use the model mine: .*one.*--even-if-used"):
        models.remove("mine")
    shutil.rmtree(tmp_path / "one")
    models.remove("mine")
    assert "mine" not in models.shelf.names()


def test_another_model_of_the_same_name_does_not_answer(
    models: Models, mine: ModelSpec, network_file: Path, library: Library, photos: Path
) -> None:
    fill(library, models, photos, "mine")
    models.remove("mine", even_if_used=True)
    models.shelf.add(network_file, TIMM, "mine", pooling="max")
    with pytest.raises(ModelError, match="which this library was made with, is not here"):
        models.embedder(library, models.spec(library))


def test_a_renamed_model_answers(models: Models, mine: ModelSpec, library: Library, photos: Path) -> None:
    fill(library, models, photos, "mine")
    (models.shelf.directory / "mine.safetensors").rename(models.shelf.directory / "yours.safetensors")
    fresh = Models(models.shelf.directory, "cpu")
    assert fresh.embedder(library, fresh.spec(library)).spec.fingerprint == mine.fingerprint


def test_a_library_keeps_its_model_when_the_default_changes(
    models: Models, library: Library, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.add_folder(str(photos))
    index(library, models.embedder(library, models.spec(library, COLOUR_LAYOUT)))
    monkeypatch.setattr("imagefinder.usecases.models.usable_default", lambda warn: "dinov2-small")
    assert models.spec(library).name == COLOUR_LAYOUT
