"""What damage, and a tool that changes a model under its record, do to a file that travels."""

from pathlib import Path
from typing import Any

import pytest

from exchange_kit import TUNED_FROM, metadata, with_record
from imagefinder.domain.errors import ModelError
from imagefinder.embedding import shelf as shelf_module
from imagefinder.embedding.backbones import build
from imagefinder.embedding.checkpoints import CHECKSUM_KEY, RECORD_KEY, read_weights, write_model
from imagefinder.embedding.exchange import read_exchange
from imagefinder.embedding.shelf import ModelShelf


def with_weights(file: Path, state: dict[str, Any]) -> None:
    """Other weights in the file, as a tool writes them that keeps what it does not know."""
    from safetensors.torch import save

    kept = metadata(file)
    file.write_bytes(save(state, kept))


def shuffled(state: dict[str, Any]) -> dict[str, Any]:
    """The same layers with the values of four of them in another order."""
    import torch

    torch.manual_seed(1)
    large = sorted(state, key=lambda name: state[name].numel())[-4:]
    mixed = {name: state[name].flatten()[torch.randperm(state[name].numel())].view_as(state[name]) for name in large}
    assert not any(torch.equal(mixed[name], state[name]) for name in large)
    return {**state, **mixed}


def without_checksum(file: Path) -> Path:
    """The file as it was exported before there were checksums."""
    return with_record(file, metadata(file)[RECORD_KEY])


@pytest.mark.parametrize("here", [False, True], ids=["new", "here already"])
def test_other_weights_under_the_same_record_are_refused(
    shelf: ModelShelf, other: ModelShelf, file: Path, here: bool
) -> None:
    with_weights(file, shuffled(read_weights(file)))
    assert read_exchange(file) == shelf.spec("mine")  # the record knows nothing of it
    taking = shelf if here else other
    with pytest.raises(ModelError, match=r"to share.safetensors is damaged, or it was changed.*Get the file again"):
        taking.import_model(file)
    assert not other.directory.exists()


@pytest.mark.parametrize("place", [0.0, 0.3, 0.7, 1.0])
def test_one_bit_that_fell_over_is_noticed(other: ModelShelf, file: Path, place: float) -> None:
    data = bytearray(file.read_bytes())
    first = 8 + int.from_bytes(data[:8], "little")
    data[first + int(place * (len(data) - 1 - first))] ^= 1
    file.write_bytes(data)
    with pytest.raises(ModelError, match="damaged"):
        other.import_model(file)
    assert not other.directory.exists()


def test_a_record_that_was_changed_under_its_checksum_is_refused(other: ModelShelf, file: Path) -> None:
    data = file.read_bytes()
    assert data.count(b"0.485") == 1  # of what is taken off the red channel
    file.write_bytes(data.replace(b"0.485", b"0.585"))
    with pytest.raises(ModelError, match="its checksum is another"):
        other.import_model(file)


def test_an_export_of_old_is_taken_as_it_is(shelf: ModelShelf, other: ModelShelf, file: Path) -> None:
    """There is nothing to compare its weights with. What is on the shelf is checked from then on."""
    without_checksum(file)
    assert CHECKSUM_KEY not in metadata(file)
    assert other.import_model(file) == shelf.spec("mine")
    assert CHECKSUM_KEY in metadata(other.directory / "mine.safetensors")


def test_an_export_of_old_replaces_nothing(shelf: ModelShelf, file: Path) -> None:
    before = (shelf.directory / "mine.safetensors").read_bytes()
    with_weights(without_checksum(file), shuffled(read_weights(file)))
    for name in (None, "second"):
        with pytest.raises(ModelError, match="here already, as mine"):
            shelf.import_model(file, name)
    assert (shelf.directory / "mine.safetensors").read_bytes() == before
    assert shelf.added() == ["mine"]


def test_a_model_of_old_gets_its_checksum_when_it_is_exported(
    shelf: ModelShelf, other: ModelShelf, tmp_path: Path
) -> None:
    without_checksum(shelf.directory / "mine.safetensors")
    shelf.export("mine", tmp_path / "again.safetensors")
    assert CHECKSUM_KEY in metadata(tmp_path / "again.safetensors")
    assert other.import_model(tmp_path / "again.safetensors") == shelf.spec("mine")


def test_a_damaged_model_of_the_shelf_is_neither_used_nor_exported(shelf: ModelShelf, tmp_path: Path) -> None:
    stored = shelf.directory / "mine.safetensors"
    with_weights(stored, shuffled(read_weights(stored)))
    with pytest.raises(ModelError, match=r"model mine cannot be used.*Remove the model, then download, import or add"):
        shelf.load("mine", "cpu", "float32")
    with pytest.raises(ModelError, match="model mine cannot be used"):
        shelf.export("mine", tmp_path / "bad.safetensors")
    assert not (tmp_path / "bad.safetensors").exists()


def test_a_model_that_came_with_a_damaged_installation(
    shelf: ModelShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "builtin.safetensors"
    write_model(installed, build(TUNED_FROM).state_dict(), TUNED_FROM)
    with_weights(installed, shuffled(read_weights(installed)))
    monkeypatch.setitem(shelf_module.OLDER, "built-in", installed)
    with pytest.raises(ModelError, match=r"model built-in cannot be used.*Install imagefinder again"):
        shelf.load("built-in", "cpu", "float32")
