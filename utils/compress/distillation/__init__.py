"""Distillation: a small network learns from what a large one says (losses), from its labels, and against controls."""

from utils.compress.distillation.labels import agreement, pseudo_label, shuffled_teacher
from utils.compress.distillation.losses import attention_map, feature_loss, kd_loss, relational_loss
from utils.compress.distillation.teaching import distil, from_teacher

__all__ = [
    "agreement",
    "attention_map",
    "distil",
    "feature_loss",
    "from_teacher",
    "kd_loss",
    "pseudo_label",
    "relational_loss",
    "shuffled_teacher",
]
