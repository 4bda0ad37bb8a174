"""What photos are called."""

from collections import Counter
from collections.abc import Iterable

from imagefinder.storage import label_table
from imagefinder.storage.library_parts import LibraryParts


class LabelView(LibraryParts):
    """Questions about labels.

    A photo's label is the one that somebody gave it, and goes with it wherever it moves; without one, in a root that
    is labelled, the name of the folder that it lies in.
    """

    def labels(self, photo_ids: Iterable[int]) -> dict[int, str]:
        """By photo id; photos without a label are left out."""
        with self._database.read() as connection:
            return label_table.labels(connection, photo_ids)

    def labelled_photos(self) -> dict[int, str]:
        """The label of every photo that has one, ascending by photo id."""
        with self._database.read() as connection:
            return label_table.labels(connection)

    def labelled_by_hand(self, folder_id: int | None = None) -> dict[int, str]:
        """What the user called photos, of one root or of all, ascending by photo id."""
        with self._database.read() as connection:
            return label_table.by_hand(connection, folder_id)

    def label_counts(self) -> dict[str, int]:
        """How many photos have each label, in alphabetical order of the labels."""
        counts = Counter(self.labelled_photos().values())
        return {name: counts[name] for name in sorted(counts, key=lambda name: (name.casefold(), name))}

    def unlabelled_photos(self, limit: int, offset: int = 0) -> list[int]:
        """Up to ``limit`` photos without a label, ascending by id, after the first ``offset`` of them."""
        with self._database.read() as connection:
            return label_table.unlabelled(connection, limit, offset)

    def rejected_labels(self, photo_ids: Iterable[int]) -> dict[int, set[str]]:
        """What somebody said these photos are not; photos of which nobody said anything are left out."""
        with self._database.read() as connection:
            return label_table.rejected(connection, photo_ids)
