"""Models of one's own: added from a file, used and left again, exported, imported, removed."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QFileDialog, QLineEdit
from pytestqt.qtbot import QtBot

from driving import PATIENCE, answered, index_folder, opened
from imagefinder.embedding.architectures import find_architecture
from imagefinder.embedding.backbones import build
from imagefinder.ui.add_model_dialog import AddModelDialog
from imagefinder.ui.main_window import MainWindow
from models_dialog_kit import COLOURS, TIMM, agree, buttons, press, said, show, state_of, texts


def edit_of(form: AddModelDialog, name: str) -> QLineEdit:
    return next(edit for edit in form.findChildren(QLineEdit) if edit.accessibleName() == name)


def add(qtbot: QtBot, window: MainWindow, file: Path, name: str) -> None:
    library, models = window.session.library, window.session._models
    assert library is not None
    assert models is not None
    models.shelf.add(file, TIMM, name)


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
    form._network.setEditText("mobile net")
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
