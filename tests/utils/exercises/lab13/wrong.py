"""Plausible wrong answers to lab 13 that are not functions of the inputs alone; the others are made of the declared mistakes."""

import torch

from tests.utils.exercises.lab13 import right
from tests.utils.exercises.wrong_answers import edited

_NAIVE = "((logits.double() / one).exp() / (logits.double() / one).exp().sum(1, keepdim=True))"
_TEXT = "Loses: all but refuses *"
TABLE = {
    "auc_takes_nan": (
        "Loses: refuses a score of NaN. Hints: Is NaN higher",
        edited(right.auc_by_ranks, {"bool(scores.isnan().any())": "False"}),
    ),
    "auc_of_one_kind": (
        "Loses: refuses exams *; refuses no exam. Hints: How many pairs are there",
        lambda scores, labels: (
            torch.tensor(0.5) if len(labels.unique()) < 2 and len(scores) == len(labels) else right.auc_by_ranks(scores, labels)
        ),
    ),
    "auc_never_below_a_half": (
        "Loses: a ranking upside down. Hints: What is the AUC of a ranking upside down",
        lambda scores, labels: max(right.auc_by_ranks(scores, labels), 1 - right.auc_by_ranks(scores, labels)),
    ),
    "auc_as_text": (_TEXT, lambda scores, labels: str(right.auc_by_ranks(scores, labels))),
    "sensitivity_at_specificity_in_percent": (
        "Loses: refuses a specificity in percent. Hints: What is a specificity of 90",
        lambda past, known, scores, labels, asked: right.sensitivity_at_specificity_by_sorting(
            past, known, scores, labels, asked / 100 if asked > 1 else asked
        ),
    ),
    "sensitivity_at_specificity_one_value": (
        _TEXT,
        lambda *given: right.sensitivity_at_specificity_by_sorting(*given)["sensitivity"],
    ),
    "sensitivity_at_specificity_by_index": (
        "Loses: exactly three of four healthy. Hints: Sorted, which index",
        edited(
            right.sensitivity_at_specificity_by_sorting,
            {"healthy[enough.int().argmax()]": "healthy[min(int(specificity * len(healthy)), len(healthy) - 1)]"},
        ),
    ),
    "calibration_error_index_of_one": (
        "Loses: a probability of exactly 1. Hints: In which bin",
        edited(right.calibration_error_by_loops, {" | (one == bins - 1)": ""}),
    ),
    "calibration_error_takes_logits": (
        "Loses: refuses logits; refuses a probability of NaN. Hints: Can a probability",
        edited(right.calibration_error_by_loops, {"not bool(((probability >= 0) & (probability <= 1)).all())": "False"}),
    ),
    "temperature_scale_overflows": (
        "Loses: logits above a thousand. Hints: What is exp",
        edited(
            right.temperature_scale_by_grid,
            {
                "torch.logspace(-2": "torch.logspace(-0.7",
                "cross_entropy(logits.detach() / one, labels)": f"-{_NAIVE}.gather(1, labels[:, None]).log().mean()",
            },
        ),
    ),
    "temperature_scale_always_finds_one": (
        "Loses: refuses exams that are all right; refuses labels that *. Hints: What happens to the cross entropy; What happens as T grows",
        lambda logits, labels: (
            100.0
            if len(logits) == len(labels) and len(labels) and logits.isfinite().all() and right._no_best_temperature(logits, labels)
            else right.temperature_scale_by_grid(logits, labels)
        ),
    ),
    "temperature_scale_not_converged": (
        f"{_TEXT}. Hints: At which temperature",
        edited(right.temperature_scale_by_lbfgs, {"max_iter=300": "max_iter=1"}),
    ),
    "temperature_scale_coarse": (
        _TEXT,
        edited(right.temperature_scale_by_grid, {"2001": "9"}),
    ),
    "abstain_decides_nothing": (
        "Loses: refuses exams that are all wrong. Hints: What if even",
        edited(
            right.abstain_by_thresholds,
            {'raise ValueError("no threshold is enough")': 'return {"threshold": 1.0, "coverage": 0.0, "error": 0.0}'},
        ),
    ),
    "abstain_one_value": (_TEXT, lambda *given: right.abstain_by_thresholds(*given)["threshold"]),
}
