"""ONNX files of one's own: what they are shown, what they give, and what cannot be one."""

import copy
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imagefinder.domain.errors import ModelError
from imagefinder.embedding.protobuf_walk import has_external_data
from imagefinder.embedding.seeing import IMAGENET, Seeing
from imagefinder.embedding.shelf import ModelShelf
from own_models import random_pixels

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

ROW = 5
WEIGHTS = np.random.default_rng(1).normal(size=(3, ROW)).astype(np.float32)
FREE: tuple[Any, ...] = ("n", 3, "h", "w")


def onnx_model(
    shape: tuple[Any, ...] = FREE, kind: str = "FLOAT", end: str = "row", operation: tuple[str, str] = ("MatMul", "")
) -> Any:
    """The mean colour of a picture, times WEIGHTS."""
    from onnx import TensorProto, helper, numpy_helper

    last = shape[3] == 3 != shape[1]
    steps = []
    name = "picture"
    if kind == "UINT8":
        steps.append(helper.make_node("Cast", [name], ["cast"], to=TensorProto.FLOAT))
        name = "cast"
    if last:
        steps.append(helper.make_node("Transpose", [name], ["turned"], perm=[0, 3, 1, 2]))
        name = "turned"
    steps.append(helper.make_node("GlobalAveragePool", [name], ["mean"]))
    steps.append(helper.make_node("Flatten", ["mean"], ["flat"]))
    steps.append(helper.make_node(operation[0], ["flat", "weights"], ["row"], domain=operation[1]))
    if end == "shares":
        steps.append(helper.make_node("Softmax", ["row"], ["shares"], axis=1))
    outputs = ["mean", "row"] if end == "both" else [{"row": "row", "map": name, "shares": "shares"}[end]]
    graph = helper.make_graph(
        steps,
        "own",
        [helper.make_tensor_value_info("picture", getattr(TensorProto, kind), shape)],
        [helper.make_tensor_value_info(each, TensorProto.FLOAT, None) for each in outputs],
        [numpy_helper.from_array(WEIGHTS, "weights")],
    )
    sets = [helper.make_opsetid("", 17), *([helper.make_opsetid(operation[1], 1)] if operation[1] else [])]
    return helper.make_model(graph, opset_imports=sets, ir_version=9)


def passing(shape: tuple[Any, ...], kind: str = "FLOAT") -> Any:
    """Gives what it is given."""
    from onnx import TensorProto, helper

    values = [helper.make_tensor_value_info(name, getattr(TensorProto, kind), shape) for name in ("given", "got")]
    graph = helper.make_graph([helper.make_node("Identity", ["given"], ["got"])], "own", values[:1], values[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def save(file: Path, model: Any) -> Path:
    file.write_bytes(model.SerializeToString())
    return file


def expected(pixels: Any, mean: Any = IMAGENET.mean, std: Any = IMAGENET.std, scale: float = 255) -> Any:
    rows = ((pixels.mean((1, 2)) / scale - np.array(mean)) / np.array(std)) @ WEIGHTS
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def shelf(tmp_path: Path) -> ModelShelf:
    return ModelShelf(tmp_path / "models")


@pytest.mark.parametrize(
    ("shape", "side"),
    [
        (FREE, 224),
        ((1, 3, 48, 48), 48),
        ((4, 3, 48, 48), 48),
        (("n", "h", "w", 3), 224),
        ((1, 40, 40, 3), 40),
        (("n", 3, 32, "w"), 32),
        (("n", "c", "h", "w"), 224),
    ],
)
def test_any_square_picture(shelf: ModelShelf, tmp_path: Path, shape: tuple[Any, ...], side: int) -> None:
    spec = shelf.add(save(tmp_path / "my net.onnx", onnx_model(shape)))
    assert (spec.name, spec.source, spec.dimension, spec.input.crop) == ("my-net", "onnx", ROW, side)
    pixels = random_pixels(side, 7)
    embedder = ModelShelf(shelf.directory).load("my-net", "cpu")
    np.testing.assert_allclose(embedder.embed(pixels), expected(pixels), atol=1e-4)


def test_bytes_are_taken_as_they_are(shelf: ModelShelf, tmp_path: Path) -> None:
    file = save(tmp_path / "bytes.onnx", onnx_model((1, 32, 32, 3), "UINT8"))
    shelf.add(file)
    pixels = random_pixels(32)
    rows = shelf.load("bytes", "cpu").embed(pixels)
    np.testing.assert_allclose(rows, expected(pixels, 0, 1, 1), atol=1e-5)
    with pytest.raises(ModelError, match="brings them to its own scale"):
        shelf.add(file, name="other", seeing=Seeing(mean=(0.5,) * 3))


def test_what_is_said_of_the_pixels(shelf: ModelShelf, tmp_path: Path) -> None:
    said: list[str] = []
    file = save(tmp_path / "mine.onnx", onnx_model())
    shelf.add(file, say=said.append)
    assert "as ImageNet's are" in said[0]
    seeing = Seeing(size=64, framing="whole", mean=(0.5,) * 3, std=(0.5,) * 3)
    spec = shelf.add(file, name="other", seeing=seeing, say=said.append)
    assert len(said) == 1
    assert (spec.input.crop, spec.input.framing) == (64, "whole")
    pixels = random_pixels(64)
    np.testing.assert_allclose(shelf.load("other", "cpu").embed(pixels), expected(pixels, 0.5, 0.5), atol=1e-4)


def test_the_first_output_that_is_a_row_is_taken(shelf: ModelShelf, tmp_path: Path) -> None:
    assert shelf.add(save(tmp_path / "both.onnx", onnx_model(end="both"))).dimension == 3  # n x 3 x 1 x 1 is a row
    assert shelf.add(save(tmp_path / "one.onnx", onnx_model())).options["output"] == "row"


@pytest.mark.parametrize("end", ["row", "shares"])
def test_classes(shelf: ModelShelf, tmp_path: Path, end: str) -> None:
    """Where there is a softmax already, there is no second one."""
    file = save(tmp_path / "mine.onnx", onnx_model(end=end))
    (tmp_path / "mine.txt").write_text("a\nb\nc\nd\ne\n")
    spec = shelf.add(file, output="probabilities", seeing=Seeing(size=32))
    assert spec.classes == tuple("abcde")
    pixels = random_pixels(32)
    scores = ((pixels.mean((1, 2)) / 255 - np.array(IMAGENET.mean)) / np.array(IMAGENET.std)) @ WEIGHTS
    shares = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    np.testing.assert_allclose(shelf.load("mine", "cpu").embed(pixels), np.sqrt(shares), atol=1e-4)


def test_it_travels_and_derives_as_any_model(shelf: ModelShelf, tmp_path: Path) -> None:
    from imagefinder.embedding.projection import derive

    spec = shelf.add(save(tmp_path / "mine.onnx", onnx_model()), seeing=Seeing(size=32))
    shelf.export("mine", tmp_path / "out.safetensors")
    shelf.remove("mine")
    assert shelf.import_model(tmp_path / "out.safetensors").fingerprint == spec.fingerprint
    matrix = np.eye(2, ROW, dtype=np.float32)
    derived, tensors = derive(shelf.spec("mine"), "pca", np.zeros(ROW, np.float32), matrix)
    shelf.put(_named(derived, "short"), {**shelf.weights("mine"), **tensors})
    pixels = random_pixels(32)
    first = expected(pixels)[:, :2]
    rows = shelf.load("short", "cpu").embed(pixels)
    np.testing.assert_allclose(rows, first / np.linalg.norm(first, axis=1, keepdims=True), atol=1e-4)


def _named(spec: Any, name: str) -> Any:
    from dataclasses import replace

    return replace(spec, name=name)


def test_a_network_can_be_copied(shelf: ModelShelf, tmp_path: Path) -> None:
    shelf.add(save(tmp_path / "mine.onnx", onnx_model()), seeing=Seeing(size=32))
    network = shelf.load("mine", "cpu").network
    import torch

    given = torch.rand(2, 3, 32, 32)
    assert torch.equal(copy.deepcopy(network)(given), network(given))


def external(tmp_path: Path) -> Path:
    onnx.save(onnx_model(), tmp_path / "bad.onnx", save_as_external_data=True, location="weights.bin", size_threshold=0)
    return tmp_path / "bad.onnx"


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (passing(("n", 4, 8, 8)), r"not a picture: given, n x 4 x 8 x 8, float"),
        (passing((1, 768)), r"not a picture: given, 1 x 768, float"),
        (passing((1, 3, 8, 8), "DOUBLE"), "of a kind that pictures are not shown in"),
        (onnx_model((1, 3, 32, 48)), "48 x 32 pixels, and they are shown as squares"),
        (onnx_model(end="map"), r"gives no row of numbers for a picture: picture, 2 x 3 x 224 x 224"),
        (onnx_model(operation=("Foo", "my.ops")), r"operation that onnxruntime does not have: my\.ops:Foo"),
        (onnx_model(operation=("Foo", "")), r"operation that onnxruntime does not have: Foo"),
    ],
)
def test_what_is_not_for_pictures(shelf: ModelShelf, tmp_path: Path, model: Any, reason: str) -> None:
    with pytest.raises(ModelError, match=reason) as caught:
        shelf.add(save(tmp_path / "bad.onnx", model))
    assert caught.value.hint
    assert not shelf.directory.exists()


def test_more_than_a_picture(shelf: ModelShelf, tmp_path: Path) -> None:
    model = onnx_model()
    model.graph.input.append(onnx.helper.make_tensor_value_info("words", onnx.TensorProto.INT64, ["n", 7]))
    with pytest.raises(ModelError, match="wants more than a picture: picture, words"):
        shelf.add(save(tmp_path / "bad.onnx", model))


def test_numbers_in_other_files_are_not_read(
    shelf: ModelShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where onnxruntime would find them
    with pytest.raises(ModelError, match=r"keeps its weights in another file.*onnx\.save"):
        shelf.add(external(tmp_path))


def test_numbers_elsewhere_are_found_wherever_they_are_named(tmp_path: Path) -> None:
    """In a node's attribute, and in the branch of an If."""
    from onnx import TensorProto, helper

    tensor = TensorProto(dims=[1], data_type=TensorProto.FLOAT, data_location=TensorProto.EXTERNAL)
    inner = helper.make_graph([helper.make_node("Constant", [], ["c"], value=tensor)], "inner", [], [])
    outer = helper.make_graph([helper.make_node("If", ["x"], ["y"], then_branch=inner, else_branch=inner)], "o", [], [])
    assert has_external_data(helper.make_model(outer).SerializeToString())
    assert not has_external_data(onnx_model().SerializeToString())


@pytest.mark.parametrize("data", [b"", b"these are no weights", b"\x80\x02", b"\x08\x09\x3a\xff\xff", b"\x3a" * 4000])
def test_what_is_no_onnx_file(shelf: ModelShelf, tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "bad.onnx"
    file.write_bytes(data)
    with pytest.raises(ModelError, match=r"not an ONNX file|cannot run this ONNX file"):
        shelf.add(file)


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"architecture": "resnet18"}, "has its network in it"),
        ({"pooling": "gem"}, "taken as it is"),
        ({"layers": ("mean",), "pooling": "max"}, "taken as it is"),
        ({"seeing": Seeing(size=64)}, "for 48 x 48 pixels only"),
        ({"scales": (1.0, 0.5)}, "cannot look at 48 x 48 pixels"),
    ],
)
def test_what_does_not_go_with_it(shelf: ModelShelf, tmp_path: Path, asked: dict[str, Any], reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        shelf.add(save(tmp_path / "mine.onnx", onnx_model((1, 3, 48, 48))), **asked)


def test_without_onnxruntime_the_command_is_named(
    shelf: ModelShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ModelError, match=r"onnxruntime, which is not installed.*pip install 'imagefinder\[onnx\]'"):
        shelf.add(save(tmp_path / "mine.onnx", onnx_model()))
