"""Weights are read without running anything, and written whole or not at all."""

import json
import os
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from imagefinder.domain.errors import ModelError
from imagefinder.embedding.architectures import ARCHITECTURES
from imagefinder.embedding.checkpoints import (
    CHECKSUM_KEY,
    RECORD_KEY,
    load_into,
    read_record,
    read_weights,
    write_model,
)
from small_network import small, weights_of

if TYPE_CHECKING:
    pass

SPEC = ARCHITECTURES["mobilenetv3-large"].spec("mine", weights_sha256="ab", provenance="a test")


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_round_trip_with_the_record(tmp_path: Path) -> None:
    import torch

    state = weights_of(small())
    file = tmp_path / "deeper" / "model.safetensors"
    write_model(file, state, SPEC)
    assert read_record(file) == SPEC
    again = read_weights(file)
    assert again.keys() == state.keys()
    assert all(torch.equal(again[name], state[name]) for name in state)
    assert names_in(file.parent) == ["model.safetensors"]


def test_a_length_that_looks_like_a_pickle(tmp_path: Path) -> None:
    """The first byte of a safetensors file is part of a length, and one of 32 starts like a pickle."""
    file = tmp_path / "model.safetensors"
    firsts = set()
    for spaces in range(0, 256, 8):
        write_model(file, weights_of(small()), replace(SPEC, description="x" * spaces))
        firsts.add(file.read_bytes()[0])
        assert read_weights(file).keys() == small().state_dict().keys()
    assert 0x80 in firsts


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    file = Path(os.fsdecode(os.fsencode(tmp_path) + b"/w\xff\n.safetensors"))
    try:
        write_model(file, weights_of(small()), SPEC)
    except ModelError:
        pytest.skip("this file system only takes UTF-8 names")
    assert read_record(file) == SPEC
    assert read_weights(file).keys() == small().state_dict().keys()

    import torch

    torch.save(small().state_dict(), tmp_path / "plain.pth")
    checkpoint = (tmp_path / "plain.pth").rename(file)
    assert read_weights(checkpoint).keys() == small().state_dict().keys()


@pytest.mark.parametrize("wrap", [None, "state_dict", "model", "model_ema"])
@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod."])
@pytest.mark.parametrize("legacy", [False, True])
def test_checkpoints_of_training_scripts(tmp_path: Path, wrap: str | None, prefix: str, legacy: bool) -> None:
    import torch

    state = {prefix + name: tensor for name, tensor in weights_of(small()).items()}
    file = tmp_path / "checkpoint.pth"
    content = {wrap: state, "epoch": 3} if wrap else state
    torch.save(content, file, _use_new_zipfile_serialization=not legacy)
    network = small()
    load_into(network, read_weights(file))
    assert torch.equal(network.state_dict()["3.bias"], state[prefix + "3.bias"])


def write_pickle(file: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
            return os.mkdir, (str(file.parent / "exploded"),)

    file.write_bytes(pickle.dumps({"state_dict": Bomb()}))


def write_zipped_pickle(file: Path) -> None:
    import torch

    torch.save({"w": torch.zeros(3)}, file.with_name("good.pth"))
    with zipfile.ZipFile(file.with_name("good.pth")) as good, zipfile.ZipFile(file, "w") as bad:
        for entry in good.infolist():
            data = good.read(entry)
            if entry.filename.endswith("data.pkl"):
                data = b"cos\nmkdir\n(V" + str(file.parent / "exploded").encode() + b"\ntR."
            bad.writestr(entry, data)


def write_zip_bomb(file: Path) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02}q\x00.")
        archive.writestr("archive/data/0", bytes(50 * 2**20))


def write_truncated_checkpoint(file: Path) -> None:
    import torch

    torch.save(small().state_dict(), file)
    file.write_bytes(file.read_bytes()[:-700])


def write_truncated_safetensors(file: Path) -> None:
    write_model(file, small().state_dict(), SPEC)
    file.write_bytes(file.read_bytes()[:-5])


def write_huge_header(file: Path) -> None:
    file.write_bytes((2**62).to_bytes(8, "little") + b"{}")


def write_lying_header(file: Path) -> None:
    header = json.dumps({"w": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}).encode()
    file.write_bytes(len(header).to_bytes(8, "little") + header + bytes(16))


def write_whole_network(file: Path) -> None:
    import torch

    torch.save(small(), file)


def write_list(file: Path) -> None:
    import torch

    torch.save([torch.zeros(3)], file)


def write_numbers(file: Path) -> None:
    import torch

    torch.save({"epoch": 3, "lr": 0.1}, file)


def write_program(file: Path) -> None:
    """The parts of an archive of torch.jit.save, whose code is compressed."""
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("net/data.pkl", b"\x80\x02}q\x00.")
        archive.writestr("net/code/__torch__/net.py", b"def forward(self): ..." * 99, zipfile.ZIP_DEFLATED)
        archive.writestr("net/constants.pkl", b"\x80\x02).")


def write_exported_program(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("net/archive_format", b"pt2")
        archive.writestr("net/models/model.json", b"{}")


def writer_of(data: bytes) -> Callable[[Path], None]:
    def write(file: Path) -> None:
        file.write_bytes(data)

    return write


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        (writer_of(b""), "is empty"),
        (writer_of(b"\n<!DOCTYPE html><html>404</html>"), "web page"),
        (writer_of(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"), "Git LFS"),
        (writer_of(b"these are no weights at all"), "not a file of weights"),
        (writer_of(b"\xff\xd8\xff\xe0 a photograph"), "not a file of weights"),
        (writer_of(b"\x00" * 64), "not a file of weights"),
        (writer_of(b"PK\x03\x04 a broken archive"), "damaged"),
        (writer_of(b"\x80\x02"), "damaged"),
        (writer_of(b"\x80\x05\x95\xff\xff\xff\xff\xff\xff\xff\x7f"), "damaged|more than weights"),
        (write_pickle, "would not be safe"),
        (write_zipped_pickle, "would not be safe"),
        (write_whole_network, "would not be safe"),
        (write_zip_bomb, "compressed"),
        (write_program, r"is a program \(TorchScript\).*would run what is in it.*ONNX"),
        (write_exported_program, r"is a program \(torch\.export\)"),
        (write_truncated_checkpoint, "damaged"),
        (write_truncated_safetensors, "damaged"),
        (write_huge_header, "not a file of weights"),
        (write_lying_header, "not a file of weights"),
        (write_list, "no weights in it"),
        (write_numbers, "no weights in it"),
    ],
)
def test_what_is_not_weights(tmp_path: Path, write: Callable[[Path], None], reason: str) -> None:
    file = tmp_path / "weights.pth"
    write(file)
    with pytest.raises(ModelError, match=reason) as caught:
        read_weights(file)
    assert caught.value.hint
    assert not (tmp_path / "exploded").exists()


def test_no_file_at_all(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="No such file"):
        read_weights(tmp_path / "missing.pth")
    with pytest.raises(ModelError, match="cannot be opened"):
        read_weights(tmp_path)


def test_a_checksum_is_of_record_and_weights(tmp_path: Path) -> None:
    """Whoever reads the file compares it; tensors without values and of halves count too."""
    import torch
    from safetensors.torch import save

    file = tmp_path / "model.safetensors"
    state = {**weights_of(small()), "none": torch.zeros(0, 3), "half": torch.ones(2).half(), "one": torch.tensor(1)}
    write_model(file, state, SPEC)
    assert read_weights(file).keys() == state.keys()
    data = file.read_bytes()
    written = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
    same = [{**written, "format": "pt"}, {RECORD_KEY: written[RECORD_KEY]}, {"format": "pt"}, None]
    for metadata in same:  # another tool's word beside it, and files without a checksum
        file.write_bytes(save(state, metadata))
        assert read_weights(file).keys() == state.keys()
    renamed = {("two" if name == "one" else name): tensor for name, tensor in state.items()}
    other = {**written, RECORD_KEY: replace(SPEC, dimension=7).to_json()}
    for tensors, metadata in ((renamed, written), (state, other), (state, {CHECKSUM_KEY: written[CHECKSUM_KEY]})):
        file.write_bytes(save(tensors, metadata))
        with pytest.raises(ModelError, match=r"model\.safetensors is damaged, or it was changed"):
            read_weights(file)


def test_nothing_is_left_behind_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").mkdir()
    with pytest.raises(ModelError, match="cannot be saved"):
        write_model(tmp_path / "model.safetensors", weights_of(small()), SPEC)
    assert names_in(tmp_path) == ["model.safetensors"]
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelError, match="cannot be saved"):
        write_model(tmp_path / "file" / "model.safetensors", weights_of(small()), SPEC)


def test_a_full_disk_keeps_the_old_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "model.safetensors"
    write_model(file, small().state_dict(), SPEC)
    before = file.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ModelError, match="No space left"):
        write_model(file, weights_of(small()), SPEC)
    assert file.read_bytes() == before
    assert names_in(tmp_path) == ["model.safetensors"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"short",
        (2).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"[]",
        (2**40).to_bytes(8, "little") + b"{}",
        (40000).to_bytes(8, "little") + b"[" * 40000,
        (26).to_bytes(8, "little") + b'{"__metadata__":{"imagef":1',
    ],
)
def test_files_without_a_record(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "model.safetensors"
    file.write_bytes(data)
    with pytest.raises(ModelError, match="add it again"):
        read_record(file)
