"""What is coded comes back, at the cost that theory allows; other data is refused."""

import lzma

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from utils.compress.coding import (
    DecodingError,
    HuffmanCode,
    RangeDecoder,
    RangeEncoder,
    canonical_codes,
    code_lengths,
    decode_integers,
    encode_integers,
    entropy_bits,
    positions,
    relative_indices,
)
from utils.compress.coding.decisions import Decisions
from utils.compress.coding.logistic_bit import squash_table, stretch_table

symbols = st.lists(st.integers(0, 20), min_size=1, max_size=300)


@given(symbols)
def test_huffman_codes_come_back_and_keep_to_the_bound(given):
    counts = np.bincount(given)
    code = HuffmanCode.of_counts(counts)
    data = code.encode(given)
    assert code.decode(data, len(given)).tolist() == given
    assert len(data) == -(-code.bits(counts) // 8)
    assert entropy_bits(given) <= code.bits(counts) <= entropy_bits(given) + len(given)


@given(symbols)
def test_the_lengths_alone_are_the_code(given):
    lengths = code_lengths(np.bincount(given))
    codes = canonical_codes(lengths)
    words = [format(code, f"0{length}b") for code, length in zip(codes, lengths, strict=True) if length]
    assert not any(a != b and b.startswith(a) for a in words for b in words)
    order = sorted((length, symbol) for symbol, length in enumerate(lengths) if length)
    assert [codes[symbol] << 32 - length for length, symbol in order] == sorted(codes[symbol] << 32 - length for length, symbol in order)
    assert np.sum(0.5 ** lengths[lengths > 0]) == (1 if len(words) > 1 else 0.5)


def test_huffman_lengths_by_hand():
    assert code_lengths([8, 4, 2, 1, 1]).tolist() == [1, 2, 3, 4, 4]
    assert code_lengths([0, 7]).tolist() == [0, 1]
    fibonacci = [1, 1]
    while len(fibonacci) < 34:
        fibonacci.append(fibonacci[-1] + fibonacci[-2])
    with pytest.raises(ValueError, match="longer than 31"):
        code_lengths(fibonacci)
    for wrong in ([], [0, 0], [-1, 2], [0.5, 1.0]):
        with pytest.raises(ValueError, match="at least one symbol"):
            code_lengths(wrong)


def test_a_huffman_code_refuses_what_is_not_its_own():
    code = HuffmanCode.of_counts([4, 1, 1])
    with pytest.raises(ValueError, match="no code word"):
        HuffmanCode.of_counts([4, 0, 1]).encode([1])
    for data, count in ((b"", 1), (b"\x60", 9), (b"\x60\x00", 5), (b"\x61", 5)):
        with pytest.raises(DecodingError):
            code.decode(data, count)
    with pytest.raises(DecodingError, match="no symbol has"):
        HuffmanCode(np.array([2])).decode(b"\xff" * 8, 1)
    with pytest.raises(DecodingError, match="belong to no code"):
        canonical_codes(np.array([1, 1, 1]))


@given(arrays(bool, st.integers(0, 300)), st.integers(1, 10))
def test_relative_indices_name_the_positions(mask, bits):
    found = relative_indices(mask, bits)
    assert positions(found, bits, len(mask)).tolist() == np.flatnonzero(mask).tolist()
    assert not len(found) or 0 <= found.min() <= found.max() < 1 << bits


def test_an_address_costs_about_eight_bits_where_one_weight_in_a_hundred_stays():
    """H(p) / p: Huffman codes of the distances come near it."""
    mask = np.random.default_rng(0).random(200_000) < 0.01
    found = relative_indices(mask, 8)
    counts = np.bincount(found)
    bound = entropy_bits(mask) / mask.sum()
    assert bound == pytest.approx(8.08, abs=0.15)
    assert HuffmanCode.of_counts(counts).bits(counts) / mask.sum() == pytest.approx(bound, abs=0.3)


@pytest.mark.parametrize("given", [[3, 3], [3], [0, 9]])
def test_indices_behind_the_end_are_refused(given):
    with pytest.raises(DecodingError, match="behind the end"):
        positions(np.array(given), 2, 3)


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(1, 65535)), max_size=200))
def test_decisions_come_back_whatever_their_probabilities(given):
    encoder = RangeEncoder()
    for bit, probability in given:
        encoder.code(bit, probability)
    data = encoder.finish()
    decoder = RangeDecoder(data)
    assert [decoder.code(None, probability) for _, probability in given] == [bit for bit, _ in given]
    decoder.finish()
    cost = sum(-np.log2((probability if bit else 65536 - probability) / 65536) for bit, probability in given)
    assert 8 * len(data) <= cost + 8 + 0.01 * len(given) + 8


@pytest.mark.parametrize("probability", [0.5, 0.1, 0.01])
def test_a_range_coder_comes_within_a_percent_of_the_bound(probability):
    bits = (np.random.default_rng(1).random(20_000) < probability).astype(int)
    encoder = RangeEncoder()
    for bit in bits:
        encoder.code(int(bit), round(65536 * probability))
    assert 8 * len(encoder.finish()) <= 1.01 * entropy_bits(bits) + 32


def test_the_tables_are_integers_computed_exactly():
    squash, stretch = squash_table(), stretch_table()
    assert len(squash) == 4095 and len(stretch) == 4096
    assert [squash[at] for at in (0, 2047 - 256, 2047, 2047 + 256, 4094)] == [22, 17625, 32768, 47911, 65514]
    assert (sum(squash), sum(stretch), sum(map(abs, stretch))) == (134_184_960, -141, 1_452_911)  # or files would not decode
    assert max(abs(squash[stretch[at] + 2047] - 16 * at) for at in range(64, 4033)) < 64


some = st.sampled_from([0, 0, 0, 0, 1, -1, 2, -3, 14, 15, 16, -200])
small = arrays(np.int64, st.tuples(st.integers(1, 12), st.integers(1, 27)), elements=some)


@given(small)
@settings(max_examples=60)
def test_integers_come_back(matrix):
    assert np.array_equal(decode_integers(encode_integers(matrix), *matrix.shape), matrix)


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (9, 9)])
@pytest.mark.parametrize("value", [0, 1, -1, 32767, -32767])
def test_extreme_integers_come_back(shape, value):
    matrix = np.full(shape, value)
    assert np.array_equal(decode_integers(encode_integers(matrix), *shape), matrix)


def matrix_of(density, shape=(60, 196), seed=0):
    rng = np.random.default_rng(seed)
    return (rng.random(shape) < density) * np.rint(1.2 * rng.laplace(size=shape)).astype(np.int64)


@pytest.mark.parametrize("density", [0.02, 0.2, 1.0])
def test_integers_without_structure_cost_little_more_than_their_entropy(density):
    """No table is stored: what the probabilities cost to learn is all that is paid."""
    matrix = matrix_of(density)
    assert 8 * len(encode_integers(matrix)) <= 1.04 * entropy_bits(matrix) + 30 * 8


def test_integers_with_empty_rows_and_columns_cost_less_than_their_entropy():
    matrix = matrix_of(0.5, (40, 144))
    matrix[np.arange(40) % 4 > 0] = 0
    matrix[:, np.arange(144) % 3 > 0] = 0
    size = len(encode_integers(matrix))
    assert 8 * size <= 0.8 * entropy_bits(matrix)
    assert size < len(lzma.compress(matrix.astype(np.int8).tobytes(), preset=9))


def test_pixels_that_are_near_in_two_directions_are_worth_an_image_width():
    rows, columns = np.mgrid[:28, :28]
    blobs = [((rows - r) ** 2 + (columns - c) ** 2 < 20).ravel() for r, c in np.random.default_rng(0).integers(6, 22, (12, 2))]
    data = encode_integers(np.array(blobs, dtype=np.int64))
    assert data[0] == 28 and len(data) < 250


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (np.zeros(3, int), "need a matrix of integers"),
        (np.zeros((0, 3), int), "need a matrix of integers"),
        (np.zeros((2, 2)), "need a matrix of integers"),
        (np.array([[40_000]]), "take a larger step"),
        (np.full((300, 300), 14), "so regular"),
    ],
)
def test_matrices_that_no_file_holds_are_refused(given, said):
    with pytest.raises(ValueError, match=said):
        encode_integers(given)


def test_data_of_another_length_is_refused():
    data = encode_integers(matrix_of(0.5, (20, 30)))
    for wrong in (b"", data + bytes(9), data[: len(data) // 2]):
        with pytest.raises(DecodingError):
            decode_integers(wrong, 20, 30)


def test_a_hostile_matrix_ends_soon():
    """Neither cells without end nor large integers that cost nothing are read on."""
    for rows, columns in ((2000, 2000), (1, 4_000_000), (65_536, 64), (1000, 1000)):
        with pytest.raises(DecodingError, match=r"more than 524352 decisions|ends before"):
            decode_integers(b"\0", rows, columns)


def test_the_decisions_of_all_matrices_in_a_file_are_counted_together():
    matrix = matrix_of(0.5, (20, 30))
    data = encode_integers(matrix)
    decisions = Decisions.of_bytes(len(data))
    decode_integers(data, 20, 30, decisions)
    once = decisions.count
    assert 600 < once < 3000
    decode_integers(data, 20, 30, decisions)
    assert decisions.count == 2 * once
    with pytest.raises(DecodingError, match="too many for its length"):
        decode_integers(data, 20, 30, Decisions(limit=2 * once - 1, count=once))
