"""Models that are fetched: from where their networks say, checked, put on the shelf, and gone on with later."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from imagefinder.domain.errors import Cancelled, ModelError
from imagefinder.domain.progress import CancelToken
from imagefinder.embedding import shelf as shelf_module
from imagefinder.embedding.architectures import Architecture, find_architecture
from imagefinder.embedding.backbones import build
from imagefinder.embedding.download import OFFLINE_HINT
from imagefinder.embedding.shelf import ModelShelf
from imagefinder.embedding.torchvision_compat import import_torchvision
from weights_server import WeightsServer, weights_server

TIMM = "timm:mobilenetv3_small_050.lamb_in1k"
TORCHVISION = "torchvision:shufflenet_v2_x0_5"
TIMM_PATH = "/timm/mobilenetv3_small_050.lamb_in1k/resolve/main/model.safetensors"
NAME = TIMM.replace(":", "-")


@pytest.fixture
def shelf(tmp_path: Path) -> ModelShelf:
    return ModelShelf(tmp_path / "models")


@pytest.fixture(scope="module")
def weights() -> bytes:
    """Weights of TIMM's network, drawn at random."""
    import torch
    from safetensors.torch import save

    torch.manual_seed(7)
    return bytes(save(build(find_architecture(TIMM).spec()).state_dict()))


@pytest.fixture
def server() -> Iterator[WeightsServer]:
    with weights_server() as running:
        yield running


@pytest.fixture
def hub(server: WeightsServer, monkeypatch: pytest.MonkeyPatch) -> WeightsServer:
    """This machine plays the hub that timm's records point to."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", server.address)
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", server.address + "/{repo_id}/resolve/{revision}/{filename}"
    )
    return server


@pytest.fixture
def published(server: WeightsServer, weights: bytes, monkeypatch: pytest.MonkeyPatch) -> WeightsServer:
    """Every network's weights are said to be at /weights of this machine."""

    def here(architecture: Architecture) -> str:
        return f"{server.address}/weights"

    monkeypatch.setattr(shelf_module, "official_url", here)
    server.files["/weights"] = weights
    return server


def ignore(done: int, total: int) -> None:
    pass


def models_in(shelf: ModelShelf) -> list[str]:
    return sorted(path.name for path in shelf.directory.glob("*.safetensors"))


def waiting(shelf: ModelShelf) -> list[str]:
    """What is left of downloads."""
    return sorted(path.name for path in (shelf.directory / ".downloads").iterdir() if path.name != "lock")


def test_download_through_timms_record(shelf: ModelShelf, hub: WeightsServer, weights: bytes) -> None:
    hub.files["/cdn"] = weights
    sha256 = hashlib.sha256(weights).hexdigest()
    hub.redirects[TIMM_PATH] = ("/cdn", {"X-Linked-Etag": f'"{sha256}"'})
    seen: list[tuple[int, int]] = []
    spec = shelf.download(TIMM, lambda done, total: seen.append((done, total)), CancelToken())
    assert hub.asked == [TIMM_PATH, "/cdn"]
    assert seen[-1] == (len(weights), len(weights))
    assert seen == sorted(seen)
    assert spec.weights_sha256 == sha256
    assert spec.provenance == f"Downloaded from {hub.address}{TIMM_PATH}"
    assert shelf.available(NAME)
    assert models_in(shelf) == [f"{NAME}.safetensors"]
    assert waiting(shelf) == []
    with pytest.raises(ModelError, match="already"):
        shelf.download(TIMM, ignore, CancelToken())
    assert len(hub.asked) == 2


@pytest.mark.parametrize("sound", [True, False])
def test_download_through_torchvisions_record(
    shelf: ModelShelf, server: WeightsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sound: bool
) -> None:
    import torch

    network = import_torchvision().models.get_model("shufflenet_v2_x0_5", weights=None)
    torch.save(network.state_dict(), tmp_path / "official.pth")
    data = (tmp_path / "official.pth").read_bytes()
    path = f"/models/net-{hashlib.sha256(data).hexdigest()[:8] if sound else '0badcafe'}.pth"
    server.files[path] = data
    weights = import_torchvision().models.get_model_weights("shufflenet_v2_x0_5").DEFAULT
    monkeypatch.setattr(weights.value, "url", server.address + path)
    if sound:
        spec = shelf.download(TORCHVISION, ignore, CancelToken())
        assert shelf.load(spec.name, "cpu", "float32").spec.dimension == 1024
    else:
        with pytest.raises(ModelError, match="checksum"):
            shelf.download(TORCHVISION, ignore, CancelToken())
        assert models_in(shelf) == []
    assert waiting(shelf) == []


def test_the_file_of_another_network_is_thrown_away(shelf: ModelShelf, published: WeightsServer) -> None:
    with pytest.raises(ModelError, match="do not fit"):
        shelf.download("efficientnet-b0", ignore, CancelToken())
    assert models_in(shelf) == waiting(shelf) == []
    assert not shelf.available("efficientnet-b0")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (None, "answered 404"),
        (b"<!doctype html><html>Sign in</html>", "web page"),
        (b"", "is empty"),
        (b"no weights at all", "not a file of weights"),
    ],
)
def test_downloads_that_fail(shelf: ModelShelf, published: WeightsServer, answer: bytes | None, reason: str) -> None:
    if answer is None:
        published.files.clear()
    else:
        published.files["/weights"] = answer
    with pytest.raises(ModelError, match=reason):
        shelf.download(TIMM, ignore, CancelToken())
    assert models_in(shelf) == waiting(shelf) == []


def test_a_cancelled_download_is_gone_on_with(shelf: ModelShelf, published: WeightsServer, weights: bytes) -> None:
    token = CancelToken()
    with pytest.raises(Cancelled):
        shelf.download(TIMM, lambda done, total: token.cancel(), token)
    kept = shelf.downloaded_bytes(NAME)
    assert 0 < kept <= len(weights)
    assert models_in(shelf) == []
    again = ModelShelf(shelf.directory)
    assert again.download(TIMM, ignore, CancelToken()).weights_sha256 == hashlib.sha256(weights).hexdigest()
    assert [request.range for request in published.requests] in (["", f"bytes={kept}-"], [""])
    assert again.downloaded_bytes(NAME) == 0


def test_a_truncated_download_is_gone_on_with(shelf: ModelShelf, published: WeightsServer) -> None:
    published.cuts = [100_000, 0]
    with pytest.raises(ModelError, match="broke off"):
        shelf.download(TIMM, ignore, CancelToken())
    assert shelf.downloaded_bytes(NAME) == 100_000
    shelf.download(TIMM, ignore, CancelToken())
    assert published.requests[-1].range == "bytes=100000-"
    assert models_in(shelf) == [f"{NAME}.safetensors"]


def test_an_unfinished_download_can_be_thrown_away(shelf: ModelShelf, published: WeightsServer) -> None:
    published.cuts = [100_000, 0]
    with pytest.raises(ModelError, match="broke off"):
        shelf.download(TIMM, ignore, CancelToken())
    shelf.remove(NAME)
    assert shelf.downloaded_bytes(NAME) == 0
    assert waiting(shelf) == []


def test_a_full_disk_at_the_end_does_not_cost_the_download(
    shelf: ModelShelf, published: WeightsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: object) -> None:
        raise ModelError("The model cannot be saved: the disk is full.")

    with monkeypatch.context() as during:
        during.setattr(shelf_module, "write_model", full)
        with pytest.raises(ModelError, match="full"):
            shelf.download(TIMM, ignore, CancelToken())
    assert waiting(shelf) == [NAME]
    shelf.download(TIMM, ignore, CancelToken())
    assert len(published.requests) == 1
    assert waiting(shelf) == []


def test_what_came_the_first_time_is_what_must_come_later(shelf: ModelShelf, published: WeightsServer) -> None:
    import torch
    from safetensors.torch import save

    first = shelf.download(TIMM, ignore, CancelToken())
    shelf.remove(first.name)
    torch.manual_seed(8)
    published.files["/weights"] = save(build(find_architecture(TIMM).spec()).state_dict())
    with pytest.raises(ModelError, match=r"no longer the file.*--accept-changed"):
        shelf.download(TIMM, ignore, CancelToken())
    assert models_in(shelf) == waiting(shelf) == []
    second = shelf.download(TIMM, ignore, CancelToken(), accept_changed=True)
    assert second.weights_sha256 != first.weights_sha256


def test_two_programs_do_not_download_at_once(shelf: ModelShelf, published: WeightsServer) -> None:
    refused: list[str] = []

    def meanwhile(done: int, total: int) -> None:
        with pytest.raises(ModelError, match="Another imagefinder") as error:
            ModelShelf(shelf.directory).download(TIMM, ignore, CancelToken())
        refused.append(str(error.value))

    shelf.download(TIMM, meanwhile, CancelToken())
    assert refused


def test_without_a_network_the_hint_helps(shelf: ModelShelf, published: WeightsServer) -> None:
    published.server_close()
    for network in ("resnet50", TIMM):
        with pytest.raises(ModelError, match="could not be downloaded") as error:
            shelf.download(network, ignore, CancelToken(), own_name="mine")
        assert error.value.hint.startswith(f"{OFFLINE_HINT} ")  # by which the window knows it
        assert error.value.hint.endswith(f": imagefinder models add FILE --architecture {network}")


def test_a_hint_for_something_else_stays(shelf: ModelShelf, published: WeightsServer) -> None:
    published.files["/weights"] = b"no weights"
    with pytest.raises(ModelError) as error:
        shelf.download(TIMM, ignore, CancelToken())
    assert "models add" not in error.value.hint


def test_a_folder_that_cannot_be_made(shelf: ModelShelf, published: WeightsServer) -> None:
    shelf.directory.write_text("a file where the folder should be")
    with pytest.raises(ModelError, match="cannot be saved"):
        shelf.download(TIMM, ignore, CancelToken())
    assert published.requests == []
