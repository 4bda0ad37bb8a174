"""torchvision beside a torch that its compiled part was not made for.

PyPI's torchvision next to a CPU-only torch cannot load its compiled part and then stops its own import with
"operator torchvision::nms does not exist", because it describes two operators that are not there. The networks
need neither. Declaring the two makes the import work; where torchvision is complete nothing is touched.
"""

import importlib
import sys
import threading
from types import ModuleType
from typing import Any

_SCHEMAS = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}
_lock = threading.Lock()
_declared: list[Any] = []  # a torch.library.Library takes its operators with it when it is collected


def import_torchvision() -> ModuleType:
    """The torchvision package. Call this before importing timm, which imports torchvision itself. Thread-safe."""
    with _lock:
        try:
            return importlib.import_module("torchvision")
        except RuntimeError as error:
            if "torchvision::" not in str(error):
                raise
        _declare_missing()
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]  # half of it was imported
        return importlib.import_module("torchvision")


def import_timm() -> ModuleType:
    """The timm package, with torchvision imported first."""
    import_torchvision()
    return importlib.import_module("timm")


def _declare_missing() -> None:
    import torch

    new_library: Any = torch.library.Library  # it has no types
    library = new_library("torchvision", "FRAGMENT")
    for name, schema in _SCHEMAS.items():
        if not hasattr(torch.ops.torchvision, name):
            library.define(schema)
    _declared.append(library)
