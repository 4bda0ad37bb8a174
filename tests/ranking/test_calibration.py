import numpy as np
import pytest

from galleries import groups
from imagefinder.domain.images import Embeddings
from imagefinder.domain.specs import InputSpec, ModelSpec
from imagefinder.domain.verdicts import Scale, verdict
from imagefinder.ranking.calibration import FEWEST, fixed, hashed, measured


def spec(architecture: str = "resnet50", source: str = "timm", projection: str = "") -> ModelSpec:
    record = ModelSpec("x", source, architecture, InputSpec(8, 8), 16).to_json()
    return ModelSpec.from_json(record.replace('"projection": ""', f'"projection": "{projection}"'))


def in_order(scale: Scale) -> bool:
    return 1 > scale.same > scale.very_alike > scale.alike > scale.related > 0


def measured_on(rows: Embeddings) -> Scale:
    found = measured(rows)
    assert found is not None
    return found.scale


@pytest.mark.parametrize(("count", "dimension", "kinds"), [(50, 12, 4), (300, 12, 4), (300, 64, 30), (300, 4, 2)])
def test_the_words_are_in_order(count: int, dimension: int, kinds: int) -> None:
    assert in_order(measured_on(groups(count, 1, dimension, kinds)[1]))


def test_related_is_what_one_pair_in_a_hundred_reaches() -> None:
    rows = groups(400, 2, dimension=64, kinds=200)[1]
    related = measured_on(rows).related
    pairs = [float(rows[i] @ rows[j]) for i in range(400) for j in range(i)]
    share = sum(value >= related for value in pairs) / len(pairs)
    assert share == pytest.approx(0.01, abs=0.0005)


def test_photos_of_one_kind_are_at_least_related_and_others_different() -> None:
    rng = np.random.default_rng(0)
    kinds = np.repeat(np.arange(150), 2)  # one pair in three hundred is of one kind
    rows = rng.standard_normal((150, 64))[kinds] + 0.45 * rng.standard_normal((300, 64))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    scale = measured_on(rows)
    cosines = rows @ rows.T
    together = [verdict(float(cosines[i, i + 1]), scale) for i in range(0, 300, 2)]
    apart = [verdict(float(cosines[i, i + 7]), scale) for i in range(0, 290, 2)]
    assert together.count("different") == 0
    assert together.count("similar") > 30
    assert apart.count("different") > 0.97 * len(apart)


@pytest.mark.parametrize("kinds", [2, 5, 10])
def test_in_a_library_of_few_kinds_neighbours_are_related(kinds: int) -> None:
    rng = np.random.default_rng(kinds)
    kind = np.arange(300) % kinds  # so that one pair in ten, or even in two, is of one kind
    rows = rng.standard_normal((kinds, 64))[kind] + rng.uniform(0.3, 1, (300, 1)) * rng.standard_normal((300, 64))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    scale = measured_on(rows)
    cosines = rows @ rows.T
    others = cosines[kind[:, None] != kind]
    np.fill_diagonal(cosines, -1)
    said = [verdict(float(row.max()), scale) for row in cosines]
    assert said.count("different") <= 0.11 * len(said)
    assert (others >= scale.related).mean() < 0.01


def test_the_percentiles_are_those_of_the_pairs() -> None:
    rows = groups(200, 5, dimension=32, kinds=40)[1]
    found = measured(rows)
    assert found is not None
    pairs = np.array([float(rows[i] @ rows[j]) for i in range(200) for j in range(i)])
    for similarity in (-0.5, 0.0, 0.1, 0.4):
        assert found.percent_below(similarity) == pytest.approx(100 * (pairs < similarity).mean(), abs=1)
    assert found.percent_below(-1.0) == 0
    assert found.percent_below(1.0) == 99


def test_copies_do_not_raise_what_counts_as_alike() -> None:
    rows = groups(400, 3, dimension=32, kinds=20)[1]
    twice = np.concatenate([rows[:200], rows[:200]])
    assert measured_on(twice).alike == pytest.approx(measured_on(rows).alike, abs=0.12)


def test_libraries_without_differences_are_no_trouble() -> None:
    same = np.tile(groups(0)[0], (60, 1))
    assert in_order(measured_on(same))
    assert verdict(1.0, measured_on(same)) == "same"
    assert in_order(measured_on(np.eye(60, dtype=np.float32)))


def test_too_few_photos_are_not_measured() -> None:
    rows = groups(FEWEST)[1]
    assert measured(rows[:-1]) is None
    assert measured(rows[:0]) is None
    rows[0] = 0  # a picture without any feature is like none
    assert measured(rows) is None


@pytest.mark.parametrize("each", [spec(), spec("colour-layout", "builtin"), spec(projection="pca")])
def test_the_fixed_words_are_in_order(each: ModelSpec) -> None:
    assert in_order(fixed(each))


def test_each_kind_of_model_has_its_own_fixed_words() -> None:
    assert len({fixed(spec()), fixed(spec("colour-layout", "builtin")), fixed(spec(projection="pca"))}) == 3


def test_the_scale_for_hash_codes_keeps_the_order_and_the_ends() -> None:
    assert hashed(Scale(1.0, 0.5, 0.0, -1.0)) == pytest.approx((1, 1 / 3, 0, -1))
    assert in_order(hashed(fixed(spec())))


def test_hash_codes_agree_with_the_scale_made_for_them() -> None:
    rng = np.random.default_rng(4)
    a = rng.standard_normal(20_000)
    b = 0.8 * a + 0.6 * rng.standard_normal(20_000)
    agreement = 1 - 2 * np.mean((a > 0) != (b > 0))
    assert hashed(Scale(0.8, 0.8, 0.8, 0.8)).same == pytest.approx(agreement, abs=0.03)


def test_verdicts_begin_at_their_limits() -> None:
    scale = Scale(0.9, 0.8, 0.7, 0.5)
    said = [verdict(value, scale) for value in (1.0, 0.9, 0.89, 0.7, 0.69, 0.5, 0.49, -1.0)]
    assert said == ["same", "same", "similar", "similar", "related", "related", "different", "different"]
