"""Plausible wrong answers to lab 03 that are not declared as mistakes: gradients, refusals, types, what happens to the inputs."""

import torch
import torch.nn.functional as F


def _positive(temperature):
    if not temperature > 0:
        raise ValueError("temperature must be above 0")


def _soft(student_logits, teacher_logits, temperature, reduction="batchmean"):
    p = F.softmax(teacher_logits.detach() / temperature, dim=1)
    return F.kl_div(F.log_softmax(student_logits / temperature, dim=1), p, reduction=reduction)


def kd_loss_softmax_then_log(student_logits, teacher_logits, labels, temperature, alpha):
    """The logarithm of a probability that became 0. Loses: huge logits. Hints: What is exp(5000)."""
    _positive(temperature)
    p = torch.softmax(teacher_logits.detach() / temperature, dim=1)
    q = torch.softmax(student_logits / temperature, dim=1)
    soft = (p * (p.log() - q.log())).sum(1).mean()
    return alpha * temperature**2 * soft + (1 - alpha) * F.cross_entropy(student_logits, labels)


def kd_loss_teaches_the_teacher(student_logits, teacher_logits, labels, temperature, alpha):
    """No detach. Loses: no gradient for the teacher. Hints: Which network is trained here."""
    _positive(temperature)
    p = F.softmax(teacher_logits / temperature, dim=1)
    soft = F.kl_div(F.log_softmax(student_logits / temperature, dim=1), p, reduction="batchmean")
    return alpha * temperature**2 * soft + (1 - alpha) * F.cross_entropy(student_logits, labels)


def kd_loss_as_a_number(student_logits, teacher_logits, labels, temperature, alpha):
    """A float has no gradient. Loses: the student's gradient; no gradient for the teacher. Hints: Training follows the gradient."""
    _positive(temperature)
    soft = _soft(student_logits, teacher_logits, temperature)
    return (alpha * temperature**2 * soft + (1 - alpha) * F.cross_entropy(student_logits, labels)).item()


def kd_loss_divides_by_anything(student_logits, teacher_logits, labels, temperature, alpha):
    """Takes every temperature. Loses: refuses temperature 0; refuses a temperature below 0. Hints: Which error does the docstring
    name."""
    soft = _soft(student_logits, teacher_logits, temperature)
    return alpha * temperature**2 * soft + (1 - alpha) * F.cross_entropy(student_logits, labels)


def kd_loss_refuses_zero_only(student_logits, teacher_logits, labels, temperature, alpha):
    """Looks at 0 alone. Loses: refuses a temperature below 0."""
    if temperature == 0:
        raise ValueError("temperature must not be 0")
    soft = _soft(student_logits, teacher_logits, temperature)
    return alpha * temperature**2 * soft + (1 - alpha) * F.cross_entropy(student_logits, labels)


def kd_loss_in_place(student_logits, teacher_logits, labels, temperature, alpha):
    """detach() shares the memory, so div_() softens the teacher for good. Loses: leaves its inputs as they were. Hints: Print the
    inputs before and after."""
    _positive(temperature)
    p = F.softmax(teacher_logits.detach().div_(temperature), dim=1)
    soft = F.kl_div(F.log_softmax(student_logits / temperature, dim=1), p, reduction="batchmean")
    return alpha * temperature**2 * soft + (1 - alpha) * F.cross_entropy(student_logits, labels)


def _threshold(threshold):
    if not 0 < threshold <= 1:
        raise ValueError("threshold must lie in (0, 1]")


def pseudo_label_mask_first(teacher_logits, threshold):
    """The two in the other order. Loses: all but refuses threshold 0; refuses a threshold below 0; refuses a threshold in percent.
    Hints: In which order are the two returned."""
    _threshold(threshold)
    confidence, labels = teacher_logits.softmax(1).max(1)
    return confidence >= threshold, labels


def pseudo_label_squeezed(teacher_logits, threshold):
    """Drops the axis of a single image. Loses: a single image. Hints: What are the shapes of what you return."""
    _threshold(threshold)
    confidence, labels = teacher_logits.softmax(1).max(1)
    return labels.squeeze(), (confidence >= threshold).squeeze()


def pseudo_label_in_numpy_without_detach(teacher_logits, threshold):
    """numpy() fails on what wants a gradient. Loses: takes logits that require a gradient. Hints: A layer's weight is a parameter."""
    _threshold(threshold)
    labels = torch.from_numpy(teacher_logits.numpy().argmax(1))
    return labels, teacher_logits.softmax(1).amax(1) >= threshold


def pseudo_label_any_threshold(teacher_logits, threshold):
    """Refuses nothing. Loses: refuses threshold 0; refuses a threshold below 0; refuses a threshold in
    percent.
    """
    confidence, labels = teacher_logits.softmax(1).max(1)
    return labels, confidence >= threshold


def pseudo_label_refuses_zero_only(teacher_logits, threshold):
    """Below 0 there is room as well. Loses: refuses a threshold below 0."""
    if threshold == 0 or threshold > 1:
        raise ValueError("threshold must not be 0, nor above 1")
    confidence, labels = teacher_logits.softmax(1).max(1)
    return labels, confidence >= threshold


def pseudo_label_in_place(teacher_logits, threshold):
    """Takes the largest logit off, in the tensor that it got. Loses: leaves its inputs as they were."""
    _threshold(threshold)
    logits = teacher_logits.detach()
    logits.sub_(logits.amax(1, keepdim=True))
    confidence, labels = logits.softmax(1).max(1)
    return labels, confidence >= threshold


def _same(projected, teacher_feat):
    if projected.shape != teacher_feat.shape:
        raise ValueError("shapes differ")


def feature_loss_projects_where_needed(student_feat, teacher_feat, projector):
    """Leaves the projector out where the shapes agree. Loses: equal widths are projected too. Hints: Do you call the projector."""
    projected = student_feat if student_feat.shape == teacher_feat.shape else projector(student_feat)
    _same(projected, teacher_feat)
    return F.mse_loss(projected, teacher_feat.detach())


def feature_loss_teaches_the_teacher(student_feat, teacher_feat, projector):
    """No detach. Loses: no gradient for the teacher."""
    projected = projector(student_feat)
    _same(projected, teacher_feat)
    return F.mse_loss(projected, teacher_feat)


def feature_loss_detaches_the_student(student_feat, teacher_feat, projector):
    """Cuts the student off. Loses: the student's gradient. Hints: Training follows the gradient."""
    projected = projector(student_feat.detach())
    _same(projected, teacher_feat)
    return F.mse_loss(projected, teacher_feat.detach())


def feature_loss_frozen_projector(student_feat, teacher_feat, projector):
    """Everything under no_grad. Loses: the student's gradient; the projector learns; no gradient for
    the teacher.
    """
    with torch.no_grad():
        projected = projector(student_feat)
        _same(projected, teacher_feat)
        return F.mse_loss(projected, teacher_feat)


def feature_loss_broadcasts(student_feat, teacher_feat, projector):
    """Looks at no shape. Loses: refuses another number of images; refuses another width; refuses as many numbers in another shape.
    Hints: What does (6, 5) minus (1, 5) give; What does (6, 5) minus (6, 1) give; What does (6, 1) minus (1, 6) give."""
    return (projector(student_feat) - teacher_feat.detach()).square().mean()


def feature_loss_compares_lengths(student_feat, teacher_feat, projector):
    """Counts the images only. Loses: refuses another width. Hints: What does (6, 5) minus (6, 1) give."""
    projected = projector(student_feat)
    if len(projected) != len(teacher_feat):
        raise ValueError("another number of images")
    return (projected - teacher_feat.detach()).square().mean()


def feature_loss_compares_widths(student_feat, teacher_feat, projector):
    """Counts the features only. Loses: refuses another number of images."""
    projected = projector(student_feat)
    if projected.shape[1:] != teacher_feat.shape[1:]:
        raise ValueError("another width")
    return (projected - teacher_feat.detach()).square().mean()


def feature_loss_in_place(student_feat, teacher_feat, projector):
    """Writes into the teacher's features. Loses: leaves its inputs as they were."""
    projected = projector(student_feat)
    _same(projected, teacher_feat)
    loss = F.mse_loss(projected, teacher_feat.detach().clone())
    teacher_feat.detach().sub_(projected.detach())
    return loss


def _mean_of_one(distances):
    return distances / distances.mean().clamp_min(1e-9)


def relational_loss_root_of_zero(student_emb, teacher_emb):
    """Takes the root of the whole table, and its gradient on the diagonal is NaN. Loses: the student's gradient; equal embeddings,
    finite gradient. Hints: Is there NaN in your gradient? If not."""

    def seen(embeddings):
        table = (embeddings[:, None] - embeddings[None]).square().sum(2).sqrt()
        return _mean_of_one(table[~torch.eye(len(embeddings), dtype=torch.bool)])

    return F.huber_loss(seen(student_emb), seen(teacher_emb.detach()))


def relational_loss_root_of_equals(student_emb, teacher_emb):
    """Pairs i < j only, but equal embeddings still give NaN. Loses: equal embeddings, finite gradient."""

    def seen(embeddings):
        first, second = torch.triu_indices(len(embeddings), len(embeddings), 1)
        return _mean_of_one((embeddings[first] - embeddings[second]).square().sum(1).sqrt())

    return F.huber_loss(seen(student_emb), seen(teacher_emb.detach()))


def relational_loss_divides_by_zero(student_emb, teacher_emb):
    """The mean is not bounded from below. Loses: a student that sees all as one; a teacher that sees all as one. Hints: What is the
    mean of distances that are all 0."""
    student, teacher = torch.pdist(student_emb), torch.pdist(teacher_emb.detach())
    return F.huber_loss(student / student.mean(), teacher / teacher.mean())


def relational_loss_guards_the_student(student_emb, teacher_emb):
    """Trusts the teacher to see a difference. Loses: a teacher that sees all as one. Hints: What is the mean of distances that are
    all 0."""
    teacher = torch.pdist(teacher_emb.detach())
    return F.huber_loss(_mean_of_one(torch.pdist(student_emb)), teacher / teacher.mean())


def relational_loss_teaches_the_teacher(student_emb, teacher_emb):
    """No detach. Loses: no gradient for the teacher."""
    return F.huber_loss(_mean_of_one(torch.pdist(student_emb)), _mean_of_one(torch.pdist(teacher_emb)))


def relational_loss_as_a_number(student_emb, teacher_emb):
    """A float has no gradient. Loses: the student's gradient; no gradient for the teacher; equal
    embeddings, finite gradient.
    """
    return float(F.huber_loss(_mean_of_one(torch.pdist(student_emb)), _mean_of_one(torch.pdist(teacher_emb))))


def relational_loss_in_place(student_emb, teacher_emb):
    """Centres the teacher's embeddings where they are; the distances stay. Loses: leaves its inputs as
    they were.
    """
    teacher = teacher_emb.detach()
    teacher -= teacher.mean(0)
    return F.huber_loss(_mean_of_one(torch.pdist(student_emb)), _mean_of_one(torch.pdist(teacher)))


def attention_map_divides_by_zero(feat):
    """Nothing bounds the length. Loses: an image of zeros. Hints: What is the length of a map of zeros."""
    energy = feat.square().sum(1).flatten(1)
    return energy / energy.norm(dim=1, keepdim=True)


def attention_map_with_a_small_number(feat):
    """Adds to each length what only a length of 0 needs. Loses: faint features. Hints: The lengths of these maps are about 1e-7."""
    energy = feat.square().sum(1).flatten(1)
    return energy / (energy.norm(dim=1, keepdim=True) + 1e-6)


def attention_map_in_place(feat):
    """Squares the features themselves. Loses: leaves its inputs as they were."""
    return F.normalize(feat.square_().sum(1).flatten(1), dim=1)


def agreement_in_place(student_logits, teacher_logits):
    """Turns both into probabilities where they are. Loses: leaves its inputs as they were."""
    student_logits.copy_(student_logits.softmax(1))
    return (student_logits.argmax(1) == teacher_logits.argmax(1)).float().mean()


def feature_loss_counts_numbers(student_feat, teacher_feat, projector):
    """Compares how many numbers there are. Loses: refuses as many numbers in another shape. Hints: What does (6, 1) minus (1, 6)
    give."""
    projected = projector(student_feat)
    if projected.numel() != teacher_feat.numel():
        raise ValueError("other features")
    return (projected - teacher_feat.detach()).square().mean()
