"""Lab 03: what is said of gradients, and where no hint would help."""

import torch
import torch.nn.functional as F

from tests.utils.exercises.wrong_answers import hints_shown
from utils.compress.distillation import kd_loss
from utils.exercises.checking import assess
from utils.exercises.lab03 import lab


def relational_loss_with_a_misspelt_name(student_emb, teacher_emb):
    return F.huber_loss(torch.pdist(student), torch.pdist(teacher_emb))  # noqa: F821


def test_an_error_that_says_enough_has_no_other_hint():
    result = assess(lab.exercises["relational_loss"], relational_loss_with_a_misspelt_name)
    assert hints_shown(result) == ["Where does student get its value?"]


def test_a_teacher_that_is_taught_is_told_what_it_got():
    def kd_loss_teaches_the_teacher(student_logits, teacher_logits, *rest):
        return kd_loss(student_logits, teacher_logits, *rest) + 0.001 * teacher_logits.square().sum()

    outcomes = {outcome.case.name: outcome for outcome in assess(lab.exercises["kd_loss"], kd_loss_teaches_the_teacher).outcomes}
    assert outcomes["no gradient for the teacher"].verdict.got.startswith("the teacher gets a gradient of shape (6, 10)")
