import threading
import time

import pytest

from imagefinder.domain.errors import Cancelled, FolderError
from imagefinder.patience import NoAnswer, patiently


def test_an_answer_is_passed_on_and_so_is_an_error() -> None:
    assert patiently(lambda: 42, "/photos") == 42
    with pytest.raises(PermissionError):
        patiently(lambda: (_ for _ in ()).throw(PermissionError("no")), "/photos")


def test_a_drive_that_does_not_answer_is_a_known_error_and_keeps_nobody() -> None:
    over = threading.Event()
    began = time.monotonic()
    with pytest.raises(NoAnswer, match=r"^/mnt/nas does not answer\. Check") as raised:
        patiently(lambda: over.wait(60), "/mnt/nas", patience=0.2)
    assert time.monotonic() - began < 5
    assert isinstance(raised.value, FolderError)
    (waiting,) = (thread for thread in threading.enumerate() if thread.name == "patience")
    assert waiting.daemon
    over.set()
    waiting.join(30)
    assert not waiting.is_alive()


def test_waiting_for_an_answer_can_be_stopped() -> None:
    over = threading.Event()

    def check() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        patiently(lambda: over.wait(60), "/mnt/nas", check=check)
    over.set()
