"""Lab 03: what is said of gradients."""

from utils.compress.distillation import kd_loss
from utils.exercises.checking import assess
from utils.exercises.lab03 import lab


def test_a_teacher_that_is_taught_is_told_what_it_got():
    def kd_loss_teaches_the_teacher(student_logits, teacher_logits, *rest):
        return kd_loss(student_logits, teacher_logits, *rest) + 0.001 * teacher_logits.square().sum()

    outcomes = {outcome.case.name: outcome for outcome in assess(lab.exercises["kd_loss"], kd_loss_teaches_the_teacher).outcomes}
    assert outcomes["no gradient for the teacher"].verdict.got.startswith("the teacher gets a gradient of shape (6, 10)")
