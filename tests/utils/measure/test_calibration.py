"""Calibration: slow counting and scikit-learn are the references; temperature scaling finds the factor that was put in."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss

from utils.measure.statistics import (
    auc,
    brier,
    calibration_error,
    clinic_load,
    coverage_curve,
    fit_temperature,
    negative_log_likelihood,
    probabilities,
    reliability,
)

ROWS = st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=1, max_size=60)


def columns(rows):
    return np.array([value / 40 for value, _ in rows]), np.array([outcome for _, outcome in rows], dtype=int)


@given(ROWS, st.integers(1, 20))
def test_equal_width_is_what_slow_counting_finds(rows, bins):
    said, outcome = columns(rows)
    total = 0.0
    for at in range(bins):
        inside = [
            k for k, (value, _) in enumerate(rows) if (value * bins > at * 40 or (at == 0 and value == 0)) and value * bins <= (at + 1) * 40
        ]
        if inside:
            total += len(inside) / len(rows) * abs(said[inside].mean() - outcome[inside].mean())
    assert calibration_error(said, outcome, bins) == pytest.approx(total, abs=1e-9)


@given(ROWS, st.integers(1, 20))
def test_equal_mass_has_every_sample_once_and_never_parts_equal_confidences(rows, bins):
    said, outcome = columns(rows)
    found = reliability(said, outcome, bins, equal_mass=True)
    assert found.counts.sum() == len(rows) and len(found.counts) <= bins
    assert (np.diff(found.confidence) > 0).all()
    assert np.average(found.frequency, weights=found.counts) == pytest.approx(outcome.mean())
    assert np.average(found.confidence, weights=found.counts) == pytest.approx(said.mean())


def test_equal_mass_bins_have_equally_many_samples_where_all_differ():
    said = np.random.default_rng(0).random(1000)
    found = reliability(said, said > 0.5, bins=10, equal_mass=True)
    assert found.counts.tolist() == [100] * 10
    assert reliability(said, said > 0.5, bins=10).counts.tolist() != [100] * 10


def test_the_points_are_scikit_learns():
    rng = np.random.default_rng(1)
    said = rng.random(500)
    outcome = (rng.random(500) < said).astype(int)
    for equal_mass, strategy in ((False, "uniform"), (True, "quantile")):
        frequency, confidence = calibration_curve(outcome, said, n_bins=8, strategy=strategy)
        found = reliability(said, outcome, 8, equal_mass)
        assert np.allclose(found.confidence, confidence, atol=0.01) and np.allclose(found.frequency, frequency, atol=0.03)


def test_probabilities_to_be_believed_have_a_small_error_and_sure_ones_a_large_one():
    rng = np.random.default_rng(2)
    said = rng.random(20_000)
    outcome = rng.random(20_000) < said
    assert calibration_error(said, outcome) < 0.02
    assert calibration_error((said > 0.5).astype(float), outcome) == pytest.approx(0.25, abs=0.02)
    assert calibration_error([1.0], [1]) == calibration_error([0.0], [0]) == 0 and calibration_error([1.0], [0]) == 1


@pytest.mark.parametrize("measure", [reliability, calibration_error, brier, coverage_curve])
@pytest.mark.parametrize(
    ("confidence", "outcome", "said"),
    [
        ([], [], "at least one"),
        ([0.5, 0.5], [1], "one probability for each outcome"),
        ([[0.5, 0.5]], [1], "one probability for each outcome"),
        ([1.5], [1], r"must lie in 0\.\.1"),
        ([-2.0], [1], r"must lie in 0\.\.1"),
        ([math.nan], [1], "can't be NaN"),
        ([0.5], [2], "labels must be 0 or 1"),
    ],
)
def test_what_is_not_a_probability_is_refused(measure, confidence, outcome, said):
    with pytest.raises(ValueError, match=said):
        measure(confidence, outcome)


@pytest.mark.parametrize("bins", [0, -1, 2.5, True])
def test_an_impossible_number_of_bins_is_refused(bins):
    with pytest.raises(ValueError, match="bins must be an integer of at least 1"):
        calibration_error([0.5], [1], bins)


def test_brier_and_likelihood_are_scikit_learns():
    rng = np.random.default_rng(3)
    logits, labels = rng.normal(size=(200, 3)) * 3, rng.integers(0, 3, 200)
    assert negative_log_likelihood(logits, labels) == pytest.approx(log_loss(labels, probabilities(logits)))
    assert negative_log_likelihood(logits, labels, 2.0) == pytest.approx(log_loss(labels, probabilities(logits / 2)))
    two = probabilities(logits[:, :2])[:, 1]
    assert brier(two, labels > 0) == pytest.approx(brier_score_loss(labels > 0, two))
    assert np.allclose(probabilities(torch.tensor(logits), 2.0), torch.tensor(logits / 2).softmax(1))
    assert probabilities([[1e4, -1e4]]).tolist() == [[1.0, 0.0]]


def sharpened(factor, n=20_000):
    """Logits that are right for their labels, times a factor."""
    rng = np.random.default_rng(4)
    logits = np.stack([np.zeros(n), rng.normal(size=n) * 2], 1)
    return factor * logits, (rng.random(n) < probabilities(logits)[:, 1]).astype(int)


@pytest.mark.parametrize("factor", [0.3, 1.0, 3.0, 8.0])
def test_the_temperature_is_the_factor_that_was_put_in(factor):
    logits, labels = sharpened(factor)
    found = fit_temperature(logits, labels)
    assert found == pytest.approx(factor, rel=0.05)
    assert found == pytest.approx(by_lbfgs(logits, labels), rel=1e-3)
    assert calibration_error(probabilities(logits, found)[:, 1], labels) < 0.015


def by_lbfgs(logits, labels):
    """As Guo et al. fit it: torch's L-BFGS on the inverse temperature."""
    inverse = torch.ones((), dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([inverse], max_iter=200, line_search_fn="strong_wolfe")
    x, y = torch.tensor(logits, dtype=torch.float64), torch.tensor(labels)

    def step():
        optimizer.zero_grad()
        value = torch.nn.functional.cross_entropy(x * inverse, y)
        value.backward()
        return value

    optimizer.step(step)
    return 1 / inverse.item()


def test_a_temperature_moves_no_ranking_and_no_decision():
    logits, labels = sharpened(4.0, 2000)
    before, after = (probabilities(logits, one) for one in (1.0, fit_temperature(logits, labels)))
    assert (before.argmax(1) == after.argmax(1)).all()
    margin = logits[:, 1] - logits[:, 0]
    assert auc(after[:, 1], labels) == pytest.approx(auc(margin, labels), abs=1e-6)


def test_a_temperature_has_bounds_where_all_answers_are_right_or_wrong():
    logits = np.array([[5.0, -5.0], [-5.0, 5.0]] * 10)
    assert 0.05 <= fit_temperature(logits, [0, 1] * 10) < 0.5
    assert fit_temperature(logits, [1, 0] * 10) == pytest.approx(20.0, rel=0.01)


@pytest.mark.parametrize(
    ("logits", "labels", "said"),
    [
        ([[0.0, 1.0]] * 2, [1, 1], "one class only"),
        ([[0.0, math.inf]] * 2, [0, 1], r"logits must be \(n, classes\) finite"),
        ([[0.0, math.nan]] * 2, [0, 1], r"logits must be \(n, classes\) finite"),
        ([0.0, 1.0], [0, 1], r"logits must be \(n, classes\)"),
        ([[0.0], [1.0]], [0, 1], "two classes or more"),
        ([[0.0, 1.0]] * 3, [0, 1], "labels must be 3 integers"),
        ([[0.0, 1.0]] * 2, [0, 2], r"labels must be 2 integers in 0\.\.1"),
        ([[0.0, 1.0]] * 2, [0.0, 1.0], "labels must be 2 integers"),
    ],
)
def test_what_has_no_temperature_is_refused(logits, labels, said):
    with pytest.raises(ValueError, match=said):
        fit_temperature(logits, labels)


@pytest.mark.parametrize("temperature", [0, -1.0, math.nan, math.inf])
def test_an_impossible_temperature_is_refused(temperature):
    with pytest.raises(ValueError, match="temperature must be above 0"):
        probabilities([[0.0, 1.0]], temperature)


@given(ROWS)
def test_a_coverage_curve_is_what_slow_counting_finds(rows):
    said, right = columns(rows)
    curve = coverage_curve(said, right)
    assert curve.coverage[-1] == 1 and (np.diff(curve.coverage) > 0).all()
    for coverage, error, at_least in zip(curve.coverage, curve.error, curve.confidence, strict=True):
        decided = said >= at_least
        assert coverage == pytest.approx(decided.mean()) and error == pytest.approx(1 - right[decided].mean())


def test_the_largest_coverage_within_an_error():
    curve = coverage_curve([0.9, 0.8, 0.7, 0.6, 0.5], [1, 0, 1, 1, 1])
    assert curve.within(0.2) == 1.0 and curve.within(0.1) == 0.2
    assert coverage_curve([0.9, 0.8], [0, 1]).within(0.4) == 0.0


def test_the_load_of_a_clinic():
    assert clinic_load(0.1, 60, 5).reviews_a_day == pytest.approx(6) and clinic_load(0.1, 60, 5).hours_a_day == pytest.approx(0.5)
    assert clinic_load(0, 60, 5).hours_a_day == 0
    for given_ in ((1.1, 60, 5), (-0.1, 60, 5), (0.1, -1, 5), (0.1, 60, math.nan)):
        with pytest.raises(ValueError, match=r"need a fraction in 0\.\.1"):
            clinic_load(*given_)
