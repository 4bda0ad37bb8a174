"""What the tests of exchanged models share: a network, and files with another record."""

import json
from pathlib import Path
from typing import Any

from imagefinder.domain.specs import InputSpec, ModelSpec
from imagefinder.embedding.checkpoints import RECORD_KEY

TIMM = "timm:mobilenetv3_small_050.lamb_in1k"
TUNED_FROM = ModelSpec(
    "small", "builtin", "compact", InputSpec(32, 32), 16, options={"widths": [8, 8], "depths": [1, 1]}, licence="MIT"
)  # fmt: skip


def metadata(file: Path) -> dict[str, str]:
    data = file.read_bytes()
    written: dict[str, str] = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
    return written


def with_record(file: Path, record: Any) -> Path:
    """The file with another record in its header, and no checksum."""
    data = file.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header["__metadata__"] = {RECORD_KEY: record if isinstance(record, str) else json.dumps(record)}
    written = json.dumps(header).encode()
    written += b" " * (-len(written) % 256)  # a length that is a multiple of 256
    file.write_bytes(len(written).to_bytes(8, "little") + written + data[8 + length :])
    return file
