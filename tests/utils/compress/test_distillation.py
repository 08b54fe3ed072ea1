"""The distillation loss against its closed form and torch's own divergence."""

import pytest
import torch
import torch.nn.functional as F

from utils.compress.distillation import from_teacher, kd_loss

STUDENT, TEACHER = torch.randn(2, 6, 10, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(6)


def test_without_teacher_it_is_cross_entropy():
    assert torch.equal(kd_loss(STUDENT, TEACHER, LABELS, 3.0, alpha=0.0), F.cross_entropy(STUDENT, LABELS))


def test_soft_part_is_the_divergence_summed_by_hand():
    p, q = (TEACHER / 3).softmax(1), (STUDENT / 3).softmax(1)
    by_hand = 9 * (p * (p / q).log()).sum(1).mean()
    torch.testing.assert_close(kd_loss(STUDENT, TEACHER, LABELS, 3.0, alpha=1.0), by_hand)


def test_equal_logits_cost_nothing():
    assert kd_loss(TEACHER, TEACHER, LABELS, 2.0, alpha=1.0).item() == pytest.approx(0, abs=1e-6)


def test_teacher_gets_no_gradient():
    teacher, student = torch.nn.Linear(4, 10), torch.nn.Linear(4, 10)
    from_teacher(teacher)(student, torch.randn(6, 4), LABELS).backward()
    assert teacher.weight.grad is None
    assert student.weight.grad is not None


@pytest.mark.parametrize(("temperature", "alpha"), [(0.0, 0.5), (-1.0, 0.5), (2.0, 1.5), (2.0, -0.1)])
def test_impossible_settings_are_refused(temperature, alpha):
    with pytest.raises(ValueError, match="temperature > 0"):
        kd_loss(STUDENT, TEACHER, LABELS, temperature, alpha)
