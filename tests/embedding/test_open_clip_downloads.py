"""Networks of open_clip that are fetched: their weights in either form, and the tokenizer that comes with them."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

import tiny_clip
from imagefinder.domain.errors import ModelError
from imagefinder.domain.progress import CancelToken
from imagefinder.embedding.shelf import ModelShelf
from imagefinder.embedding.text_tower import TOKENIZER, has_texts
from tiny_clip import TINY, TINY_SIGLIP
from weights_server import WeightsServer, weights_server


@pytest.fixture(autouse=True, scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> None:
    tiny_clip.register(tmp_path_factory.mktemp("configurations"))


@pytest.fixture
def server() -> Iterator[WeightsServer]:
    with weights_server() as running:
        yield running


@pytest.fixture
def shelf(tmp_path: Path) -> ModelShelf:
    return ModelShelf(tmp_path / "models")


def weights(name: str, pickled: bool = False) -> bytes:
    import torch
    from safetensors.torch import save

    state = tiny_clip.draw(name).state_dict()
    if not pickled:
        return bytes(save(state))
    file = BytesIO()
    torch.save(state, file)
    return file.getvalue()


def ignore(done: int, total: int) -> None:
    pass


def waiting(shelf: ModelShelf) -> list[str]:
    return sorted(path.name for path in (shelf.directory / ".downloads").iterdir() if path.name != "lock")


def test_weights_and_tokenizer_come_in_one_download(
    shelf: ModelShelf, server: WeightsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tiny_clip.publish(monkeypatch, server, TINY_SIGLIP)
    data, tokenizer = weights(TINY_SIGLIP), tiny_clip.tokenizer_file()
    server.files = {f"{place}/open_clip_model.safetensors": data, f"{place}/tokenizer.json": tokenizer}
    seen: list[tuple[int, int]] = []
    spec = shelf.download(f"open_clip:{TINY_SIGLIP}", lambda done, total: seen.append((done, total)), CancelToken())
    assert server.asked == list(server.files)
    assert seen == sorted(seen)
    assert seen[-1] == (len(data) + len(tokenizer),) * 2
    assert spec.architecture == f"{TINY_SIGLIP}.{tiny_clip.TAG}"
    assert (spec.input.framing, spec.input.mean) == ("squash", (0.5, 0.5, 0.5))
    assert spec.provenance == f"Downloaded from {server.address}{place}/open_clip_model.safetensors"
    kept = shelf.weights(spec.name)
    assert kept[TOKENIZER].numpy().tobytes() == tokenizer
    assert has_texts(kept)
    assert waiting(shelf) == []


def test_the_other_form_is_taken_where_there_is_no_safetensors(
    shelf: ModelShelf, server: WeightsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tiny_clip.publish(monkeypatch, server, TINY)
    server.files = {f"{place}/open_clip_pytorch_model.bin": weights(TINY, pickled=True)}
    spec = shelf.download(f"open_clip:{TINY}.{tiny_clip.TAG}", ignore, CancelToken())
    assert server.asked == [f"{place}/open_clip_model.safetensors", f"{place}/open_clip_pytorch_model.bin"]
    assert spec.provenance.endswith("open_clip_pytorch_model.bin")
    assert has_texts(shelf.weights(spec.name))


def test_a_tokenizer_that_does_not_come_keeps_the_weights_for_the_next_time(
    shelf: ModelShelf, server: WeightsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"open_clip:{TINY_SIGLIP}"
    place = tiny_clip.publish(monkeypatch, server, TINY_SIGLIP)
    server.files = {f"{place}/open_clip_model.safetensors": weights(TINY_SIGLIP)}
    with pytest.raises(ModelError, match=r"answered 404 .*tokenizer\.json"):
        shelf.download(name, ignore, CancelToken())
    assert shelf.added() == []
    assert len(waiting(shelf)) == 1
    server.files[f"{place}/tokenizer.json"] = tiny_clip.tokenizer_file()
    server.requests.clear()
    shelf.download(name, ignore, CancelToken())
    assert server.asked == [f"{place}/tokenizer.json"]


def test_a_damaged_tokenizer_is_thrown_away(
    shelf: ModelShelf, server: WeightsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tiny_clip.publish(monkeypatch, server, TINY_SIGLIP)
    server.files = {f"{place}/open_clip_model.safetensors": weights(TINY_SIGLIP), f"{place}/tokenizer.json": b"{}"}
    with pytest.raises(ModelError, match="tokenizer in the model's file is damaged"):
        shelf.download(f"open_clip:{TINY_SIGLIP}", ignore, CancelToken())
    assert shelf.added() == waiting(shelf) == []


def test_where_there_are_several_weights_they_are_named(shelf: ModelShelf, server: WeightsServer) -> None:
    with pytest.raises(ModelError, match=r"several weights .*open_clip:ViT-B-32\.openai.*laion2b_s34b_b79k"):
        shelf.download("open_clip:ViT-B-32", ignore, CancelToken())
    with pytest.raises(ModelError, match="--architecture open_clip:ViT-e-14"):
        shelf.download("open_clip:ViT-e-14", ignore, CancelToken())
    assert server.asked == []
