import os
from pathlib import Path

import pytest

from imagefinder.domain.errors import LibraryError
from imagefinder.storage.inflight import InFlight

ODD = ["/photos/plain.jpg", "/photos/new\nline \U0001f600.jpg", os.fsdecode(b"/photos/latin-\xe9.jpg")]


def test_what_was_in_flight_is_suspect_after_a_crash(tmp_path: Path) -> None:
    note = InFlight(tmp_path / "in-flight")
    assert note.suspects() == []
    note.begin(["/a/long/name/that/leaves/a/rest.jpg"] * 5)
    note.begin(ODD)
    note.close()  # what the system does when the process dies
    again = InFlight(tmp_path / "in-flight")
    assert again.suspects() == ODD
    again.begin(["/next.jpg"])
    assert again.suspects() == ODD, "known until they were dealt with"
    again.close()
    assert InFlight(tmp_path / "in-flight").suspects() == ["/next.jpg"]


def test_after_an_orderly_end_nothing_is_suspect(tmp_path: Path) -> None:
    note = InFlight(tmp_path / "in-flight")
    note.begin(ODD)
    note.clear()
    assert note.suspects() == []
    note.close()
    assert InFlight(tmp_path / "in-flight").suspects() == []


def test_a_reader_knows_and_notes_nothing(tmp_path: Path) -> None:
    note = InFlight(tmp_path / "in-flight")
    note.begin(ODD)
    reader = InFlight(tmp_path / "in-flight", read_only=True)
    assert reader.suspects() == []
    with pytest.raises(LibraryError):
        reader.begin(ODD)
    note.close()
