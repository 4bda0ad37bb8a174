"""Models by name: added, loaded, downloaded, removed, and never half there."""

import hashlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from imagefinder.domain.errors import Cancelled, ModelError, UnknownName
from imagefinder.domain.progress import CancelToken
from imagefinder.embedding import shelf as shelf_module
from imagefinder.embedding.architectures import Architecture, find_architecture
from imagefinder.embedding.backbones import build
from imagefinder.embedding.shelf import DEFAULT_MODEL, ModelShelf
from imagefinder.embedding.torchvision_compat import import_torchvision

TIMM = "timm:mobilenetv3_small_050.lamb_in1k"
TORCHVISION = "torchvision:shufflenet_v2_x0_5"


@pytest.fixture
def shelf(tmp_path: Path) -> ModelShelf:
    return ModelShelf(tmp_path / "models")


@pytest.fixture
def network_file(tmp_path: Path) -> Path:
    """Weights of TIMM's network, drawn at random."""
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(7)
    save_file(build(find_architecture(TIMM).spec()).state_dict(), tmp_path / "given.safetensors")
    return tmp_path / "given.safetensors"


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_an_empty_shelf_has_the_built_in_model(shelf: ModelShelf) -> None:
    assert shelf.names()[0] == DEFAULT_MODEL == "colour-layout"
    assert shelf.available(DEFAULT_MODEL)
    assert not shelf.directory.exists()
    embedder = shelf.load(DEFAULT_MODEL, device="cpu")
    side = embedder.spec.input.crop
    assert embedder.embed(np.zeros((1, side, side, 3), np.uint8)).shape == (1, embedder.spec.dimension)


def test_presets_are_known_before_their_weights_are_here(shelf: ModelShelf) -> None:
    assert "dinov2-small" in shelf.names()
    assert shelf.spec("dinov2-small").dimension == 384
    assert not shelf.available("dinov2-small")
    with pytest.raises(ModelError, match="imagefinder models download dinov2-small"):
        shelf.load("dinov2-small")
    with pytest.raises(ModelError, match="imagefinder models add FILE --architecture mobilenetv2_100_same"):
        shelf.load("mobilenetv2_100_same")


def test_unknown_names_list_the_known_ones(shelf: ModelShelf) -> None:
    for ask in (shelf.spec, shelf.available, shelf.load, shelf.remove):
        with pytest.raises(UnknownName, match=r"'colour-layout'.*dinov2-base, dinov2-small"):
            ask("colour-layuot")


def test_an_added_model_is_there_for_good(shelf: ModelShelf, network_file: Path) -> None:
    spec = shelf.add(network_file, TIMM, "mine")
    assert spec.weights_sha256 == hashlib.sha256(network_file.read_bytes()).hexdigest()
    assert spec.provenance == "Added from given.safetensors."
    assert spec.licence == "apache-2.0"
    network_file.unlink()

    again = ModelShelf(shelf.directory)
    assert again.names()[:2] == [DEFAULT_MODEL, "mine"]
    assert again.spec("mine") == spec
    assert again.available("mine")
    embedder = again.load("mine", device="cpu", precision="float32")
    rows = embedder.embed(np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), dtype=np.uint8))
    assert rows.shape == (2, spec.dimension)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-5)
    assert names_in(shelf.directory) == ["mine.safetensors"]

    again.remove("mine")
    assert "mine" not in again.names()
    assert names_in(shelf.directory) == []


def test_the_vectors_are_those_of_the_file(shelf: ModelShelf, network_file: Path) -> None:
    import torch

    from imagefinder.embedding.checkpoints import load_into, read_weights

    spec = shelf.add(network_file, TIMM, "mine")
    network = build(spec)
    load_into(network, read_weights(network_file))
    pixels = np.random.default_rng(1).integers(0, 256, (1, 224, 224, 3), dtype=np.uint8)
    normalised = (pixels / 255 - spec.input.mean) / spec.input.std
    with torch.inference_mode():
        row = network(torch.from_numpy(normalised).float().permute(0, 3, 1, 2)).numpy()
    row /= np.linalg.norm(row)
    np.testing.assert_allclose(shelf.load("mine", "cpu", "float32").embed(pixels), row, atol=1e-4)


def test_the_self_test_runs_unless_its_answer_is_known(shelf: ModelShelf, network_file: Path) -> None:
    shelf.add(network_file, TIMM, "mine")
    assert shelf.load("mine", "cpu", "bfloat16").precision == "bfloat16"
    assert shelf.load("mine", "cpu", "float16").precision in ("float32", "bfloat16"), (
        "a GPU's answer means nothing here"
    )
    assert shelf.load("mine", "cpu").precision in ("float32", "bfloat16")


def test_the_name_is_the_architectures_where_none_is_given(shelf: ModelShelf, network_file: Path) -> None:
    assert shelf.add(network_file, TIMM).name == TIMM.replace(":", "-")
    assert shelf.available(TIMM.replace(":", "-"))


@pytest.mark.parametrize("name", ["../mine", "a/b", ".hidden", "a" * 65, "my model", "mine\n", "ümlaut"])
def test_names_that_cannot_be(shelf: ModelShelf, network_file: Path, name: str) -> None:
    with pytest.raises(ModelError, match="cannot name a model"):
        shelf.add(network_file, TIMM, name)


@pytest.mark.parametrize("name", ["colour-layout", "Colour-Layout", "mine", "MINE"])
def test_names_that_are_taken(shelf: ModelShelf, network_file: Path, name: str) -> None:
    shelf.add(network_file, TIMM, "mine")
    with pytest.raises(ModelError, match="already"):
        shelf.add(network_file, TIMM, name)


def test_what_cannot_be_added_leaves_nothing(shelf: ModelShelf, network_file: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="do not fit"):
        shelf.add(network_file, "resnet50", "mine")
    with pytest.raises(UnknownName, match="resnet50"):
        shelf.add(network_file, "resnet5", "mine")
    network_file.write_bytes(network_file.read_bytes()[:-9])
    with pytest.raises(ModelError, match="damaged"):
        shelf.add(network_file, TIMM, "mine")
    assert not shelf.directory.exists()
    (tmp_path / "models").write_text("a file where the folder should be")
    assert shelf.names()[0] == DEFAULT_MODEL


def test_a_damaged_model_says_so_and_can_be_removed(shelf: ModelShelf, network_file: Path) -> None:
    shelf.add(network_file, TIMM, "mine")
    file = shelf.directory / "mine.safetensors"
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(ModelError, match="damaged"):
        shelf.load("mine")
    file.write_bytes(b"")
    assert "mine" in shelf.names()
    with pytest.raises(ModelError, match="add it again"):
        shelf.spec("mine")
    shelf.remove("mine")
    assert not file.exists()


def test_a_renamed_file_is_a_renamed_model(shelf: ModelShelf, network_file: Path) -> None:
    spec = shelf.add(network_file, TIMM, "mine")
    (shelf.directory / "mine.safetensors").rename(shelf.directory / "yours.safetensors")
    assert shelf.spec("yours").name == "yours"
    assert shelf.spec("yours").fingerprint == spec.fingerprint


@pytest.mark.parametrize("name", [DEFAULT_MODEL, "dinov2-small"])
def test_only_files_can_be_removed(shelf: ModelShelf, name: str) -> None:
    with pytest.raises(ModelError, match="no file to remove"):
        shelf.remove(name)


class Server(ThreadingHTTPServer):
    """Serves ``answers`` from this machine; promises ``missing`` bytes more than it sends."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {}
        self.missing = 0
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        data = self.server.answers.get(self.path)
        self.send_response(404 if data is None else 200)
        self.send_header("Content-Length", str(len(data or b"") + self.server.missing))
        self.end_headers()
        self.wfile.write(data or b"")

    def log_message(self, *args: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


TIMM_PATH = "/timm/mobilenetv3_small_050.lamb_in1k/resolve/main/model.safetensors"


@pytest.fixture
def hub(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """This machine plays the hub that timm's records point to."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", server.address)
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", server.address + "/{repo_id}/resolve/{revision}/{filename}"
    )
    return server


def ignore(done: int, total: int) -> None:
    pass


def test_download_through_timms_record(shelf: ModelShelf, hub: Server, network_file: Path) -> None:
    data = network_file.read_bytes()
    hub.answers[TIMM_PATH] = data
    seen: list[tuple[int, int]] = []
    spec = shelf.download(TIMM, lambda done, total: seen.append((done, total)), CancelToken())
    assert hub.asked == [TIMM_PATH]
    assert seen[-1] == (len(data), len(data))
    assert seen == sorted(seen)
    assert spec.weights_sha256 == hashlib.sha256(data).hexdigest()
    assert spec.provenance == f"Downloaded from {hub.address}{TIMM_PATH}"
    assert shelf.available(spec.name)
    assert names_in(shelf.directory) == [f"{spec.name}.safetensors"]
    with pytest.raises(ModelError, match="already"):
        shelf.download(TIMM, ignore, CancelToken())
    assert len(hub.asked) == 1


def torchvision_weights(tmp_path: Path) -> bytes:
    import torch

    network = import_torchvision().models.get_model("shufflenet_v2_x0_5", weights=None)
    torch.save(network.state_dict(), tmp_path / "official.pth")
    return (tmp_path / "official.pth").read_bytes()


@pytest.mark.parametrize("sound", [True, False])
def test_download_through_torchvisions_record(
    shelf: ModelShelf, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sound: bool
) -> None:
    data = torchvision_weights(tmp_path)
    path = f"/models/net-{hashlib.sha256(data).hexdigest()[:8] if sound else '0badcafe'}.pth"
    server.answers[path] = data
    weights = import_torchvision().models.get_model_weights("shufflenet_v2_x0_5").DEFAULT
    monkeypatch.setattr(weights.value, "url", server.address + path)
    if sound:
        spec = shelf.download(TORCHVISION, ignore, CancelToken())
        assert shelf.load(spec.name, "cpu", "float32").spec.dimension == 1024
    else:
        with pytest.raises(ModelError, match="checksum"):
            shelf.download(TORCHVISION, ignore, CancelToken())
        assert names_in(shelf.directory) == []


def test_a_preset_is_downloaded_under_its_name(
    shelf: ModelShelf, server: Server, network_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answers["/weights"] = network_file.read_bytes()

    def here(architecture: Architecture) -> str:
        return f"{server.address}/weights"

    monkeypatch.setattr(shelf_module, "official_url", here)
    with pytest.raises(ModelError, match="do not fit"):  # the file is another network's
        shelf.download("efficientnet-b0", ignore, CancelToken())
    assert names_in(shelf.directory) == []
    assert not shelf.available("efficientnet-b0")


def test_cancelling_leaves_nothing(shelf: ModelShelf, hub: Server, network_file: Path) -> None:
    hub.answers[TIMM_PATH] = network_file.read_bytes()
    token = CancelToken()
    with pytest.raises(Cancelled):
        shelf.download(TIMM, lambda done, total: token.cancel(), token)
    assert names_in(shelf.directory) == []


@pytest.mark.parametrize(
    ("answer", "missing", "reason"),
    [
        (None, 0, "answered 404"),
        (b"<!doctype html><html>Sign in</html>", 0, "web page"),
        (b"", 0, "is empty"),
        (b"half of it", 1000, "broke off|IncompleteRead"),
    ],
)
def test_downloads_that_fail(shelf: ModelShelf, hub: Server, answer: bytes | None, missing: int, reason: str) -> None:
    if answer is not None:
        hub.answers[TIMM_PATH] = answer
    hub.missing = missing
    with pytest.raises(ModelError, match=reason):
        shelf.download(TIMM, ignore, CancelToken())
    assert names_in(shelf.directory) == []


def test_without_a_network_the_hint_helps(shelf: ModelShelf, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    address = server.address
    server.server_close()

    def gone(architecture: Architecture) -> str:
        return f"{address}/weights"

    monkeypatch.setattr(shelf_module, "official_url", gone)
    with pytest.raises(ModelError, match=r"could not be downloaded.*imagefinder models add FILE"):
        shelf.download("resnet50", ignore, CancelToken())
