"""Where a training is kept while it runs: a file that is whole at any moment, so that a crash costs one epoch."""

import io
import logging
import os
import pickle
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from imagefinder.domain.errors import ModelError

log = logging.getLogger(__name__)

FORMAT = 1


class Checkpoint:
    """One file. ``key`` stands for the photos, the base model and the recipe: a file with another key is not used."""

    def __init__(self, file: Path, key: str) -> None:
        self.file = file
        self.key = key

    def save(self, state: dict[str, Any]) -> None:
        """Write tensors, numbers and text: whole or not at all. Raises ModelError; the file before stays then."""
        import torch

        buffer = io.BytesIO()
        torch.save({"format": FORMAT, "key": self.key, "state": state}, buffer)
        partial = None
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.file.parent, prefix=".", suffix=".part", delete=False) as file:
                partial = Path(file.name)
                file.write(buffer.getbuffer())
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self.file)
        except OSError as error:
            if partial is not None:
                partial.unlink(missing_ok=True)
            raise ModelError(
                f"The training cannot be saved to {self.file.parent}: {error.strerror or error}.",
                "Make space and continue: what was learned until the last save is kept.",
            ) from error

    def load(self) -> dict[str, Any] | None:
        """What was saved last; None where nothing was, or for another training.

        Raises ModelError for a damaged file. No code in it runs.
        """
        import torch

        if not self.file.exists():
            return None
        try:
            content = torch.load(io.BytesIO(self.file.read_bytes()), map_location="cpu", weights_only=True)
            if content["format"] != FORMAT or content["key"] != self.key:
                return None
            state: dict[str, Any] = content["state"]
        except (OSError, RuntimeError, EOFError, ValueError, KeyError, TypeError, AttributeError, IndexError,
                pickle.UnpicklingError, zipfile.BadZipFile, AssertionError) as error:  # fmt: skip
            log.warning("%s: %s", self.file, error)
            raise ModelError(
                f"What was saved of this training in {self.file.name} is damaged.",
                "This part of it starts again; what was read of the photos is kept.",
            ) from error
        return state

    def remove(self) -> None:
        self.file.unlink(missing_ok=True)
