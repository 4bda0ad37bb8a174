"""A QThread that drains a queue of jobs, and brings what they say back to the GUI thread."""

import contextlib
import queue
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QObject, Qt, QThread, Signal

from imagefinder.domain.errors import Cancelled
from imagefinder.domain.progress import CancelToken, Progress, ProgressSink

Work = Callable[[CancelToken, ProgressSink], Any]


@dataclass(eq=False, slots=True)
class Job:
    """One piece of work on a lane. The callbacks run in the GUI thread; of a replaced job only ``over`` does."""

    name: str
    work: Work
    done: Callable[[Any], object]
    failed: Callable[[Exception], object]
    progressed: Callable[[Progress], object]
    over: Callable[[], object]
    token: CancelToken = field(default_factory=CancelToken)
    replaced: bool = False


def _ignore(_: object) -> None:
    pass


class Lane(QThread):
    """Runs jobs one after the other.

    The Lane itself belongs to the GUI thread and has no slots that run elsewhere: its signals are emitted inside
    ``run`` and are delivered to its own methods in the GUI thread, so that callbacks of any kind are safe.
    """

    _said = Signal(object, object)
    _progressed = Signal(object, object)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._unfinished: list[Job] = []
        self._said.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._progressed.connect(self._deliver_progress, Qt.ConnectionType.QueuedConnection)

    def submit(
        self,
        name: str,
        work: Work,
        done: Callable[[Any], object] = _ignore,
        failed: Callable[[Exception], object] = _ignore,
        progressed: Callable[[Progress], object] = _ignore,
        over: Callable[[], object] = lambda: None,
    ) -> Job:
        """Queue a job."""
        job = Job(name, work, done, failed, progressed, over)
        self._unfinished.append(job)
        self._jobs.put(job)
        return job

    def cancel(self, name: str | None = None) -> None:
        """Cancel the unfinished jobs of this name, or all."""
        for job in self._unfinished:
            if name is None or job.name == name:
                job.token.cancel()

    def replace(self, name: str) -> None:
        """Cancel the jobs of this name, and do not deliver what they may still have to say."""
        for job in self._unfinished:
            if job.name == name:
                job.replaced = True
                job.token.cancel()

    def unfinished(self, name: str) -> list[Job]:
        """The jobs of this name that have not delivered their outcome yet and are not cancelled."""
        return [job for job in self._unfinished if job.name == name and not job.token.cancelled]

    def finish(self) -> None:
        """End the thread after what is queued; ``finished`` says when."""
        self._jobs.put(None)

    def stop(self) -> None:
        """Cancel everything and end the thread once the running job notices."""
        self.cancel()
        self.finish()

    def run(self) -> None:
        while (job := self._jobs.get()) is not None:
            outcome: object
            try:
                job.token.check()
                outcome = job.work(job.token, self._sink(job))
            except Exception as error:  # the one place: what is known, unknown or cancelled is told apart in the GUI
                outcome = error
            self._emit(self._said, job, outcome)

    def _sink(self, job: Job) -> ProgressSink:
        return lambda progress: self._emit(self._progressed, job, progress)

    def _emit(self, signal: Any, job: Job, value: object) -> None:
        # The window may be gone while the last job ends; there is nobody left to tell then.
        with contextlib.suppress(RuntimeError):
            signal.emit(job, value)

    def _deliver_progress(self, job: Job, progress: Progress) -> None:
        if not job.token.cancelled:
            job.progressed(progress)

    def _deliver(self, job: Job, outcome: object) -> None:
        self._unfinished.remove(job)
        try:
            if isinstance(outcome, Cancelled) or job.replaced:
                pass
            elif isinstance(outcome, Exception):
                job.failed(outcome)
            else:
                job.done(outcome)
        finally:
            job.over()
