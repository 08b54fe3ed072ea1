"""Recall class by class agrees with scikit-learn, and bootstrap intervals cover what they promise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, confusion_matrix

from utils.measure import balanced_recall, bootstrap, confusion, duty_cycle, pooled_recall, recalls

PAIRS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=60)


@given(PAIRS)
def test_confusion_and_recalls_are_those_of_scikit_learn(pairs):
    labels, said = np.array(pairs).T
    found = confusion(labels, said, 5)
    assert np.array_equal(found, confusion_matrix(labels, said, labels=range(5)))
    each = recalls(labels, said, 5)
    assert np.array_equal(np.isnan(each), found.sum(1) == 0)
    logits = np.eye(5)[said]
    if len(set(labels.tolist())) == 1:
        with pytest.raises(ValueError, match="all labels are of one class"):
            balanced_recall(logits, labels)
    else:
        assert balanced_recall(logits, labels) == pytest.approx(100 * balanced_accuracy_score(labels, said))


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
def test_pooled_recall_counts_samples_not_classes():
    assert pooled_recall([1, 1, 1, 2, 0], [1, 1, 0, 0, 0], of=(1, 2)) == 50
    with pytest.raises(ValueError, match="no sample of the classes"):
        pooled_recall([0, 0], [0, 0], of=(1,))


@pytest.mark.parametrize(
    ("labels", "said", "message"),
    [
        ([0, 1], [0], "a prediction for each label"),
        ([], [], "at least one"),
        ([0, 5], [0, 1], r"labels must be integers in 0..4"),
        ([0, 1], [0, -1], r"predictions must be integers in 0..4"),
        ([0.0, 1.0], [0, 1], "labels must be integers"),
        ([0, 1], [0.2, 0.9], "predictions must be integers"),
    ],
)
def test_what_is_no_classification_is_refused(labels, said, message):
    with pytest.raises(ValueError, match=message):
        confusion(labels, said, 5)


def test_an_interval_is_that_of_the_binomial_distribution():
    """900 of 1,000: the standard error of the share is 0.95 points."""
    found = bootstrap(lambda hits: 100 * hits.mean(), np.arange(1000) < 900)
    assert found.value == 90
    assert found.low == pytest.approx(90 - 1.96 * 0.949, abs=0.4) and found.high == pytest.approx(90 + 1.96 * 0.949, abs=0.4)
    assert bootstrap(lambda hits: 100 * hits.mean(), np.arange(1000) < 900) == found


def test_arrays_are_drawn_together():
    """The difference of two equal columns is 0 in every draw."""
    values = np.random.default_rng(0).normal(size=50)
    found = bootstrap(lambda a, b: float((a - b).mean()), values, values)
    assert (found.value, found.low, found.high) == (0, 0, 0)


def test_strata_keep_their_counts_and_groups_stay_together():
    labels = np.repeat([0, 1], [40, 2])
    assert bootstrap(lambda y: float(y.sum()), labels, strata=labels).low == 2
    people = np.repeat(np.arange(5), 8)
    values = people.astype(float)
    whole = bootstrap(lambda v: float(len(np.unique(v)) <= 5 and len(v) == 40), values, groups=people)
    assert whole.low == 1
    alone, together = bootstrap(np.mean, values), bootstrap(np.mean, values, groups=people)
    assert together.high - together.low > 2 * (alone.high - alone.low)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"arrays": ()}, "arrays of one length"),
        ({"arrays": ([1, 2], [1])}, "arrays of one length"),
        ({"arrays": ([],)}, "at least one sample"),
        ({"groups": [1, 2, 3], "strata": [1, 2, 3]}, "give one of the two"),
        ({"groups": [1, 1, 1]}, "two groups at least"),
        ({"groups": [1, 2]}, "3 values, one for each sample"),
        ({"resamples": 50}, "at least 100 resamples"),
        ({"confidence": 1.0}, "a confidence between 0 and 1"),
    ],
)
def test_a_bootstrap_without_sense_is_refused(options, message):
    arrays = options.pop("arrays", ([1.0, 2.0, 4.0],))
    with pytest.raises(ValueError, match=message):
        bootstrap(lambda *x: float(np.mean(x[0])), *arrays, **options)


def test_a_figure_that_is_not_finite_in_a_draw_is_refused():
    labels = np.array([0] * 30 + [1])
    with pytest.raises(ValueError, match=r"not finite in some draws.*give strata"):
        bootstrap(lambda y: float(1 / (y == 1).sum()) if (y == 1).any() else np.nan, labels)


def test_battery_days_agree_with_battery_hours():
    from utils.measure import battery_hours

    found = duty_cycle(active_mw=9.6, sleep_mw=0.0045, active_ms=4, period_ms=800, battery_mah=225, battery_volts=3.0)
    energy_mj = (9.6 - 0.0045) * 0.004
    assert 24 * found["days"] == pytest.approx(battery_hours(225, 3.0, energy_mj, 1 / 0.8, 0.0045))


@pytest.mark.parametrize("given", [(9, 0.1, 12, 10, 200, 3), (9, 0.1, 1, 0, 200, 3), (-9, 0.1, 1, 10, 200, 3), (9, 0, 0, 10, 200, 3)])
def test_an_impossible_duty_cycle_is_refused(given):
    with pytest.raises(ValueError):
        duty_cycle(*given)
