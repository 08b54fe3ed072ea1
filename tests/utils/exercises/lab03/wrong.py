"""Plausible wrong answers to lab 03. The docstring says what is wrong and lists the cases that it must lose, and no other."""

import torch
import torch.nn.functional as F


def _positive(temperature):
    if not temperature > 0:
        raise ValueError("temperature must be above 0")


def _soft(student_logits, teacher_logits, temperature, reduction="batchmean"):
    p = F.softmax(teacher_logits.detach() / temperature, dim=1)
    return F.kl_div(F.log_softmax(student_logits / temperature, dim=1), p, reduction=reduction)


def kd_loss_without_the_square(student_logits, teacher_logits, labels, temperature, alpha):
    """Forgets temperature**2.

    - the teacher alone, temperature 4
    - both parts
    - a single image
    - huge logits
    - the student's gradient
    - leaves the tensors as they were
    """
    _positive(temperature)
    return alpha * _soft(student_logits, teacher_logits, temperature) + (1 - alpha) * F.cross_entropy(student_logits, labels)


def kd_loss_mean_over_classes(student_logits, teacher_logits, labels, temperature, alpha):
    """F.kl_div's default divides by the classes too.

    - the teacher alone, temperature 1
    - the teacher alone, temperature 4
    - both parts
    - a single image
    - huge logits
    - the student's gradient
    - leaves the tensors as they were
    """
    _positive(temperature)
    soft = _soft(student_logits, teacher_logits, temperature, "none").mean()
    return alpha * temperature**2 * soft + (1 - alpha) * F.cross_entropy(student_logits, labels)


def kd_loss_sum_over_images(student_logits, teacher_logits, labels, temperature, alpha):
    """Adds up over the batch.

    - the teacher alone, temperature 1
    - the teacher alone, temperature 4
    - both parts
    - huge logits
    - the student's gradient
    - leaves the tensors as they were
    """
    _positive(temperature)
    soft = _soft(student_logits, teacher_logits, temperature, "sum")
    return alpha * temperature**2 * soft + (1 - alpha) * F.cross_entropy(student_logits, labels)


def kd_loss_other_way_round(student_logits, teacher_logits, labels, temperature, alpha):
    """KL(student || teacher).

    - the teacher alone, temperature 1
    - the teacher alone, temperature 4
    - both parts
    - a single image
    - huge logits
    - the student's gradient
    - leaves the tensors as they were
    """
    _positive(temperature)
    log_p = F.log_softmax(teacher_logits.detach() / temperature, dim=1)
    log_q = F.log_softmax(student_logits / temperature, dim=1)
    soft = F.kl_div(log_p, log_q, reduction="batchmean", log_target=True)
    return alpha * temperature**2 * soft + (1 - alpha) * F.cross_entropy(student_logits, labels)


def kd_loss_soft_cross_entropy(student_logits, teacher_logits, labels, temperature, alpha):
    """A cross entropy with the teacher's answers: the same gradient, another number.

    - the teacher alone, temperature 1
    - the teacher alone, temperature 4
    - both parts
    - a single image
    - equal logits cost nothing
    - leaves the tensors as they were
    """
    _positive(temperature)
    soft = F.cross_entropy(student_logits / temperature, (teacher_logits.detach() / temperature).softmax(1))
    return alpha * temperature**2 * soft + (1 - alpha) * F.cross_entropy(student_logits, labels)


def kd_loss_shares_swapped(student_logits, teacher_logits, labels, temperature, alpha):
    """alpha for the labels.

    - the teacher alone, temperature 1
    - the teacher alone, temperature 4
    - the labels alone
    - both parts
    - equal logits cost nothing
    - the student's gradient
    - leaves the tensors as they were
    """
    _positive(temperature)
    soft = _soft(student_logits, teacher_logits, temperature)
    return (1 - alpha) * temperature**2 * soft + alpha * F.cross_entropy(student_logits, labels)


def kd_loss_labels_softened(student_logits, teacher_logits, labels, temperature, alpha):
    """The labels' part at the temperature as well.

    - the labels alone
    - both parts
    - a single image
    - huge logits
    - the student's gradient
    """
    _positive(temperature)
    soft = _soft(student_logits, teacher_logits, temperature)
    return alpha * temperature**2 * soft + (1 - alpha) * F.cross_entropy(student_logits / temperature, labels)


def kd_loss_labels_in_full(student_logits, teacher_logits, labels, temperature, alpha):
    """The labels' part without its share.

    - the teacher alone, temperature 1
    - the teacher alone, temperature 4
    - both parts
    - a single image
    - equal logits cost nothing
    - huge logits
    - the student's gradient
    - leaves the tensors as they were
    """
    _positive(temperature)
    soft = _soft(student_logits, teacher_logits, temperature)
    return alpha * temperature**2 * soft + F.cross_entropy(student_logits, labels)


def kd_loss_softens_the_teacher_only(student_logits, teacher_logits, labels, temperature, alpha):
    """The student's logits are not divided.

    - the teacher alone, temperature 4
    - both parts
    - a single image
    - equal logits cost nothing
    - huge logits
    - the student's gradient
    - leaves the tensors as they were
    """
    _positive(temperature)
    p = F.softmax(teacher_logits.detach() / temperature, dim=1)
    soft = F.kl_div(F.log_softmax(student_logits, dim=1), p, reduction="batchmean")
    return alpha * temperature**2 * soft + (1 - alpha) * F.cross_entropy(student_logits, labels)


def kd_loss_softmax_then_log(student_logits, teacher_logits, labels, temperature, alpha):
    """The logarithm of a probability that became 0.

    - huge logits
    """
    _positive(temperature)
    p = torch.softmax(teacher_logits.detach() / temperature, dim=1)
    q = torch.softmax(student_logits / temperature, dim=1)
    soft = (p * (p.log() - q.log())).sum(1).mean()
    return alpha * temperature**2 * soft + (1 - alpha) * F.cross_entropy(student_logits, labels)


def kd_loss_teaches_the_teacher(student_logits, teacher_logits, labels, temperature, alpha):
    """No detach.

    - no gradient for the teacher
    """
    _positive(temperature)
    p = F.softmax(teacher_logits / temperature, dim=1)
    soft = F.kl_div(F.log_softmax(student_logits / temperature, dim=1), p, reduction="batchmean")
    return alpha * temperature**2 * soft + (1 - alpha) * F.cross_entropy(student_logits, labels)


def kd_loss_as_a_number(student_logits, teacher_logits, labels, temperature, alpha):
    """A float has no gradient.

    - the student's gradient
    - no gradient for the teacher
    """
    _positive(temperature)
    soft = _soft(student_logits, teacher_logits, temperature)
    return (alpha * temperature**2 * soft + (1 - alpha) * F.cross_entropy(student_logits, labels)).item()


def kd_loss_divides_by_anything(student_logits, teacher_logits, labels, temperature, alpha):
    """Takes every temperature.

    - refuses temperature 0
    - refuses a temperature below 0
    """
    soft = _soft(student_logits, teacher_logits, temperature)
    return alpha * temperature**2 * soft + (1 - alpha) * F.cross_entropy(student_logits, labels)


def kd_loss_refuses_zero_only(student_logits, teacher_logits, labels, temperature, alpha):
    """Looks at 0 alone.

    - refuses a temperature below 0
    """
    if temperature == 0:
        raise ValueError("temperature must not be 0")
    soft = _soft(student_logits, teacher_logits, temperature)
    return alpha * temperature**2 * soft + (1 - alpha) * F.cross_entropy(student_logits, labels)


def kd_loss_in_place(student_logits, teacher_logits, labels, temperature, alpha):
    """detach() shares the memory, so div_() softens the teacher for good.

    - leaves the tensors as they were
    """
    _positive(temperature)
    p = F.softmax(teacher_logits.detach().div_(temperature), dim=1)
    soft = F.kl_div(F.log_softmax(student_logits / temperature, dim=1), p, reduction="batchmean")
    return alpha * temperature**2 * soft + (1 - alpha) * F.cross_entropy(student_logits, labels)


def _threshold(threshold):
    if not 0 < threshold <= 1:
        raise ValueError("threshold must lie in (0, 1]")


def pseudo_label_by_logits(teacher_logits, threshold):
    """Compares a logit with the threshold.

    - three of six are sure
    - negative logits
    - large logits, unsure all the same
    - threshold 1 keeps the certain
    - nobody is sure
    - takes logits that want a gradient
    - leaves the logits as they were
    """
    _threshold(threshold)
    value, labels = (teacher_logits - teacher_logits.mean(1, keepdim=True) + 10).max(1)
    return labels, value >= threshold


def pseudo_label_more_than(teacher_logits, threshold):
    """> for at least.

    - exactly at the threshold
    - threshold 1 keeps the certain
    """
    _threshold(threshold)
    confidence, labels = teacher_logits.softmax(1).max(1)
    return labels, confidence > threshold


def pseudo_label_of_the_kept(teacher_logits, threshold):
    """Labels of those that are kept only.

    - three of six are sure
    - negative logits
    - large logits, unsure all the same
    - threshold 1 keeps the certain
    - nobody is sure
    - takes logits that want a gradient
    - leaves the logits as they were
    """
    _threshold(threshold)
    confidence, labels = teacher_logits.softmax(1).max(1)
    return labels[confidence >= threshold], confidence >= threshold


def pseudo_label_mask_first(teacher_logits, threshold):
    """The two in the other order.

    - three of six are sure
    - negative logits
    - large logits, unsure all the same
    - exactly at the threshold
    - threshold 1 keeps the certain
    - huge logits
    - nobody is sure
    - a single image
    - takes logits that want a gradient
    - leaves the logits as they were
    """
    _threshold(threshold)
    confidence, labels = teacher_logits.softmax(1).max(1)
    return confidence >= threshold, labels


def pseudo_label_by_exp(teacher_logits, threshold):
    """exp by hand overflows.

    - threshold 1 keeps the certain
    - huge logits
    """
    _threshold(threshold)
    powers = teacher_logits.exp()
    confidence = (powers / powers.sum(1, keepdim=True)).amax(1)
    return teacher_logits.argmax(1), confidence >= threshold


def pseudo_label_squeezed(teacher_logits, threshold):
    """Drops the axis of a single image.

    - a single image
    """
    _threshold(threshold)
    confidence, labels = teacher_logits.softmax(1).max(1)
    return labels.squeeze(), (confidence >= threshold).squeeze()


def pseudo_label_in_numpy_without_detach(teacher_logits, threshold):
    """numpy() fails on what wants a gradient.

    - takes logits that want a gradient
    """
    _threshold(threshold)
    labels = torch.from_numpy(teacher_logits.numpy().argmax(1))
    return labels, teacher_logits.softmax(1).amax(1) >= threshold


def pseudo_label_any_threshold(teacher_logits, threshold):
    """Refuses nothing.

    - refuses threshold 0
    - refuses a threshold below 0
    - refuses a threshold in percent
    """
    confidence, labels = teacher_logits.softmax(1).max(1)
    return labels, confidence >= threshold


def pseudo_label_refuses_zero_only(teacher_logits, threshold):
    """Below 0 there is room as well.

    - refuses a threshold below 0
    """
    if threshold == 0 or threshold > 1:
        raise ValueError("threshold must not be 0, nor above 1")
    confidence, labels = teacher_logits.softmax(1).max(1)
    return labels, confidence >= threshold


def pseudo_label_in_place(teacher_logits, threshold):
    """Takes the largest logit off, in the tensor that it got.

    - leaves the logits as they were
    """
    _threshold(threshold)
    logits = teacher_logits.detach()
    logits.sub_(logits.amax(1, keepdim=True))
    confidence, labels = logits.softmax(1).max(1)
    return labels, confidence >= threshold


def _same(projected, teacher_feat):
    if projected.shape != teacher_feat.shape:
        raise ValueError("shapes differ")


def feature_loss_sum(student_feat, teacher_feat, projector):
    """The sum of squares of each image.

    - vectors of another width
    - feature maps
    - equal widths are projected too
    - a single image
    - the student's gradient
    - the projector learns
    - leaves the tensors as they were
    """
    projected = projector(student_feat)
    _same(projected, teacher_feat)
    return (projected - teacher_feat.detach()).square().sum() / len(student_feat)


def feature_loss_magnitudes(student_feat, teacher_feat, projector):
    """L1.

    - vectors of another width
    - feature maps
    - equal widths are projected too
    - a single image
    - the student's gradient
    - the projector learns
    - leaves the tensors as they were
    """
    projected = projector(student_feat)
    _same(projected, teacher_feat)
    return F.l1_loss(projected, teacher_feat.detach())


def feature_loss_root(student_feat, teacher_feat, projector):
    """Root of the mean square.

    - vectors of another width
    - feature maps
    - equal widths are projected too
    - a single image
    - the student's gradient
    - the projector learns
    - leaves the tensors as they were
    """
    projected = projector(student_feat)
    _same(projected, teacher_feat)
    return F.mse_loss(projected, teacher_feat.detach()).sqrt()


def feature_loss_of_directions(student_feat, teacher_feat, projector):
    """Brings the student's features to length 1 first.

    - vectors of another width
    - feature maps
    - equal widths are projected too
    - a perfect copy costs nothing
    - a single image
    - the student's gradient
    - the projector learns
    - leaves the tensors as they were
    """
    projected = projector(student_feat)
    _same(projected, teacher_feat)
    return F.mse_loss(F.normalize(projected), teacher_feat.detach())


def feature_loss_projects_where_needed(student_feat, teacher_feat, projector):
    """Leaves the projector out where the shapes agree.

    - equal widths are projected too
    """
    projected = student_feat if student_feat.shape == teacher_feat.shape else projector(student_feat)
    _same(projected, teacher_feat)
    return F.mse_loss(projected, teacher_feat.detach())


def feature_loss_teaches_the_teacher(student_feat, teacher_feat, projector):
    """No detach.

    - no gradient for the teacher
    """
    projected = projector(student_feat)
    _same(projected, teacher_feat)
    return F.mse_loss(projected, teacher_feat)


def feature_loss_detaches_the_student(student_feat, teacher_feat, projector):
    """Cuts the student off.

    - the student's gradient
    """
    projected = projector(student_feat.detach())
    _same(projected, teacher_feat)
    return F.mse_loss(projected, teacher_feat.detach())


def feature_loss_frozen_projector(student_feat, teacher_feat, projector):
    """Everything under no_grad.

    - the student's gradient
    - the projector learns
    - no gradient for the teacher
    """
    with torch.no_grad():
        projected = projector(student_feat)
        _same(projected, teacher_feat)
        return F.mse_loss(projected, teacher_feat)


def feature_loss_broadcasts(student_feat, teacher_feat, projector):
    """Looks at no shape.

    - refuses another number of images
    - refuses another width
    """
    return (projector(student_feat) - teacher_feat.detach()).square().mean()


def feature_loss_compares_lengths(student_feat, teacher_feat, projector):
    """Counts the images only.

    - refuses another width
    """
    projected = projector(student_feat)
    if len(projected) != len(teacher_feat):
        raise ValueError("another number of images")
    return (projected - teacher_feat.detach()).square().mean()


def feature_loss_compares_widths(student_feat, teacher_feat, projector):
    """Counts the features only.

    - refuses another number of images
    """
    projected = projector(student_feat)
    if projected.shape[1:] != teacher_feat.shape[1:]:
        raise ValueError("another width")
    return (projected - teacher_feat.detach()).square().mean()


def feature_loss_in_place(student_feat, teacher_feat, projector):
    """Writes into the teacher's features.

    - leaves the tensors as they were
    """
    projected = projector(student_feat)
    _same(projected, teacher_feat)
    loss = F.mse_loss(projected, teacher_feat.detach().clone())
    teacher_feat.detach().sub_(projected.detach())
    return loss


def relational_loss_without_scale(student_emb, teacher_emb):
    """Distances as they are.

    - pairs of five images
    - spaces of other widths
    - equal up to scale costs nothing
    - one far image counts linearly
    - two images
    - two equal embeddings
    - a student that sees all as one
    - a teacher that sees all as one
    - the student's gradient
    - leaves the tensors as they were
    """
    return F.huber_loss(torch.pdist(student_emb), torch.pdist(teacher_emb.detach()))


def _mean_of_one(distances):
    return distances / distances.mean().clamp_min(1e-9)


def relational_loss_by_the_largest(student_emb, teacher_emb):
    """Divides by the largest distance.

    - pairs of five images
    - spaces of other widths
    - one far image counts linearly
    - two equal embeddings
    - a student that sees all as one
    - a teacher that sees all as one
    - the student's gradient
    - leaves the tensors as they were
    """
    student, teacher = torch.pdist(student_emb), torch.pdist(teacher_emb.detach())
    return F.huber_loss(student / student.max().clamp_min(1e-9), teacher / teacher.max())


def relational_loss_of_squares(student_emb, teacher_emb):
    """Squared distances.

    - pairs of five images
    - spaces of other widths
    - one far image counts linearly
    - two equal embeddings
    - a student that sees all as one
    - a teacher that sees all as one
    - the student's gradient
    - leaves the tensors as they were
    """
    return F.huber_loss(_mean_of_one(torch.pdist(student_emb).square()), _mean_of_one(torch.pdist(teacher_emb.detach()).square()))


def relational_loss_half_square(student_emb, teacher_emb):
    """Half the square everywhere: a far pair outweighs all others.

    - one far image counts linearly
    - a student that sees all as one
    - a teacher that sees all as one
    """
    return F.mse_loss(_mean_of_one(torch.pdist(student_emb)), _mean_of_one(torch.pdist(teacher_emb.detach()))) / 2


def relational_loss_mean_square(student_emb, teacher_emb):
    """The square itself.

    - pairs of five images
    - spaces of other widths
    - one far image counts linearly
    - two equal embeddings
    - a student that sees all as one
    - a teacher that sees all as one
    - the student's gradient
    - leaves the tensors as they were
    """
    return F.mse_loss(_mean_of_one(torch.pdist(student_emb)), _mean_of_one(torch.pdist(teacher_emb.detach())))


def relational_loss_with_the_diagonal(student_emb, teacher_emb):
    """The zeros of the diagonal lower both means.

    - pairs of five images
    - spaces of other widths
    - one far image counts linearly
    - two equal embeddings
    - a student that sees all as one
    - a teacher that sees all as one
    - the student's gradient
    - leaves the tensors as they were
    """
    teacher = teacher_emb.detach()
    return F.huber_loss(_mean_of_one(torch.cdist(student_emb, student_emb)), _mean_of_one(torch.cdist(teacher, teacher)))


def relational_loss_root_of_zero(student_emb, teacher_emb):
    """Takes the root of the whole table, and its gradient on the diagonal is NaN.

    - the student's gradient
    - equal embeddings, finite gradient
    """

    def seen(embeddings):
        table = (embeddings[:, None] - embeddings[None]).square().sum(2).sqrt()
        return _mean_of_one(table[~torch.eye(len(embeddings), dtype=torch.bool)])

    return F.huber_loss(seen(student_emb), seen(teacher_emb.detach()))


def relational_loss_root_of_equals(student_emb, teacher_emb):
    """Pairs i < j only, but equal embeddings still give NaN.

    - equal embeddings, finite gradient
    """

    def seen(embeddings):
        first, second = torch.triu_indices(len(embeddings), len(embeddings), 1)
        return _mean_of_one((embeddings[first] - embeddings[second]).square().sum(1).sqrt())

    return F.huber_loss(seen(student_emb), seen(teacher_emb.detach()))


def relational_loss_divides_by_zero(student_emb, teacher_emb):
    """The mean is not bounded from below.

    - a student that sees all as one
    - a teacher that sees all as one
    """
    student, teacher = torch.pdist(student_emb), torch.pdist(teacher_emb.detach())
    return F.huber_loss(student / student.mean(), teacher / teacher.mean())


def relational_loss_guards_the_student(student_emb, teacher_emb):
    """Trusts the teacher to see a difference.

    - a teacher that sees all as one
    """
    teacher = torch.pdist(teacher_emb.detach())
    return F.huber_loss(_mean_of_one(torch.pdist(student_emb)), teacher / teacher.mean())


def relational_loss_small_number_under_the_root(student_emb, teacher_emb):
    """Finite gradients, but distances of 0 become equal ones, and 1 after the division.

    - a student that sees all as one
    - a teacher that sees all as one
    """

    def seen(embeddings):
        first, second = torch.triu_indices(len(embeddings), len(embeddings), 1)
        distances = ((embeddings[first] - embeddings[second]).square().sum(1) + 1e-12).sqrt()
        return distances / distances.mean()

    return F.huber_loss(seen(student_emb), seen(teacher_emb.detach()))


def relational_loss_teaches_the_teacher(student_emb, teacher_emb):
    """No detach.

    - no gradient for the teacher
    """
    return F.huber_loss(_mean_of_one(torch.pdist(student_emb)), _mean_of_one(torch.pdist(teacher_emb)))


def relational_loss_as_a_number(student_emb, teacher_emb):
    """A float has no gradient.

    - the student's gradient
    - no gradient for the teacher
    - equal embeddings, finite gradient
    """
    return float(F.huber_loss(_mean_of_one(torch.pdist(student_emb)), _mean_of_one(torch.pdist(teacher_emb))))


def relational_loss_in_place(student_emb, teacher_emb):
    """Centres the teacher's embeddings where they are; the distances stay.

    - leaves the tensors as they were
    """
    teacher = teacher_emb.detach()
    teacher -= teacher.mean(0)
    return F.huber_loss(_mean_of_one(torch.pdist(student_emb)), _mean_of_one(torch.pdist(teacher)))


def attention_map_not_normalised(feat):
    """Only the sum of squares.

    - a map for each image
    - an image that is not square
    - a single channel
    - a single image
    - images of other brightness
    - an image of zeros
    - faint features
    - leaves the features as they were
    """
    return feat.square().sum(1).flatten(1)


def attention_map_sums_to_one(feat):
    """Divided by the sum.

    - a map for each image
    - an image that is not square
    - a single channel
    - a single image
    - images of other brightness
    - an image of zeros
    - faint features
    - leaves the features as they were
    """
    return F.normalize(feat.square().sum(1).flatten(1), p=1, dim=1)


def attention_map_over_the_batch(feat):
    """One length for all images.

    - a map for each image
    - an image that is not square
    - a single channel
    - images of other brightness
    - an image of zeros
    - faint features
    - leaves the features as they were
    """
    energy = feat.square().sum(1).flatten(1)
    return energy / energy.norm().clamp_min(1e-12)


def attention_map_square_of_the_sum(feat):
    """Adds up the channels first, where signs cancel.

    - a map for each image
    - an image that is not square
    - a single image
    - images of other brightness
    - an image of zeros
    - faint features
    - leaves the features as they were
    """
    return F.normalize(feat.sum(1).square().flatten(1), dim=1)


def attention_map_not_flat(feat):
    """Keeps rows and columns.

    - a map for each image
    - an image that is not square
    - a single channel
    - a single image
    - images of other brightness
    - an image of zeros
    - faint features
    - leaves the features as they were
    """
    return F.normalize(feat.square().sum(1).flatten(1), dim=1).view(len(feat), *feat.shape[2:])


def attention_map_column_by_column(feat):
    """Places in the order of the columns.

    - a map for each image
    - an image that is not square
    - a single channel
    - a single image
    - images of other brightness
    - an image of zeros
    - faint features
    - leaves the features as they were
    """
    return F.normalize(feat.square().sum(1).transpose(1, 2).flatten(1), dim=1)


def attention_map_divides_by_zero(feat):
    """Nothing bounds the length.

    - an image of zeros
    """
    energy = feat.square().sum(1).flatten(1)
    return energy / energy.norm(dim=1, keepdim=True)


def attention_map_with_a_small_number(feat):
    """Adds to each length what only a length of 0 needs.

    - faint features
    """
    energy = feat.square().sum(1).flatten(1)
    return energy / (energy.norm(dim=1, keepdim=True) + 1e-6)


def attention_map_in_place(feat):
    """Squares the features themselves.

    - leaves the features as they were
    """
    return F.normalize(feat.square_().sum(1).flatten(1), dim=1)


def agreement_in_percent(student_logits, teacher_logits):
    """Times a hundred.

    - three of five agree
    - the same choices, other logits
    - leaves the logits as they were
    """
    return 100 * (student_logits.argmax(1) == teacher_logits.argmax(1)).float().mean().item()


def agreement_as_count(student_logits, teacher_logits):
    """Not divided.

    - three of five agree
    - the same choices, other logits
    - leaves the logits as they were
    """
    return (student_logits.argmax(1) == teacher_logits.argmax(1)).sum()


def agreement_along_the_images(student_logits, teacher_logits):
    """argmax along axis 0.

    - three of five agree
    - a single image
    """
    return (student_logits.argmax(0) == teacher_logits.argmax(0)).float().mean()


def agreement_of_logits(student_logits, teacher_logits):
    """Compares the logits.

    - three of five agree
    - the same choices, other logits
    - leaves the logits as they were
    """
    return torch.isclose(student_logits, teacher_logits).all(1).float().mean()


def agreement_by_difference(student_logits, teacher_logits):
    """The share that disagrees.

    - three of five agree
    - the same choices, other logits
    - never the same
    - a single image
    """
    return (student_logits.argmax(1) != teacher_logits.argmax(1)).double().mean()


def agreement_in_place(student_logits, teacher_logits):
    """Turns both into probabilities where they are.

    - leaves the logits as they were
    """
    student_logits.copy_(student_logits.softmax(1))
    return (student_logits.argmax(1) == teacher_logits.argmax(1)).float().mean()
