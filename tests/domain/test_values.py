import fnmatch
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagefinder.domain.errors import ImageFinderError, UnknownName
from imagefinder.domain.excludes import DEFAULT_EXCLUDES, compile_excludes
from imagefinder.domain.images import Query
from imagefinder.domain.registry import Registry
from imagefinder.domain.specs import IndexSpec, InputSpec, ModelSpec

SPEC = ModelSpec("mine", "timm", "resnet18", InputSpec(224, 256), 512, options={"a": 1}, licence="MIT")


def test_a_model_record_survives_json() -> None:
    assert ModelSpec.from_json(SPEC.to_json()) == SPEC


def test_a_model_says_what_it_is_in_words() -> None:
    assert (SPEC.representation, SPEC.compared) == ("average pooling", "by cosine, mean-centred")
    deep = replace(SPEC, pooling="gem", layers=("a", "b"), scales=(1.0, 0.70711, 0.5), projection="pca")
    assert deep.representation == "gem pooling of a, b at scales 1, 0.707, 0.5, then PCA"
    semantic = replace(SPEC, output="probabilities", centred=False, compare="hash-rerank")
    assert semantic.representation == "class probabilities"
    assert replace(SPEC, output="logits").representation == "class scores"
    assert semantic.compared == "by hash codes, the best again by cosine, not centred"


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"name": "x"}', SPEC.to_json().replace("crop", "crap")])
def test_what_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a model record"):
        ModelSpec.from_json(text)


def test_the_fingerprint_follows_what_changes_embeddings_and_nothing_else() -> None:
    assert replace(SPEC, name="other", licence="BSD", description="x", provenance="y").fingerprint == SPEC.fingerprint
    assert replace(SPEC, pooling="gem").fingerprint != SPEC.fingerprint
    assert replace(SPEC, weights_sha256="00").fingerprint != SPEC.fingerprint
    assert replace(SPEC, input=replace(SPEC.input, resize=300)).fingerprint != SPEC.fingerprint
    assert replace(SPEC, input=replace(SPEC.input, interpolation="bilinear")).fingerprint != SPEC.fingerprint
    assert replace(SPEC, classes=("a", "b")).fingerprint == SPEC.fingerprint


def test_the_fingerprint_is_the_one_that_libraries_have() -> None:
    """As computed before records knew of interpolation and the names of classes."""
    assert SPEC.fingerprint == "c2bc33e8f6c76c38a6cc18f34ab5cd3c9a1a5015759d73165e1dfc5a41b7e98f"


def test_small_libraries_are_searched_exactly_and_large_ones_by_lists() -> None:
    assert IndexSpec.choose(100_000, 1280) == IndexSpec("flat", 1280)
    large = IndexSpec.choose(2_000_000, 512)
    assert large.kind == "ivf"
    assert large.lists > 1000


def test_rows_of_bytes_are_searched_exactly_in_twice_as_large_a_library() -> None:
    assert IndexSpec.choose(1_000_000, 512, stored="int8") == IndexSpec("flat", 512, stored="int8")
    assert IndexSpec.choose(1_000_000, 512).kind == "ivf"
    assert IndexSpec.choose(2_000_000, 512, stored="int8") == IndexSpec("ivf", 512, 5656, "int8")
    assert IndexSpec.choose(10, 512, "hash", "int8") == IndexSpec("hash", 512)


@pytest.mark.parametrize(
    "name", [".hidden", ".thumbnails", "@eaDir", "@EADIR", ".Trash-1000", "$Recycle.Bin", "Library.lrdata"]
)
def test_what_systems_leave_lying_about_is_excluded(name: str) -> None:
    assert compile_excludes(DEFAULT_EXCLUDES)(name)


@pytest.mark.parametrize("name", ["holiday.jpg", "a.b.c", "eaDir", "Thumbs", "recycled art"])
def test_ordinary_names_are_not(name: str) -> None:
    assert not compile_excludes(DEFAULT_EXCLUDES)(name)


@given(
    st.lists(st.text("aB.*?[]!x-", min_size=1, max_size=4), max_size=4), st.text("aAbB.x!-[]", min_size=1, max_size=5)
)
def test_patterns_mean_what_fnmatch_says(patterns: list[str], name: str) -> None:
    expected = any(fnmatch.fnmatchcase(name.lower(), pattern.lower()) for pattern in patterns)
    assert compile_excludes(patterns)(name) == expected


def test_no_patterns_exclude_nothing() -> None:
    assert not compile_excludes(())("anything")


def test_a_query_has_exactly_one_source() -> None:
    assert Query("a", path="/a").path == "/a"
    with pytest.raises(ValueError, match="exactly one"):
        Query("nothing")
    with pytest.raises(ValueError, match="exactly one"):
        Query("two", path="/a", data=b"x")


def test_an_unknown_name_is_answered_with_the_known_ones_and_a_guess() -> None:
    models: Registry[int] = Registry("model")
    models.register("colour-layout", 1)
    models.register("resnet50", 2)
    with pytest.raises(UnknownName) as error:
        models["color-layout"]
    assert "Did you mean 'colour-layout'?" in error.value.hint
    assert "resnet50" in error.value.hint
    with pytest.raises(ValueError, match="already"):
        models.register("resnet50", 3)


def test_an_error_reads_as_one_text() -> None:
    assert str(ImageFinderError("It broke.", "Mend it.")) == "It broke. Mend it."
    assert str(ImageFinderError("It broke.")) == "It broke."
