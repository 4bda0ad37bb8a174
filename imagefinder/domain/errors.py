"""The errors a person can do something about. Anything else that is raised is a bug."""


class ImageFinderError(Exception):
    """A known problem: ``message`` says what happened, ``hint`` what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class Cancelled(Exception):
    """The person stopped the work. What was committed stays; nobody needs to be told."""


class UnreadableImage(ImageFinderError):
    """One file that could not become pixels. ``message`` is the reason, in plain words.

    ``lasting`` says that the same file will fail again; a drive that was away or a file that was being written may not.
    """

    def __init__(self, message: str, hint: str = "", lasting: bool = True) -> None:
        super().__init__(message, hint)
        self.lasting = lasting


class UnknownName(ImageFinderError):
    """A name that is in no registry. The message lists the names that are."""


class ModelError(ImageFinderError):
    """A model that cannot be made: no weights, wrong shapes, a malformed file, a failed download."""


class LibraryError(ImageFinderError):
    """The library on disk cannot be used: not a database, from a newer version, not writable, full."""


class LibraryInUse(LibraryError):
    """Another process is writing to this library."""


class FolderError(ImageFinderError):
    """A folder that cannot be added: missing, not a folder, inside one that is already there."""
