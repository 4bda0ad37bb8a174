"""Where networks run, and in which precision."""

import time
from typing import TYPE_CHECKING, Literal, TypeGuard

from imagefinder.domain.errors import ModelError
from imagefinder.domain.specs import InputSpec

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

Precision = Literal["float32", "bfloat16", "float16"]

REDUCED: dict[str, tuple[Precision, ...]] = {"cuda": ("float16", "bfloat16"), "cpu": ("bfloat16",)}
"""What is worth trying before float32, best first."""
AGREEMENT = 0.999
"""Least mean cosine between the vectors in full and in reduced precision."""
WORTHWHILE = 1.1
"""A reduced precision must be this much faster on a CPU, or the choice would be noise."""
SELF_TEST_SECONDS = 1.0
SELF_TEST_PICTURES = 4


def available_devices() -> list[str]:
    """The devices of this machine, best first: CUDA, then MPS, then the CPU, which is always there."""
    import torch

    devices = [f"cuda:{i}" if i else "cuda" for i in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        devices.append("mps")
    return [*devices, "cpu"]


def choose_device(wanted: str = "auto") -> str:
    """``wanted``, or for "auto" the best device that is there. Raises ModelError naming what is there."""
    devices = available_devices()
    if wanted == "auto":
        return devices[0]
    if wanted == "cuda:0":
        wanted = "cuda"
    if wanted not in devices:
        raise ModelError(
            f"There is no device {wanted!r} that imagefinder can use.",
            f"Choose one of: auto, {', '.join(devices)}.",
        )
    return wanted


def is_usable(precision: str | None, device: str) -> TypeGuard[Precision]:
    """Whether ``device`` can work in ``precision``."""
    return precision == "float32" or precision in REDUCED.get(device.partition(":")[0], ())


def run(network: "nn.Module", batch: "Tensor", precision: Precision) -> "Tensor":
    """The features of a normalised batch, as float32 on the batch's device."""
    import torch

    with torch.inference_mode():
        if precision == "float32":
            features: Tensor = network(batch)
        else:
            with torch.autocast(batch.device.type, dtype=dtype_of(precision)):
                features = network(batch)
        return features.float()


def dtype_of(precision: Precision) -> "torch.dtype":
    import torch

    return {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[precision]


def fastest_precision(network: "nn.Module", spec: InputSpec, device: str) -> Precision:
    """The precision to use for ``network`` (already on ``device``, channels last), by trying it for about a second.

    CUDA takes the first reduced precision whose vectors agree with full precision. A CPU must also be faster with
    it, which it is where it has instructions for it and far from it where it has not.
    """
    candidates = REDUCED.get(device.partition(":")[0], ())
    if not candidates or next(network.parameters(), None) is None:
        return "float32"  # nothing to gain, or nothing but arithmetic that needs its digits
    pictures = _pictures(spec, device)
    reference = run(network, pictures, "float32")
    for precision in candidates:
        if _agrees(reference, run(network, pictures, precision)) and (
            device.startswith("cuda") or _is_faster(network, pictures, precision)
        ):
            return precision
    return "float32"


def _agrees(reference: "Tensor", other: "Tensor") -> bool:
    from torch.nn.functional import cosine_similarity

    return cosine_similarity(reference, other).mean().item() > AGREEMENT  # False for NaN


def _is_faster(network: "nn.Module", pictures: "Tensor", precision: Precision) -> bool:
    """Compare the best times of turns taken for a second; both ran once already."""
    best: dict[Precision, float] = {"float32": float("inf"), precision: float("inf")}
    end = time.perf_counter() + SELF_TEST_SECONDS
    while time.perf_counter() < end or best[precision] == float("inf"):
        for turn in best:
            start = time.perf_counter()
            run(network, pictures, turn)
            best[turn] = min(best[turn], time.perf_counter() - start)
    return best["float32"] > WORTHWHILE * best[precision]


def _pictures(spec: InputSpec, device: str) -> "Tensor":
    """Smooth random pictures, normalised roughly like photographs: plain noise would mislead about precision."""
    import torch
    from torch.nn.functional import interpolate

    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(SELF_TEST_PICTURES, 3, 8, 8, generator=generator)
    pictures = interpolate(coarse, size=(spec.crop, spec.crop), mode="bilinear")
    pictures = pictures + 0.05 * torch.randn(pictures.shape, generator=generator)
    mean, std = (torch.tensor(values).reshape(1, 3, 1, 1) for values in (spec.mean, spec.std))
    return ((pictures.clamp(0, 1) - mean) / std).to(device).contiguous(memory_format=torch.channels_last)
