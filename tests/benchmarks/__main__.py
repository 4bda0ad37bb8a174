"""All benchmarks in one command: `python tests/benchmarks [NAME ...]`. Ratios measured side by side on this machine."""

import importlib
import os
import sys
from pathlib import Path

NAMES = (
    "decode", "indexing", "rescan", "batch", "startup", "query", "words", "stored", "fluidity", "grid", "metrics_share",
    "training",
)  # fmt: skip


def main() -> None:
    """Run the named benchmarks, or all."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sys.path.insert(0, str(Path(__file__).parents[1]))
    for name in sys.argv[1:] or NAMES:
        print(f"== {name}", flush=True)
        importlib.import_module(name).main()


if __name__ == "__main__":
    main()
