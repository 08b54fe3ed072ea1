"""Lab 04's oracles are slow and plain: do torch, brute force and exact fractions say the same?"""

from fractions import Fraction
from itertools import combinations_with_replacement

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.compress.factors import low_rank
from utils.exercises.lab04.code_length import ideal_bits
from utils.exercises.lab04.draws import TOTAL, probabilities, symbols_by
from utils.exercises.lab04.entropy_bits import bits_of_all
from utils.exercises.lab04.fold_batchnorm import answers_of_the_pair
from utils.exercises.lab04.intervals import decoded, interval, shortest
from utils.exercises.lab04.low_rank import nearest_product
from utils.exercises.lab04.prefix_codes import canonical_words, lengths_by_heap, shortest_bits
from utils.exercises.lab04.rank_for_energy import by_eigenvalues
from utils.exercises.lab04.relative_indices import symbols_of_runs
from utils.exercises.lab04.unpack import packed, read_symbols

COUNTS = st.dictionaries(st.integers(-20, 20), st.integers(1, 99), min_size=1, max_size=7)


def least_by_brute_force(counts):
    """Every choice of word lengths that Kraft's inequality allows: frequent symbols get the short ones."""
    if len(counts) == 1:
        return counts[0]
    often = sorted(counts, reverse=True)
    allowed = (
        lengths
        for lengths in combinations_with_replacement(range(1, len(often) + 1), len(often))
        if sum(Fraction(1, 2**length) for length in lengths) <= 1
    )
    return min(sum(count * length for count, length in zip(often, lengths, strict=True)) for lengths in allowed)


@settings(deadline=None, max_examples=40)
@given(COUNTS)
def test_no_prefix_code_is_shorter(counts):
    lengths = lengths_by_heap(counts)
    least = least_by_brute_force(list(counts.values()))
    assert shortest_bits(counts.values()) == least == sum(counts[symbol] * lengths[symbol] for symbol in counts)


@settings(deadline=None)
@given(COUNTS, st.data())
def test_canonical_words_are_as_long_as_asked_and_packed_symbols_come_back(counts, data):
    lengths = lengths_by_heap(counts)
    code = canonical_words(lengths)
    assert {symbol: len(word) for symbol, word in code.items()} == lengths
    assert not any(one != two and code[two].startswith(code[one]) for one in code for two in code)
    symbols = np.array(data.draw(st.lists(st.sampled_from(sorted(code)), max_size=40)), dtype=np.int64)
    assert np.array_equal(read_symbols(packed(symbols, code), code, len(symbols)), symbols)


@pytest.mark.parametrize("biased", [True, False])
def test_a_folded_convolution_answers_as_the_pair_does(biased):
    draw = torch.Generator().manual_seed(0)
    weight, image = torch.randn(6, 3, 3, 3, generator=draw), torch.randn(2, 3, 9, 9, generator=draw)
    bias, mean, gamma, beta = (torch.randn(6, generator=draw) for _ in range(4))
    bias, var = bias if biased else None, torch.rand(6, generator=draw) + 0.01
    pair = F.batch_norm(F.conv2d(image, weight, bias), mean, var, gamma, beta, eps=1e-3)
    given = [None if one is None else one.numpy() for one in (weight, bias, mean, var, gamma, beta)]
    new_weight, new_bias = (torch.from_numpy(part).float() for part in answers_of_the_pair(*given, 1e-3))
    assert torch.allclose(F.conv2d(image, new_weight, new_bias), pair, atol=1e-4)


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 12), st.integers(2, 12), st.integers(0, 999))
def test_no_product_of_this_rank_is_nearer_than_that_of_the_svd(rows, columns, seed):
    weight = torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed))
    rank = 1 + seed % min(rows, columns)
    left, right = low_rank(weight, rank)
    assert nearest_product((left.numpy(), right.numpy()), (weight.numpy(), rank)).passed
    if rank < min(rows, columns):
        less = low_rank(weight, rank + 1)
        assert not nearest_product((less[0][:, 1:].numpy(), less[1][1:].numpy()), (weight.numpy(), rank)).passed


@settings(deadline=None)
@given(st.lists(st.booleans(), max_size=200), st.integers(1, 5))
def test_relative_indices_say_where_every_true_is(mask, bits):
    most, at, found = 2**bits - 1, -1, []
    for symbol in symbols_of_runs(np.array(mask, dtype=bool), bits).tolist():
        at += symbol + (symbol != most)
        found += [at] if symbol != most else []
    assert found == [place for place, kept in enumerate(mask) if kept]


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 999), st.integers(2, 40), st.integers(0, 60))
def test_any_number_of_the_interval_decodes_and_the_shortest_is_near_the_bound(seed, size, count):
    rng = np.random.default_rng(seed)
    chances = probabilities(rng, size, 0.3)
    symbols = symbols_by(rng, chances, count).numpy()
    low, width = interval(symbols, chances.numpy())
    data = shortest(low, width).tobytes()
    assert decoded(data, chances.numpy(), count) == symbols.tolist()
    assert 8 * len(data) < ideal_bits(symbols, chances.numpy()) + 9
    before = int((low - Fraction(1, TOTAL ** (count + 1))) * 2 ** (16 * count + 16)) if low else 0
    if low:  # a number below the interval stands for another message
        assert decoded(before.to_bytes(2 * count + 2, "big"), chances.numpy(), count) != symbols.tolist()


def test_bits_of_symbols_are_those_of_torch():
    rng = np.random.default_rng(0)
    chances = probabilities(rng, 9, 0.5)
    symbols = symbols_by(rng, chances, 300)
    logits = chances.double().log().expand(300, -1)
    assert ideal_bits(symbols.numpy(), chances.numpy()) == pytest.approx(
        F.cross_entropy(logits, symbols, reduction="sum").item() / np.log(2)
    )
    own = torch.bincount(symbols, minlength=9).double() / 300
    assert bits_of_all(symbols.numpy()) == pytest.approx(300 * torch.distributions.Categorical(own).entropy().item() / np.log(2))


def test_the_energy_of_a_rank_is_what_its_nearest_product_keeps():
    weight = torch.randn(9, 14, generator=torch.Generator().manual_seed(0))
    for energy in (0.3, 0.6, 0.9, 0.99):
        rank = by_eigenvalues(weight.numpy(), energy)
        kept = [
            1 - ((weight - left @ right).norm() / weight.norm()).item() ** 2
            for left, right in (low_rank(weight, r) for r in (max(1, rank - 1), rank))
        ]
        assert kept[1] >= energy and (rank == 1 or kept[0] < energy)
