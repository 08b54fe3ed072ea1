"""Wrong answers to lab 03 that are not declared as mistakes: gradients, refusals, types, what happens to the inputs."""

import torch

from tests.utils.exercises.lab03 import right
from tests.utils.exercises.wrong_answers import edited

_kd, _kd_sums, _label = right.kd_loss_by_kl_div, right.kd_loss_by_sums, right.pseudo_label_by_max
_feature, _feature_sums = right.feature_loss_by_torch, right.feature_loss_by_sums
_relation, _all_pairs = right.relational_loss_by_pdist, right.relational_loss_by_all_pairs
_map = right.attention_map_of_means

_KEEPS, _TAUGHT = "Loses: leaves its inputs as they were", "Loses: no gradient for the teacher"
_NUMBER = "the student's gradient; no gradient for the teacher"
_SHAPES, _PROJECTED = "projected.size() != target.size()", "projector(student_feat)"
_CDIST = 'torch.cdist(embeddings, embeddings, compute_mode="donot_use_mm_for_euclid_dist")'
TABLE = {
    "kd_loss_softmax_then_log": (
        "Loses: huge logits. Hints: What is exp(5000)",
        edited(_kd_sums, {"temperature).log_softmax(1)": "temperature).softmax(1).log()"}),
    ),
    "kd_loss_teaches_the_teacher": (f"{_TAUGHT}. Hints: Which network is trained here", edited(_kd, {".detach()": ""})),
    "kd_loss_as_a_number": (f"Loses: {_NUMBER}. Hints: Training follows the gradient", lambda *given: _kd(*given).item()),
    "kd_loss_divides_by_anything": (
        "Loses: refuses temperature 0; refuses a temperature below 0. Hints: Which error does the docstring name",
        edited(_kd, {"not temperature > 0": "False"}),
    ),
    "kd_loss_refuses_zero_only": ("Loses: refuses a temperature below 0", edited(_kd, {"not temperature > 0": "temperature == 0"})),
    "kd_loss_in_place": (  # detach() shares the memory, so div_() softens the teacher for good
        f"{_KEEPS}. Hints: Print the inputs before and after",
        edited(_kd, {"teacher_logits.detach() / temperature": "teacher_logits.detach().div_(temperature)"}),
    ),
    "pseudo_label_mask_first": (
        "Loses: all but refuses *. Hints: In which order are the two returned",
        lambda *given: _label(*given)[::-1],
    ),
    "pseudo_label_squeezed": (
        "Loses: a single image. Hints: What are the shapes of what you return",
        lambda *given: [part.squeeze() for part in _label(*given)],
    ),
    "pseudo_label_in_numpy_without_detach": (
        "Loses: takes logits that require a gradient. Hints: A layer's weight is a parameter",
        lambda logits, threshold: _label(torch.from_numpy(logits.numpy()), threshold),
    ),
    "pseudo_label_any_threshold": ("Loses: refuses *", edited(_label, {"not 0 < threshold <= 1": "False"})),
    "pseudo_label_refuses_zero_only": (
        "Loses: refuses a threshold below 0",
        edited(_label, {"not 0 < threshold <= 1": "threshold == 0 or threshold > 1"}),
    ),
    "pseudo_label_in_place": (  # takes the largest logit off, in the tensor that it got
        _KEEPS,
        lambda logits, threshold: _label(logits.detach().sub_(logits.detach().amax(1, keepdim=True)), threshold),
    ),
    "feature_loss_projects_where_needed": (
        "Loses: equal widths are projected too. Hints: Do you call the projector",
        edited(_feature, {_PROJECTED: f"student_feat if student_feat.shape == teacher_feat.shape else {_PROJECTED}"}),
    ),
    "feature_loss_teaches_the_teacher": (_TAUGHT, edited(_feature, {".detach()": ""})),
    "feature_loss_detaches_the_student": (
        "Loses: the student's gradient. Hints: Training follows the gradient",
        lambda student, *given: _feature(student.detach(), *given),
    ),
    "feature_loss_frozen_projector": (
        "Loses: the student's gradient; the projector learns; no gradient for the teacher",
        torch.no_grad()(_feature),
    ),
    "feature_loss_broadcasts": (
        "Loses: refuses another number of images; refuses another width; refuses as many numbers in another shape. "
        "Hints: What does (6, 5) minus (1, 5) give; What does (6, 5) minus (6, 1) give; What does (6, 1) minus (1, 6) give",
        edited(_feature_sums, {_SHAPES: "False"}),
    ),
    "feature_loss_compares_lengths": (
        "Loses: refuses another width. Hints: What does (6, 5) minus (6, 1) give",
        edited(_feature_sums, {_SHAPES: "len(projected) != len(target)"}),
    ),
    "feature_loss_compares_widths": (
        "Loses: refuses another number of images",
        edited(_feature_sums, {_SHAPES: "projected.shape[1:] != target.shape[1:]"}),
    ),
    "feature_loss_counts_numbers": (
        "Loses: refuses as many numbers in another shape. Hints: What does (6, 1) minus (1, 6) give",
        edited(_feature_sums, {_SHAPES: "projected.numel() != target.numel()"}),
    ),
    "feature_loss_in_place": (_KEEPS, lambda *given: [_feature_sums(*given), given[1].detach().zero_()][0]),
    "relational_loss_root_of_zero": (  # the gradient of the root is NaN on the diagonal
        "Loses: the student's gradient; equal embeddings, finite gradient. Hints: Is there NaN in your gradient? If not",
        edited(_all_pairs, {_CDIST: "(embeddings[:, None] - embeddings[None]).square().sum(2).sqrt()"}),
    ),
    "relational_loss_root_of_equals": (  # pairs i < j only, but equal embeddings still give NaN
        "Loses: equal embeddings, finite gradient",
        edited(
            _all_pairs,
            {
                "others = ~torch.eye(n, dtype=torch.bool)": "first, second = torch.triu_indices(n, n, 1)",
                f"{_CDIST}[others]": "(embeddings[first] - embeddings[second]).square().sum(1).sqrt()",
            },
        ),
    ),
    "relational_loss_of_an_unknown_name": (  # the error says enough: there is no other hint
        "Loses: all. Hints: Where does students get its value?",
        edited(_relation, {"huber_loss(student /": "huber_loss(students /"}),
    ),
    "relational_loss_divides_by_zero": (
        "Loses: a student that sees all as one; a teacher that sees all as one. Hints: What is the mean of distances that are all 0",
        edited(_relation, {".clamp_min(1e-9)": ""}),
    ),
    "relational_loss_guards_the_student": (
        "Loses: a teacher that sees all as one. Hints: What is the mean of distances that are all 0",
        edited(_relation, {"teacher.mean().clamp_min(1e-9)": "teacher.mean()"}),
    ),
    "relational_loss_teaches_the_teacher": (_TAUGHT, edited(_relation, {".detach()": ""})),
    "relational_loss_as_a_number": (f"Loses: {_NUMBER}; equal embeddings, finite gradient", lambda *given: float(_relation(*given))),
    "relational_loss_in_place": (  # the distances stay
        _KEEPS,
        lambda student, teacher: _relation(student, teacher.detach().sub_(teacher.detach().mean(0))),
    ),
    "attention_map_divides_by_zero": (
        "Loses: an image of zeros. Hints: What is the length of a map of zeros",
        edited(_map, {".clamp(min=1e-12)": ""}),
    ),
    "attention_map_with_a_small_number": (
        "Loses: faint features. Hints: The lengths of these maps are about 1e-7",
        edited(_map, {".clamp(min=1e-12)": ".add(1e-6)"}),
    ),
    "attention_map_in_place": (_KEEPS, lambda feat: _map(feat.square_().sqrt())),
    "agreement_in_place": (_KEEPS, lambda student, teacher: right.agreement_by_mean(student.copy_(student.softmax(1)), teacher)),
}
