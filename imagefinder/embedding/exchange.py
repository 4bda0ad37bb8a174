"""A model as one file that carries its record: safetensors, as it stands on the shelf and travels between machines.

A file that comes from somebody else is not trusted: its header is small, its record holds nothing but plain values
of a sensible size, and it builds no network with settings that only serve to fill the memory. Whether its weights are
those that its record was written for is told by its checksum (see checkpoints.py), which every export carries. One
that was exported before there were checksums is taken without: there is nothing to compare its weights with, and it
never takes the place of a model that is here.
"""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from imagefinder.domain.errors import ModelError
from imagefinder.domain.specs import Comparison, Framing, InputSpec, Interpolation, ModelSpec, Output, Projection
from imagefinder.embedding import cirtorch_file, onnx_file
from imagefinder.embedding.backbones import OWN_LENGTH
from imagefinder.embedding.blend import base_of, is_blend
from imagefinder.embedding.checkpoints import read_record
from imagefinder.embedding.presets import ARCHITECTURES

LARGEST_HEADER = 16 * 2**20
"""Networks of thousands of layers need a tenth of that."""
LARGEST_SIDE = 4096
LARGEST_DIMENSION = 2**16
LONGEST_TEXT = 2000
MOST_PARTS = 16
OPTIONS = frozenset(
    {
        *("version", "widths", "depths", OWN_LENGTH, "pooling", *cirtorch_file.SWITCHES),
        *(key for one in ARCHITECTURES.values() for key in one.options),
    }
)
MOST_CLASSES = 2**16
LARGEST_NUMBER = 4096
MOST_BLOCKS = 64
TUNED_OPTIONS = frozenset({"base", "cut", "width", "blocks", "pooling", "blending", "training"})
MOST_ENTRIES = 1000
"""In one list of what a tuned model's record says about its training."""
MOST_TUNINGS = 4
"""How often a model may have been tuned from one that was tuned before."""
DEEPEST = 6 + 2 * MOST_TUNINGS


def read_exchange(file: Path) -> ModelSpec:
    """The record of a model file that somebody gave us. Raises ModelError where there is none, or an odd one."""
    try:
        with file.open("rb") as opened:
            length = int.from_bytes(opened.read(8), "little")
    except OSError as error:
        raise ModelError(f"{file.name} cannot be opened: {error.strerror or error}.", "Check the path.") from error
    if length > LARGEST_HEADER:
        raise ModelError(
            f"{file.name} is not a model that imagefinder exported: its header is too large.",
            "Plain weights are added with: imagefinder models add FILE --architecture NAME",
        )
    try:
        spec = read_record(file)
    except ModelError as error:
        raise ModelError(
            f"{file.name} carries no record of a model.",
            "Plain weights are added with: imagefinder models add FILE --architecture NAME",
        ) from error
    wrong = _what_is_wrong(spec)
    if wrong:
        raise ModelError(f"The record in {file.name} is not sound: {wrong}.", "Ask for the file again.")
    return spec


def check_place(target: Path, overwrite: bool = False) -> None:
    """Raises ModelError for a place that no model can be exported to, or not without being told to ``overwrite``."""
    if target.exists() and not overwrite:
        raise ModelError(f"{target} is there already.", "Choose another name, or say --overwrite.")
    if not target.parent.is_dir():
        raise ModelError(
            f"The model cannot be written to {target}: there is no folder {target.parent}.", "Choose another place."
        )


def _what_is_wrong(spec: ModelSpec, tunings: int = 0) -> str:
    """Half a sentence about the first thing that no exported record has; empty where all is well.

    ``tunings`` counts those between the file's own record and this one, of a model that it was tuned from.
    """
    texts = (spec.name, spec.source, spec.architecture, spec.pooling, spec.weights_sha256)
    prose = (spec.provenance, spec.licence, spec.description)
    if not all(_is_text(text, 200) for text in texts) or not all(_is_text(text, LONGEST_TEXT) for text in prose):
        return "a text in it is too long or not printable"
    if not re.fullmatch("[0-9a-f]{64}" if not tunings else "([0-9a-f]{64})?", spec.weights_sha256):
        return "it does not say which weights it is about"
    if not (_is_whole(spec.dimension, LARGEST_DIMENSION) and _is_input(spec.input)):
        return "sizes, mean or deviation are not possible"
    words = ((spec.output, Output), (spec.projection, Projection), (spec.compare, Comparison))
    if not all(isinstance(word, str) and word in get_args(known) for word, known in words):
        return "it asks for what this version does not know"
    parts = len(spec.layers) <= MOST_PARTS and all(_is_text(layer, 200) for layer in spec.layers)
    scales = 0 < len(spec.scales) <= MOST_PARTS and all(_is_number(scale) and scale > 0 for scale in spec.scales)
    if not (parts and scales and isinstance(spec.centred, bool)):
        return "layers or scales are not possible"
    if len(spec.classes) > MOST_CLASSES or not all(_is_text(name, 200) for name in spec.classes):
        return "the names of its classes are too many, too long or not printable"
    if not isinstance(spec.options, dict):
        return "it has settings that this version does not use"
    if spec.source == onnx_file.SOURCE:
        return "" if _is_onnx(spec.options) else "it does not say what to read of its ONNX file"
    if is_blend(spec):
        return _what_is_wrong_with_tuning(spec, tunings)
    if not all(_is_option(key, value) for key, value in spec.options.items()):
        return "it has settings that this version does not use"
    return ""


def _what_is_wrong_with_tuning(spec: ModelSpec, tunings: int) -> str:
    if tunings == MOST_TUNINGS:
        return "it was tuned again and again, more often than this version follows"
    if not spec.options.keys() <= TUNED_OPTIONS:
        return "it has settings that this version does not use"
    given = spec.options.get("blending")
    blocks = spec.options.get("blocks")
    parts = (
        isinstance(given, dict)
        and _is_whole(given.get("dimension"), LARGEST_DIMENSION)
        and _is_whole(spec.options.get("width"), LARGEST_DIMENSION)
        and isinstance(blocks, list)
        and len(blocks) <= MOST_BLOCKS
        and all(_is_text(text, 200) for text in (spec.options.get("cut"), spec.options.get("pooling"), *blocks))
    )
    if not parts or not _is_plain(spec.options):
        return "it does not say how the model was tuned"
    try:
        return _what_is_wrong(base_of(spec), tunings + 1)
    except ModelError:
        return "it does not say from which model this one was tuned"


def _is_input(seen: InputSpec) -> bool:
    return (
        _is_whole(seen.crop, LARGEST_SIDE)
        and _is_whole(seen.resize, LARGEST_SIDE)
        and seen.resize >= seen.crop
        and seen.framing in get_args(Framing)
        and seen.interpolation in get_args(Interpolation)
        and len(seen.mean) == len(seen.std) == 3
        and all(_is_number(value) for value in (*seen.mean, *seen.std))
        and all(value > 0 for value in seen.std)
    )


def _is_onnx(options: Mapping[str, Any]) -> bool:
    return (
        options.keys() == {onnx_file.LENGTH, onnx_file.OUTPUT, onnx_file.ROW}
        and _is_whole(options[onnx_file.LENGTH], onnx_file.LARGEST_FILE)
        and _is_whole(options[onnx_file.ROW], LARGEST_DIMENSION)
        and _is_text(options[onnx_file.OUTPUT], 200)
    )


def _is_option(key: str, value: Any) -> bool:
    if key not in OPTIONS:
        return False
    if isinstance(value, list):
        most = MOST_BLOCKS if key == "depths" else LARGEST_NUMBER
        return 0 < len(value) <= MOST_PARTS and all(_is_whole(number, most) for number in value)
    return isinstance(value, bool) or _is_whole(value, LARGEST_NUMBER) or _is_text(value, 200)


def _is_plain(value: Any, depth: int = DEEPEST) -> bool:
    """Whether a value of a record is nothing but texts, numbers, and lists of such."""
    if isinstance(value, dict | list):
        inner = [*value, *value.values()] if isinstance(value, dict) else value
        return depth > 0 and len(value) <= MOST_ENTRIES and all(_is_plain(each, depth - 1) for each in inner)
    return value is None or isinstance(value, bool) or _is_number(value) or _is_text(value, LONGEST_TEXT)


def _is_text(value: Any, longest: int) -> bool:
    return isinstance(value, str) and len(value) <= longest and value.isprintable()


def _is_whole(value: Any, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= most


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
