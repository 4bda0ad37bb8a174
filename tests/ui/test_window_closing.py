"""Closing while everything is busy: never a hang, an abort or a loss.

Twenty times by default; `pytest tests/ui/test_window_closing.py --close-rounds 200` for the long run.
"""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QDeadlineTimer, QEventLoop, QTimer
from pytestqt.qtbot import QtBot

from drawing import draw_photo
from driving import PATIENCE, opened
from imagefinder.storage.library import Library
from imagefinder.ui.main_window import MainWindow


@pytest.mark.timeout(1800)
def test_closing_while_indexing_loses_nothing(
    qtbot: QtBot, make_window: Callable[[], MainWindow], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    rounds = request.config.getoption("--close-rounds")
    root = tmp_path / "photos"
    for number in range(60):
        draw_photo(root / f"{number}.jpg", seed=number, size=(200, 150))
    rng = random.Random(1)
    committed = 0
    for number in range(rounds):
        window = make_window()
        if number % 4:  # every fourth time not even the library is open yet
            opened(qtbot, window)
            window.session.add_folders([str(root)])
            window.take([str(root / "0.jpg")])
        pause = QEventLoop()
        QTimer.singleShot(rng.randrange(0, 120), pause.quit)
        pause.exec()
        deadline = QDeadlineTimer(PATIENCE)
        with qtbot.waitSignal(window.closed, timeout=PATIENCE):
            window.close()
        assert not deadline.hasExpired()
        assert window.is_closed
        with Library.open(tmp_path / "base" / "data" / "library") as library:
            assert library.verify().problems == ()
            now = library.count_embedded()
            assert now >= committed
            committed = now
        if committed == 60:  # all done: start over with an empty library
            with Library.open(tmp_path / "base" / "data" / "library") as library:
                for folder in library.folders():
                    library.remove_folder(folder.id)
            committed = 0
