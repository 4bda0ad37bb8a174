"""Giving photos labels, and taking them away."""

import os
from collections.abc import Iterable, Mapping

from imagefinder.domain.labels import clean_label
from imagefinder.storage import folder_table, label_table
from imagefinder.storage.library_parts import LibraryParts


class LabelEdits(LibraryParts):
    """Changes of labels, each one transaction. Photos that are no longer there are passed over."""

    def set_labelled(self, folder_id: int, labelled: bool, below: str = "") -> None:
        """Whether the name of the folder that a photo lies in is its label, in this root or in a folder ``below`` it.

        Raises FolderError.
        """
        prefix = os.fsencode(os.path.join(below, "")) if below else b""
        with self._database.write() as connection:
            folder_table.folder_path(connection, folder_id)
            label_table.set_labelled(connection, folder_id, labelled, prefix)

    def set_labels(self, photo_ids: Iterable[int], name: str | None) -> dict[int, str | None]:
        """Call these photos ``name``; None removes what they were called, and leaves the name of a labelled folder.

        Returns the labels that they had been given before, for ``restore_labels``. Raises LibraryError for a name that
        is blank or longer than 200 characters.
        """
        cleaned = None if name is None else clean_label(name)
        with self._database.write() as connection:
            before = label_table.explicit(connection, photo_ids)
            label_table.put(connection, dict.fromkeys(before, cleaned))
        return before

    def restore_labels(self, before: Mapping[int, str | None]) -> None:
        """Undo a ``set_labels``, with what it returned."""
        with self._database.write() as connection:
            label_table.put(connection, before)

    def reject_label(self, photo_ids: Iterable[int], name: str) -> None:
        """Note that these photos are not ``name``, so that it is not proposed for them again. Raises LibraryError."""
        with self._database.write() as connection:
            label_table.reject(connection, photo_ids, clean_label(name))

    def unreject_label(self, photo_ids: Iterable[int], name: str) -> None:
        """Undo a ``reject_label``."""
        with self._database.write() as connection:
            label_table.unreject(connection, photo_ids, clean_label(name))
