"""Detection in a stream: smoothed posteriors, refractory time, the matching rule, ROC points; against slow references."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import roc_curve

from utils.measure import detection
from utils.measure.detection import Match, detect, match, roc_points, smooth, sweep

SCORES = arrays(np.float64, st.integers(1, 30), elements=st.integers(0, 8))
POSTERIORS = arrays(np.float64, st.tuples(st.integers(1, 40), st.integers(1, 4)), elements=st.floats(0, 1))


@given(POSTERIORS, st.integers(1, 50))
def test_smoothing_is_the_mean_of_the_last_frames(rows, window):
    slow = [rows[max(at - window + 1, 0) : at + 1].mean(0) for at in range(len(rows))]
    assert np.allclose(smooth(rows, window), slow, atol=1e-12)


def test_smoothing_of_three_hours_does_not_drift():
    rows = np.full((540_000, 1), 0.1)
    assert np.abs(smooth(rows, 40) - 0.1).max() < 1e-9


@given(POSTERIORS, st.floats(0.01, 1), st.integers(1, 12))
def test_detections_are_loud_apart_and_none_is_missing(rows, threshold, refractory):
    found = detect(rows, threshold, refractory)
    frames = [frame for frame, _ in found]
    assert all(rows[frame, word] == rows[frame].max() >= threshold for frame, word in found)
    assert all(later - before >= refractory for before, later in pairwise(frames))
    silent = {frame + more for frame in frames for more in range(refractory)}
    assert not [frame for frame in range(len(rows)) if rows[frame].max() >= threshold and frame not in silent]


def test_tensors_and_lists_are_taken():
    assert detect(torch.tensor([[0.2, 0.9]]), 0.5, 1) == [(0, 1)] == detect([[0.2, 0.9]], 0.5, 1)
    assert smooth(torch.tensor([[1.0]], requires_grad=True), 3).tolist() == [[1.0]]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: smooth([[0.5]], 0), "window must be at least 1 frame, got 0"),
        (lambda: smooth(np.zeros((0, 3)), 2), "at least one of each"),
        (lambda: smooth(np.zeros(3), 2), r"\(frames, classes\)"),
        (lambda: smooth([[math.nan]], 2), "look for NaN"),
        (lambda: smooth([[3.0, -2.0]], 2), "apply softmax"),
        (lambda: detect([[0.5]], 0.0, 1), r"threshold must lie in \(0, 1\], got 0.0"),
        (lambda: detect([[0.5]], math.nan, 1), "threshold must lie"),
        (lambda: detect([[0.5]], 50, 1), "threshold must lie"),
        (lambda: detect([[0.5]], 0.5, 0), "refractory must be at least 1 frame"),
        (lambda: match([], [], 0.0), "a stream with a length"),
        (lambda: match([], [], math.inf), "a stream with a length"),
        (lambda: match([], [], 10.0, -1.0), "tolerance of 0 s or more"),
        (lambda: match([], [(3.0, 2.0, 1)], 10.0), "from 3.0 to 2.0 s"),
        (lambda: match([], [(3.0, 12.0, 1)], 10.0), "in a stream of 10.0 s"),
        (lambda: match([(11.0, 1)], [], 10.0), "outside the stream"),
        (lambda: match([(math.nan, 1)], [], 10.0), "outside the stream"),
        (lambda: roc_points([], [0.5], 1.0), "at least one keyword"),
        (lambda: roc_points([0.5], [math.nan], 1.0), "scores must be finite"),
        (lambda: roc_points([0.5], [0.5], 0.0), "hours must be above 0"),
    ],
)
def test_what_can_not_be_is_refused_in_a_sentence(call, said):
    with pytest.raises(ValueError, match=said):
        call()


SAID = [(10.0, 10.5, 3), (20.0, 20.4, 7)]


@pytest.mark.parametrize(
    ("heard", "counts"),
    [
        ([], (0, 2, 0)),
        ([(10.2, 3), (20.9, 7)], (2, 0, 0)),  # the second one is within the tolerance of 0.5 s
        ([(10.2, 3), (20.91, 7)], (1, 1, 1)),
        ([(9.99, 3)], (0, 2, 1)),  # before it was said
        ([(10.2, 7)], (0, 2, 1)),  # another word
        ([(10.2, 3), (10.4, 3)], (1, 1, 1)),  # twice
        ([(20.2, 7), (10.2, 3)], (2, 0, 0)),  # in any order
        ([(50.0, 1)], (0, 2, 1)),
    ],
)
def test_the_matching_rule(heard, counts):
    found = match(heard, SAID, seconds=60.0)
    assert (found.hits, found.misses, found.false_accepts) == counts
    assert found.per_hour == 60 * found.false_accepts and found.missed_percent == 50 * found.misses


def test_the_word_that_ends_first_is_hit_first():
    overlapping = [(1.0, 3.0, 5), (1.0, 1.2, 5)]
    assert match([(1.1, 5), (2.5, 5)], overlapping, 10.0, tolerance_s=0.0) == Match(2, 0, 0, 10.0)


def test_without_a_spoken_keyword_nothing_is_missed():
    found = match([(1.0, 0)], [], 1800.0)
    assert math.isnan(found.missed_percent) and found.per_hour == 2.0
    assert str(found) == "no keyword spoken, 2.00 false accepts per hour in 0.50 hours"


def test_streams_add_up():
    assert Match(1, 2, 3, 100.0) + Match(10, 20, 30, 1000.0) == Match(11, 22, 33, 1100.0)


def test_a_sweep_is_one_match_for_each_threshold():
    rows = np.full((200, 2), 0.1)
    rows[60, 1], rows[120, 0] = 0.9, 0.6  # 0.6 s, and 0.9 s later something else
    low, high, none = sweep(rows, [(0.9, 1.1, 1)], thresholds=[0.5, 0.8, 1.0], refractory=10, frame_s=0.02, begin_s=0.0)
    assert [(one.hits, one.misses, one.false_accepts) for one in (low, high, none)] == [(1, 0, 1), (1, 0, 0), (0, 1, 0)]
    assert low.seconds == pytest.approx(4.0)


@given(SCORES, SCORES)
def test_roc_points_are_those_of_scikit_learn(keywords, others):
    labels = np.concatenate([np.ones(len(keywords)), np.zeros(len(others))])
    wrong, found, thresholds = roc_curve(labels, np.concatenate([keywords, others]), drop_intermediate=False)
    expected = np.stack([thresholds, wrong * len(others) / 2.0, 100 * (1 - found)], 1)[1:][::-1]
    assert np.allclose(roc_points(keywords, others, hours=2.0), expected)


def test_everything_public_is_exported():
    assert set(detection.__all__) == {"Match", "detect", "match", "roc_points", "smooth", "sweep"}
