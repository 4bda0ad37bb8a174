"""Models: which there are, fetching one, letting the library use it, and going back."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel, QLineEdit, QMessageBox, QProgressBar, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from driving import PATIENCE, answered, index_folder, messages, opened
from imagefinder.embedding import shelf as shelf_module
from imagefinder.embedding.architectures import Architecture, find_architecture
from imagefinder.embedding.backbones import build
from imagefinder.ui.add_model_dialog import AddModelDialog
from imagefinder.ui.main_window import MainWindow
from imagefinder.ui.models_dialog import ModelsDialog
from imagefinder.usecases import model_choices
from weights_server import WeightsServer, weights_server

PRESET = "mobilenetv4-small"
TIMM = "timm:mobilenetv3_small_050.lamb_in1k"
COLOURS = "colour-layout"


@pytest.fixture(scope="module")
def weights() -> bytes:
    """Weights of PRESET's network, drawn at random."""
    import torch
    from safetensors.torch import save

    torch.manual_seed(7)
    return bytes(save(build(find_architecture(PRESET).spec()).state_dict()))


@pytest.fixture
def network_file(tmp_path: Path) -> Path:
    """Weights of TIMM's network, drawn at random."""
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(7)
    save_file(build(find_architecture(TIMM).spec()).state_dict(), tmp_path / "given.safetensors")
    return tmp_path / "given.safetensors"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WeightsServer]:
    """Every network's weights are said to be on this machine."""
    with weights_server() as running:

        def here(architecture: Architecture) -> str:
            return f"{running.address}/weights"

        monkeypatch.setattr(shelf_module, "official_url", here)
        monkeypatch.setattr(model_choices, "official_url", here)
        yield running


def show(qtbot: QtBot, window: MainWindow, name: str = COLOURS) -> ModelsDialog:
    """The dialog as the menu opens it, with the model of this name in its list."""
    opened(qtbot, window)
    next(each for each in window.findChildren(QAction) if each.text() == "&Models…").trigger()
    (dialog,) = window.findChildren(ModelsDialog)
    qtbot.waitUntil(lambda: name in dialog.list.names(), timeout=PATIENCE)
    return dialog


def buttons(widget: QWidget) -> list[str]:
    """What can be pressed now."""
    return [
        button.text().replace("&", "")
        for button in widget.findChildren(QPushButton)
        if button.isVisibleTo(widget) and button.isEnabled()
    ]


def press(widget: QWidget, text: str) -> None:
    next(
        button
        for button in widget.findChildren(QPushButton)
        if button.text().replace("&", "").startswith(text) and button.isVisibleTo(widget)
    ).click()


def edit_of(form: AddModelDialog, name: str) -> QLineEdit:
    return next(edit for edit in form.findChildren(QLineEdit) if edit.accessibleName() == name)


def texts(widget: QWidget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisibleTo(widget))


def agree(qtbot: QtBot, dialog: ModelsDialog, text: str) -> str:
    """Say yes to the question that comes up; what it touches."""
    qtbot.waitUntil(lambda: any(box.isVisible() for box in dialog.findChildren(QMessageBox)), timeout=PATIENCE)
    box = next(box for box in dialog.findChildren(QMessageBox) if box.isVisible())
    touches = f"{box.text()} {box.informativeText()}"
    press(box, text)
    return touches


def add(qtbot: QtBot, window: MainWindow, file: Path, name: str) -> None:
    library, models = window.session.library, window.session._models
    assert library is not None
    assert models is not None
    models.shelf.add(file, TIMM, name)


def said(dialog: ModelsDialog) -> list[str]:
    return [banner.sentence for banner in dialog.banners.banners()]


def state_of(dialog: ModelsDialog, name: str) -> str:
    return next(info.state for info in dialog._flow.models if info.name == name)


def test_the_list_says_what_can_be_used_and_what_is_in_use(qtbot: QtBot, window: MainWindow, photos: Path) -> None:
    index_folder(qtbot, window, photos)
    dialog = show(qtbot, window)
    qtbot.waitUntil(lambda: dialog._flow.activity.photos == 12, timeout=PATIENCE)
    assert dialog.list.current_name() == COLOURS
    spoken = dialog.list.model().index(dialog.list.currentRow(), 0).data(0x0B)  # Qt.AccessibleTextRole
    assert spoken.startswith(f"{COLOURS}, in use")
    assert "This library is searched with it." in texts(dialog.page)
    assert "Use for this library" not in buttons(dialog.page)
    dialog.list.choose("dinov2-small")
    assert "Download (88 MB)…" in buttons(dialog.page)
    assert "Free for any use, also commercial" in texts(dialog.page)
    dialog.list.choose("mobilenetv2_100_same")
    assert "Add from file…" in buttons(dialog.page)


def test_a_download_asks_first_says_where_it_goes_and_goes_on_after_a_cancel(
    qtbot: QtBot, window: MainWindow, server: WeightsServer, weights: bytes
) -> None:
    server.files["/weights"] = weights
    server.stall_at = 3_000_000
    dialog = show(qtbot, window)
    dialog.list.choose(PRESET)
    press(dialog.page, "Download")
    touches = agree(qtbot, dialog, "Download")
    host = str(urlsplit(server.address).hostname)
    assert f"15 MB will be fetched from {host}" in touches
    assert f"downloading a model from {host}" in window.network_text
    (bar,) = dialog.page.action.findChildren(QProgressBar)
    models = window.session._models
    assert models is not None
    qtbot.waitUntil(lambda: models.shelf.downloaded_bytes(PRESET) == server.stall_at, timeout=PATIENCE)
    # What the server says; the list of networks knows it roughly.
    qtbot.waitUntil(lambda: bar.isVisible() and "of 10 MB" in texts(dialog.page.action), timeout=PATIENCE)
    press(dialog.page.action, "Cancel")
    assert "Cancel" not in buttons(dialog.page.action)
    server.stall_at = None
    server.released.set()
    qtbot.waitUntil(lambda: "Resume download (3 of 15 MB)…" in buttons(dialog.page), timeout=PATIENCE)
    assert window.network_text == "Network: off"
    assert said(dialog) == []
    press(dialog.page, "Resume")
    assert "12 MB will be fetched" in agree(qtbot, dialog, "Download")
    qtbot.waitUntil(lambda: state_of(dialog, PRESET) == "ready", timeout=PATIENCE)
    assert server.requests[-1].range == "bytes=3000000-"
    assert "Use for this library" in buttons(dialog.page)
    assert window.network_text == "Network: off"
    assert any(PRESET in sentence for sentence in said(dialog))


def test_a_download_that_nobody_agreed_to_contacts_nobody(
    qtbot: QtBot, window: MainWindow, server: WeightsServer
) -> None:
    dialog = show(qtbot, window)
    dialog.list.choose(PRESET)
    press(dialog.page, "Download")
    agree(qtbot, dialog, "Cancel")
    qtbot.waitUntil(lambda: dialog._flow.activity.asking == "", timeout=PATIENCE)
    assert server.requests == []
    assert dialog._flow.activity.download == ""


def test_without_a_network_the_dialog_says_so_and_so_does_the_window_once_it_is_closed(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere(architecture: Architecture) -> str:
        return "http://127.0.0.1:1/weights"

    monkeypatch.setattr(shelf_module, "official_url", nowhere)
    monkeypatch.setattr(model_choices, "official_url", nowhere)
    dialog = show(qtbot, window)
    dialog.list.choose(PRESET)
    press(dialog.page, "Download")
    agree(qtbot, dialog, "Download")
    qtbot.waitUntil(lambda: bool(said(dialog)), timeout=PATIENCE)
    assert "could not be downloaded from http://127.0.0.1:1/weights" in said(dialog)[0]
    assert "Check the internet connection and try again" in said(dialog)[0]  # and nothing of a command line
    assert window.network_text == "Network: off"
    assert messages(window) == []
    dialog.close()
    window.models.download(PRESET, "127.0.0.1")
    qtbot.waitUntil(lambda: bool(messages(window)), timeout=PATIENCE)
    assert said(dialog)  # and still there when it is opened again


def test_using_a_model_reads_the_photos_beside_the_old_one_and_going_back_is_immediate(
    qtbot: QtBot, window: MainWindow, photos: Path, network_file: Path
) -> None:
    index_folder(qtbot, window, photos)
    add(qtbot, window, network_file, "mine")
    dialog = show(qtbot, window, "mine")
    qtbot.waitUntil(lambda: dialog._flow.activity.photos == 12, timeout=PATIENCE)
    dialog.list.choose("mine")
    assert "All 12 photos are read once more" in texts(dialog.page)
    with qtbot.waitSignal(window.session.model_switched, timeout=PATIENCE):
        press(dialog.page, "Use for this library")
        assert "Reading the photos with it." in texts(dialog.page)
    qtbot.waitUntil(lambda: next(info.active for info in dialog._flow.models if info.name == "mine"), timeout=PATIENCE)
    assert "This library is searched with it." in texts(dialog.page)
    window.flow.find_similar(window.page.model.photo(0))
    answered(qtbot, window)
    assert window.flow.result is not None
    assert window.flow.result.model == "mine"
    dialog.list.choose(COLOURS)
    assert "It has read all 12 photos already: the switch is immediate." in texts(dialog.page)
    with qtbot.waitSignal(window.session.model_switched, timeout=PATIENCE):
        press(dialog.page, "Use for this library")
    qtbot.waitUntil(lambda: next(info.active for info in dialog._flow.models if info.name == COLOURS), timeout=PATIENCE)
    dialog.list.choose("mine")
    press(dialog.page, "Free the space")
    assert "No photo and no model is deleted" in agree(qtbot, dialog, "Free the space")
    qtbot.waitUntil(lambda: "All 12 photos are read once more" in texts(dialog.page), timeout=PATIENCE)
    press(dialog.page, "Remove…")
    assert "will be deleted" in agree(qtbot, dialog, "Remove")
    qtbot.waitUntil(lambda: "mine" not in dialog.list.names(), timeout=PATIENCE)
    assert said(dialog)[-1] == "mine is removed."


def test_without_photos_a_choice_counts_for_the_first_ones(
    qtbot: QtBot, window: MainWindow, photos: Path, network_file: Path
) -> None:
    opened(qtbot, window)
    add(qtbot, window, network_file, "mine")
    dialog = show(qtbot, window, "mine")
    dialog.list.choose("mine")
    assert "There are no photos yet." in texts(dialog.page)
    press(dialog.page, "Use for this library")
    assert "Chosen: the first photos will be read with it." in texts(dialog.page)
    assert "Stop" not in buttons(dialog.page)
    with qtbot.waitSignal(window.session.model_switched, timeout=PATIENCE):
        index_folder(qtbot, window, photos)
    qtbot.waitUntil(lambda: "This library is searched with it." in texts(dialog.page), timeout=PATIENCE)


def test_the_speed_is_measured_when_it_is_asked_for(qtbot: QtBot, window: MainWindow) -> None:
    dialog = show(qtbot, window)
    assert "not measured yet" in texts(dialog.page)
    press(dialog.page, "Measure")
    assert "measuring…" in texts(dialog.page)
    qtbot.waitUntil(lambda: "photos/s" in texts(dialog.page), timeout=PATIENCE)
    assert "Measure again" in buttons(dialog.page)


def test_a_file_is_added_and_a_wrong_one_leaves_the_form_as_it_was(
    qtbot: QtBot, window: MainWindow, network_file: Path, tmp_path: Path
) -> None:
    dialog = show(qtbot, window)
    press(dialog, "Add from file…")
    (form,) = dialog.findChildren(AddModelDialog)
    assert "Add" not in buttons(form)
    path, name = edit_of(form, "File"), edit_of(form, "Name")
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(b"nothing of the kind")
    path.setText(str(bad))
    form._network.setEditText("mobilenet")
    assert "Add" not in buttons(form)
    form._network.setEditText(TIMM)
    name.setText("my model")
    assert "Add" not in buttons(form)
    name.setText("mine")
    press(form, "Add")
    assert "Add" not in buttons(form)
    qtbot.waitUntil(lambda: "bad.safetensors" in texts(form), timeout=PATIENCE)
    assert name.text() == "mine"
    path.setText(str(network_file))
    with qtbot.waitSignal(form.finished, timeout=PATIENCE):
        press(form, "Add")
    qtbot.waitUntil(lambda: "mine" in dialog.list.names(), timeout=PATIENCE)


def test_a_form_that_was_closed_while_its_file_was_added_is_left_alone(
    qtbot: QtBot, window: MainWindow, network_file: Path, tmp_path: Path
) -> None:
    dialog = show(qtbot, window)
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(b"nothing of the kind")

    def told(what: str) -> bool:
        return any(what in sentence for sentence in said(dialog))

    for file, outcome in ((bad, "bad.safetensors"), (network_file, "mine is added")):
        press(dialog, "Add from file…")
        form = next(each for each in dialog.findChildren(AddModelDialog) if each.isVisible())
        edit_of(form, "File").setText(str(file))
        form._network.setEditText(TIMM)
        edit_of(form, "Name").setText("mine")
        press(form, "Add")
        form.reject()
        qtbot.waitUntil(partial(told, outcome), timeout=PATIENCE)
    qtbot.waitUntil(lambda: "mine" in dialog.list.names(), timeout=PATIENCE)


def test_a_model_that_compares_by_classes_says_what_it_sees_in_the_query(
    qtbot: QtBot, window: MainWindow, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from safetensors.torch import save_file

    spec = find_architecture(TIMM).spec(output="probabilities")
    state = build(spec).state_dict()
    bias = next(name for name in state if name.endswith("classifier.bias"))
    state[bias] = torch.zeros(1000)
    state[bias][948] = 20.0  # whatever it looks at
    save_file(state, tmp_path / "apples.safetensors")
    index_folder(qtbot, window, photos)
    window.flow.find_similar(window.page.model.photo(0))
    answered(qtbot, window)
    assert window.inspector.recognised == ""
    dialog = show(qtbot, window)
    press(dialog, "Add from file…")
    (form,) = dialog.findChildren(AddModelDialog)
    edit_of(form, "File").setText(str(tmp_path / "apples.safetensors"))
    form._network.setEditText(TIMM)
    form._output.setCurrentIndex(1)
    edit_of(form, "Name").setText("apples")
    press(form, "Add")
    qtbot.waitUntil(lambda: "apples" in dialog.list.names(), timeout=PATIENCE)
    window.flow.clear()
    with qtbot.waitSignal(window.session.model_switched, timeout=PATIENCE):
        window.models.use("apples")
    window.flow.find_similar(window.page.model.photo(0))
    qtbot.waitUntil(lambda: window.inspector.recognised.startswith("The model sees: Granny Smith"), timeout=PATIENCE)
    asked: list[str] = []
    ask = window.session.ask

    def noted(name: str, *rest: Any) -> None:
        asked.append(name)
        ask(name, *rest)

    monkeypatch.setattr(window.session, "ask", noted)
    with monkeypatch.context() as starting:  # as after a start, while the model is loaded
        starting.setattr(type(window.session), "device", "")
        window.flow.find_similar(window.page.model.photo(1))
        answered(qtbot, window)
        assert window.inspector.recognised == ""
        assert "classes" not in asked
    window.session.refresh()
    qtbot.waitUntil(lambda: "Granny Smith" in window.inspector.recognised, timeout=PATIENCE)
    assert "classes" in asked


def test_enter_in_the_list_goes_to_what_can_be_done_and_closes_nothing(qtbot: QtBot, window: MainWindow) -> None:
    dialog = show(qtbot, window)
    dialog.list.choose("dinov2-small")
    QTest.keyClick(dialog.list, Qt.Key.Key_Return)
    assert dialog.isVisible()
    focused = dialog.focusWidget()
    assert isinstance(focused, QPushButton)
    assert focused.text() == "Download (88 MB)…"
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_a_model_goes_out_and_comes_in_again(
    qtbot: QtBot, window: MainWindow, network_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(qtbot, window)
    add(qtbot, window, network_file, "mine")
    dialog = show(qtbot, window, "mine")
    out = tmp_path / "out.safetensors"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(out), ""))
    dialog.list.choose("mine")
    press(dialog.page, "Export…")
    qtbot.waitUntil(lambda: "mine is exported." in said(dialog), timeout=PATIENCE)
    press(dialog, "Import…")
    qtbot.waitUntil(lambda: any("here already" in sentence for sentence in said(dialog)), timeout=PATIENCE)
    dialog._flow.remove("mine")
    qtbot.waitUntil(lambda: "mine" not in dialog.list.names(), timeout=PATIENCE)
    press(dialog, "Import…")
    qtbot.waitUntil(lambda: "mine" in dialog.list.names(), timeout=PATIENCE)


def test_an_imported_model_whose_name_is_taken_gets_a_number(
    qtbot: QtBot, window: MainWindow, network_file: Path, tmp_path: Path
) -> None:
    opened(qtbot, window)
    add(qtbot, window, network_file, "mine")
    dialog = show(qtbot, window, "mine")
    dialog._flow.export("mine", str(tmp_path / "out.safetensors"))
    qtbot.waitUntil(lambda: "mine is exported." in said(dialog), timeout=PATIENCE)
    dialog._flow.remove("mine")
    qtbot.waitUntil(lambda: "mine" not in dialog.list.names(), timeout=PATIENCE)
    models = window.session._models
    assert models is not None
    models.shelf.add(network_file, TIMM, "mine", pooling="max")  # another model
    dialog._flow.import_file(str(tmp_path / "out.safetensors"))
    qtbot.waitUntil(lambda: {"mine", "mine-2"} <= set(dialog.list.names()), timeout=PATIENCE)


def test_what_a_library_keeps_of_a_model_that_is_gone_can_be_freed(
    qtbot: QtBot, window: MainWindow, photos: Path, network_file: Path
) -> None:
    index_folder(qtbot, window, photos)
    add(qtbot, window, network_file, "mine")
    for name in ("mine", COLOURS):
        with qtbot.waitSignal(window.session.model_switched, timeout=PATIENCE):
            window.models.use(name)
    dialog = show(qtbot, window, "mine")
    dialog._flow.remove("mine")
    qtbot.waitUntil(lambda: any("removed" in sentence for sentence in said(dialog)), timeout=PATIENCE)
    qtbot.waitUntil(lambda: "mine" in dialog.list.names() and state_of(dialog, "mine") == "needs a file")
    dialog.list.choose("mine")
    assert "12 photos" in texts(dialog.page)
    press(dialog.page, "Free the space")
    agree(qtbot, dialog, "Free the space")
    qtbot.waitUntil(lambda: "mine" not in dialog.list.names(), timeout=PATIENCE)


def test_the_dialog_remembers_its_size(qtbot: QtBot, make_window: Callable[[], MainWindow]) -> None:
    first = make_window()
    dialog = show(qtbot, first)
    dialog.resize(700, 610)
    with qtbot.waitSignal(first.closed, timeout=PATIENCE):
        first.close()
    assert not dialog.isVisible()
    second = show(qtbot, make_window())
    assert (second.width(), second.height()) == (700, 610)
