"""What a student can copy from a teacher: its answers, its features, the distances it sees, where it looks.

Every loss is a scalar to minimise, and none sends a gradient to the teacher.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from utils.compress.distillation.checks import check_embeddings, check_labels, check_logits, check_pair, check_setting


def kd_loss(student_logits: Tensor, teacher_logits: Tensor, labels: Tensor, temperature: float = 4.0, alpha: float = 0.7) -> Tensor:
    """alpha * T^2 * KL(teacher || student) at temperature T + (1 - alpha) * cross entropy with the labels (Hinton et al., 2015).

    student_logits, teacher_logits: (n, classes); labels: (n,) int64, not looked at where alpha is 1. Returns a scalar.

    Raises:
        ValueError: a temperature outside [0.001, 1000], an alpha outside [0, 1], no images, shapes that do not belong
            together, labels that are no classes, or logits that are not finite.
    """
    check_logits(student_logits, "student")
    return kd_training_loss(student_logits, teacher_logits, labels, temperature, alpha)


def kd_training_loss(student_logits: Tensor, teacher_logits: Tensor, labels: Tensor, temperature: float, alpha: float) -> Tensor:
    """`kd_loss` as a training loop wants it: a student that has diverged gives a loss of NaN, for the loop to report."""
    check_setting(temperature, alpha)
    check_logits(student_logits, "student", finite=False)
    check_logits(teacher_logits, "teacher")
    check_pair(student_logits, teacher_logits, "the logits")
    student, fixed = (F.log_softmax(logits.double() / temperature, 1) for logits in (student_logits, teacher_logits.detach()))
    # In double: at a high temperature the divergence is small, and T^2 would make float32's rounding errors large.
    soft = (temperature**2 * F.kl_div(student, fixed, reduction="batchmean", log_target=True)).to(student_logits.dtype)
    if alpha == 1:
        return soft
    check_labels(labels, student_logits)
    return alpha * soft + (1 - alpha) * F.cross_entropy(student_logits, labels)


def feature_loss(student_feat: Tensor, teacher_feat: Tensor, projector: Callable[[Tensor], Tensor]) -> Tensor:
    """Mean squared error between the projected student's features and the teacher's (FitNets, Romero et al., 2015).

    student_feat: (n, ...); teacher_feat: what `projector(student_feat)` has the shape of. The projector makes up for
    another width; if it is a layer, it learns with the student and is thrown away afterwards. Returns a scalar.

    Raises:
        ValueError: the projected features have another shape than the teacher's, or there are none.
    """
    projected = projector(student_feat)
    check_pair(projected, teacher_feat, "the features, projected,")
    if not teacher_feat.numel():
        raise ValueError(f"there are no features in shape {tuple(teacher_feat.shape)}: give at least one image")
    return F.mse_loss(projected, teacher_feat.detach())


def _distances(embeddings: Tensor) -> Tensor:
    """Euclidean distances of all pairs i < j, divided by their mean. (n, width) -> (n * (n - 1) / 2,) float64

    A root has no slope at 0; `pdist` gives equal embeddings one of 0, so they pull nowhere. In double precision the
    squares neither overflow nor vanish, whatever the unit.
    """
    distances = torch.pdist(embeddings.double())
    mean = distances.mean()
    return distances / torch.where(mean > 0, mean, 1.0)


def relational_loss(student_emb: Tensor, teacher_emb: Tensor) -> Tensor:
    """How differently the two see which images are close (distance-wise RKD, Park et al., 2019).

    student_emb: (n, width), teacher_emb: (n, any width), n >= 2. Of each: the distances of all pairs, divided by their
    mean. The loss is Huber's with delta 1 between them, the mean over the pairs. Where all embeddings of a batch are
    equal, all distances are 0.

    Raises:
        ValueError: fewer than two images, not as many of one as of the other, or values that are not finite.
    """
    check_embeddings(student_emb, "student")
    check_embeddings(teacher_emb, "teacher")
    if len(student_emb) != len(teacher_emb):
        raise ValueError(f"embeddings must be of the same images, got {len(student_emb)} of the student, {len(teacher_emb)} of the teacher")
    return F.huber_loss(_distances(student_emb), _distances(teacher_emb.detach()), delta=1.0).to(student_emb.dtype)


def attention_map(feat: Tensor) -> Tensor:
    """Where a layer looks: the sum of squares over the channels, of length 1 for each image (Zagoruyko and Komodakis, 2017).

    feat: (n, c, h, w) -> (n, h * w). An image whose features are all zero keeps a map of zeros.

    Raises:
        ValueError: another number of axes.
    """
    if feat.ndim != 4:
        raise ValueError(f"features must be (n, channels, height, width), got shape {tuple(feat.shape)}")
    largest = feat.detach().abs().amax((1, 2, 3), keepdim=True)  # the map does not depend on it, the size of the squares does
    return F.normalize((feat / torch.where(largest > 0, largest, 1.0)).square().sum(1).flatten(1), dim=1)
