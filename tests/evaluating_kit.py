"""How the tests of evaluations evaluate: quickly, with the model that needs no weights."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from imagefinder.domain.evaluation import EvaluationOptions, EvaluationReport
from imagefinder.usecases.evaluating import evaluate
from imagefinder.usecases.models import Models

QUICK = EvaluationOptions(resamples=50, device="cpu")
MODEL = "colour-layout"


def run(models: Models, *folders: Path, queries: tuple[Path, ...] = (), **options: Any) -> EvaluationReport:
    return evaluate(folders, queries, models, [MODEL], replace(QUICK, **options))
