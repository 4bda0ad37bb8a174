"""Weights on disk: read without running what is in them, fitted to a network, written with the model's record.

A file that is written here also carries a checksum of its record and its tensors, which every later reading compares.
``weights_sha256`` in the record cannot serve for that: it is of the file that the weights came in, and says which
weights a library was made with. The checksum finds damage and tools that changed the tensors under a record; it is no
signature. Files from before it, and weights from elsewhere, carry none and are taken as they are.
"""

import hashlib
import json
import logging
import os
import pickle
import re
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from imagefinder.domain.errors import ModelError
from imagefinder.domain.specs import ModelSpec
from imagefinder.embedding.representation import bare

if TYPE_CHECKING:
    from torch import Tensor, nn

log = logging.getLogger(__name__)

RECORD_KEY = "imagefinder"
CHECKSUM_KEY = "imagefinder_sha256"
LAYERS_TOLD = 5
"""How many layers of each kind of misfit an error names; the log gets all."""
LONGEST_NAME = 200
WRAPPERS = ("state_dict_ema", "model_ema", "state_dict", "model", "teacher", "module")
PREFIXES = ("module.", "_orig_mod.", "model.", "backbone.", "encoder.")
HEADS = (
    *("classifier", "fc", "head", "heads", "head_dist", "last_linear", "aux1", "aux2", "AuxLogits"),
    *("text", "logit_scale", "logit_bias"),
    *("attn_pool", "pool"),
)
"""Parts of a file that a network without classifier, text side or learned pooling leaves out."""
LEARNED_LATER = ("num_batches_tracked", "pool.p")
"""Tensors that a file may lack: counters, and the power of a pooling that it was not trained with."""
NUMPY_MODULES = ("numpy.core.multiarray", "numpy._core.multiarray")
NUMPY_KINDS = "?bBhHiIlLqQefd"
LARGEST_HEADER = 100 * 2**20
"""The safetensors format's own limit."""
MUST_BE = "It must be a .safetensors file, or a .pth file with nothing but weights."


def read_weights(path: Path) -> dict[str, "Tensor"]:
    """The tensors of a safetensors file or of a PyTorch checkpoint, on the CPU, by name.

    Checkpoints are read with ``weights_only=True``: no code in them runs. Raises ModelError that says what the
    file is instead of weights, and for a file whose tensors or record are not those of its checksum; hashing takes
    about a second for 1.5 GB.
    """
    return tensors_of(read_content(path), path.name)


def read_content(path: Path) -> Any:
    """What such a file holds, as it holds it: tensors by name, or those among other things. Raises as read_weights."""
    try:
        with path.open("rb") as file:
            start = file.read(512)
    except OSError as error:
        raise ModelError(f"{path.name} cannot be opened: {error.strerror or error}.", "Check the path.") from error
    if not start:
        raise ModelError(f"{path.name} is empty.", "Copy or download it again.")
    text = start.lstrip().lower()
    if text.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise ModelError(f"{path.name} is a web page, not weights.", "Download the file itself, not the page about it.")
    if text.startswith(b"version https://git-lfs"):
        raise ModelError(f"{path.name} only points to the weights (Git LFS).", "Run git lfs pull, or download it.")
    # A safetensors file starts with the length of its header, which may look like the start of a pickle.
    headed = start[8:9] == b"{" and int.from_bytes(start[:8], "little") <= LARGEST_HEADER
    if not headed and (start.startswith(b"PK\x03\x04") or start[:1] == b"\x80"):
        return _read_checkpoint(path)
    return _read_safetensors(path)


def read_record(path: Path) -> ModelSpec:
    """The model's record in a safetensors file, without reading its weights. Raises ModelError where there is none."""
    header = _header(path)
    try:
        return ModelSpec.from_json(header["__metadata__"][RECORD_KEY])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _not_ours(path, error) from error


def _header(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 0 < length <= min(LARGEST_HEADER, os.fstat(file.fileno()).st_size):
                raise ValueError("not a safetensors file")
            header = json.loads(file.read(length))
        if not isinstance(header, dict):
            raise TypeError("not a safetensors file")
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise _not_ours(path, error) from error
    return header


def _not_ours(path: Path, error: Exception) -> ModelError:
    return ModelError(
        f"The model file {path.name} is damaged or not one of imagefinder's: {_sentence(error)}",
        "Remove the model and add it again.",
    )


def tensor_names(path: Path) -> frozenset[str]:
    """What the tensors of a safetensors file are called, without reading them. Raises ModelError."""
    return frozenset(_header(path))


def write_model(path: Path, state: Mapping[str, "Tensor"], spec: ModelSpec) -> None:
    """Write weights with their record and a checksum of both as safetensors: whole or not at all.

    Raises ModelError, as on a full disk.
    """
    from safetensors.torch import save

    whole = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}
    record = spec.to_json()
    data = save(whole, {RECORD_KEY: record, CHECKSUM_KEY: _checksum(record, whole)})
    partial = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as file:
            partial = Path(file.name)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        if partial is not None:
            partial.unlink(missing_ok=True)
        raise ModelError(
            f"The model cannot be saved to {path.parent}: {error.strerror or error}.",
            "Make space or choose another place.",
        ) from error


def tensors_sha256(state: Mapping[str, "Tensor"]) -> str:
    """What tells weights from others, for the record of those that were made here: 64 hex digits over names, kinds,
    shapes and values."""
    import torch

    digest = hashlib.sha256()
    for name, tensor in sorted(state.items()):
        whole = tensor.detach().cpu().contiguous()
        digest.update(json.dumps([name, str(whole.dtype), list(whole.shape)]).encode())
        digest.update(whole.flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _checksum(record: str, state: Mapping[str, "Tensor"]) -> str:
    return hashlib.sha256(json.dumps([record, tensors_sha256(state)]).encode()).hexdigest()


def load_into(network: "nn.Module", state: Mapping[str, "Tensor"]) -> None:
    """Copy weights into ``network``, all of them or none.

    A classifier in the file is ignored where the network has none, missing counters and a missing power of GeM are
    harmless, and the wrappings that training scripts leave are taken off. Raises ModelError that names the first layers
    that do not fit; where there are more, the log gets all of them, in the order of the network.
    """
    target = network.state_dict()
    state = _fitted(network, target, state)
    missing = [name for name in target if name not in state and not name.endswith(LEARNED_LATER)]
    extra = _in_order(target, [name for name in state if name not in target and name.partition(".")[0] not in HEADS])
    shapes = [
        f"{name} is {_shape(state[name])}, needs {_shape(target[name])}"
        for name in target
        if name in state and state[name].shape != target[name].shape
    ]
    problems = {
        f"{len(names)} {what}": [_printable(name) for name in names]
        for what, names in (
            ("layers are missing", missing),
            ("layers are not part of the network", extra),
            ("layers have another shape", shapes),
        )
        if names
    }
    if problems:
        raise _misfit(problems)
    damaged = [name for name in target if name in state and not _is_finite(state[name])]
    if damaged:
        raise ModelError(
            f"The weights are damaged: {damaged[0]} holds values that are not numbers.", "Copy or download them again."
        )
    network.load_state_dict({name: tensor for name, tensor in state.items() if name in target}, strict=False)


def _is_finite(tensor: "Tensor") -> bool:
    import torch

    if tensor.dtype in (torch.float32, torch.float16):  # a hundred small ones take torch's threads longer than numpy
        return bool(np.isfinite(tensor.numpy()).all())
    return bool(torch.isfinite(tensor).all())


def _misfit(problems: Mapping[str, list[str]]) -> ModelError:
    hint = "Choose the architecture that the weights were trained with."
    if any(len(names) > LAYERS_TOLD for names in problems.values()):
        for what, names in problems.items():
            log.info("The weights do not fit: %s:\n    %s", what, "\n    ".join(names))
        hint += " Every layer is named in the log, which --verbose prints on the command line."
    told = [
        f"{what} ({'; '.join(names[:LAYERS_TOLD])}{'; ...' if len(names) > LAYERS_TOLD else ''})"
        for what, names in problems.items()
    ]
    return ModelError(f"The weights do not fit the network: {', '.join(told)}.", hint)


def _in_order(target: Mapping[str, "Tensor"], strangers: list[str]) -> list[str]:
    """Names that the network has not, each behind the part of the network that it would be in, layer 2 before 10.

    A file's own order says nothing: safetensors sorts by kind and spelling.
    """
    ends: dict[str, int] = {}
    for place, name in enumerate(target):
        for end in (0, *(dot.start() for dot in re.finditer(r"\.", name))):
            ends[name[:end]] = place

    def order(name: str) -> tuple[int, str]:
        within = name.rpartition(".")[0]
        while within and within not in ends:
            within = within.rpartition(".")[0]
        return ends.get(within, 0), re.sub(r"\d+", lambda number: number[0].zfill(6), name)

    return sorted(strangers, key=order)


def _printable(name: str) -> str:
    """A name from a file that somebody gave us, for a terminal or a line of the log."""
    return "".join(character if character.isprintable() else "?" for character in name[:LONGEST_NAME])


def unwrapped(target: Iterable[str], state: "Mapping[str, Tensor]") -> "dict[str, Tensor]":
    """``state`` without what training scripts put before all names, and ``target``, the network's own, have not."""
    target, names = tuple(target), dict(state)
    for prefix in PREFIXES:
        if not any(name.startswith(prefix) for name in target) and all(name.startswith(prefix) for name in names):
            names = {name.removeprefix(prefix): tensor for name, tensor in names.items()}
    return names


def _fitted(
    network: "nn.Module", target: Mapping[str, "Tensor"], state: Mapping[str, "Tensor"]
) -> Mapping[str, "Tensor"]:
    """``state`` under the names of ``network``."""
    state = unwrapped(target, state)
    if all(
        state[name].shape == tensor.shape if name in state else name.endswith(LEARNED_LATER)
        for name, tensor in target.items()
    ):
        return state
    network = bare(network)
    # timm knows how to turn the checkpoints of a network's authors into its own form.
    convert = getattr(sys.modules[type(network).__module__], "checkpoint_filter_fn", None)
    if convert is None:
        return state
    try:
        converted = convert(dict(state), network)
    except (KeyError, RuntimeError, ValueError, AttributeError, TypeError, IndexError):
        return state  # not a form that it knows: the comparison of the names will say what is wrong
    return converted if isinstance(converted, dict) else state


def _read_safetensors(path: Path) -> Any:
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        data = path.read_bytes()  # by path safetensors only takes UTF-8 names
        state = load(data)
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        message = f"{path.name} is not a file of weights, or it is damaged: {_sentence(error)}"
        raise ModelError(message, MUST_BE) from error
    written = header.get("__metadata__") or {}
    if CHECKSUM_KEY in written and written[CHECKSUM_KEY] != _checksum(written.get(RECORD_KEY, ""), state):
        raise ModelError(
            f"{path.name} is damaged, or it was changed after imagefinder wrote it: its checksum is another.",
            "Get the file again from where it came from.",
        )
    return state


def _sentence(error: Exception) -> str:
    return f"{str(error).rstrip('.')}."


def _read_checkpoint(path: Path) -> Any:
    import torch

    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                _check_no_program(path.name, archive.namelist())
                # PyTorch stores without compression, so what unpacks to more than the file is no checkpoint.
                if sum(entry.file_size for entry in archive.infolist()) > path.stat().st_size:
                    raise ModelError(f"{path.name} is compressed, as PyTorch's checkpoints never are.", MUST_BE)
        allowed: Any = _numpy_parts()  # pairs of a part and its name: the types know of parts only
        with warnings.catch_warnings(), path.open("rb") as file, torch.serialization.safe_globals(allowed):
            warnings.filterwarnings("ignore", "Detected pickle protocol", UserWarning)
            return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ModelError(
            f"{path.name} holds more than weights, and running what is in it would not be safe.",
            "Save only the state_dict, best as .safetensors.",
        ) from error
    except (RuntimeError, OSError, EOFError, ValueError, KeyError, AttributeError, TypeError, IndexError) as error:
        raise ModelError(f"{path.name} is damaged: {_sentence(error)}", "Copy or download it again.") from error
    except (zipfile.BadZipFile, MemoryError, RecursionError, AssertionError) as error:
        raise ModelError(f"{path.name} is damaged.", "Copy or download it again.") from error


def _check_no_program(name: str, entries: list[str]) -> None:
    """Raises ModelError for what torch.jit.save and torch.export write, which is a program with its weights."""
    scripted = any("/code/" in entry for entry in entries) and any(e.endswith("constants.pkl") for e in entries)
    if scripted or any(entry.endswith(("serialized_exported_program.json", "models/model.json")) for entry in entries):
        raise ModelError(
            f"{name} is a program ({'TorchScript' if scripted else 'torch.export'}) and not only weights: loading it "
            "would run what is in it.",
            "Save the network's state_dict with torch.save, or export the network to ONNX.",
        )


def _numpy_parts() -> list[tuple[Any, str]]:
    """What arrays of numbers are made of in a checkpoint, under the names of NumPy 1 and 2: plain data, as tensors."""
    parts: list[Any] = [np.zeros(0).__reduce__()[0], np.float32(0).__reduce__()[0]]  # that of arrays, that of numbers
    return [
        *((part, f"{module}.{part.__name__}") for part in parts for module in NUMPY_MODULES),
        (np.ndarray, "numpy.ndarray"),
        (np.dtype, "numpy.dtype"),
        *((type(np.dtype(kind)), f"numpy.dtypes.{type(np.dtype(kind)).__name__}") for kind in NUMPY_KINDS),
    ]


def tensors_of(content: Any, name: str) -> dict[str, "Tensor"]:
    """The tensors in what a file holds; ``name`` is the file's. Raises ModelError where there are none."""
    import torch

    while isinstance(content, dict):
        inner = next((content[key] for key in WRAPPERS if isinstance(content.get(key), dict)), None)
        if inner is None:
            break
        content = inner
    if not isinstance(content, dict) or not content:
        raise ModelError(f"{name} has no weights in it.", MUST_BE)
    tensors = {key: value for key, value in content.items() if isinstance(key, str) and isinstance(value, torch.Tensor)}
    if not tensors:
        raise ModelError(f"{name} has no weights in it.", MUST_BE)
    return tensors


def _shape(tensor: "Tensor") -> str:
    return " x ".join(map(str, tensor.shape)) or "a number"
