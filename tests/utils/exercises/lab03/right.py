"""Right answers to lab 03, each written another way. The name begins with the exercise's; all must get full marks."""

import torch
import torch.nn.functional as F

from tests.utils.exercises.right_answers import refuse_if


def kd_loss_by_kl_div(student_logits, teacher_logits, labels, temperature, alpha):
    refuse_if(not temperature > 0)
    soft = F.kl_div(
        F.log_softmax(student_logits / temperature, dim=1), F.softmax(teacher_logits.detach() / temperature, dim=1), reduction="batchmean"
    )
    return alpha * temperature**2 * soft + (1 - alpha) * F.cross_entropy(student_logits, labels)


def kd_loss_by_sums(student_logits, teacher_logits, labels, temperature, alpha):
    refuse_if(not temperature > 0)
    log_q = (student_logits.double() / temperature).log_softmax(1)
    log_p = (teacher_logits.double() / temperature).log_softmax(1).detach()
    soft = (log_p.exp() * (log_p - log_q)).sum() / len(labels)
    hard = -student_logits.log_softmax(1).gather(1, labels[:, None]).mean()
    return alpha * temperature * temperature * soft + (1 - alpha) * hard


def pseudo_label_by_max(teacher_logits, threshold):
    refuse_if(not 0 < threshold <= 1)
    confidence, labels = torch.softmax(teacher_logits, dim=1).max(dim=1)
    return labels, confidence >= threshold


def pseudo_label_as_numbers(teacher_logits, threshold):
    refuse_if(threshold <= 0 or threshold > 1)
    logits = teacher_logits.detach().double()
    keep = [float(row.softmax(0).max() >= threshold) for row in logits]
    return [logits.argmax(1).int(), torch.tensor(keep)]


def pseudo_label_last_of_equals(teacher_logits, threshold):
    refuse_if(not 0 < threshold <= 1)
    classes = teacher_logits.shape[1]
    labels = classes - 1 - teacher_logits.flip(1).argmax(1)
    sure = torch.exp(teacher_logits.gather(1, labels[:, None])[:, 0] - teacher_logits.logsumexp(1))
    return labels, sure >= threshold - 1e-7


def feature_loss_by_torch(student_feat, teacher_feat, projector):
    projected = projector(student_feat)
    refuse_if(projected.shape != teacher_feat.shape)
    return F.mse_loss(projected, teacher_feat.detach())


def feature_loss_by_sums(student_feat, teacher_feat, projector):
    with torch.no_grad():
        target = teacher_feat.clone()
    projected = projector(student_feat)
    refuse_if(projected.size() != target.size())
    off = (projected - target).flatten()
    return off.dot(off) / off.numel()


def relational_loss_by_pdist(student_emb, teacher_emb):
    student, teacher = torch.pdist(student_emb), torch.pdist(teacher_emb.detach())
    return F.huber_loss(student / student.mean().clamp_min(1e-9), teacher / teacher.mean().clamp_min(1e-9))


def relational_loss_by_all_pairs(student_emb, teacher_emb):
    """Both orders of each pair: the same means."""
    n = len(student_emb)
    others = ~torch.eye(n, dtype=torch.bool)

    def seen(embeddings):
        distances = torch.cdist(embeddings, embeddings, compute_mode="donot_use_mm_for_euclid_dist")[others]
        return distances / (distances.mean() + 1e-9)

    return F.smooth_l1_loss(seen(student_emb), seen(teacher_emb).detach(), beta=1.0)


def relational_loss_by_the_mean_above_zero(student_emb, teacher_emb):
    """Divides by the mean of the distances above zero."""

    def seen(embeddings):
        distances = torch.stack([(a - b).norm() for at, a in enumerate(embeddings) for b in embeddings[at + 1 :]])
        apart = distances > 0
        return distances / distances[apart].mean() if apart.any() else distances

    off = (seen(student_emb) - seen(teacher_emb.detach())).abs()
    return torch.where(off < 1, off.square() / 2, off - 0.5).mean()


def attention_map_by_normalize(feat):
    return F.normalize(feat.pow(2).sum(1).flatten(1), p=2, dim=1)


def attention_map_of_means(feat):
    """The mean over the channels differs by a factor that the length takes out."""
    energy = feat.double().square().mean(1).reshape(len(feat), -1)
    return energy / energy.norm(dim=1, keepdim=True).clamp(min=1e-12)


def agreement_by_mean(student_logits, teacher_logits):
    return (student_logits.argmax(1) == teacher_logits.argmax(1)).float().mean()


def agreement_by_count(student_logits, teacher_logits):
    same = sum(int(s.argmax() == t.argmax()) for s, t in zip(student_logits, teacher_logits, strict=True))
    return same / len(student_logits)
