"""Search by another model: at once if it has seen all photos, else after a run of indexing beside the old one."""

from dataclasses import dataclass

from imagefinder.domain.errors import Cancelled, ModelError
from imagefinder.domain.images import HeldModel, IndexSummary
from imagefinder.domain.progress import CancelToken, ProgressSink, ignore_progress
from imagefinder.storage.library import Library
from imagefinder.usecases.indexing import index
from imagefinder.usecases.library_list import note_library
from imagefinder.usecases.models import Models


@dataclass(frozen=True, slots=True)
class SwitchOutcome:
    """How far a library got on the way to another model."""

    name: str
    before: str
    """What the library searched by until now; empty where it had no model."""
    active: bool
    """Whether the library searches by ``name`` now."""
    pending: int
    """How many photos the model has yet to look at."""
    summary: IndexSummary | None = None
    """Of the run of indexing; None where none was needed."""
    cancelled: bool = False


def switch(
    library: Library,
    models: Models,
    name: str,
    token: CancelToken | None = None,
    progress: ProgressSink = ignore_progress,
) -> SwitchOutcome:
    """Make ``library`` search by the model ``name``; going back to an earlier one is the same call.

    If the library holds a complete set of its vectors, they only take their place. Otherwise all folders are indexed
    with it, and until it has seen every photo the old model goes on answering. That can be cancelled, or end in a
    crash: the next call goes on from there. Photos in folders that are away stay pending, and then the old model
    stays. Raises UnknownName, ModelError where the model is not here, and LibraryError.
    """
    spec = models.shelf.spec(name)
    models.shelf.name_of(spec)
    before = library.active_model()
    old = before.name if before is not None else ""
    token = token or CancelToken()
    model_id = library.register_model(spec)
    summary = None
    cancelled = False
    if before is not None and before.fingerprint == spec.fingerprint:
        return SwitchOutcome(name, old, True, library.pending(model_id))
    if library.pending(model_id) == 0:
        try:
            library.activate(spec, progress, token)
        except Cancelled:
            cancelled = True
        note_library(models.shelf.directory, library.directory)
    else:
        summary = index(library, models.embedder(library, spec), token=token, progress=progress)
        cancelled = summary.cancelled
    after = library.active_model()
    active = after is not None and after.fingerprint == spec.fingerprint
    return SwitchOutcome(name, old, active, library.pending(model_id), summary, cancelled)


def forget(library: Library, name: str) -> HeldModel:
    """Delete what an inactive model of ``library`` knows of its photos; what it was. The model's file stays.

    Raises ModelError for a model that the library has nothing of, LibraryError for the one that it searches by.
    """
    held = [each for each in library.models_held() if each.spec.name == name]
    if not held:
        known = ", ".join(sorted({each.spec.name for each in library.models_held()})) or "none"
        raise ModelError(f"The library has nothing of a model named {name}.", f"It knows: {known}.")
    # Of several versions under one name, those that nobody searches by.
    chosen = next((each for each in held if not each.active), held[0])
    library.forget_model(chosen.spec.fingerprint)
    return chosen
