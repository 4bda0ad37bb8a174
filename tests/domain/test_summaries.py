"""Several runs of indexing are told as one."""

from dataclasses import replace

from imagefinder.domain.images import IndexSummary, NotLookedAt
from imagefinder.domain.summaries import STOPPED, together
from made_up import failure

DONE = IndexSummary(
    1, 2, 3, 4, 5, (failure("a.jpg"),), ("/nas",), 10.0, 7.0, away=("/a/b",), kept=6, removed_labelled=1
)


def test_alone_a_run_is_told_as_it_is() -> None:
    assert together(None, DONE) == DONE


def test_what_an_interrupted_run_wrote_counts_and_what_it_saw_is_seen_again() -> None:
    interrupted = replace(DONE, cancelled=True, not_looked_at=NotLookedAt({"/a/l": "/x"}, {"txt": 3}))
    last = replace(
        STOPPED,
        added=10,
        unchanged=20,
        removed=1,
        cancelled=False,
        not_looked_at=NotLookedAt({"/a/l": "/x"}, {"txt": 4}),
    )
    both = together(interrupted, last)
    assert (both.added, both.removed, both.kept, both.removed_labelled, both.unchanged) == (11, 5, 6, 1, 20)
    assert both.away == ("/a/b",)
    assert (both.failed, both.offline, both.cancelled) == ((), (), False)
    assert both.not_looked_at == NotLookedAt({"/a/l": "/x"}, {"txt": 4})


def test_what_a_whole_run_saw_is_kept_beside_what_the_next_one_sees() -> None:
    whole = replace(DONE, not_looked_at=NotLookedAt({"/a/l": "/x"}, {"txt": 3}))
    both = together(whole, replace(DONE, offline=("/other",), not_looked_at=NotLookedAt({}, {"txt": 1, "psd": 1})))
    assert both.offline == ("/nas", "/other")
    assert both.failed == (failure("a.jpg"),)
    assert both.not_looked_at == NotLookedAt({"/a/l": "/x"}, {"txt": 4, "psd": 1})
    assert both.seconds == 20.0
