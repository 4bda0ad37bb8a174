"""A network in an ONNX file, whose bytes are the one tensor of its model: "onnx".

onnxruntime runs it, on the CPU. It knows the operations of the format and no others, so a file cannot bring code; and
one that keeps numbers in other files is refused, as it could name any file of this machine.
"""

import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from imagefinder.domain.errors import ModelError
from imagefinder.domain.specs import InputSpec, ModelSpec
from imagefinder.embedding.protobuf_walk import has_external_data
from imagefinder.embedding.seeing import IMAGENET, Seeing

if TYPE_CHECKING:
    from torch import Tensor, nn

SOURCE = "onnx"
SUFFIX = ".onnx"
TENSOR = "onnx"
LENGTH, OUTPUT, ROW = "bytes", "output", "features"
"""The options of such a record: how long the file is, which of its outputs is the row, and how long that is."""
LARGEST_FILE = 2**31
"""Protobuf's own limit."""
COLOURS = 3
TYPES = {"tensor(float)": np.float32, "tensor(uint8)": np.uint8}
WHOLE_NUMBERS = InputSpec(IMAGENET.crop, IMAGENET.resize)
"""For a network that takes bytes, and so brings pixels to its own scale."""


@dataclass(frozen=True, slots=True)
class OnnxInput:
    """What a network wants to be shown."""

    name: str
    kind: str
    """A key of TYPES."""
    channels_last: bool
    side: int
    """0 where any will do."""
    batch: int
    """0 where any will do."""


def is_onnx(file: Path) -> bool:
    """By its name: the format has no mark of its own."""
    return file.suffix.lower() == SUFFIX


def read_onnx(file: Path, seeing: Seeing) -> tuple[ModelSpec, "dict[str, Tensor]"]:
    """The record, without a name and a checksum, and the tensor of a network of one's own.

    Where ``seeing`` says nothing, the middle of a picture is shown as ImageNet's networks are. Raises ModelError for
    what is no ONNX file, is not shown one square picture, keeps numbers elsewhere, or gives no row of numbers.
    """
    import torch

    try:
        data = file.read_bytes()
    except OSError as error:
        raise ModelError(f"{file.name} cannot be opened: {error.strerror or error}.", "Check the path.") from error
    try:
        elsewhere = has_external_data(data)
    except ValueError as error:
        raise ModelError(f"{file.name} is not an ONNX file, or it is damaged: {error}.", "Export it again.") from error
    if elsewhere:
        raise ModelError(
            f"{file.name} keeps its weights in another file beside it.",
            "Save it as one file: onnx.save(onnx.load(FILE), NEW_FILE)",
        )
    session = _session(data)
    wanted = _input_of(session)
    seen = _seen(wanted, seeing)
    output, row = _row_of(session, wanted, seen.crop)
    name = "".join(character if character.isprintable() else "?" for character in file.stem[:200])
    spec = ModelSpec(
        "",
        SOURCE,
        name,
        seen,
        row,
        "native",
        {LENGTH: len(data), OUTPUT: output, ROW: row},
        description="An ONNX file.",
    )
    return spec, {TENSOR: torch.frombuffer(bytearray(data), dtype=torch.uint8)}


def build_onnx(spec: ModelSpec) -> "nn.Module":
    """The network of a record, (n, 3, crop, crop) -> (n, dimension); it works once its tensor is loaded. Raises
    ModelError for a record that is not of such a network, or asks it for what it does not do."""
    import torch
    from torch import nn

    length, output = spec.options.get(LENGTH), spec.options.get(OUTPUT)
    if not isinstance(length, int) or not 0 < length < LARGEST_FILE or not isinstance(output, str):
        raise ModelError(
            f"The record of {spec.name or spec.architecture} does not say which ONNX file it is about.",
            "Remove the model and add it again.",
        )
    if spec.layers or spec.pooling != "native":
        raise ModelError(
            "An ONNX network is taken as it is: it has no layers to read.", "Leave out pooling and layers."
        )

    held = torch.zeros((length,), dtype=torch.uint8)
    row: str = output

    class OnnxNetwork(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer(TENSOR, held)
            self._lock = threading.Lock()
            self._ready: tuple[Any, OnnxInput] | None = None

        def forward(self, pictures: "Tensor") -> "Tensor":
            session, wanted = self._session()
            given = pictures.detach().float().cpu().numpy()
            rows = torch.from_numpy(_run(session, wanted, row, given)).to(pictures.device)
            # Of what ends in a softmax already, logarithms are scores whose softmax it is.
            return rows.clamp_min(1e-30).log() if spec.output == "probabilities" and _are_shares(rows) else rows

        def _session(self) -> tuple[Any, OnnxInput]:
            with self._lock:
                if self._ready is None:
                    session = _session(self.get_buffer(TENSOR).cpu().numpy().tobytes())
                    self._ready = session, _input_of(session)
                return self._ready

        def __getstate__(self) -> dict[str, Any]:
            return {**self.__dict__, "_lock": None, "_ready": None}

        def __setstate__(self, state: dict[str, Any]) -> None:
            super().__setstate__({**state, "_lock": threading.Lock()})  # type: ignore[no-untyped-call]  # torch's own

    return OnnxNetwork().eval()


def own_length(spec: ModelSpec) -> int:
    """How long the rows of the file itself are. Raises ModelError where the record does not say it."""
    length = spec.options.get(ROW)
    if not isinstance(length, int) or not 0 < length < LARGEST_FILE:
        raise ModelError(
            f"The record of {spec.name or spec.architecture} does not say how long its rows are.",
            "Remove the model and add it again.",
        )
    return length


def _are_shares(rows: "Tensor") -> bool:
    return bool((rows >= 0).all() and ((rows.sum(1) - 1).abs() < 1e-3).all())


def _session(data: bytes) -> Any:
    """Raises ModelError where onnxruntime is not here, or does not run this."""
    try:
        import onnxruntime
    except ImportError as error:
        raise ModelError(
            "ONNX files need onnxruntime, which is not installed here.",
            "Install it: pip install 'imagefinder[onnx]'",
        ) from error
    import torch

    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what is wrong comes as an error as well
    options.intra_op_num_threads = torch.get_num_threads()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # which starves those who decode
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its own kinds have no name in common but this
        unknown = re.search(r"(\S+:\S+?)(?:\(-?\d+\))? is not a registered|No Op registered for (\S+)", str(error))
        if unknown:
            operation = (unknown[1] or unknown[2]).removeprefix(":")
            raise ModelError(
                f"This ONNX file uses an operation that onnxruntime does not have: {operation}.",
                "Export it with the operations of ONNX itself, or update onnxruntime.",
            ) from error
        raise ModelError(
            f"onnxruntime cannot run this ONNX file: {_short(error)}", "Export it again, or update onnxruntime."
        ) from error


def _short(error: Exception) -> str:
    """The first line of what onnxruntime says, without its marks."""
    lines = re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", str(error)).strip().splitlines() or [repr(error)]
    return f"{lines[0][:200].rstrip('.')}."


def _input_of(session: Any) -> OnnxInput:
    """Raises ModelError for an input that is not a square picture in colours."""
    inputs = session.get_inputs()
    if len(inputs) != 1:
        raise ModelError(
            f"This ONNX file wants more than a picture: {', '.join(each.name for each in inputs) or 'nothing at all'}.",
            "Export the part of it that looks at pictures.",
        )
    name, shape, kind = inputs[0].name, list(inputs[0].shape), inputs[0].type
    said = f"{name}, {' x '.join(str(side or '?') for side in shape)}, {kind.removeprefix('tensor').strip('()')}"
    fixed = [side if isinstance(side, int) and side > 0 else 0 for side in shape]
    if len(shape) != 4 or not (COLOURS in (fixed[1], fixed[3]) or fixed[1] == fixed[3] == 0):
        raise ModelError(
            f"The input of this ONNX file is not a picture: {said}.",
            "It must be n x 3 x height x width, or n x height x width x 3.",
        )
    if kind not in TYPES:
        raise ModelError(
            f"The input of this ONNX file is of a kind that pictures are not shown in: {said}.",
            "Export it for float32 or uint8.",
        )
    last = fixed[3] == COLOURS != fixed[1]
    height, width = fixed[1:3] if last else fixed[2:4]
    if height and width and height != width:
        raise ModelError(
            f"This ONNX file wants pictures of {width} x {height} pixels, and they are shown as squares.",
            "Export it for a square.",
        )
    return OnnxInput(name, kind, last, height or width, fixed[0])


def _seen(wanted: OnnxInput, seeing: Seeing) -> InputSpec:
    usual = IMAGENET
    if TYPES[wanted.kind] is np.uint8:
        if seeing.mean is not None or seeing.std is not None:
            raise ModelError(
                "This ONNX file takes pixels as bytes and brings them to its own scale.", "Leave out --mean and --std."
            )
        usual = WHOLE_NUMBERS
    if wanted.side:
        if seeing.size not in (None, wanted.side):
            raise ModelError(f"This ONNX file is for {wanted.side} x {wanted.side} pixels only.", "Leave out --size.")
        usual = Seeing(size=wanted.side).of(usual)
    return seeing.of(usual)


def _row_of(session: Any, wanted: OnnxInput, side: int) -> tuple[str, int]:
    """The first output that is a row of numbers for each picture, and how long it is. Raises ModelError."""
    given = np.zeros((2, COLOURS, side, side), np.float32)  # of one, a row of no picture in particular is one of it
    shapes = []
    for output in session.get_outputs():
        try:
            return output.name, _run(session, wanted, output.name, given).shape[1]
        except ValueError as error:
            shapes.append(f"{output.name}, {error}")
        except RuntimeError as error:
            raise ModelError(
                f"This ONNX file cannot look at {side} x {side} pixels: {error}", "Give another --size."
            ) from error
    raise ModelError(
        f"This ONNX file gives no row of numbers for a picture: {'; '.join(shapes) or 'nothing'}.",
        "Export it with its pooling, so that it gives n x d.",
    )


def _run(session: Any, wanted: OnnxInput, output: str, pictures: Any) -> Any:
    """float32 (n, 3, h, w) -> float32 (n, d), as many at a time as the network takes.

    Raises ValueError with the shape of what is no row, RuntimeError for what onnxruntime does not do.
    """
    if TYPES[wanted.kind] is np.uint8:
        pictures = np.rint(pictures * 255).clip(0, 255).astype(np.uint8)
    if wanted.channels_last:
        pictures = pictures.transpose(0, 2, 3, 1)
    step = wanted.batch or max(len(pictures), 1)
    rows = []
    for start in range(0, len(pictures), step):
        part = pictures[start : start + step]
        missing = step - len(part)
        whole = np.concatenate([part, np.repeat(part[-1:], missing, 0)]) if missing else part
        try:
            (result,) = session.run([output], {wanted.name: np.ascontiguousarray(whole)})
        except Exception as error:  # as above
            raise RuntimeError(_short(error)) from error
        rows.append(_as_rows(result, step)[: len(part)])
    return np.concatenate(rows)


def _as_rows(result: Any, count: int) -> Any:
    if not isinstance(result, np.ndarray) or not np.issubdtype(result.dtype, np.number):
        raise ValueError("no numbers")
    length = result.size // count if result.size % count == 0 else 0
    flat = result.ndim < 2 or (len(result) == count and max(result.shape[1:]) == length)
    if length < 2 or not flat or (result.ndim == 1 and count > 1):
        raise ValueError(" x ".join(map(str, result.shape)) or "one number")
    return result.reshape(count, length).astype(np.float32)
