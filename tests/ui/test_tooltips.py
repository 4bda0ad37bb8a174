"""Names that look like markup are shown as they are in tooltips, which guess at rich text."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QHelpEvent, Qt, QTextDocument
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from imagefinder.domain.images import Folder, FolderState
from imagefinder.domain.teaching import Group
from imagefinder.ui import wording
from imagefinder.ui.folders_model import FoldersModel
from imagefinder.ui.inspector import Inspector
from imagefinder.ui.labels import ElidedLabel
from imagefinder.ui.query_chip import QueryChip
from imagefinder.ui.teach_labels import LabelTable
from imagefinder.ui.teach_pictures import PathPictures
from imagefinder.ui.tile import Tile
from made_up import PHOTO

NAME = "<img src=x><b>bold</b>&amp;<br>.jpg"


def seen(tip: object) -> str:
    """What a person reads in it."""
    assert isinstance(tip, str)
    if not Qt.mightBeRichText(tip):
        return tip
    document = QTextDocument()
    document.setHtml(tip)
    return document.toPlainText()


@pytest.mark.parametrize("text", [NAME, "plain.jpg", "a < b & c", "<b>", "two\nlines", f"two\n{NAME}"])
def test_a_tip_shows_its_text(qtbot: QtBot, text: str) -> None:
    assert seen(wording.tip(text)) == text


def test_tips_of_names_from_outside(qtbot: QtBot) -> None:
    tile = Tile(60, NAME)
    chip = QueryChip()
    chip.set_query(NAME, None)
    inspector = Inspector()
    inspector.set_photo(replace(PHOTO, relpath=NAME), None, None, None)
    label = ElidedLabel(NAME)
    label.resize(20, 20)
    pictures = PathPictures(lambda path, width, height: np.zeros((1, 1, 3), np.uint8), label)
    table = LabelTable(pictures)
    table.show_groups([Group(NAME, (NAME,), (), True)])
    folders = FoldersModel()
    folders.set_folders([Folder(1, f"/x/{NAME}", FolderState.INDEXED, 1, ())])
    for widget in (tile, chip, inspector, label, table):
        qtbot.addWidget(widget)
    QApplication.sendEvent(label, QHelpEvent(QEvent.Type.ToolTip, QPoint(), QPoint()))
    item = table.item(0, 0)
    assert item is not None
    paths = [each for each in inspector.findChildren(QWidget) if each.toolTip().count("bold")]
    assert len(paths) == 1
    assert [seen(tip) for tip in (tile.toolTip(), chip.toolTip(), label.toolTip(), item.toolTip())] == [NAME] * 4
    assert seen(folders.data(folders.index(0), Qt.ItemDataRole.ToolTipRole)) == f"/x/{NAME}"
    pictures.stop()
    assert seen(paths[0].toolTip()).endswith(NAME)
