"""What progress looks like in a terminal."""

from imagefinder.domain.progress import Progress
from imagefinder.terminal import describe


def test_photos_are_counted() -> None:
    line = describe(Progress("embedding", 1500, 3000, "", 50.0, 30.0, 2))
    assert line == "Looking at photos  [##########----------] 1,500 of 3,000  50/s  30 s left  2 could not be read"


def test_bytes_are_told_in_megabytes() -> None:
    line = describe(Progress("downloading", 21_000_000, 84_000_000, "", 3_500_000.0, 18.0, 0))
    assert line == "Downloading  [#####---------------] 21.0 of 84.0 MB  3.5 MB/s  18 s left"
    assert describe(Progress("downloading", 21_000_000)) == "Downloading  21.0 MB"


def test_what_has_no_end_yet_is_only_counted() -> None:
    assert describe(Progress("looking", 12_000)) == "Looking for photos  12,000"
