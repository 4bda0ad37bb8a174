"""Photos through the part of a network that stays as it is, once: what comes out is learned from many times."""

import copy
import errno
import json
import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imagefinder.domain.errors import ModelError
from imagefinder.domain.images import Embeddings, Pixels
from imagefinder.domain.specs import InputSpec
from imagefinder.domain.training import TrainingError
from imagefinder.embedding.device import Precision, run
from imagefinder.embedding.embedder import CACHED, is_out_of_memory, one_core_each
from imagefinder.embedding.folding import folded

if TYPE_CHECKING:
    from torch import Tensor, nn

FLOAT16_LIMIT = 65504.0


class Look:
    """Shows pixels to a network before it is tuned, in two parts: ``front``, and what is tuned.

    ``activations`` says whether what lies between is wanted. The front, which never learns, runs with its batch norms
    folded; the module itself stays as it is, to be saved.
    """

    def __init__(
        self,
        front: "nn.Module",
        tuned: "nn.Module",
        spec: InputSpec,
        device: str,
        precision: Precision,
        batch_size: int,
        activations: bool,
        warn: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._front, self._tuned, self._spec = _quick(front, spec.crop, device), tuned, spec
        self._device, self._precision, self._activations, self._warn = device, precision, activations, warn
        self._size = batch_size if device != "cpu" else min(batch_size, CACHED)
        self._workers: ThreadPoolExecutor | None = None

    def at(self, pixels: Pixels) -> tuple[npt.NDArray[np.float16] | None, Embeddings]:
        """uint8 (n, crop, crop, 3) -> (what enters the part that is tuned, as half floats, or None; unit features)."""
        while True:
            try:
                seen = list(self._batches(pixels))
                break
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
                if self._size == 1:
                    raise TrainingError(
                        "Memory is not enough for this model.", "Close other programs, or choose a smaller model."
                    ) from error
            # Outside the except block: the traceback holds on to the tensors that did not fit.
            self._size //= 2
            self._warn(f"Memory on {self._device} ran out. Going on with {self._size} photos at a time.")
        between = [reached for reached, _ in seen if reached is not None]
        return (np.concatenate(between) if between else None), np.concatenate([features for _, features in seen])

    def _batches(self, pixels: Pixels) -> Iterator[tuple[npt.NDArray[np.float16] | None, Embeddings]]:
        import torch

        parts = [pixels[start : start + self._size] for start in range(0, len(pixels), self._size)]
        if self._device != "cpu" or len(parts) == 1 or torch.get_num_threads() == 1:
            return map(self._run, parts)
        if self._workers is None:
            self._workers = one_core_each(torch.get_num_threads())
        return self._workers.map(self._run, parts)

    def _run(self, pixels: Pixels) -> tuple[npt.NDArray[np.float16] | None, Embeddings]:
        from torch.nn.functional import normalize

        reached = run(self._front, normalised(pixels, self._spec, self._device), self._precision)
        features: Embeddings = normalize(run(self._tuned, reached, self._precision)).cpu().numpy()
        if not self._activations:
            return None, features
        return reached.clamp(-FLOAT16_LIMIT, FLOAT16_LIMIT).half().cpu().numpy(), features


def _quick(front: "nn.Module", crop: int, device: str) -> "nn.Module":
    on_cpu = front if device == "cpu" else copy.deepcopy(front).to("cpu")  # where folding happens
    return folded(on_cpu, crop).to(device)


def normalised(pixels: "Pixels | Tensor", spec: InputSpec, device: str) -> "Tensor":
    """uint8 (n, crop, crop, 3) -> (n, 3, crop, crop) as the network wants it, on the device."""
    import torch

    batch = pixels if isinstance(pixels, torch.Tensor) else torch.from_numpy(np.array(pixels))
    mean, std = (torch.tensor(values, device=device).reshape(1, 3, 1, 1) for values in (spec.mean, spec.std))
    return (batch.to(device).permute(0, 3, 1, 2) * (1 / (255 * std)) - mean / std).contiguous(
        memory_format=torch.channels_last
    )


class Seen(NamedTuple):
    """One photo: its views (v, crop, crop, 3), the middle one first, and when it was taken ("" if unknown)."""

    pixels: Pixels
    taken_at: str


@dataclass(slots=True)
class Progressed:
    """What is noted beside the arrays: how many photos are done, which of them could not be read, and their times."""

    done: int = 0
    unreadable: dict[str, str] = field(default_factory=dict)
    times: list[str] = field(default_factory=list)
    activations: bool = False
    """Whether these are kept beside the features."""


class Collection:
    """Features, and where wanted activations, of photos in several views, in two files that grow photo by photo.

    ``key`` stands for the photos, the model and the views. What is in the folder for the same key is continued.
    Raises ModelError where the disk refuses.
    """

    def __init__(self, folder: Path, key: str, photos: Sequence[str], views: int, dimension: int) -> None:
        self._folder, self._key, self._photos = folder, key, photos
        self._views, self._dimension = views, dimension
        self._activations: npt.NDArray[Any] | None = None
        self.noted = self._continued() or Progressed()
        mode = "r+" if self.noted.done else "w+"
        self._features = self._open("features.npy", mode, np.float32, (views, dimension))
        if self.noted.activations:
            self._activations = self._open("activations.npy", mode, np.float16, ())

    @property
    def features(self) -> npt.NDArray[np.float32]:
        """(photos, views, dimension)."""
        return self._features

    @property
    def activations(self) -> npt.NDArray[Any]:
        """(photos, views, ...) half floats. Raises ModelError where none were kept."""
        if self._activations is None:
            raise ModelError("No activations were kept.", "Start the training again.")
        return self._activations

    def add(self, photos: Sequence[Seen | str], look: Look) -> None:
        """The next photos, or the reasons why they could not be read."""
        good = [(self.noted.done + place, seen) for place, seen in enumerate(photos) if isinstance(seen, Seen)]
        if good:
            places = [place for place, _ in good]
            between, features = look.at(np.concatenate([seen.pixels for _, seen in good]))
            if not np.isfinite(features).all():
                raise ModelError("The model gives no numbers for a photo.", "Remove the model and add it again.")
            if between is not None:
                if self._activations is None:
                    one = (self._views, *between.shape[1:])
                    self._activations = self._open("activations.npy", "w+", np.float16, one)
                    self.noted.activations = True
                self._activations[places] = between.reshape(len(good), self._views, *between.shape[1:])
            self._features[places] = features.reshape(len(good), self._views, -1)
        for seen in photos:
            if isinstance(seen, Seen):
                self.noted.times.append(seen.taken_at)
            else:
                self.noted.unreadable[self._photos[len(self.noted.times)]] = seen
                self.noted.times.append("")
        self.noted.done += len(photos)

    def note(self) -> None:
        """Bring everything so far to the disk, the numbers first."""
        try:
            for array in (self._features, self._activations):
                if isinstance(array, np.memmap):
                    array.flush()
            record = {
                "key": self._key,
                "done": self.noted.done,
                "unreadable": self.noted.unreadable,
                "times": self.noted.times,
                "activations": self.noted.activations,
            }
            partial = self._folder / ".collected.part"
            with partial.open("w", encoding="utf-8") as file:
                json.dump(record, file)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self._folder / "collected.json")
        except OSError as error:
            raise self._refused(error) from error

    def _continued(self) -> Progressed | None:
        try:
            record = json.loads((self._folder / "collected.json").read_text("utf-8"))
            if record["key"] != self._key:
                return None
            noted = Progressed(
                int(record["done"]), dict(record["unreadable"]), list(record["times"]), bool(record["activations"])
            )
            here = (len(self._photos), self._views)
            features = np.load(self._folder / "features.npy", mmap_mode="r")
            fits = features.shape == (*here, self._dimension) and noted.done == len(noted.times)
            if noted.activations:
                fits = fits and np.load(self._folder / "activations.npy", mmap_mode="r").shape[:2] == here
            return noted if fits else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _open(self, name: str, mode: Any, kind: Any, shape: tuple[int, ...]) -> npt.NDArray[Any]:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            whole = (len(self._photos), *shape)
            wanted = int(np.prod(whole)) * np.dtype(kind).itemsize
            if mode == "w+":
                _check_space(self._folder, wanted)
                return np.lib.format.open_memmap(self._folder / name, mode=mode, dtype=kind, shape=whole)
            return np.lib.format.open_memmap(self._folder / name, mode=mode)
        except (OSError, ValueError) as error:
            raise self._refused(error) from error

    def _refused(self, error: Exception) -> ModelError:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            return _full(self._folder)
        text = getattr(error, "strerror", None) or error
        return ModelError(
            f"The training cannot be kept in {self._folder}: {text}.",
            "Check that this folder can be written to, and continue.",
        )


def _check_space(folder: Path, wanted: int) -> None:
    """A file with holes could be written to the end of a full disk, and the process would be killed there."""
    import shutil

    free = shutil.disk_usage(folder).free
    if free < wanted:
        raise _full(folder, f": teaching needs {_size(wanted, math.ceil)}, and {_size(free, math.floor)} are free")


def _full(folder: Path, numbers: str = "") -> ModelError:
    """Names the drive as the system does, by where it is mounted or by its letter: it is where to make space."""
    drive = next((each for each in (folder, *folder.parents) if os.path.ismount(each)), folder.anchor)
    return ModelError(f"There is too little space on the drive {drive}{numbers}.", "Make space, and continue.")


def _size(count: int, rounded: Callable[[float], int]) -> str:
    """Such as "340 MB" and "1.2 GB"."""
    return f"{rounded(count / 1e6):,} MB" if count < 1e9 else f"{rounded(count / 1e8) / 10:,.1f} GB"
