"""What several runs of indexing did, as one."""

from collections import Counter
from dataclasses import replace

from imagefinder.domain.images import IndexSummary, NotLookedAt

STOPPED = IndexSummary(0, 0, 0, 0, 0, (), (), 0.0, 0.0, cancelled=True)
"""Of a run that did nothing."""


def together(before: IndexSummary | None, now: IndexSummary) -> IndexSummary:
    """What two runs did of which the user saw one: what was interrupted is looked through again by the later one."""
    if before is None:
        return now
    seen = STOPPED if before.cancelled else before
    others = Counter(seen.not_looked_at.others)
    others.update(now.not_looked_at.others)
    return replace(
        now,
        added=before.added + now.added,
        updated=before.updated + now.updated,
        moved=before.moved + now.moved,
        removed=before.removed + now.removed,
        removed_labelled=before.removed_labelled + now.removed_labelled,
        kept=before.kept + now.kept,
        away=tuple(dict.fromkeys((*before.away, *now.away))),
        unchanged=seen.unchanged + now.unchanged,
        failed=tuple(dict.fromkeys((*seen.failed, *now.failed))),
        damaged=tuple(dict.fromkeys((*seen.damaged, *now.damaged))),
        offline=tuple(dict.fromkeys((*seen.offline, *now.offline))),
        not_looked_at=NotLookedAt({**seen.not_looked_at.linked, **now.not_looked_at.linked}, dict(others)),
        seconds=before.seconds + now.seconds,
    )
