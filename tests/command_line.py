"""The command line called in this process, on a base folder of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from imagefinder.cli import main
from imagefinder.embedding.shelf import ModelShelf


class Cli:
    """Runs commands on one hermetic base folder and reads what they print."""

    def __init__(self, base: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.base = base
        self._capsys = capsys
        self.errors = ""

    def __call__(self, *arguments: str, expect: int = 0) -> str:
        code = main([*arguments, *self.always])
        printed = self._capsys.readouterr()
        self.errors = printed.err
        assert code == expect, printed.err
        return printed.out

    def json(self, *arguments: str, expect: int = 0) -> Any:
        return json.loads(self(*arguments, "--json", expect=expect))

    def listed(self, name: str) -> dict[str, Any]:
        rows: list[dict[str, Any]] = self.json("models")
        return next(row for row in rows if row["name"] == name)

    def spawn(self, *arguments: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "imagefinder", *arguments, *self.always]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", env=environment
        )

    @property
    def always(self) -> list[str]:
        return ["--basedir", str(self.base), "--device", "cpu"]

    @property
    def shelf(self) -> ModelShelf:
        return ModelShelf(self.base / "data" / "models")
