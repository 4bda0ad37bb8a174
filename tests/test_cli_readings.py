"""How a network is read and photos are compared, in the words of `imagefinder models` and `search`."""

from pathlib import Path

import pytest

from command_line import Cli
from drawing import draw_photo
from imagefinder.embedding import shelf as shelf_module
from imagefinder.embedding.architectures import find_architecture
from imagefinder.embedding.backbones import build
from weights_server import weights_server

TIMM = "timm:mobilenetv3_small_050.lamb_in1k"


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of TIMM's network, drawn at random, with a classifier that sees a tabby or a lemon in everything."""
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(7)
    state = build(find_architecture(TIMM).spec(output="probabilities")).state_dict()
    file = tmp_path_factory.mktemp("weights") / "given.safetensors"
    state["classifier.bias"][[281, 951]] = torch.tensor([21.0, 20.0])
    save_file(state, file)
    return file


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for number in range(4):
        draw_photo(tmp_path / "photos" / f"{number}.jpg", seed=number)
    return tmp_path / "photos"


def test_downloads_can_be_read_in_any_way(cli: Cli, classifier: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with weights_server() as server:
        server.files["/weights"] = classifier.read_bytes()
        monkeypatch.setattr(shelf_module, "official_url", lambda architecture: f"{server.address}/weights")
        seen = cli.json("models", "download", TIMM, "--name", "seen", "--output", "probabilities")
        assert (seen["name"], seen["dimension"]) == ("seen", 1000)
        gem = cli.json("models", "download", TIMM, "--name", "gem", "--pooling", "gem", "--scales", "1,0.5")
        assert gem["fingerprint"] != seen["fingerprint"]
    # What has a classifier can also be read without it.
    assert cli.json("models", "derive", "seen", "--name", "plain", "--output", "features")["dimension"] == 1024


def test_a_search_says_what_the_model_sees(cli: Cli, classifier: Path, photos: Path) -> None:
    cli("models", "add", str(classifier), "--architecture", TIMM, "--name", "seen", "--output", "probabilities")
    cli("index", str(photos), "--model", "seen")
    lines = cli("search", str(photos / "1.jpg"))
    assert len(lines.splitlines()) == 4
    assert "The model sees: tabby 73%, lemon 27%\n" in cli.errors
    assert len(cli.json("search", str(photos / "1.jpg"))) == 4


def test_a_library_compares_as_told(cli: Cli, photos: Path) -> None:
    cli("index", str(photos), "--model", "colour-layout")
    flat = cli.json("status")["index"]
    cli("models", "use", "colour-layout", "--compare", "hash", "--centring", "on")
    assert cli.json("status")["index"] == "hash" != flat
    cli("models", "use", "colour-layout")  # says nothing of it, and so leaves it
    assert cli.json("status")["index"] == "hash"
    cli("models", "use", "colour-layout", "--compare", "cosine")
    assert cli.json("status")["index"] == flat
