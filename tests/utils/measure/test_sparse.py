"""The sparse product that is timed is the dense one's equal, and nonsense is refused."""

import numpy as np
import pytest
import torch

from utils.measure import sparse


def test_csr_holds_the_same_matrix_with_32_bit_positions():
    dense = torch.randn(30, 20) * (torch.rand(30, 20) > 0.8)
    csr = sparse._csr(dense)
    assert csr.crow_indices().dtype == csr.col_indices().dtype == torch.int32
    vector = np.random.default_rng(0).normal(size=(1, 20, 1)).astype(np.float32)
    one = sparse._Product("dense", dense).run(vector)
    np.testing.assert_allclose(sparse._Product("csr", csr).run(vector), one, atol=1e-5)


def test_every_sparsity_gets_its_ratio():
    ratios = sparse.csr_speedup(32, [0.5, 0.9], budget_s=0.05)
    assert list(ratios) == [0.5, 0.9]
    assert all(ratio.low <= ratio.median <= ratio.high for ratio in ratios.values())


@pytest.mark.parametrize(("size", "levels"), [(0, [0.5]), (8, [1.0]), (8, [-0.1])])
def test_impossible_settings_are_refused(size, levels):
    with pytest.raises(ValueError, match="need a size"):
        sparse.csr_speedup(size, levels)
