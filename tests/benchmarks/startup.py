"""From the start of the process to a drawn window: ours against an empty one of PySide6."""

import os
import subprocess
import sys
import tempfile

from measuring import in_turns, say

BARE = """
from PySide6.QtWidgets import QApplication, QMainWindow
app = QApplication([])
window = QMainWindow()
window.resize(1240, 820)
window.show()
window.grab()
"""
OURS = """
import sys
from pathlib import Path
from imagefinder import app
from imagefinder.paths import Paths
qt = app.application()
window = app.build(Paths.resolve(Path(sys.argv[1])))
window.show()
window.grab()
heavy = {"torch", "torchvision", "timm", "faiss", "numpy", "PIL", "sqlite3"} & set(sys.modules)
assert not heavy, heavy
sys.stdout.flush()
import os
os._exit(0)
"""


def main() -> None:
    """Whole processes, in turns."""
    # An installed app has its byte code; here it is kept apart from the working tree.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as folder:
        environment["PYTHONPYCACHEPREFIX"] = folder + "/bytecode"

        def run(code: str) -> None:
            subprocess.run([sys.executable, "-c", code, folder], check=True, env=environment, stderr=subprocess.DEVNULL)

        for code in (OURS, BARE):
            run(code)  # byte code is written once
        ours, bare = in_turns(lambda: run(OURS), lambda: run(BARE), rounds=9)
        say("window shown / bare PySide6 window", ours / bare, "<= 1.3", f"[{ours * 1e3:.0f} ms, {bare * 1e3:.0f} ms]")
