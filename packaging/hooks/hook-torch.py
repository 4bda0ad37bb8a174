"""torch for a program that runs and trains networks. Replaces PyInstaller's own hook, which takes all of the wheel."""

from pathlib import Path

from PyInstaller.utils.hooks import PY_DYLIB_PATTERNS, collect_dynamic_libs, get_module_file_attribute

# torch reads its own sources at import (settings, overloads). Its compiler, which the app does not call, only needs
# that of its settings.
module_collection_mode = {"torch": "pyz+py", "torch._inductor": "pyz", "torch._inductor.config": "pyz+py"}
warn_on_missing_hiddenimports = False
# Only torch/lib: torch/test and torch/bin are programs of torch's own tests.
binaries = [
    entry for entry in collect_dynamic_libs("torch", search_patterns=[*PY_DYLIB_PATTERNS, "*.so.*"])
    if entry[1].replace("\\", "/") == "torch/lib"
]  # fmt: skip
# torch does not start without it, though only tensors that are shared between processes need it.
folder = Path(get_module_file_attribute("torch")).parent
binaries += [(str(file), "torch/bin") for file in folder.glob("bin/torch_shm_manager*")]
# torch looks for its libraries beside the real file, not beside a link to it.
bindepend_symlink_suppression = ["**/torch/lib/*.so*"]
