"""Ranges found from what a tensor holds."""

import numpy as np
import pytest
import torch

from utils.compress.quantization import affine_params, calibrate, dequantize, quantize


def error(values, low, high, bits):
    scale, zero_point = affine_params(low, high, bits)
    return (dequantize(quantize(values, scale, zero_point, bits, signed=False), scale, zero_point) - values).square().mean().item()


def heavy_tailed(seed=0):
    values = torch.randn(5000, generator=torch.Generator().manual_seed(seed))
    values[0], values[1] = 60.0, -20.0
    return values


def test_minmax_is_the_extremes_widened_to_hold_zero():
    assert calibrate(torch.tensor([[1.0, 3.0]])) == (0.0, 3.0)
    assert calibrate(torch.tensor([-2.0, -1.0])) == (-2.0, 0.0)
    assert calibrate(torch.zeros(4), 8, "mse") == (0.0, 0.0)


def test_percentile_leaves_out_the_outermost():
    values = heavy_tailed()
    low, high = calibrate(values, 8, "percentile")
    assert (low, high) == pytest.approx(tuple(np.quantile(values.numpy(), [0.0001, 0.9999])))


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_mse_is_the_best_of_its_candidates(bits):
    values = heavy_tailed()
    low, high = calibrate(values, bits, "mse")
    best = min(error(values, -20.0 * f / 100, 60.0 * f / 100, bits) for f in range(1, 101))
    assert error(values, low, high, bits) == pytest.approx(best)
    assert best < error(values, -20.0, 60.0, bits)


@pytest.mark.parametrize("power", [-120, -60, 60, 120])
def test_the_unit_does_not_change_what_mse_cuts_off(power):
    """A power of two changes no digit, but float32 can't hold the squares."""
    values = heavy_tailed()
    low, high = calibrate(values, 4, "mse")
    assert calibrate(values * 2.0**power, 4, "mse") == (low * 2.0**power, high * 2.0**power)


def test_where_no_candidate_is_better_nothing_is_cut_off():
    """Values so small that all come back as 0."""
    values = torch.tensor([0.0, 1e-40])
    assert calibrate(values, 8, "mse") == (0.0, values[1].item())


@pytest.mark.parametrize("method", ["minmax", "percentile", "mse"])
def test_a_layers_own_weight_can_be_calibrated(method):
    values = heavy_tailed()
    assert calibrate(torch.nn.Parameter(values), 4, method) == calibrate(values, 4, method)


def test_bad_input_is_refused():
    for values, bits, method, why in (
        (torch.ones(2), 8, "entropy", "method must be"),
        (torch.empty(0), 8, "minmax", "empty"),
        (torch.tensor([torch.nan]), 8, "minmax", "NaN"),
        (torch.tensor([1e300], dtype=torch.float64), 8, "mse", "infinity"),
        (torch.ones(2), 17, "minmax", "bits"),
    ):
        with pytest.raises(ValueError, match=why):
            calibrate(values, bits, method)
