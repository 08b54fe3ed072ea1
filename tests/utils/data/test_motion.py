"""Windows never cross recordings, splits by person and by time share nothing, and scales come from the training people."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from utils.data import folds, standardise
from utils.data.motion import cut


def made(lengths=(30, 12, 25), size=10, stride=5, channels=6, seed=0):
    """Recordings whose samples tell where they come from: channel 0 holds the recording, channel 1 the sample's number."""
    rng = np.random.default_rng(seed)
    recordings = []
    for number, length in enumerate(lengths):
        samples = rng.normal(size=(length, channels)).astype(np.float32)
        samples[:, 0], samples[:, 1] = number, np.arange(length)
        recordings.append(samples)
    numbers = np.arange(len(lengths))
    return cut(
        recordings,
        labels=numbers % 2,
        people=numbers // 2 + 1,
        classes=("a", "b"),
        worn=numbers % 2,
        places=("left", "right"),
        size=size,
        stride=stride,
    )


@given(lengths=st.lists(st.integers(0, 60), min_size=1, max_size=5), size=st.integers(1, 20), stride=st.integers(1, 25))
def test_every_window_lies_within_one_recording(lengths, size, stride):
    expected = [(number, start) for number, length in enumerate(lengths) for start in range(0, length, stride) if start + size <= length]
    if not expected:
        with pytest.raises(ValueError, match="smaller size"):
            made(lengths, size, stride)
        return
    data = made(lengths, size, stride)
    assert list(zip(data.recordings.tolist(), data.starts.tolist(), strict=True)) == expected
    for window, number, start in zip(data.windows, data.recordings, data.starts, strict=True):
        assert window.shape == (6, size)
        assert (window[0] == number).all()
        assert window[1].tolist() == list(range(start, start + size))


def test_a_window_has_the_label_person_and_place_of_its_recording():
    data = made()
    assert torch.equal(data.labels, data.recordings % 2)
    assert torch.equal(data.people, data.recordings // 2 + 1)
    assert torch.equal(data.worn, data.recordings % 2)
    assert data.lengths.unique().tolist() == [12, 25, 30]


@given(cut_s=st.floats(0, 1), stride=st.integers(1, 7))
def test_parts_before_and_after_a_time_share_no_sample(cut_s, stride):
    data = made(stride=stride)
    samples = lambda part: {(r, s + i) for r, s in zip(part.recordings.tolist(), part.starts.tolist(), strict=True) for i in range(10)}  # noqa: E731
    before, after = data.between(0, cut_s), data.between(cut_s)
    assert not samples(before) & samples(after)
    assert all(s < round(cut_s * 50) for _, s in samples(before))


def test_a_negative_time_counts_from_the_end():
    data = made(stride=1)
    end, rest = data.between(-0.24), data.between(0, -0.24)  # 12 samples
    assert (end.starts >= end.lengths - 12).all() and len(end) == 3 * 3
    assert (rest.starts + 10 <= rest.lengths - 12).all()


def test_seconds_count_each_sample_once():
    data = made(lengths=(30,), stride=5)
    assert data.seconds == 30 / 50
    assert data[torch.tensor([0, 4])].seconds == 20 / 50  # samples 0 to 10 and 20 to 30
    assert data[:0].seconds == 0


def test_only_gives_the_people_and_no_others():
    data = made()
    assert data.only([2]).people.unique().tolist() == [2]
    assert len(data.only([1, 2])) == len(data)
    with pytest.raises(ValueError, match=r"person 7 .* \[1, 2\]"):
        data.only([1, 7])


@pytest.mark.parametrize(("size", "stride", "what"), [(0, 5, "size"), (10, 0, "stride"), (10.5, 5, "size"), (10, -1, "stride")])
def test_an_impossible_window_is_refused(size, stride, what):
    with pytest.raises(ValueError, match=f"{what} must be an integer number"):
        made(size=size, stride=stride)


def test_each_sensor_gets_a_root_mean_square_of_one_in_the_training_set_and_nothing_is_learnt_from_others():
    data = made()
    train, other = data.only([1]), data.only([2])
    scaled, also = standardise(train, other)
    assert torch.allclose(scaled.windows.view(-1, 2, 3, 10).square().mean((0, 2, 3)), torch.ones(2))
    factor = train.windows.view(-1, 2, 3, 10).square().mean((0, 2, 3)).sqrt().repeat_interleave(3)
    assert torch.allclose(also.windows * factor[:, None], other.windows, rtol=1e-5)
    assert torch.equal(standardise(train)[0].windows, scaled.windows)


def test_a_turn_of_the_sensor_is_the_same_turn_after_scaling():
    data = made()
    turn = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(0)))[0]
    turned = lambda x: (turn @ x.view(len(x), 2, 3, -1)).view_as(x)  # noqa: E731
    scaled = standardise(data)[0]
    raw = type(data)(**{**vars(data), "windows": turned(data.windows)})
    assert torch.allclose(standardise(data, raw)[1].windows, turned(scaled.windows), atol=1e-5)


def test_what_has_no_scale_is_refused():
    data = made()
    still = type(data)(**{**vars(data), "windows": data.windows.clone()})
    still.windows[:, 3:] = 0
    with pytest.raises(ValueError, match="zero in all training windows"):
        standardise(still)
    with pytest.raises(ValueError, match="it is empty"):
        standardise(data[:0])
    with pytest.raises(ValueError, match="three axes, got 4"):
        standardise(made(channels=4))


@given(st.sets(st.integers(0, 99), min_size=2, max_size=30), st.integers(2, 30))
def test_folds_test_everyone_once_and_never_train_on_who_is_tested(people, k):
    if k > len(people):
        with pytest.raises(ValueError, match=r"k must lie in 2\.\."):
            folds(people, k)
        return
    split = folds([*people, *people], k)
    assert len(split) == k
    assert sorted(one for _, test in split for one in test) == sorted(people)
    for train, test in split:
        assert not set(train) & set(test)
        assert set(train) | set(test) == people
    sizes = [len(test) for _, test in split]
    assert max(sizes) - min(sizes) <= 1
    assert folds(sorted(people, reverse=True), k) == split
