"""Pixels to unit vectors: the numbers, the edges, and what happens when memory runs out."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest

from imagefinder.domain.errors import ModelError
from imagefinder.domain.images import Embeddings, Pixels
from imagefinder.domain.specs import InputSpec, ModelSpec
from imagefinder.embedding.backbones import build
from imagefinder.embedding.device import Precision, available_devices
from imagefinder.embedding.embedder import BATCH_SIZES, CACHED, NamesClasses, TorchEmbedder

if TYPE_CHECKING:
    from torch import Tensor, nn

INPUT = InputSpec(32, 32, mean=(0.5, 0.4, 0.3), std=(0.2, 0.25, 0.5))
SPEC = ModelSpec("test", "test", "test", INPUT, dimension=3, pooling="average")


def network(forward: Callable[["Tensor"], "Tensor"]) -> "nn.Module":
    from torch import nn

    class Given(nn.Module):
        def forward(self, pictures: "Tensor") -> "Tensor":
            return forward(pictures)

    return Given()


def mean_network(room: int = 10**9, batches: list[int] | None = None) -> "nn.Module":
    """The mean of each channel, with memory for ``room`` pictures at a time; notes its batches."""
    import torch

    def forward(pictures: "Tensor") -> "Tensor":
        assert pictures.is_contiguous(memory_format=torch.channels_last)
        if len(pictures) > room:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        if batches is not None:
            batches.append(len(pictures))
        return pictures.mean((2, 3))

    return network(forward)


def random_pixels(count: int, side: int = 32) -> Pixels:
    return np.random.default_rng(count).integers(0, 256, (count, side, side, 3), dtype=np.uint8)


def expected(pixels: Pixels) -> Embeddings:
    rows = ((pixels / 255 - INPUT.mean) / INPUT.std).mean((1, 2))
    unit: Embeddings = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


def test_normalises_then_brings_to_unit_length() -> None:
    pixels = random_pixels(21)
    rows = TorchEmbedder(SPEC, mean_network(), "cpu", "float32").embed(pixels)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(rows, expected(pixels), atol=1e-5)


def test_works_in_batches() -> None:
    batches: list[int] = []
    embedder = TorchEmbedder(SPEC, mean_network(batches=batches), "cpu", "float32")
    embedder.embed(random_pixels(2 * embedder.batch_size + 1))
    assert sorted(batches) == [1, *[CACHED] * (2 * BATCH_SIZES["cpu"] // CACHED)]  # side by side, in any order


def test_rows_come_in_order_however_many_cores_embed_them() -> None:
    pixels = random_pixels(5 * BATCH_SIZES["cpu"] + 3)
    rows = TorchEmbedder(SPEC, mean_network(), "cpu", "float32").embed(pixels)
    np.testing.assert_allclose(rows, expected(pixels), atol=1e-5)


def test_nothing_in_nothing_out() -> None:
    assert TorchEmbedder(SPEC, mean_network(), "cpu", "float32").embed(random_pixels(0)).shape == (0, 3)


def test_views_and_read_only_arrays() -> None:
    pixels = random_pixels(12)
    view = pixels[::-2, :, ::-1]
    view.flags.writeable = False
    rows = TorchEmbedder(SPEC, mean_network(), "cpu", "float32").embed(view)
    np.testing.assert_allclose(rows, expected(pixels)[::-2], atol=1e-5)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((1, 32, 32, 3), np.float32),
        np.zeros((32, 32, 3), np.uint8),
        np.zeros((1, 3, 32, 32), np.uint8),
        np.zeros((1, 32, 32, 4), np.uint8),
    ],
)
def test_other_pixels_are_a_bug_of_the_caller(pixels: Pixels) -> None:
    with pytest.raises(ValueError, match="expected uint8"):
        TorchEmbedder(SPEC, mean_network(), "cpu", "float32").embed(pixels)


def constant_network(full: list[float], reduced: list[float] | None = None) -> "nn.Module":
    """The same features for every picture, others in reduced precision."""
    import torch

    def forward(pictures: "Tensor") -> "Tensor":
        row = reduced if reduced and torch.is_autocast_enabled("cpu") else full
        return torch.tensor(row).expand(len(pictures), -1)

    return network(forward)


def test_seeing_nothing_gives_zeros() -> None:
    rows = TorchEmbedder(SPEC, constant_network([0, 0, 0]), "cpu", "float32").embed(random_pixels(2))
    assert (rows == 0).all()


@pytest.mark.parametrize("features", [[1.0, 2.0], [float("nan"), 1.0, 1.0], [float("inf"), 1.0, 1.0]])
def test_features_that_are_none(features: list[float]) -> None:
    with pytest.raises(ModelError, match="does not give 3 numbers"):
        TorchEmbedder(SPEC, constant_network(features), "cpu", "float32").embed(random_pixels(2))


def test_an_overflow_goes_back_to_full_precision() -> None:
    embedder = TorchEmbedder(SPEC, constant_network([3, 4, 0], [float("inf"), 1, 1]), "cpu", "bfloat16")
    np.testing.assert_allclose(embedder.embed(random_pixels(1)), [[0.6, 0.8, 0]], atol=1e-6)
    assert embedder.precision == "float32"


def test_out_of_memory_goes_on_with_smaller_batches() -> None:
    said: list[str] = []
    embedder = TorchEmbedder(SPEC, mean_network(room=3), "cpu", "float32", said.append, batch_size=16)
    pixels = random_pixels(10)
    np.testing.assert_allclose(embedder.embed(pixels), expected(pixels), atol=1e-5)
    assert embedder.batch_size == 2
    assert len(said) == 2
    assert "Going on with 2 pictures at a time" in said[-1]
    embedder.embed(pixels)
    assert len(said) == 2, "the batch that fits is remembered"


def test_not_even_one_picture_fits() -> None:
    embedder = TorchEmbedder(SPEC, mean_network(room=0), "cpu", "float32", lambda _: None)
    with pytest.raises(ModelError, match="Memory is not enough"):
        embedder.embed(random_pixels(3))


def test_other_failures_are_not_taken_for_memory() -> None:
    def broken(pictures: "Tensor") -> "Tensor":
        raise RuntimeError("shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="multiplied"):
        TorchEmbedder(SPEC, network(broken), "cpu", "float32").embed(random_pixels(1))


def test_a_full_gpu_hands_over_to_the_cpu() -> None:
    import torch

    class FullGpu(TorchEmbedder):
        def _batches_on_cuda(self, pixels: Pixels) -> Iterator[Embeddings]:
            raise torch.OutOfMemoryError("CUDA out of memory")

    said: list[str] = []
    embedder = FullGpu(SPEC, mean_network(), "cpu", "float32", said.append, batch_size=4)
    embedder.device, embedder.precision = "cuda", "float16"
    pixels = random_pixels(5)
    np.testing.assert_allclose(embedder.embed(pixels), expected(pixels), atol=1e-5)
    assert (embedder.device, embedder.precision, embedder.batch_size) == ("cpu", "float32", BATCH_SIZES["cpu"])
    assert "on the CPU" in said[-1]
    assert len(said) == 3


@pytest.fixture
def small_network() -> TorchEmbedder:
    import torch

    torch.manual_seed(0)
    spec = ModelSpec("small", "timm", "mobilenetv3_small_050", InputSpec(64, 64), 1024, "native")
    return TorchEmbedder(spec, build(spec), "cpu", "float32")


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_picture_has_one_vector_whatever_stands_beside_it(small_network: TorchEmbedder, precision: Precision) -> None:
    small_network.precision = precision
    pixels = random_pixels(11, 64)
    together = small_network.embed(pixels)
    alone = np.concatenate([small_network.embed(pixels[i : i + 1]) for i in range(11)])
    assert (together * alone).sum(1).min() > 0.999
    np.testing.assert_array_equal(small_network.embed(pixels), together)


def test_what_a_classifier_sees_has_names() -> None:
    import torch

    torch.manual_seed(0)
    spec = ModelSpec("words", "timm", "resnet10t", InputSpec(64, 64), 1000, "average", output="probabilities")
    network = build(spec)
    with torch.no_grad():
        network.state_dict()["fc.bias"][281] += 20
    embedder = TorchEmbedder(spec, network, "cpu", "float32")
    assert isinstance(embedder, NamesClasses)
    (name, probability), second = embedder.classes(embedder.embed(random_pixels(1, 64))[0], k=2)
    assert (name, probability > 0.99) == ("tabby", True)
    assert second[1] < 0.01


def test_features_have_no_classes() -> None:
    embedder = TorchEmbedder(SPEC, mean_network(), "cpu", "float32")
    assert embedder.classes(embedder.embed(random_pixels(1))[0]) == []


def test_threads_share_an_embedder(small_network: TorchEmbedder) -> None:
    pixels = random_pixels(9, 64)
    alone = small_network.embed(pixels)
    with ThreadPoolExecutor(4) as pool:
        for rows in pool.map(small_network.embed, [pixels] * 8):
            np.testing.assert_allclose(rows, alone, atol=1e-5)


def test_the_number_of_threads_is_left_alone(small_network: TorchEmbedder) -> None:
    import torch

    before = torch.get_num_threads()
    small_network.embed(random_pixels(3, 64))
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("precision", ["float32", "float16", "bfloat16"])
def test_cuda_agrees_with_the_cpu(small_network: TorchEmbedder, precision: Precision) -> None:
    if "cuda" not in available_devices():
        pytest.skip("no CUDA device")
    pixels = random_pixels(300, 64)
    reference = small_network.embed(pixels)
    same = build(small_network.spec)
    same.load_state_dict(small_network._network.state_dict())
    embedder = TorchEmbedder(small_network.spec, same, "cuda", precision, batch_size=32)
    for _ in range(2):
        assert (embedder.embed(pixels) * reference).sum(1).min() > 0.99
    assert (embedder.embed(pixels[:7]) * reference[:7]).sum(1).min() > 0.99
