"""AUC, ROC curve and thresholds: scikit-learn and slow counting are the references; one class only is refused everywhere."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, roc_auc_score, roc_curve

from utils.measure.statistics import (
    auc,
    bootstrap,
    predictive_value,
    roc,
    sensitivity_and_specificity,
    threshold_at_specificity,
)

CASES = st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=40).filter(
    lambda rows: len({one for _, one in rows}) == 2
)


def columns(rows):
    return np.array([score for score, _ in rows], dtype=float), np.array([label for _, label in rows], dtype=int)


@given(CASES)
def test_auc_is_scikit_learns_and_the_share_of_ordered_pairs_with_many_ties(rows):
    scores, labels = columns(rows)
    pairs = [(a > b) + 0.5 * (a == b) for a in scores[labels == 1] for b in scores[labels == 0]]
    assert auc(scores, labels) == pytest.approx(np.mean(pairs)) == pytest.approx(roc_auc_score(labels, scores))


@given(CASES)
def test_the_roc_curve_is_scikit_learns_and_encloses_the_auc(rows):
    scores, labels = columns(rows)
    false, true = roc(scores, labels)
    expected = roc_curve(labels, scores, drop_intermediate=False)
    assert np.allclose(false, expected[0]) and np.allclose(true, expected[1])
    assert np.trapezoid(true, false) == pytest.approx(auc(scores, labels))


@given(CASES, st.floats(0, 1))
def test_the_threshold_is_the_smallest_that_keeps_the_specificity(rows, wanted):
    scores, labels = columns(rows)
    threshold = threshold_at_specificity(scores, labels, wanted)
    assert sensitivity_and_specificity(scores, labels, threshold)[1] >= wanted - 1e-9
    smaller = [one for one in (-math.inf, *scores) if one < threshold]
    assert all(sensitivity_and_specificity(scores, labels, one)[1] < wanted for one in smaller)


@given(CASES, st.integers(-4, 4))
def test_sensitivity_and_specificity_are_scikit_learns(rows, threshold):
    scores, labels = columns(rows)
    (tn, fp), (fn, tp) = confusion_matrix(labels, scores > threshold, labels=[0, 1])
    assert sensitivity_and_specificity(scores, labels, threshold) == pytest.approx((tp / (tp + fn), tn / (tn + fp)))


@pytest.mark.parametrize(
    ("scores", "expected"), [([0, 0, 1, 1], 1.0), ([1, 1, 0, 0], 0.0), ([5, 5, 5, 5], 0.5), ([0, -np.inf, np.inf, 3], 1.0)]
)
def test_edges_of_auc(scores, expected):
    assert auc(scores, [0, 0, 1, 1]) == expected
    assert auc(scores, [False, False, True, True]) == expected
    assert np.trapezoid(roc(scores, [0, 0, 1, 1])[1], roc(scores, [0, 0, 1, 1])[0]) == expected


def test_a_specificity_of_one_and_of_zero():
    scores, labels = [0.1, 0.7, 0.5, 0.9], [0, 0, 1, 1]
    assert threshold_at_specificity(scores, labels, 1.0) == 0.7 and threshold_at_specificity(scores, labels, 0.0) == -math.inf
    assert sensitivity_and_specificity(scores, labels, -math.inf) == (1.0, 0.0)


MEASURES = [auc, roc, lambda s, y: threshold_at_specificity(s, y, 0.9), lambda s, y: sensitivity_and_specificity(s, y, 0.5)]


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(
    ("scores", "labels", "said"),
    [
        ([0.1, 0.2], [0, 0], "one class only: all 2 labels are 0"),
        ([0.1, 0.2], [1, 1], "one class only: all 2 labels are 1"),
        ([0.1, np.nan], [0, 1], "1 of 2 scores are NaN"),
        ([0.1, 0.2, 0.3], [0, 1], "one score for each label"),
        ([[0.1, 0.9], [0.2, 0.8]], [0, 1], "one score for each label"),
        ([0.1, 0.2], [1, 2], "labels must be 0 or 1"),
        ([0.1, 0.2], [-1, 1], "labels must be 0 or 1"),
        ([0.1, 0.2], [0.0, np.nan], "labels must be 0 or 1"),
        ([0.1, 0.2], [[0], [1]], r"labels must be \(n,\)"),
        ([], [], r"labels must be \(n,\) with at least one"),
        (["a", "b"], [0, 1], "scores must be real numbers"),
    ],
)
def test_what_has_no_right_figure_is_refused(measure, scores, labels, said):
    with pytest.raises(ValueError, match=said):
        measure(scores, labels)


@pytest.mark.parametrize("specificity", [-0.1, 1.1, math.nan, 90])
def test_an_impossible_specificity_is_refused(specificity):
    with pytest.raises(ValueError, match=r"specificity must lie in 0\.\.1"):
        threshold_at_specificity([0.1, 0.2], [0, 1], specificity)


def test_a_threshold_of_nan_is_refused():
    with pytest.raises(ValueError, match="the threshold is NaN"):
        sensitivity_and_specificity([0.1, 0.2], [0, 1], math.nan)


def test_the_predictive_value_is_bayes_rule():
    """Of 10,000 people 100 are sick: 90 of them and 990 of the healthy have a positive result."""
    assert predictive_value(0.9, 0.9, 0.01) == pytest.approx(90 / (90 + 990))
    assert predictive_value(0.9, 1.0, 0.01) == 1.0 and predictive_value(0.5, 0.5, 0.3) == pytest.approx(0.3)
    for given_, said in (
        ((1.2, 0.9, 0.1), "sensitivity must lie"),
        ((0.9, 0.9, math.nan), "prevalence must lie"),
        ((0.0, 1.0, 0.1), "nobody"),
    ):
        with pytest.raises(ValueError, match=said):
            predictive_value(*given_)


def test_an_auc_has_an_interval_within_its_classes():
    rng = np.random.default_rng(0)
    labels = np.arange(400) % 20 == 0
    found = bootstrap(auc, rng.normal(size=400) + labels, labels, strata=labels, resamples=200)
    assert found.low < found.value < found.high and 0.15 < found.high - found.low < 0.4
