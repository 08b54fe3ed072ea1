"""Lab 03: does a common mistake meet the hint that helps, and none that leads astray?"""

import importlib.util
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from utils.exercises.checking import assess
from utils.exercises.lab03 import lab
from utils.exercises.view import Table

_SPEC = importlib.util.spec_from_file_location("lab03_wrong", Path(__file__).with_name("wrong.py"))
wrong = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(wrong)


def relational_loss_pairs_with_a_misspelt_name(student_emb, teacher_emb):
    return F.huber_loss(torch.pdist(student), torch.pdist(teacher_emb))  # noqa: F821


@pytest.mark.parametrize(
    ("function", "shown"),
    [
        (wrong.kd_loss_without_the_square, ["What becomes of the gradient"]),
        (wrong.kd_loss_mean_over_classes, ["Over what is the mean taken"]),
        (wrong.kd_loss_sum_over_images, ["Does a larger batch cost more"]),
        (wrong.kd_loss_other_way_round, ["From which side is the divergence"]),
        (wrong.kd_loss_soft_cross_entropy, ["What should equal logits cost"]),
        (wrong.kd_loss_shares_swapped, ["Which part has the weight alpha"]),
        (wrong.kd_loss_labels_softened, ["At which temperature do the labels speak"]),
        (wrong.kd_loss_softens_the_teacher_only, ["Which logits are divided by the temperature"]),
        (wrong.kd_loss_softmax_then_log, ["What is exp(5000)"]),
        (wrong.kd_loss_teaches_the_teacher, ["Who is to learn here"]),
        (wrong.kd_loss_as_a_number, ["Training needs to go back from the loss"]),
        (wrong.kd_loss_divides_by_anything, ["Which error does the docstring name"]),
        (wrong.kd_loss_in_place, ["Print the tensors before and after"]),
        (wrong.pseudo_label_by_logits, ["What has to reach the threshold"]),
        (wrong.pseudo_label_more_than, ["Is a confidence of exactly the threshold enough"]),
        (wrong.pseudo_label_of_the_kept, ["How many labels are there"]),
        (wrong.pseudo_label_mask_first, ["In which order are the two returned"]),
        (wrong.pseudo_label_squeezed, ["What are the shapes of what you return"]),
        (wrong.pseudo_label_in_numpy_without_detach, ["These logits want a gradient"]),
        (wrong.feature_loss_sum, ["Does a wider layer cost more"]),
        (wrong.feature_loss_magnitudes, ["Are these squares"]),
        (wrong.feature_loss_root, ["Is there a root in the docstring"]),
        (wrong.feature_loss_projects_where_needed, ["Do you call the projector"]),
        (wrong.feature_loss_detaches_the_student, ["Training needs to go back from the loss"]),
        (wrong.feature_loss_broadcasts, ["What does (6, 5) minus (1, 5) give", "What does (6, 5) minus (6, 1) give"]),
        (wrong.feature_loss_compares_lengths, ["What does (6, 5) minus (6, 1) give"]),
        (wrong.relational_loss_without_scale, ["What if one network's space is ten times larger"]),
        (wrong.relational_loss_of_squares, ["Are these distances, or their squares"]),
        (wrong.relational_loss_with_the_diagonal, ["How far is an image from itself"]),
        (wrong.relational_loss_mean_square, ["What is Huber's loss below delta"]),
        (wrong.relational_loss_root_of_zero, ["What is the slope of a square root at 0"]),
        (wrong.relational_loss_divides_by_zero, ["What is the mean of distances that are all 0"]),
        (wrong.relational_loss_guards_the_student, ["What is the mean of distances that are all 0"]),
        (wrong.relational_loss_small_number_under_the_root, ["All distances of one network are 0 here"]),
        (relational_loss_pairs_with_a_misspelt_name, ["Where does"]),
        (wrong.attention_map_sums_to_one, ["What is the length of a map"]),
        (wrong.attention_map_not_flat, ["What is the shape of your answer"]),
        (wrong.attention_map_column_by_column, ["The right numbers, in other places"]),
        (wrong.attention_map_divides_by_zero, ["What is the length of a map of zeros"]),
        (wrong.attention_map_with_a_small_number, ["The lengths of these maps are about 1e-7"]),
        (wrong.agreement_in_percent, ["Between which numbers does a share lie"]),
        (wrong.agreement_as_count, ["Is this a share"]),
        (wrong.agreement_of_logits, ["What is a network's first choice"]),
    ],
)
def test_the_hints_that_a_mistake_meets(function, shown):
    exercise = next(exercise for name, exercise in lab.exercises.items() if function.__name__.startswith(name))
    table = Table(assess(exercise, function), {})
    found = [text for outcome in table.result.outcomes for label, text in table.details(outcome) if label == "hint"]
    assert [text[: len(beginning)] for text, beginning in zip(found, shown, strict=True)] == shown


def test_a_teacher_that_is_taught_is_told_what_it_got():
    outcomes = {outcome.case.name: outcome for outcome in assess(lab.exercises["kd_loss"], wrong.kd_loss_teaches_the_teacher).outcomes}
    assert outcomes["no gradient for the teacher"].verdict.got.startswith("the teacher gets a gradient of shape (6, 10)")
