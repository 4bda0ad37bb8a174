"""What people, sync tools and cables do to folders, at random, with labels: by content, every label stays right.

A few hundred steps by default; `pytest tests/usecases/test_disk_states.py --disk-steps 10000` for the long run. Of what
fails, the message has the seed and every step. (Not a hypothesis machine: its runs end after a handful of steps, before
there is anything to lose.)
"""

import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from drawing import draw_photo
from imagefinder.domain.images import FolderState
from imagefinder.embedding.embedder import Embedder
from imagefinder.imaging.files import content_key
from imagefinder.imaging.reading import read_image
from imagefinder.imaging.structure import is_edit
from imagefinder.storage.library import Library
from imagefinder.usecases.indexing import index
from imagefinder.usecases.models import Models

PICTURES = 8
STEPS = 100
FOLDERS = ("one", "two", "one/album", "one/nas", "one/nas/deep", "two/album", "two/.hidden")
NAMES = [f"IMG_{number}.{kind}" for number in range(1, 5) for kind in ("bmp", "jpg")]


@cache
def embedder() -> Embedder:
    with tempfile.TemporaryDirectory() as folder:
        models = Models(Path(folder) / "models", "cpu")
        with Library.open(Path(folder) / "library") as unused:
            return models.embedder(unused, models.spec(unused))


@cache
def pictures(kind: str) -> list[bytes]:
    """Drawings that nobody, and no model, would take for edits of each other. The bitmaps all have one size."""
    chosen: list[tuple[bytes, np.ndarray, bytes]] = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(10_000):
            path = draw_photo(Path(folder) / f"{seed}.{kind}", seed, (96, 72))
            read = read_image(str(path), embedder().spec.input)
            row = embedder().embed(read.pixels[None])[0]
            if all(float(row @ r) < 0.3 and not is_edit(read.thumbnail, t, alike=False) for _, r, t in chosen):
                chosen.append((path.read_bytes(), row, read.thumbnail))
            if len(chosen) == PICTURES:
                return [data for data, _, _ in chosen]
    raise AssertionError("the drawings are too much alike")


class Disk:
    """Two roots, and what happens to them.

    A label says which picture it was given to, so it is right wherever that picture is, and wrong elsewhere.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.steps: list[str] = []
        self.base = Path(tempfile.mkdtemp())
        self.disk = self.base / "top"
        self.store = self.base / "unplugged"
        self.store.mkdir()
        self.library = Library.open(self.base / "library")
        self.picture_of: dict[bytes, int] = {}
        self.labelled: set[int] = set()
        """Pictures that were ever given a label."""
        self.edited: set[int] = set()
        self.unplugged: dict[Path, bytes] = {}
        """Contents that the library knew on drives that are away, and where."""
        for folder in FOLDERS:
            (self.disk / folder).mkdir(parents=True, exist_ok=True)
        for root in ("one", "two"):
            self.library.add_folder(str(self.disk / root))

    def close(self) -> None:
        self.library.close()
        shutil.rmtree(self.base)

    def step(self) -> None:
        """One thing that happens, by chance."""
        what, *others = self.random.choices([event for event, _ in EVENTS], [weight for _, weight in EVENTS])
        assert not others
        self.steps.append(what.__name__)
        what(self)

    def note(self, *details: object) -> None:
        self.steps[-1] += f"({', '.join(str(detail).removeprefix(str(self.base)) for detail in details)})"

    def a_file(self) -> Path | None:
        files = self.files()
        return self.random.choice(files) if files else None

    def a_place(self, kind: str | None = None) -> Path | None:
        """Where a file of a kind could be put; None where its drive is away."""
        folder = self.disk / self.random.choice(FOLDERS)
        name = self.random.choice([name for name in NAMES if kind is None or name.endswith(kind)])
        return folder / name if folder.is_dir() else None

    # Files

    def files(self) -> list[Path]:
        return sorted(path for path in self.disk.rglob("*") if path.is_file())

    def write(self, path: Path) -> None:
        kind, picture = path.suffix[1:], self.random.randrange(PICTURES)
        data = pictures(kind)[picture]
        self.picture_of[content_key(data)] = picture if kind == "bmp" else PICTURES + picture
        path.write_bytes(data)

    def picture_at(self, path: Path) -> int:
        return self.picture_of[content_key(path.read_bytes())]

    def appear(self) -> None:
        path = self.a_place()
        if path is not None and not path.exists():
            self.write(path)
            self.note(path)

    def copy(self) -> None:
        origin = self.a_file()
        path = self.a_place(origin.suffix) if origin is not None else None
        if origin is not None and path is not None and not path.exists():
            shutil.copy2(origin, path)
            self.note(origin, path)

    def move(self) -> None:
        origin = self.a_file()
        path = self.a_place(origin.suffix) if origin is not None else None
        if origin is not None and path is not None and not path.exists():
            origin.rename(path)
            self.note(origin, path)

    def swap(self) -> None:
        one, other = self.a_file(), self.a_file()
        if one is not None and other is not None and one != other and one.suffix == other.suffix:
            same_time = self.random.random() < 0.5
            if same_time:
                shutil.copystat(one, other)
            aside = one.with_name("aside")
            one.rename(aside)
            other.rename(one)
            aside.rename(other)
            self.note(one, other, same_time)

    def renumber(self) -> None:
        """Every name one up, over the last one; or one down, over the first one."""
        folder, kind = self.disk / self.random.choice(FOLDERS), self.random.choice(["bmp", "jpg"])
        up = self.random.random() < 0.5
        for path in sorted(folder.glob(f"IMG_*.{kind}"), reverse=up):
            number = int(path.stem[4:]) + (1 if up else -1)
            if 1 <= number <= 4:
                path.rename(path.with_name(f"IMG_{number}.{kind}"))
        self.note(folder, kind, up)

    def delete(self) -> None:
        if (path := self.a_file()) is not None:
            path.unlink()
            self.note(path)

    def overwrite(self) -> None:
        """Another picture in the place of one, with a time of its own or, as some sync tools do, the old one."""
        if (path := self.a_file()) is not None:
            before, keep_time = path.stat(), self.random.random() < 0.3
            self.write(path)
            if keep_time:
                os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
            self.note(path, keep_time)

    def edit(self) -> None:
        """As a program does that changes the metadata: other bytes, the same picture."""
        if (path := self.a_file()) is not None:
            picture = self.picture_at(path)
            data = path.read_bytes() + self.random.randbytes(3)
            self.picture_of[content_key(data)] = picture
            self.edited.add(picture)
            path.write_bytes(data)
            self.note(path)

    def touch_everything(self) -> None:
        seconds = self.random.randrange(1, 3600)
        for path in self.files():
            status = path.stat()
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns - seconds * 10**9))

    def move_folder(self) -> None:
        moves = (("one/album", "two/moved"), ("two/moved", "one/album"), ("two/album", "one/album2"))
        source, target = (self.disk / part for part in self.random.choice(moves))
        if source.is_dir() and target.parent.is_dir() and not target.exists():
            source.rename(target)
            self.note(source, target)

    # Drives

    def unplug(self) -> None:
        what = self.random.choice(["one/nas", "one/nas", "one", "two"])
        path, aside = self.disk / what, self.store / what.replace("/", "-")
        if path.is_dir() and not aside.exists() and not (what == "one" and (self.store / "one-nas").exists()):
            for file in path.rglob("*"):
                photo = self.library.photo_at(str(file)) if file.is_file() else None
                if photo is not None and photo.content_key == content_key(file.read_bytes()):
                    self.unplugged[file] = photo.content_key
            path.rename(aside)
            if str(path) not in [root.path for root in self.library.folders()] or self.random.random() < 0.5:
                path.mkdir()  # a mount point stays; a small folder that is gone altogether was deleted
            self.note(path)

    def plug_in(self) -> None:
        for aside in list(self.store.iterdir()):
            path = self.disk / aside.name.replace("-", "/")
            if path.parent.is_dir() and (not path.exists() or not any(path.iterdir())):
                if path.exists():
                    path.rmdir()
                aside.rename(path)
                self.note(path)
        if not any(self.store.iterdir()):
            self.unplugged.clear()

    def change_unplugged(self) -> None:
        """Another computer renames what is on a drive that is away here."""
        files = sorted(path for path in self.store.rglob("IMG_*") if path.is_file())
        if files:
            path = self.random.choice(files)
            new = path.with_name(self.random.choice([name for name in NAMES if name.endswith(path.suffix)]))
            if not new.exists():
                path.rename(new)
                self.note(path, new)

    # The library

    def label(self) -> None:
        if photos := self.library.newest(10_000):
            photo = self.random.choice(photos)
            picture = self.picture_of[photo.content_key]
            self.library.set_labels([photo.id], f"{picture}.{self.random.randrange(10)}")
            self.labelled.add(picture)
            self.note(photo.path)

    def remove_a_root(self) -> None:
        roots = self.library.folders()
        if len(roots) > 1 or self.random.random() < 0.3:
            for root in roots[:1]:
                self.library.remove_folder(root.id)
                self.unplugged.clear()
                self.note(root.path)

    def add_a_root(self) -> None:
        path = str(self.disk / self.random.choice(["one", "two", "one", "two", ""]))
        inside = any(path.startswith(os.path.join(folder.path, "")) for folder in self.library.folders())
        if os.path.isdir(path) and not inside:
            self.library.add_folder(path)
            self.note(path)

    def scan(self) -> None:
        self.leave_out_copies()
        index(self.library, embedder())
        self.no_label_is_wrong_or_lost()
        self.everything_is_there()

    def scan_one_root(self) -> None:
        self.leave_out_copies()
        for root in self.library.folders()[:1]:
            index(self.library, embedder(), [root.id])
            self.note(root.path)
        self.no_label_is_wrong_or_lost()

    def leave_out_copies(self) -> None:
        """What was copied off a drive before it went is known by its copy, which may go its own way.

        And what another file has the place of waits among the removed.
        """
        copied = {content_key(path.read_bytes()) for path in self.files()}
        self.unplugged = {path: key for path, key in self.unplugged.items() if key not in copied and not path.exists()}

    def reopen(self) -> None:
        self.library.close()
        self.library = Library.open(self.base / "library")

    # The oracle

    def said(self) -> Iterator[tuple[int, str]]:
        """The picture and the label of every photo that has one, of the library and of what was removed from it."""
        with self.library._database.read() as connection:
            kept = connection.execute("SELECT p.content_key, l.name FROM photo p JOIN label l ON l.photo_id = p.id")
            gone = connection.execute("SELECT content_key, label FROM removed_photo WHERE label IS NOT NULL")
            for key, name in [*kept.fetchall(), *gone.fetchall()]:
                yield self.picture_of[key], name

    def no_label_is_wrong_or_lost(self) -> None:
        said = list(self.said())
        for picture, name in said:
            assert name.startswith(f"{picture}."), f"{name} is on picture {picture}"
        assert self.labelled <= {picture for picture, _ in said}

    def everything_is_there(self) -> None:
        """What lies in the roots that are there is in the library under its path, and labelled if its picture is."""
        labels = self.library.labelled_by_hand()
        held = {photo.content_key for photo in self.library.newest(10_000)}
        with self.library._database.read() as connection:  # where something else lies in the place of a drive
            held |= {key for (key,) in connection.execute("SELECT content_key FROM removed_photo")}
        for path, key in self.unplugged.items():
            assert key in held, f"{path} was forgotten while its drive was away"
        for root in self.library.folders():
            if root.state is FolderState.OFFLINE:
                continue
            for path in self.files():
                relpath = os.path.relpath(path, root.path)
                if relpath.startswith("..") or any(part.startswith(".") for part in Path(relpath).parts):
                    continue
                photo = self.library.photo_at(str(path))
                assert photo is not None, f"{path} is not in the library"
                assert photo.content_key == content_key(path.read_bytes())
                assert not photo.offline
                picture = self.picture_at(path)
                if picture in self.labelled and picture not in self.edited:
                    same = [p for p in self.library.newest(10_000) if p.content_key == photo.content_key]
                    assert any(p.id in labels for p in same), f"picture {picture} at {path} lost its label"
        assert self.library.verify().problems == ()


EVENTS: tuple[tuple[Callable[[Disk], None], int], ...] = (
    (Disk.appear, 14), (Disk.copy, 5), (Disk.move, 8), (Disk.swap, 8), (Disk.renumber, 5), (Disk.delete, 5),
    (Disk.overwrite, 3), (Disk.edit, 3), (Disk.touch_everything, 2), (Disk.move_folder, 3), (Disk.unplug, 3),
    (Disk.plug_in, 5), (Disk.change_unplugged, 3), (Disk.label, 10), (Disk.remove_a_root, 1), (Disk.add_a_root, 3),
    (Disk.scan, 16), (Disk.scan_one_root, 5), (Disk.reopen, 1),
)  # fmt: skip


@pytest.mark.timeout(3600)
def test_labels_stay_with_their_pictures(request: pytest.FixtureRequest) -> None:
    steps: int = request.config.getoption("--disk-steps")
    for seed in range(-(-steps // STEPS)):
        disk = Disk(seed)
        try:
            for _ in range(STEPS):
                disk.step()
        except Exception as error:
            raise AssertionError(f"seed {seed}, after " + "; ".join(disk.steps)) from error
        finally:
            disk.close()
