import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from imagefinder.ranking.hashing import code_bytes, codes, hamming, hamming_similarity


def test_codes_by_hand() -> None:
    rows = np.array([[0.1, -0.1, 0, 2, -3, 1, 1, -1, 5], [-1, -1, -1, -1, -1, -1, -1, 1, -1]], np.float32)
    assert codes(rows).tolist() == [[0b10010110, 0b10000000], [0b00000001, 0]]
    assert codes(rows[0]).tolist() == [0b10010110, 0b10000000]
    assert (code_bytes(1), code_bytes(8), code_bytes(9)) == (1, 1, 2)
    assert hamming(codes(rows)[0], codes(rows)[1]) == 6
    assert hamming(codes(rows), codes(rows)[1]).tolist() == [6, 0]
    assert hamming_similarity(np.array([0, 4, 8]), 8).tolist() == [1, 0, -1]


def test_a_bit_says_on_which_side_of_its_threshold_a_value_lies() -> None:
    rows = np.array([[0.5, 0.2, 0.9], [0.5, 0.6, 0.1], [0, 0, 0]], np.float32)
    threshold = np.array([0.5, 0.3, -0.1], np.float32)
    assert codes(rows, threshold).tolist() == [[0b00100000], [0b01100000], [0]], "no feature, no bit"


@settings(deadline=None)
@given(st.integers(1, 70), st.integers(0, 10**6))
def test_distances_are_counts_of_different_signs(dimension: int, seed: int) -> None:
    rows = np.random.default_rng(seed).standard_normal((6, dimension)).astype(np.float32)
    packed = codes(rows)
    assert packed.shape == (6, code_bytes(dimension))
    counted = [[int(np.sum((left > 0) != (right > 0))) for right in rows] for left in rows]
    assert hamming(packed[:, None], packed[None]).tolist() == counted
    assert hamming_similarity(hamming(packed, packed[0]), dimension)[0] == 1


def test_similarities_of_codes_follow_the_angle() -> None:
    # Of two directions at the angle a, a random bit differs with probability a / pi (Charikar, STOC 2002).
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((2, 100_000)).astype(np.float32)
    mixed = 0.8 * rows[0] + 0.6 * rows[1]
    similarity = float(hamming_similarity(hamming(codes(rows[0]), codes(mixed)), 100_000))
    assert abs(similarity - (1 - 2 * np.arccos(0.8) / np.pi)) < 0.02
