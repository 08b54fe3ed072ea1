"""Blocks of four-bit numbers: the values that are stored, against ml_dtypes and by hand."""

import ml_dtypes
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from utils.compress.quantization import int4_blocks, mxfp4

BOTH = pytest.mark.parametrize("format", [mxfp4, int4_blocks])
seeds = st.integers(0, 2**32 - 1)


def drawn(seed, *shape):
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=draw) * torch.exp2(torch.randint(-20, 20, shape, generator=draw).float())


@given(seed=seeds, length=st.integers(1, 70), block=st.integers(1, 40))
def test_mxfp4_is_a_little_float_times_a_power_of_two(seed, length, block):
    """Each block as the specification has it: the scale is 2^(floor(log2(largest)) - 2), the rest is float4_e2m1."""
    weight = drawn(seed, length)
    for start in range(0, length, block):
        part = weight[start : start + block].double().numpy()
        scale = 2.0 ** (np.floor(np.log2(np.abs(part).max())) - 2)
        stored = np.clip(part / scale, -6, 6).astype(np.float32).astype(ml_dtypes.float4_e2m1fn).astype(np.float64)
        assert mxfp4(weight, block)[start : start + block].double().numpy() == pytest.approx(stored * scale, rel=0, abs=0)


def test_mxfp4_stores_its_own_sixteen_values_and_rounds_halves_to_even():
    values = torch.tensor([0, 0.5, 1, 1.5, 2, 3, 4, 6])
    assert torch.equal(mxfp4(torch.cat([values, -values]), 16), torch.cat([values, -values]))
    halves = torch.tensor([0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5, 7, 4])
    assert mxfp4(halves).tolist() == [0, 1, 1, 2, 2, 4, 4, 6, 4]


@given(seed=seeds, length=st.integers(1, 70), block=st.integers(1, 40))
def test_int4_is_never_farther_off_than_half_a_step(seed, length, block):
    weight = torch.randn(length, generator=torch.Generator().manual_seed(seed))
    for start in range(0, length, block):
        part = weight[start : start + block]
        step = float((part.abs().max() / 7).half())
        found = int4_blocks(weight, block)[start : start + block]
        assert (found - part).abs().max() <= 0.504 * step  # half a step, and what float16 rounds off the scale
        assert len({round(value / step) for value in found.tolist()} - set(range(-7, 8))) == 0


@BOTH
def test_shape_zeros_and_the_weight_stay(format):
    weight = torch.nn.Parameter(torch.randn(3, 5, 2, generator=torch.Generator().manual_seed(0)))
    before = weight.detach().clone()
    assert format(weight).shape == weight.shape and not format(weight).requires_grad
    assert torch.equal(weight, before)
    assert torch.equal(format(torch.zeros(40)), torch.zeros(40))
    assert torch.isfinite(format(torch.tensor([1e-45, -3e38 if format is mxfp4 else 4e5]))).all()


@BOTH
@pytest.mark.parametrize(
    ("weight", "block", "said"),
    [
        (torch.ones(4), 0, "block must be an integer of at least 1"),
        (torch.ones(4), 2.5, "block must be an integer"),
        (torch.ones(0), 32, "empty"),
        (torch.tensor([1.0, float("nan")]), 32, "NaN or infinity"),
    ],
)
def test_what_has_no_blocks_is_refused(format, weight, block, said):
    with pytest.raises(ValueError, match=said):
        format(weight, block)


def test_a_scale_beyond_float16_is_refused():
    with pytest.raises(ValueError, match="too large for a scale in float16"):
        int4_blocks(torch.tensor([1e6]))
