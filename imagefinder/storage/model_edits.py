"""Which models a library has, which one it searches by, and how that one compares."""

import logging
from dataclasses import replace
from typing import get_args

from imagefinder.domain.errors import LibraryError, UnknownName
from imagefinder.domain.progress import CancelToken, ProgressSink, ignore_progress
from imagefinder.domain.specs import Comparison, ModelSpec
from imagefinder.storage import model_table
from imagefinder.storage.database import explained
from imagefinder.storage.index_keeper import IndexKeeper, index_path
from imagefinder.storage.library_parts import LibraryParts

log = logging.getLogger(__name__)


class ModelEdits(LibraryParts):
    """Changes of models. What a search answers with changes in ``activate``, ``compare_by`` and ``optimise`` only."""

    def register_model(self, spec: ModelSpec) -> int:
        """The model's id in this library. Two specs with one fingerprint are one model.

        What ``compare_by`` set stays. Until it was called, ``compare`` and ``centred`` of the spec hold, from the next
        ``optimise``, ``activate`` or start on.
        """
        with self._database.lock:
            with self._database.write() as connection:
                model_id = model_table.register(connection, spec)
                models = model_table.models(connection)
            self._models[model_id] = models[model_id]
            if self._keeper is not None and self._keeper.model_id == model_id:
                self._keeper.spec = models[model_id]  # its name may be another
            return model_id

    def want_model(self, spec: ModelSpec | None) -> None:
        """Remember, over a crash too, that the library is to search by this model once it has seen every photo.

        None gives that up; so does ``activate`` of any model, and ``forget_model`` of this one.
        """
        with self._database.write() as connection:
            model_id = None if spec is None else self.register_model(spec)
            if model_id is None or (self._keeper is not None and self._keeper.model_id == model_id):
                model_table.drop_setting(connection, model_table.WANTED_MODEL)
            else:
                model_table.set_setting(connection, model_table.WANTED_MODEL, str(model_id))

    def activate(
        self, spec: ModelSpec, progress: ProgressSink = ignore_progress, token: CancelToken | None = None
    ) -> None:
        """Search by this model from now on. Another model's index serves until this one is ready. Raises Cancelled.

        Index files stay while another model is active. So a model that comes back has but to catch up with the photos
        that were removed or embedded meanwhile; only if these are many is its index, or its mean, made again. Photos
        that it has not seen (``pending``) are not found until they are indexed with it: whether that matters is the
        caller's decision.
        """
        with self._database.lock:
            model_id = self.register_model(spec)
            if self._keeper is not None and self._keeper.model_id == model_id:
                self.want_model(None)
                self.optimise(progress, token)
                return
            keeper = self._keep(model_id)
            keeper.optimise(progress, token)
            keeper.save()
            self.save_index()
            with self._database.write() as connection:
                model_table.set_setting(connection, "active_model", str(model_id))
                model_table.drop_setting(connection, model_table.WANTED_MODEL)
            self._keeper = keeper

    def compare_by(
        self,
        compare: Comparison,
        centred: bool,
        progress: ProgressSink = ignore_progress,
        token: CancelToken | None = None,
    ) -> None:
        """Make this the way in which the active model's photos are compared, without reading any photo again.

        The choice belongs to the library and outlives whatever the model's record says. The old index serves until the
        new one is ready. Raises Cancelled, UnknownName for another ``compare``, and LibraryError where there is no
        active model; then everything stays as it was.
        """
        known = get_args(Comparison)
        if compare not in known:
            raise UnknownName(f"There is no comparison called {compare!r}.", f"Known are: {', '.join(known)}.")
        with self._database.lock:
            keeper = self._keeper
            if keeper is None:
                raise LibraryError("The library has no photos yet.", "Add a folder first.")
            choice = replace(keeper.spec, compare=compare, centred=centred)
            if choice == keeper.spec:
                self.optimise(progress, token)
                with self._database.write() as connection:
                    model_table.choose(connection, keeper.model_id, compare, centred)
                return
            keeper.rebuild(progress, token, choice)
            self._models[keeper.model_id] = choice
            self.save_index()

    def forget_model(self, model: int | str) -> None:
        """Delete what an inactive model knows of the photos: its vectors and its index file, by id or fingerprint.

        The disk gets their room back; SQLite writes the catalogue anew for that, which takes about as long as copying
        it, and passing need of twice its size. Where the disk has not that much left, the room stays in the catalogue
        and is used for what comes next. Raises LibraryError for the active model and for one that is not there.
        """
        with self._database.lock:
            found = [id_ for id_, spec in self._models.items() if model in (id_, spec.fingerprint)]
            if not found:
                raise LibraryError("The library has no such model.", "It may have been forgotten already.")
            (model_id,) = found
            if self._keeper is not None and self._keeper.model_id == model_id:
                raise LibraryError(
                    f"{self._models[model_id].name} is what the library searches by.", "Switch to another model first."
                )
            if self.read_only:
                raise LibraryError("The library was opened for reading only.")
            # The file first: without it the vectors make another, but nothing would ever delete a file without vectors.
            path = index_path(self.directory, self._models[model_id])
            with explained(path):
                path.unlink(missing_ok=True)
            with self._database.write() as connection:
                if model_table.setting(connection, model_table.WANTED_MODEL) == str(model_id):
                    model_table.drop_setting(connection, model_table.WANTED_MODEL)
                model_table.forget(connection, model_id)
            del self._models[model_id]
            try:
                self._database.compact()
            except LibraryError as error:
                log.warning("the room of a forgotten model stays in the catalogue: %s", error)

    def set_precision(self, spec: ModelSpec, precision: str) -> None:
        """Remember what the self-test chose, so that it need not run at every start."""
        with self._database.write() as connection:
            model_table.set_precision(connection, self.register_model(spec), precision)

    def save_index(self) -> None:
        """Write the index to its file if it changed. Raises LibraryError."""
        with self._database.lock:
            if self.read_only:
                raise LibraryError("The library was opened for reading only.")
            if self._keeper is not None:
                self._keeper.save()

    def optimise(self, progress: ProgressSink = ignore_progress, token: CancelToken | None = None) -> None:
        """Bring the index in line with the library as it is now, if it no longer is: another kind of index for many
        more photos, and another mean to subtract once a tenth of them are new or gone (see centre_table.py).

        To be called at the end of a run of indexing. Searches go on meanwhile. Raises Cancelled.
        """
        with self._database.lock:
            if self._keeper is not None and self._keeper.optimise(progress, token):
                self.save_index()

    def _keep(self, model_id: int) -> IndexKeeper:
        return IndexKeeper(self._database, self.directory, self.id, model_id, self._models[model_id])
