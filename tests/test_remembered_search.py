import logging
from pathlib import Path

import pytest

from imagefinder import settings
from imagefinder.domain.search_options import SearchOptions
from imagefinder.settings import Settings


def test_searches_go_by_the_defaults_until_somebody_chooses() -> None:
    assert Settings().search_options() == SearchOptions()
    chosen = Settings(lever="k-reciprocal", lever_candidates=500, expansion_k=5).search_options()
    assert chosen == SearchOptions(lever="k-reciprocal", candidates=500, expansion_k=5)


def test_the_choice_outlives_the_window(tmp_path: Path) -> None:
    settings.save(tmp_path / "settings.json", Settings(lever="diffusion"))
    assert settings.load(tmp_path / "settings.json").search_options().lever == "diffusion"


@pytest.mark.parametrize("broken", [Settings(lever="magic"), Settings(lever_candidates=0), Settings(expansion_k=99)])
def test_what_makes_no_sense_falls_back_to_the_defaults(broken: Settings, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert broken.search_options() == SearchOptions()
    assert "not usable" in caplog.text
