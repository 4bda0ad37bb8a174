"""`imagefinder models` and its actions, as scripts use them."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from command_line import Cli
from drawing import draw_photo
from imagefinder.cli import main
from imagefinder.commands import model_shelf
from imagefinder.domain.progress import CancelToken, Progress
from imagefinder.embedding import shelf as shelf_module
from imagefinder.embedding.architectures import Architecture, find_architecture
from imagefinder.embedding.backbones import build
from imagefinder.embedding.seeing import Seeing
from old_library import old_library
from own_models import CLASSES, NAMES, save_classifier
from weights_server import WeightsServer, weights_server

TIMM = "timm:mobilenetv3_small_050.lamb_in1k"


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of TIMM's network, drawn at random."""
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(7)
    file = tmp_path_factory.mktemp("weights") / "given.safetensors"
    save_file(build(find_architecture(TIMM).spec()).state_dict(), file)
    return file


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    root = tmp_path / "photos"
    for number in range(8):
        draw_photo(root / ("a" if number < 4 else "b") / f"{number}.jpg", seed=number)
    return root


def test_without_an_action_models_are_listed(cli: Cli) -> None:
    assert cli("models") == cli("models", "list")
    rows = cli.json("models", "list")
    assert rows == cli.json("models")
    assert rows == json.loads(cli("models", "--json", "list"))
    assert {"name", "here", "download", "dimension", "licence", "description"} <= set(rows[0])
    assert {"good_at", "input_size", "bytes", "photos_per_second", "commercial", "provenance", "libraries"} <= set(
        rows[0]
    )
    assert any(row["name"] == "colour-layout" and row["here"] for row in rows)
    printed = cli("models")
    assert printed.startswith("Model ")
    assert "dinov2-small" in printed
    assert "also commercial" in printed


def test_each_action_has_its_own_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main(["models", "add", "--help"])
    assert done.value.code == 0
    printed = capsys.readouterr().out
    assert "--architecture" in printed
    assert "--even-if-used" not in printed


@pytest.mark.parametrize(
    "arguments",
    [
        ["add"],
        ["add", "x", "--architecture", "y", "--mean", "1,2"],
        ["add", "x", "--architecture", "y", "--crop", "round"],
        ["add", "x", "--architecture", "y", "--size", "0"],
        ["remove"],
        ["nonsense"],
        ["add", "x", "--architecture", "y", "--scales", "1,x"],
        ["add", "x", "--architecture", "y", "--scales", "0"],
        ["add", "x", "--architecture", "y", "--output", "z"],
        ["derive", "colour-layout", "--name", "x"],
        ["derive", "colour-layout", "--name", "x", "--pca", "4", "--whitening", "4"],
    ],
)
def test_wrong_usage_exits_with_two(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as error:
        main(["models", *arguments])
    assert error.value.code == 2


def test_info_measures_once(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    both = iter([123.4, 200.0])
    monkeypatch.setattr("imagefinder.usecases.models.measure", lambda embedder: next(both))
    assert cli.listed("colour-layout")["photos_per_second"] is None
    assert "123.4 photos/s" in cli("models", "info", "colour-layout")
    assert cli.json("models", "info", "colour-layout")["photos_per_second"] == 123.4
    assert cli.listed("colour-layout")["photos_per_second"] == 123.4
    assert cli.json("models", "info", "colour-layout", "--measure")["photos_per_second"] == 200.0
    monkeypatch.setattr("imagefinder.usecases.models.measure", lambda embedder: 77.0)
    rates = {entry["name"]: entry["photos_per_second"] for entry in cli.json("models", "list", "--measure")}
    assert (rates["colour-layout"], rates["efficientnet-lite0"], rates["dinov2-small"]) == (77.0, 77.0, None)
    assert cli.listed("efficientnet-lite0")["photos_per_second"] == 77.0
    assert "also commercial" in cli("models", "info", "dinov2-small")
    cli("models", "info", "dinov2-smal", expect=1)
    assert "Did you mean 'dinov2-small'" in cli.errors


def test_add_use_go_back_forget_and_remove(cli: Cli, photos: Path, weights: Path) -> None:
    cli("index", str(photos), "--model", "colour-layout")
    added = cli.json("models", "add", str(weights), "--architecture", TIMM, "--name", "mine")
    assert (added["name"], added["dimension"]) == ("mine", 1024)
    there = cli.json("models", "use", "mine")
    assert (there["active"], there["before"], there["summary"]["read"]) == (True, "colour-layout", 8)
    assert cli.json("status")["model"] == "mine"
    assert cli.listed("mine")["active"]
    assert cli.listed("mine")["libraries"] == [str(cli.base / "data" / "library")]
    assert cli.listed("mine")["in_library"]["photos"] == 8
    info = cli("models", "info", "mine")
    assert "in use" in info
    assert "8 photos seen, 0 to see" in info

    cli("models", "remove", "mine", expect=1)
    assert "--even-if-used" in cli.errors
    back = cli("models", "use", "colour-layout")
    assert "searches by colour-layout" in back
    assert "What mine knows of 8 photos is kept" in back
    assert "going back to it is instant" in back
    assert "imagefinder models forget mine" in back
    assert f"Used by {cli.base / 'data' / 'library'}" in cli("models")
    assert cli.json("models", "use", "mine")["summary"] is None
    assert cli.json("models", "forget", "colour-layout", "--yes")["photos"] == 8
    assert cli.listed("colour-layout")["in_library"] is None
    cli("models", "forget", "mine", "--yes", expect=1)
    assert "Switch" in cli.errors
    assert "Removed mine" in cli("models", "remove", "mine", "--even-if-used")
    cli("search", str(photos / "a" / "1.jpg"), expect=1)
    assert "is not here" in cli.errors
    assert cli.json("models", "use", "colour-layout")["active"]
    assert len(cli.json("search", str(photos / "a" / "1.jpg"))) == 8


def test_using_a_model_makes_no_library(cli: Cli) -> None:
    cli("models", "use", "colour-layout", expect=1)
    assert "imagefinder index FOLDER" in cli.errors
    cli("models", "use", "dinov2-small", expect=1)
    assert "models download dinov2-small" in cli.errors
    cli("models", "forget", "colour-layout", "--yes", expect=1)
    assert not (cli.base / "data" / "library").exists()


def test_an_interrupted_switch_says_how_it_goes_on(cli: Cli, photos: Path, weights: Path) -> None:
    cli("index", str(photos), "--model", "colour-layout")
    cli("models", "add", str(weights), "--architecture", TIMM, "--name", "mine")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("imagefinder.commands.model_use.interruptible", lambda run: run.token.cancel())
        printed = cli("models", "use", "mine", expect=130)
    assert "keeps searching by colour-layout: mine has not seen 8 photos yet" in printed
    assert "To go on from here: imagefinder models use mine" in printed
    assert cli.json("status")["model"] == "colour-layout"
    assert cli.json("models", "use", "mine")["active"]


def test_a_library_that_cannot_be_read_hides_no_models_but_keeps_them(cli: Cli, weights: Path) -> None:
    cli("models", "add", str(weights), "--architecture", TIMM, "--name", "mine")
    old_library(cli.base / "data" / "library")
    assert "mine" in cli("models")
    assert "The library is left out" in cli.errors
    cli("models", "remove", "mine", expect=1)
    assert "older version" in cli.errors
    assert cli.json("models", "use", "mine")["active"]
    cli("models", "remove", "mine", expect=1)
    assert "--even-if-used" in cli.errors
    assert cli.json("models", "remove", "mine", "--even-if-used") == {"removed": "mine"}


def test_photos_that_are_away_are_said(cli: Cli, photos: Path, weights: Path) -> None:
    cli("index", str(photos), "--model", "colour-layout")
    cli("models", "add", str(weights), "--architecture", TIMM, "--name", "mine")
    photos.rename(photos.with_name("elsewhere"))
    assert "keeps searching by colour-layout: mine has not seen 8 photos" in cli("models", "use", "mine")
    assert str(photos) in cli.errors


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "gone"), [("y\n", True), ("n\n", False), ("", False)])
def test_forgetting_asks_first(
    cli: Cli, photos: Path, weights: Path, monkeypatch: pytest.MonkeyPatch, answer: str, gone: bool
) -> None:
    cli("index", str(photos), "--model", "colour-layout")
    cli("models", "add", str(weights), "--architecture", TIMM, "--name", "mine")
    cli("models", "use", "mine")
    monkeypatch.setattr("sys.stdin", io.StringIO())
    cli("models", "forget", "colour-layout", expect=1)
    assert "--yes" in cli.errors
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    cli("models", "forget", "colour-layout")
    assert (cli.listed("colour-layout")["in_library"] is None) is gone


def test_export_and_import(cli: Cli, weights: Path, tmp_path: Path) -> None:
    added = cli.json("models", "add", str(weights), "--architecture", TIMM, "--name", "mine", "--pooling", "max")
    file = tmp_path / "share.safetensors"
    assert cli.json("models", "export", "mine", str(file))["bytes"] == file.stat().st_size
    cli("models", "export", "mine", str(file), expect=1)
    assert "--overwrite" in cli.errors
    assert "Exported mine" in cli("models", "export", "mine", str(file), "--overwrite")
    assert cli.json("models", "remove", "mine") == {"removed": "mine"}
    back = cli.json("models", "import", str(file), "--name", "yours")
    assert back["name"] == "yours"
    assert back["fingerprint"] == added["fingerprint"]
    assert cli.listed("yours")["removable"]


def test_weights_that_do_not_fit_are_explained(cli: Cli, weights: Path) -> None:
    cli("models", "add", str(weights), "--architecture", "resnet50", expect=1)
    assert "do not fit" in cli.errors
    assert "layers are missing" in cli.errors
    assert "Traceback" not in cli.errors


def test_a_representation_is_asked_for_in_words(cli: Cli, weights: Path) -> None:
    given = ["--layers", "blocks.2, blocks.4", "--scales", "1,0.7071", "--pooling", "average"]
    cli("models", "add", str(weights), "--architecture", TIMM, "--name", "mine", *given)
    spec = shelf_module.ModelShelf(cli.base / "data" / "models").spec("mine")
    assert (spec.layers, spec.scales, spec.pooling) == (("blocks.2", "blocks.4"), (1.0, 0.7071), "average")


@pytest.fixture
def server(weights: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WeightsServer]:
    """The publisher of every network."""
    with weights_server() as running:

        def here(architecture: Architecture) -> str:
            return f"{running.address}/weights"

        running.files["/weights"] = weights.read_bytes()
        monkeypatch.setattr(shelf_module, "official_url", here)
        yield running


def test_a_download_that_breaks_off_goes_on(cli: Cli, server: WeightsServer) -> None:
    name = TIMM.replace(":", "-")
    server.cuts = [100_000, 0]
    cli("models", "download", TIMM, expect=1)
    assert "are kept" in cli.errors
    got = cli.json("models", "download", TIMM)
    assert got["name"] == name
    assert server.requests[-1].range == "bytes=100000-"
    assert cli.listed(name)["here"]


@pytest.mark.parametrize(("given", "seen"), [((10, 90, 100), (10, 100)), ((60, 20, 100), (60, 20, 100))])
def test_what_came_before_is_no_speed(given: tuple[int, ...], seen: tuple[int, ...]) -> None:
    shown: list[Progress] = []
    report = model_shelf.metered(shown.append, CancelToken())
    for done in given:
        report(done, 100)
    assert [progress.done for progress in shown] == list(seen)
    assert {progress.total for progress in shown} == {100}
    assert shown[0].per_second == 0


def test_derive(cli: Cli, photos: Path) -> None:
    cli("index", str(photos), "--model", "colour-layout")
    made = cli.json("models", "derive", "colour-layout", "--name", "short", "--pca", "4", "--power", "0.5")
    assert made["dimension"] == 4
    assert "power 0.5" in made["provenance"]
    assert cli.json("models", "use", "short")["active"]
    assert len(cli.json("search", str(photos / "a" / "1.jpg"))) == 8
    given = ["--whitening", "3", "--folder", str(photos)]
    assert cli.json("models", "derive", "colour-layout", "--name", "white", *given)["dimension"] == 3
    cli("models", "derive", "colour-layout", "--name", "third", "--pca", "4", expect=1)
    assert "models use colour-layout" in cli.errors


def test_any_network_is_added_as_it_is_said_to_be_shown(cli: Cli, tmp_path: Path) -> None:
    file = save_classifier(tmp_path / "mine.pth", "resnet10t", seeing=Seeing(size=64))
    names = tmp_path / "names.txt"
    names.write_text("\n".join(NAMES))
    given = ["--size", "64", "--resize", "72", "--crop", "centre", "--mean", "0.5", "--std", "0.2,0.3,0.4"]
    shown = ["--interpolation", "bilinear", "--output", "logits", "--classes", str(names)]
    added = cli.json("models", "add", str(file), "--architecture", "resnet10t", *given, *shown)
    assert (added["name"], added["dimension"], added["classes"]) == ("resnet10t", CLASSES, list(NAMES))
    assert str(names) in cli.errors
    spec = cli.shelf.spec("resnet10t")
    assert (spec.input.crop, spec.input.resize, spec.input.framing) == (64, 72, "crop")
    assert (spec.input.mean, spec.input.std) == ((0.5, 0.5, 0.5), (0.2, 0.3, 0.4))
    assert (spec.input.interpolation, spec.output) == ("bilinear", "logits")
    cli("models", "add", str(file), "--architecture", "resnet10t", "--name", "b", "--mean", "123,116,103", expect=1)
    assert "scale of 0 to 255" in cli.errors
    cli("models", "add", str(file), "--architecture", "resnet10t", "--name", "b", "--classes", "none.txt", expect=1)
    assert "none.txt" in cli.errors
    cli("models", "add", str(file), expect=1)
    assert "Name it with --architecture" in cli.errors


def test_what_a_classifier_of_ones_own_sees_is_named(cli: Cli, photos: Path, tmp_path: Path) -> None:
    file = save_classifier(tmp_path / "mine.pth", "resnet10t", seeing=Seeing(size=64))
    (tmp_path / "mine.txt").write_text("\n".join(NAMES))
    given = ["--size", "64", "--output", "probabilities", "--name", "mine"]
    cli("models", "add", str(file), "--architecture", "resnet10t", *given)
    cli("index", str(photos), "--model", "mine")
    from imagefinder.domain.images import Query
    from imagefinder.usecases.models import Models
    from imagefinder.usecases.opening import open_existing
    from imagefinder.usecases.recognising import recognise

    with open_existing(cli.base / "data" / "library") as library:
        spec = library.active_model()
        assert spec is not None
        embedder = Models(cli.base / "data" / "models", "cpu").embedder(library, spec)
        seen = recognise(library, lambda: embedder, Query("1.jpg", path=str(photos / "a" / "1.jpg")))
    assert seen
    assert {each.name for each in seen} <= set(NAMES)


def test_networks_are_listed(cli: Cli) -> None:
    printed = cli("models", "architectures", "resnet18*").splitlines()
    assert [line.split()[:4] for line in printed[1:3]] == [
        ["resnet18", "timm", "224", "px"],
        ["resnet18d", "timm", "224", "px"],
    ]
    rows = cli.json("models", "architectures")
    assert len(rows) > 1000
    assert rows[0].keys() == {"name", "source", "input_size", "licence", "commercial", "download"}
    cli("models", "architectures", "nosuchnetwork", expect=1)
    assert "No network has a name like 'nosuchnetwork'" in cli.errors


def test_a_reader_that_has_seen_enough_is_no_error(cli: Cli) -> None:
    process = cli.spawn("models", "architectures")
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline().startswith("Network")
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    process.wait()
