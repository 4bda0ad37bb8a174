"""A classifier of one's own classes: compared by features, scores or probabilities, and called by its own names."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from imagefinder.domain.errors import ModelError
from imagefinder.domain.specs import Output
from imagefinder.embedding.checkpoints import load_into, read_record, read_weights
from imagefinder.embedding.class_files import list_beside, read_names
from imagefinder.embedding.class_names import names_classes, top_classes
from imagefinder.embedding.class_rows import class_rows
from imagefinder.embedding.embedder import TorchEmbedder
from imagefinder.embedding.fitting import fitted
from imagefinder.embedding.seeing import Seeing
from imagefinder.embedding.shelf import ModelShelf
from own_models import CLASSES, NAMES, random_pixels, save_classifier

SMALL = Seeing(size=64)
NETWORK = "resnet10t"


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_classifier(tmp_path_factory.mktemp("own") / "mine.pth", NETWORK, seeing=SMALL)


@pytest.fixture
def file(given: Path, tmp_path: Path) -> Path:
    copied = tmp_path / "mine.pth"
    copied.write_bytes(given.read_bytes())
    return copied


@pytest.fixture
def shelf(tmp_path: Path) -> ModelShelf:
    return ModelShelf(tmp_path / "models")


def write_names(file: Path, names: tuple[str, ...] = NAMES) -> Path:
    file.write_text("\n".join(names) + "\n", encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("output", "dimension", "centred"),
    [("features", 512, True), ("logits", CLASSES, True), ("probabilities", CLASSES, False)],
)
def test_each_output(shelf: ModelShelf, file: Path, output: Output, dimension: int, centred: bool) -> None:
    names = write_names(file.with_name("names.txt"))
    spec = shelf.add(file, NETWORK, output=output, classes=names, seeing=SMALL)
    assert (spec.dimension, spec.centred, spec.classes) == (dimension, centred, NAMES)
    assert spec.provenance == "Added from mine.pth. Its classes are called as in names.txt."
    assert names_classes(spec) == (output == "probabilities")
    rows = shelf.load(spec.name, "cpu", "float32").embed(random_pixels(64))
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-5)


def test_classifiers_of_several_parts_are_counted_too(shelf: ModelShelf, tmp_path: Path) -> None:
    file = save_classifier(tmp_path / "mine.pth", "crossvit_tiny_240")
    assert shelf.add(file, "crossvit_tiny_240", output="logits").dimension == CLASSES
    assert shelf.add(file, "crossvit_tiny_240", "plain").dimension == 96 + 192


def test_scores_and_probabilities_are_in_the_same_order(shelf: ModelShelf, file: Path) -> None:
    rows = {}
    for output in ("logits", "probabilities"):
        shelf.add(file, NETWORK, output, output=output, seeing=SMALL)
        rows[output] = shelf.load(output, "cpu", "float32").embed(random_pixels(64))
    assert (rows["logits"].argsort(1) == rows["probabilities"].argsort(1)).all()
    assert np.square(rows["probabilities"]).sum(1) == pytest.approx(1, abs=1e-5)


def test_the_likeliest_classes_have_their_own_names() -> None:
    row = np.sqrt(np.array([0.1, 0.7, 0.2], np.float32))
    assert [name for name, _ in top_classes(row, 2, ("ant", "bee", "cat"))] == ["bee", "cat"]
    with pytest.raises(ValueError, match="expected a row of 2 numbers"):
        top_classes(row, 2, ("ant", "bee"))


@pytest.mark.parametrize(
    "beside", ["mine.txt", "mine.pth.txt", "mine.classes.txt", "mine.pth.classes.txt", "classes.txt", "labels.txt"]
)
def test_names_beside_the_file_are_found(shelf: ModelShelf, file: Path, beside: str) -> None:
    said: list[str] = []
    write_names(file.with_name(beside))
    spec = shelf.add(file, NETWORK, seeing=SMALL, say=said.append)
    assert spec.classes == NAMES
    assert said == [f"The classes are called as in {file.with_name(beside)}."]
    assert beside in spec.provenance


def test_a_list_of_others_beside_the_file_is_left_out(shelf: ModelShelf, file: Path) -> None:
    said: list[str] = []
    write_names(file.with_name("labels.txt"), NAMES[:5])
    assert shelf.add(file, NETWORK, seeing=SMALL, say=said.append).classes == ()
    assert "labels.txt names 5 classes, and the classifier has 12" in said[0]


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        (b"ant\nbee\n", r"names\.txt names 2 classes, and the classifier has 12"),
        (b"\n \n", "no text in it"),
        (b"\xff\xfe\x00", "not a text in UTF-8"),
        (None, "No such file"),
    ],
)
def test_wrong_lists_of_names(shelf: ModelShelf, file: Path, write: bytes | None, reason: str) -> None:
    names = file.with_name("names.txt")
    if write is not None:
        names.write_bytes(write)
    for output in ("features", "logits"):
        with pytest.raises(ModelError, match=reason):
            shelf.add(file, NETWORK, output=output, classes=names, seeing=SMALL)
    assert not shelf.directory.exists()


def test_names_without_a_classifier(shelf: ModelShelf, file: Path) -> None:
    import torch

    state = {name: tensor for name, tensor in read_weights(file).items() if not name.startswith("fc.")}
    torch.save(state, file)
    with pytest.raises(ModelError, match="no classifier whose classes"):
        shelf.add(file, NETWORK, classes=write_names(file.with_name("names.txt")), seeing=SMALL)
    assert list_beside(file) is None
    with pytest.raises(ModelError, match="layers are missing"):
        shelf.add(file, NETWORK, output="probabilities", seeing=SMALL)


def test_names_are_read_as_they_are_written(tmp_path: Path) -> None:
    file = tmp_path / "names.txt"
    file.write_bytes("\ufeffRote Bete, beetroot\r\n\r\n  \u5c0f\u732b \r\n\r\n".encode())
    assert read_names(file) == ("Rote Bete, beetroot", "", "\u5c0f\u732b")


def test_the_classifier_stays_in_the_file_of_a_network_of_features(
    shelf: ModelShelf, file: Path, tmp_path: Path
) -> None:
    import torch

    write_names(file.with_name("classes.txt"))
    spec = shelf.add(file, NETWORK, "mine", seeing=SMALL)
    given = read_weights(file)

    def rows(path: Path) -> "torch.Tensor":
        found = class_rows(read_weights(path), spec.dimension)
        assert found is not None
        return found

    own = shelf.directory / "mine.safetensors"
    assert torch.equal(rows(own), given["fc.weight"])
    assert {name for name in read_weights(own) if name.startswith("fc")} == {"fc.weight"}
    shelf.export("mine", tmp_path / "out.safetensors")
    shelf.remove("mine")
    back = shelf.import_model(tmp_path / "out.safetensors", "back")
    assert back.classes == NAMES
    assert back.fingerprint == spec.fingerprint
    assert torch.equal(rows(shelf.directory / "back.safetensors"), given["fc.weight"])
    shelf.put(replace(back, name="again", scales=(1.0, 0.5)), shelf.weights("back"))
    assert torch.equal(rows(shelf.directory / "again.safetensors"), given["fc.weight"])


def test_a_record_must_have_as_many_names_as_classes(shelf: ModelShelf, file: Path) -> None:
    spec = shelf.add(file, NETWORK, "mine", seeing=SMALL)
    with pytest.raises(ModelError, match="names 2 classes, and the classifier has 12"):
        shelf.put(replace(spec, name="other", classes=("ant", "bee")), shelf.weights("mine"))


def test_names_are_no_part_of_the_fingerprint(shelf: ModelShelf, file: Path) -> None:
    plain = shelf.add(file, NETWORK, "plain", seeing=SMALL)
    write_names(file.with_name("classes.txt"))
    named = shelf.add(file, NETWORK, "named", seeing=SMALL)
    assert named.fingerprint == plain.fingerprint
    assert read_record(shelf.directory / "named.safetensors").classes == NAMES


def test_scores_are_those_of_the_network(file: Path) -> None:
    """Against the bare network of timm."""
    import timm
    import torch

    from imagefinder.embedding.architectures import find_architecture
    from imagefinder.embedding.own_files import Wanted

    state = read_weights(file)
    spec = Wanted(output="logits", seeing=SMALL).of(find_architecture(NETWORK, SMALL), state)
    network = timm.create_model(NETWORK, num_classes=CLASSES).eval()
    load_into(network, state)
    pixels = random_pixels(64)
    mean, std = (np.array(values, np.float32) for values in (spec.input.mean, spec.input.std))
    normalised = torch.from_numpy((pixels / np.float32(255) - mean) / std).permute(0, 3, 1, 2)
    with torch.inference_mode():
        scores = torch.nn.functional.normalize(network(normalised)).numpy()
    rows = TorchEmbedder(spec, fitted(spec, state), "cpu", "float32").embed(pixels)
    np.testing.assert_allclose(rows, scores, atol=1e-4)
