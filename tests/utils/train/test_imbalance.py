"""Losses and draws that make up for rare classes, and the augmentation of beats."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from utils.train import SignalAugment, class_weighted, logit_adjusted, oversampled

COUNTS = torch.tensor([90, 9, 1])
LOGITS, LABELS = torch.randn(64, 3, generator=torch.Generator().manual_seed(0)), torch.arange(64) % 3


def test_without_strength_they_are_plain_cross_entropy():
    plain = F.cross_entropy(LOGITS, LABELS)
    assert torch.allclose(logit_adjusted(COUNTS, tau=0)(nn.Identity(), LOGITS, LABELS), plain)
    assert torch.allclose(class_weighted(COUNTS, power=0)(nn.Identity(), LOGITS, LABELS), plain)


def test_weights_are_those_of_the_frequencies():
    weight = 1 / COUNTS.float()
    expected = F.cross_entropy(LOGITS, LABELS, weight=weight)
    assert torch.allclose(class_weighted(COUNTS)(nn.Identity(), LOGITS, LABELS), expected)


def test_the_best_adjusted_logits_of_a_class_without_evidence_are_equal():
    """Trained on labels alone, plain cross entropy learns the shares; the adjusted one learns that all are equal."""
    labels, learned = torch.arange(3).repeat_interleave(COUNTS), []
    for loss in (logit_adjusted(COUNTS, tau=0), logit_adjusted(COUNTS)):
        bias = nn.Parameter(torch.zeros(3))
        optimizer = torch.optim.LBFGS([bias], max_iter=100)

        def closure(bias=bias, optimizer=optimizer, loss=loss):
            optimizer.zero_grad()
            value = loss(lambda x: bias.expand(len(x), 3), labels, labels)
            value.backward()
            return value

        optimizer.step(closure)
        learned.append(bias.detach().softmax(0))
    assert torch.allclose(learned[0], COUNTS / 100, atol=1e-3)
    assert torch.allclose(learned[1], torch.full((3,), 1 / 3), atol=1e-3)


def test_oversampling_evens_the_classes_out():
    labels = torch.arange(3).repeat_interleave(COUNTS)
    assert torch.bincount(labels[oversampled(labels)]).tolist() == [90, 90, 90]
    assert torch.equal(oversampled(labels, power=0), torch.arange(100))
    half = torch.bincount(labels[oversampled(labels, power=0.5)])
    assert half.tolist() == [90, 27, 9]


@pytest.mark.parametrize("make", [logit_adjusted, class_weighted])
@pytest.mark.parametrize("counts", [[5, 0], [], [[1, 2]]])
def test_a_class_without_samples_is_refused(make, counts):
    with pytest.raises(ValueError, match="at least one training sample"):
        make(torch.tensor(counts))


def test_no_labels_are_refused():
    with pytest.raises(ValueError, match="there are no labels"):
        oversampled(torch.tensor([], dtype=torch.int64))


def test_an_augmentation_of_nothing_changes_nothing():
    windows = torch.randn(5, 2, 140, generator=torch.Generator().manual_seed(1))
    still = SignalAugment(shift=0, stretch=0, scale=0, wander=0, noise=0)
    assert torch.allclose(still(windows, torch.Generator().manual_seed(0)), windows, atol=1e-5)


def test_a_shift_moves_a_peak_by_at_most_so_much():
    windows = torch.zeros(200, 1, 140)
    windows[:, 0, 70] = 1
    moved = SignalAugment(shift=4, stretch=0, scale=0, wander=0, noise=0)(windows, torch.Generator().manual_seed(0))
    peaks = moved[:, 0].argmax(1)
    assert (peaks - 70).abs().max() <= 4 and peaks.unique().numel() > 5
    assert torch.equal(moved, SignalAugment(shift=4, stretch=0, scale=0, wander=0, noise=0)(windows, torch.Generator().manual_seed(0)))
