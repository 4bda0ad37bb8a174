"""From one model to another and back, without a moment in which nothing answers."""

from pathlib import Path

import pytest

from drawing import draw_photo
from imagefinder.domain.errors import LibraryError, ModelError, UnknownName
from imagefinder.domain.images import Query
from imagefinder.domain.progress import CancelToken, Progress
from imagefinder.embedding.architectures import find_architecture
from imagefinder.embedding.backbones import build
from imagefinder.embedding.shelf import COLOUR_LAYOUT
from imagefinder.storage.library import Library
from imagefinder.usecases.indexing import index
from imagefinder.usecases.models import Models
from imagefinder.usecases.searching import search
from imagefinder.usecases.switching import forget, switch

TIMM = "timm:mobilenetv3_small_050.lamb_in1k"


@pytest.fixture(scope="module")
def shelf_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(7)
    folder = tmp_path_factory.mktemp("models")
    save_file(build(find_architecture(TIMM).spec()).state_dict(), folder / "given")
    Models(folder).shelf.add(folder / "given", TIMM, "mine")
    return folder


@pytest.fixture
def models(shelf_folder: Path) -> Models:
    return Models(shelf_folder, device="cpu")


@pytest.fixture
def filled(library: Library, models: Models, photos: Path) -> Library:
    """Twelve photos, searched by colours."""
    library.add_folder(str(photos))
    index(library, models.embedder(library, models.spec(library, COLOUR_LAYOUT)))
    return library


def nearest(library: Library, models: Models, photo: Path) -> str:
    query = Query(name=photo.name, path=str(photo))
    result = search(library, lambda: models.embedder(library, models.spec(library)), query, 1)
    return result.hits[0].photo.path


def name_of_active(library: Library) -> str:
    active = library.active_model()
    return active.name if active is not None else ""


def test_there_and_back(filled: Library, models: Models, photos: Path) -> None:
    there = switch(filled, models, "mine")
    assert (there.name, there.before, there.active, there.pending) == ("mine", COLOUR_LAYOUT, True, 0)
    assert there.summary is not None
    assert there.summary.unchanged == 12
    assert nearest(filled, models, photos / "a" / "03.jpg") == str(photos / "a" / "03.jpg")

    back = switch(filled, models, COLOUR_LAYOUT)
    assert (back.before, back.active, back.summary) == ("mine", True, None)
    assert nearest(filled, models, photos / "a" / "03.jpg") == str(photos / "a" / "03.jpg")
    held = {each.spec.name: each for each in filled.models_held()}
    assert {name: (each.photos, each.active) for name, each in held.items()} == {
        COLOUR_LAYOUT: (12, True),
        "mine": (12, False),
    }
    assert switch(filled, models, "mine").summary is None


def test_to_the_model_that_it_has_already(filled: Library, models: Models) -> None:
    outcome = switch(filled, models, COLOUR_LAYOUT)
    assert (outcome.before, outcome.active, outcome.summary) == (COLOUR_LAYOUT, True, None)


def test_an_interrupted_switch_goes_on_and_the_old_model_answers_meanwhile(
    filled: Library, models: Models, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imagefinder.domain.progress.REPORTS_PER_SECOND", 1e9)  # not all read before the first
    token = CancelToken()

    def stop(progress: Progress) -> None:
        if progress.phase == "reading" and progress.done:
            assert name_of_active(filled) == COLOUR_LAYOUT
            token.cancel()

    first = switch(filled, models, "mine", token, stop)
    assert first.cancelled
    assert not first.active
    assert 0 < first.pending < 12
    assert nearest(filled, models, photos / "a" / "03.jpg") == str(photos / "a" / "03.jpg")
    assert name_of_active(filled) == COLOUR_LAYOUT

    second = switch(filled, models, "mine")
    assert second.active
    assert second.summary is not None
    assert second.pending == 0


def test_a_new_photo_since_makes_it_read_that_one_only(filled: Library, models: Models, photos: Path) -> None:
    switch(filled, models, "mine")
    draw_photo(photos / "new.jpg", seed=99)
    index(filled, models.embedder(filled, models.spec(filled)))
    back = switch(filled, models, COLOUR_LAYOUT)
    assert back.active
    assert back.summary is not None
    assert back.summary.photos_per_second > 0
    assert nearest(filled, models, photos / "new.jpg") == str(photos / "new.jpg")


def test_photos_that_are_away_keep_the_old_model(filled: Library, models: Models, photos: Path) -> None:
    photos.rename(photos.with_name("elsewhere"))
    outcome = switch(filled, models, "mine")
    assert not outcome.active
    assert outcome.pending == 12
    assert outcome.summary is not None
    assert outcome.summary.offline == (str(photos),)
    assert name_of_active(filled) == COLOUR_LAYOUT


def test_a_library_without_photos(library: Library, models: Models) -> None:
    outcome = switch(library, models, "mine")
    assert (outcome.before, outcome.active) == ("", True)
    assert name_of_active(library) == "mine"


def test_a_model_that_is_not_here_changes_nothing(filled: Library, models: Models) -> None:
    with pytest.raises(ModelError, match="models download dinov2-small"):
        switch(filled, models, "dinov2-small")
    with pytest.raises(UnknownName, match="mine"):
        switch(filled, models, "nothing")
    assert [each.spec.name for each in filled.models_held()] == [COLOUR_LAYOUT]


def test_forgetting_frees_what_the_old_model_knew(filled: Library, models: Models) -> None:
    switch(filled, models, "mine")
    with pytest.raises(LibraryError, match="Switch"):
        forget(filled, "mine")
    gone = forget(filled, COLOUR_LAYOUT)
    assert (gone.photos, gone.bytes > 0) == (12, True)
    assert [each.spec.name for each in filled.models_held()] == ["mine"]
    with pytest.raises(ModelError, match=r"nothing of a model named colour-layout.*It knows: mine"):
        forget(filled, COLOUR_LAYOUT)
    again = switch(filled, models, COLOUR_LAYOUT)
    assert again.summary is not None
    assert again.active
