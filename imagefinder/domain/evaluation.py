"""What an evaluation is asked, and what it answers: how well photos of the same kind are found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from imagefinder.domain.errors import ImageFinderError
from imagefinder.domain.excludes import DEFAULT_EXCLUDES
from imagefinder.domain.specs import Comparison


class EvaluationError(ImageFinderError):
    """Nothing can be measured: no photos, no two photos of a class, a ground truth that fits nothing."""


@dataclass(frozen=True, slots=True)
class Way:
    """How photos are compared. ``None`` means: as the model's own record says.

    Raises EvaluationError for a lever with hash codes: levers order by cosines.
    """

    centred: bool | None = None
    """Whether the gallery's mean embedding is subtracted before comparing. Hash codes have it as threshold anyway."""
    compare: Comparison | None = None
    lever: str = ""
    """The name of a search lever, or "" for none."""

    def __post_init__(self) -> None:
        if self.lever not in ("", "none") and self.compare not in (None, "cosine"):
            raise EvaluationError(
                f"The lever {self.lever} orders by cosines, and cannot order by {self.compare}.",
                "Measure the one beside the other: --compare cosine hash --lever none k-reciprocal",
            )


def one_at_a_time(centred: Sequence[bool], compare: Sequence[Comparison], levers: Sequence[str]) -> tuple[Way, ...]:
    """The first of each together, then each of the others with the first of the rest. Raises EvaluationError."""
    base = Way(next(iter(centred), None), next(iter(compare), None), next(iter(levers), ""))
    others = [replace(base, centred=each) for each in centred[1:]]
    others += [replace(base, compare=each) for each in compare[1:]]
    others += [replace(base, lever=each) for each in levers[1:]]
    return tuple(dict.fromkeys([base, *others]))


@dataclass(frozen=True, slots=True)
class EvaluationOptions:
    """How to measure."""

    ways: tuple[Way, ...] = (Way(),)
    """Every model is measured in each of them."""
    candidates: int = 1000
    """How many of the nearest photos a lever orders anew."""
    without_near_duplicates: bool = False
    """Leave the near-duplicates of a query out of its ranking."""
    burst_seconds: float = 5.0
    """Two photos of one class that were taken at most so far apart count as near-duplicates."""
    duplicate_similarity: float = 0.95
    """So do two photos of one class whose embeddings by any of the models, as they come and not centred, have at least
    this cosine. Models that give class probabilities are asked only where all of them do."""
    resamples: int = 1000
    """Bootstrap samples behind each interval."""
    seed: int = 0
    worst: int = 10
    """How many of the worst queries are kept, for each model."""
    excludes: tuple[str, ...] = DEFAULT_EXCLUDES
    device: str = "auto"
    label_level: int | None = None
    """The class of a photo is the folder so many levels below the given one; None: the folder that it lies in."""
    again: bool = False
    """Read and embed all photos, also those that an earlier evaluation embedded: that measures the speed anew."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over queries and its bootstrap 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class WrongAnswer:
    """A photo of another class that stands near the top. ``similarity`` is what it was ranked by."""

    path: str
    label: str
    similarity: float


@dataclass(frozen=True, slots=True)
class WorstQuery:
    """A query for which little was found. ``average_precision`` is 0..1."""

    path: str
    label: str
    average_precision: float
    wrong: tuple[WrongAnswer, ...]


@dataclass(frozen=True, slots=True)
class ClassResult:
    """One class. ``metrics`` maps a metric's name to its mean over the queries of this class; F1 is of all queries."""

    label: str
    queries: int
    """Queries that count: lone ones do not."""
    gallery: int
    metrics: Mapping[str, Interval]


@dataclass(frozen=True, slots=True)
class ModelResult:
    """One model. Times are wall-clock seconds on the machine that measured."""

    model: str
    dimension: int
    centred: bool
    compare: Comparison
    lever: str
    overall: Mapping[str, Interval]
    classes: tuple[ClassResult, ...]
    curve: tuple[tuple[float, float], ...]
    """Points (recall, interpolated precision), ending where no query gets further."""
    worst: tuple[WorstQuery, ...]
    embedded: int
    """How many photos were read and embedded when the speed was measured: now, or in an earlier evaluation."""
    embedding_seconds: float
    """For all of these."""
    measuring_seconds: float
    query_seconds: float
    """Comparing one query with the gallery in memory, after it was read and embedded."""
    bytes_per_photo: int
    """What a search keeps in memory of each photo's embedding, beside its number."""
    recalled: int = 0
    """How many photos an earlier evaluation had embedded, and were not read again."""
    measured_now: bool = True
    """Whether the speed is of this run."""
    device: str = ""
    precision: str = ""
    """The arithmetic of the embedding, such as "bfloat16"."""

    @property
    def photos_per_second(self) -> float | None:
        """Reading and embedding; None where nobody measured it."""
        return self.embedded / self.embedding_seconds if self.embedded and self.embedding_seconds > 0 else None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A photo that could not be read, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class EvaluationCounts:
    """What was measured on."""

    gallery: int
    queries: int
    """All queries, lone ones included."""
    classes: int
    lone: int
    """Queries with nothing relevant in the gallery: no mean contains them."""
    near_duplicate_queries: int | None
    """Queries with at least one near-duplicate in the gallery; None where nobody looked for any."""
    near_duplicate_pairs: int | None
    unreadable: tuple[Unreadable, ...] = ()
    empty_folders: tuple[str, ...] = ()
    """Leaf folders without a photo."""
    missing: int = 0
    """Photos that a ground truth names and that are not there: they count as not found."""


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """Several models on the same photos."""

    gallery: tuple[str, ...]
    """The folders."""
    queries: tuple[str, ...]
    """The folders with queries; () where every photo of the gallery was left out and searched for in turn."""
    protocol: str
    """One sentence."""
    options: EvaluationOptions
    counts: EvaluationCounts
    models: tuple[ModelResult, ...]
    notes: tuple[str, ...] = ()
    """What a reader has to know to trust the numbers, a sentence each."""
