"""Shared values, against scikit-learn and against the definition."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans

from utils.compress.quantization import kmeans_codebook


def weights(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 5))
def test_every_weight_has_the_nearest_value_and_every_value_is_a_mean(seed, bits):
    weight = weights(seed, 12, 9)
    codebook, codes = kmeans_codebook(weight, bits)
    assert codebook.shape == (2**bits,) and codes.shape == weight.shape and not codes.is_floating_point()
    distance = (weight[..., None] - codebook).abs()
    torch.testing.assert_close(distance.gather(-1, codes[..., None].long())[..., 0], distance.amin(-1))
    for code in codes.unique():
        assert codebook[code] == pytest.approx(weight[codes == code].mean().item(), abs=1e-5)


def test_as_good_as_scikit_learns():
    weight = weights(0, 2000)
    codebook, codes = kmeans_codebook(weight, 4)
    start = torch.linspace(weight.min().item(), weight.max().item(), 16)[:, None].numpy()
    theirs = KMeans(16, init=start, n_init=1, tol=0, max_iter=100).fit(weight[:, None].numpy()).inertia_
    assert (codebook[codes.long()] - weight).square().sum().item() == pytest.approx(theirs, rel=0.01)


def test_few_distinct_values_come_back_exactly():
    weight = torch.tensor([[0.5, -1.0], [0.5, 2.0]])
    codebook, codes = kmeans_codebook(weight, 2)
    assert torch.equal(codebook[codes.long()], weight)
    assert kmeans_codebook(torch.zeros(8), 2)[0].tolist() == [0.0] * 4
    neighbours = 1 + torch.arange(4) * 2.0**-23  # no float32 lies between them
    assert kmeans_codebook(neighbours, 2)[1].tolist() == [0, 1, 2, 3]


def test_weights_as_large_as_float32_goes():
    weight = torch.tensor([-3e38, -2.9e38, -1e38, -9e37, 9e37, 1e38, 2.9e38, 3e38])
    codebook, codes = kmeans_codebook(weight, 2)
    torch.testing.assert_close(codebook, torch.tensor([-2.95e38, -9.5e37, 9.5e37, 2.95e38]))
    assert codes.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]


def test_codes_of_16_bits_count_to_the_end():
    weight = torch.linspace(-1, 1, 70_000)
    codebook, codes = kmeans_codebook(weight, 16, rounds=1)
    assert (codes.min(), codes.max()) == (0, 2**16 - 1)
    assert (codebook[codes.long()] - weight).abs().max() < 2.0**-15


def test_bad_input_is_refused():
    for weight, bits, why in (
        (torch.ones(3), 2, "2 bits make 4 clusters of 3 weights"),
        (torch.empty(0), 2, "empty"),
        (torch.tensor([1.0, torch.inf]), 1, "infinity"),
        (torch.ones(9), 0, "bits"),
    ):
        with pytest.raises(ValueError, match=why):
            kmeans_codebook(weight, bits)
