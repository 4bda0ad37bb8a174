"""Just enough of the protobuf format to find something in an ONNX file before anything else reads it."""

from collections.abc import Iterator, Mapping

VARINT, EIGHT_BYTES, LENGTH, FOUR_BYTES = 0, 1, 2, 5

_WITHIN: Mapping[str, Mapping[int, str]] = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
"""Message -> the fields that hold messages in which tensors may lie. From onnx.proto, which only ever grows."""
_DATA_LOCATION = 14
_EXTERNAL = 1
_DEEPEST = 64


def has_external_data(onnx: bytes) -> bool:
    """Whether a tensor of an ONNX model lies in another file. Raises ValueError for what is no such model."""
    return _searches(memoryview(onnx), "model", 0)


def _searches(message: memoryview, kind: str, depth: int) -> bool:
    if depth > _DEEPEST:
        raise ValueError("it is nested too deeply")
    for field, value in _fields(message):
        if isinstance(value, int):
            if kind == "tensor" and field == _DATA_LOCATION and value == _EXTERNAL:
                return True
        elif field in _WITHIN[kind] and _searches(value, _WITHIN[kind][field], depth + 1):
            return True
    return False


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """The fields of a message in order: numbers as such, and what has a length as its bytes."""
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        kind = key & 7
        if kind == VARINT:
            value, place = _varint(message, place)
            yield key >> 3, value
            continue
        length = {EIGHT_BYTES: 8, FOUR_BYTES: 4}.get(kind, 0)
        if kind == LENGTH:
            length, place = _varint(message, place)
        elif not length:
            raise ValueError("it is no protobuf")
        if place + length > len(message):
            raise ValueError("it ends too early")
        if kind == LENGTH:
            yield key >> 3, message[place : place + length]
        place += length


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(message):
            raise ValueError("it ends too early")
        byte = message[place]
        value |= (byte & 0x7F) << shift
        place += 1
        if byte < 0x80:
            return value, place
    raise ValueError("it is no protobuf")
