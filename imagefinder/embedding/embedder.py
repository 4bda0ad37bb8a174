"""Pixels to unit vectors, on whatever the machine has."""

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from imagefinder.domain.errors import ModelError
from imagefinder.domain.images import Embeddings, Pixels
from imagefinder.domain.specs import ModelSpec
from imagefinder.embedding.class_names import names_classes, top_classes
from imagefinder.embedding.device import Precision, run
from imagefinder.embedding.folding import folded

if TYPE_CHECKING:
    from torch import Tensor, nn

log = logging.getLogger(__name__)

BATCH_SIZES = {"cuda": 128, "mps": 32, "cpu": 32}
CACHED = 8
"""So many pictures at a time stay in a CPU's cache [measured: MobileNetV2 does twice as many at 8 as at 64]."""
RING = 3
"""Pinned buffers in flight: one being filled, one on its way, one being worked on."""


class Embedder(Protocol):
    """What turns pictures into vectors."""

    @property
    def spec(self) -> ModelSpec: ...

    @property
    def device(self) -> str: ...

    @property
    def precision(self) -> str: ...

    @property
    def batch_size(self) -> int: ...

    def embed(self, pixels: Pixels) -> Embeddings:
        """uint8 pixels (n, crop, crop, 3) -> float32 rows (n, dimension) of unit length."""
        ...


@runtime_checkable
class NamesClasses(Protocol):
    """What some embedders can do beside: say in words what they see."""

    def classes(self, row: Embeddings, k: int = 5) -> list[tuple[str, float]]:
        """The ``k`` likeliest classes of one embedding (dimension,) with their probabilities; empty for a model that
        gives no probabilities, or whose classes have no known names."""
        ...


class TorchEmbedder:
    """A network on a device. May be used from several threads; on a GPU they take turns.

    ``warn`` is told, in a sentence for people, when memory ran out and work goes on with smaller batches or on the
    CPU. The number of threads that torch uses is left as it is.
    """

    def __init__(
        self,
        spec: ModelSpec,
        network: "nn.Module",
        device: str,
        precision: Precision,
        warn: Callable[[str], None] = log.warning,
        batch_size: int | None = None,
    ) -> None:
        self.spec = spec
        self.device = device
        self.batch_size = batch_size or BATCH_SIZES[device.partition(":")[0]]
        self._warn = warn
        self._lock = threading.RLock()
        self._workers: ThreadPoolExecutor | None = None
        self._network: nn.Module = network.eval()
        self._quick: nn.Module = folded(network, spec.input.crop)
        """What embeds: the network, its batch norms folded. It itself is what learns."""
        self._move_to(device)
        self.precision = precision
        self._ring: list[Tensor] = []
        self._place_constants()

    @property
    def precision(self) -> Precision:
        """In which it works."""
        return self._precision

    @precision.setter
    def precision(self, precision: Precision) -> None:
        self._precision = precision
        if self._quick is self._network:
            return
        if precision == "bfloat16" and self.device == "cpu":
            _shorten(self._quick)
            if self._runs():
                return
        if _is_shortened(self._quick):
            self._quick = folded(self._network, self.spec.input.crop)
            self._move_to(self.device)

    @property
    def quick(self) -> "nn.Module":
        """The same, its batch norms folded: what embeds."""
        return self._quick

    @property
    def network(self) -> "nn.Module":
        """What was loaded, as it was, on the device: (n, 3, crop, crop) normalised -> (n, dimension) features."""
        return self._network

    def embed(self, pixels: Pixels) -> Embeddings:
        """Unit vectors of ``pixels``: uint8 (n, crop, crop, 3) -> float32 (n, dimension).

        A picture in which the network sees nothing at all gives a row of zeros. Raises ValueError for pixels of
        another form, ModelError where not even a single picture fits into memory or the network gives no numbers.
        """
        side = self.spec.input.crop
        if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[1:] != (side, side, 3):
            raise ValueError(f"expected uint8 pixels (n, {side}, {side}, 3), got {pixels.dtype} {pixels.shape}")
        if not len(pixels):
            return np.zeros((0, self.spec.dimension), np.float32)
        # A GPU is used in turns. On a CPU a query must not wait until a batch of the indexing is done.
        with self._lock if self.device != "cpu" else nullcontext():
            features = self._features(pixels)
            if not np.isfinite(features).all() and self.precision != "float32":
                log.warning("%s overflows in %s; float32 from here on", self.spec.name, self.precision)
                self.precision = "float32"
                features = self._features(pixels)
        if features.shape != (len(pixels), self.spec.dimension) or not np.isfinite(features).all():
            raise ModelError(
                f"The model {self.spec.name} does not give {self.spec.dimension} numbers per picture.",
                "Its weights or its record are damaged: remove the model and add it again.",
            )
        lengths = np.linalg.norm(features, axis=1, keepdims=True)
        unit: Embeddings = features / np.maximum(lengths, np.float32(1e-12))
        return unit

    def classes(self, row: Embeddings, k: int = 5) -> list[tuple[str, float]]:
        """The ``k`` likeliest classes of one embedding (dimension,) with their probabilities; empty for a model that
        gives no probabilities, or whose classes have no known names."""
        return top_classes(row, k, self.spec.classes) if names_classes(self.spec) else []

    def _features(self, pixels: Pixels) -> Embeddings:
        """Features of all pixels, retrying with less memory for as long as that can help."""
        while True:
            try:
                return np.concatenate(list(self._batches(pixels)))
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
                message = str(error)
            # Outside the except block: the traceback holds on to the tensors that did not fit.
            self._make_room(message)

    def _make_room(self, message: str) -> None:
        import torch

        if self.device == "cpu":
            self.batch_size = min(self.batch_size, CACHED)  # more are never looked at at a time
        log.warning("out of memory on %s at %d pictures: %s", self.device, self.batch_size, message)
        self._ring.clear()
        if self.device.startswith("cuda"):
            torch.cuda.empty_cache()
        if self.batch_size > 1:
            self.batch_size //= 2
            self._warn(f"Memory on {self.device} ran out. Going on with {self.batch_size} pictures at a time.")
        elif self.device != "cpu":
            self._warn(f"Memory on {self.device} is not enough for this model. Going on more slowly on the CPU.")
            self.device, self.batch_size = "cpu", BATCH_SIZES["cpu"]
            self._move_to("cpu")
            self.precision = "float32"
            self._place_constants()
        else:
            raise ModelError(
                f"Memory is not enough for the model {self.spec.name}.",
                "Close other programs, or choose a smaller model.",
            )

    def _runs(self) -> bool:
        import torch

        side = self.spec.input.crop
        try:
            run(self._quick, torch.zeros(1, 3, side, side), self._precision)
        except RuntimeError as error:  # a part that insists on full precision
            log.info("%s keeps its weights in full precision: %s", self.spec.name, error)
            return False
        return True

    def _move_to(self, device: str) -> None:
        import torch

        for network in (self._network, self._quick):
            network.to(device)
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's types leave it out

    def _place_constants(self) -> None:
        import torch

        mean, std = (torch.tensor(values, device=self.device) for values in (self.spec.input.mean, self.spec.input.std))
        self._scale = (1 / (255 * std)).reshape(1, 3, 1, 1)
        self._shift = (-mean / std).reshape(1, 3, 1, 1)

    def _batches(self, pixels: Pixels) -> Iterator[Embeddings]:
        if self.device.startswith("cuda"):
            return self._batches_on_cuda(pixels)
        return self._batches_in_turn(pixels)

    def _batches_in_turn(self, pixels: Pixels) -> Iterator[Embeddings]:
        import torch

        def rows_of(start: int) -> Embeddings:
            # A copy: torch wants writable memory in one piece, callers may have neither.
            batch = torch.from_numpy(np.array(pixels[start : start + size]))
            rows: Embeddings = self._forward(batch.to(self.device)).cpu().numpy()
            return rows

        size = self.batch_size if self.device != "cpu" else min(self.batch_size, CACHED)
        starts = range(0, len(pixels), size)
        if self.device == "cpu" and len(starts) > 1 and torch.get_num_threads() > 1:
            if self._workers is None:
                self._workers = one_core_each(torch.get_num_threads())
            yield from self._workers.map(rows_of, starts)
        else:
            yield from map(rows_of, starts)

    def _batches_on_cuda(self, pixels: Pixels) -> Iterator[Embeddings]:
        """The CPU fills pinned buffers while the GPU works on those before."""
        import torch

        size = min(self.batch_size, len(pixels))
        if not self._ring or self._ring[0].shape[0] < size:
            self._ring = [
                torch.empty((size, *pixels.shape[1:]), dtype=torch.uint8, pin_memory=True) for _ in range(RING)
            ]
        new_event: Any = torch.cuda.Event  # it has no types
        copied: list[Any] = [None] * RING
        results = []
        with torch.cuda.device(self.device):
            for turn, start in enumerate(range(0, len(pixels), size)):
                slot = turn % RING
                if copied[slot] is not None:
                    copied[slot].synchronize()  # until its last batch has left this buffer
                part = pixels[start : start + size]
                buffer = self._ring[slot][: len(part)]
                buffer.numpy()[...] = part
                batch = buffer.to(self.device, non_blocking=True)
                copied[slot] = new_event()
                copied[slot].record()
                results.append(self._forward(batch))
            yield torch.cat(results).cpu().numpy()

    def _forward(self, batch: "Tensor") -> "Tensor":
        """uint8 (n, h, w, 3) on the device -> features. The permuted view is channels_last already."""
        return run(self._quick, batch.permute(0, 3, 1, 2) * self._scale + self._shift, self.precision)


def _shorten(network: "nn.Module") -> None:
    """Keep the weights of convolutions in bfloat16, as autocast would make them anew for every batch."""
    import torch

    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            for name, parameter in list(module.named_parameters(recurse=False)):  # which the network itself may share
                short = torch.nn.Parameter(parameter.detach().to(torch.bfloat16), requires_grad=False)
                module.register_parameter(name, short)


def _is_shortened(network: "nn.Module") -> bool:
    import torch

    return any(parameter.dtype == torch.bfloat16 for parameter in network.parameters())


def one_core_each(threads: int) -> ThreadPoolExecutor:
    """Threads in which torch uses one core each: several batches side by side instead of one on all cores.

    A network of many small steps waits at the end of each for the slowest core, and where decoders use the cores as
    well, that one is always busy [measured on two cores: 1.1 to 1.3 times as many pictures].
    """
    import torch
    from threadpoolctl import threadpool_limits

    def begin() -> None:
        torch.get_num_threads()  # or torch would set its usual number in this thread later on
        threadpool_limits(1, user_api="openmp")

    return ThreadPoolExecutor(threads, "embedder", begin)


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether torch failed for want of memory, on whatever device."""
    import torch

    text = str(error)
    return isinstance(error, torch.OutOfMemoryError) or "out of memory" in text or "can't allocate memory" in text
