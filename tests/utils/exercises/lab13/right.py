"""Right answers to lab 13, each written another way."""

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from tests.utils.exercises.right_answers import refuse_if


def auc_by_ranks(scores, labels):
    """The mean rank of those with the finding; ties share theirs."""
    refuse_if(len(scores) != len(labels) or bool(scores.isnan().any()) or len(labels.unique()) < 2)
    _, at, counts = scores.unique(return_inverse=True, return_counts=True)
    rank = (counts.cumsum(0) - (counts - 1) / 2)[at]
    ill = int(labels.sum())
    return float((rank[labels == 1].sum() - ill * (ill + 1) / 2) / (ill * (len(labels) - ill)))


def auc_by_curve(scores, labels):
    """The area under the curve, threshold by threshold."""
    refuse_if(scores.shape != labels.shape or labels.numel() == 0 or labels.min() == labels.max() or not torch.isfinite(scores).all())
    score, label = scores.numpy(), labels.numpy()
    points = [(0.0, 0.0)]
    for one in np.unique(score)[::-1]:
        points.append((np.mean(score[label == 0] >= one), np.mean(score[label == 1] >= one)))
    x, y = np.array(points).T
    return torch.tensor(np.sum((x[1:] - x[:-1]) * (y[1:] + y[:-1]) / 2))


def sensitivity_at_specificity_by_sorting(validation_scores, validation_labels, scores, labels, specificity):
    for values, truth in ((validation_scores, validation_labels), (scores, labels)):
        refuse_if(len(values) != len(truth) or values.isnan().any() or truth.sum() in (0, len(truth)))
    refuse_if(specificity <= 0 or specificity > 1)
    healthy = validation_scores[validation_labels == 0].sort().values
    enough = torch.arange(1, len(healthy) + 1).double() / len(healthy) >= specificity
    threshold = healthy[enough.int().argmax()]
    return {
        "threshold": threshold,
        "sensitivity": (scores[labels == 1] > threshold).double().mean(),
        "specificity": (scores[labels == 0] <= threshold).double().mean(),
    }


def sensitivity_at_specificity_by_counting(validation_scores, validation_labels, scores, labels, specificity):
    for values, truth in ((validation_scores, validation_labels), (scores, labels)):
        refuse_if(values.shape != truth.shape or set(truth.tolist()) != {0, 1} or not torch.isfinite(values).all())
    refuse_if(not 0 < specificity <= 1)
    healthy = [score for score, label in zip(validation_scores.tolist(), validation_labels.tolist(), strict=True) if label == 0]
    for threshold in sorted(healthy):
        if sum(score <= threshold for score in healthy) / len(healthy) >= specificity:
            break
    called = {one: [score > threshold for score in scores[labels == one].tolist()] for one in (0, 1)}
    return {
        "sensitivity": sum(called[1]) / len(called[1]),
        "specificity": 1 - sum(called[0]) / len(called[0]),
        "threshold": threshold,
    }


def calibration_error_by_loops(probability, labels, bins):
    refuse_if(probability.shape != labels.shape or len(labels) == 0 or bins < 1)
    refuse_if(not bool(((probability >= 0) & (probability <= 1)).all()))
    total = 0.0
    for one in range(bins):
        inside = (probability >= one / bins) & ((probability < (one + 1) / bins) | (one == bins - 1))
        if inside.any():
            total += inside.double().mean() * (probability[inside].double().mean() - labels[inside].double().mean()).abs()
    return total


def calibration_error_by_histogram(probability, labels, bins):
    refuse_if(len(probability) != len(labels) or not len(labels) or bins <= 0)
    sure, hit = probability.double().numpy(), labels.double().numpy()
    refuse_if(np.isnan(sure).any() or sure.min() < 0 or sure.max() > 1)
    said, _ = np.histogram(sure, bins, (0, 1), weights=sure)
    was, _ = np.histogram(sure, bins, (0, 1), weights=hit)
    return float(np.abs(said - was).sum() / len(sure))


def _no_best_temperature(logits, labels):
    if len(logits) != len(labels) or not len(labels) or not torch.isfinite(logits).all():
        return True
    label = logits[torch.arange(len(labels)), labels]
    return bool((label == logits.max(1).values).all() or (label - logits.mean(1)).mean() <= 0)


def temperature_scale_by_grid(logits, labels):
    refuse_if(_no_best_temperature(logits, labels))
    grid = torch.logspace(-2, 2, 2001)
    return grid[torch.stack([cross_entropy(logits.detach() / one, labels) for one in grid]).argmin()]


def temperature_scale_by_lbfgs(logits, labels):
    refuse_if(_no_best_temperature(logits, labels))
    log = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([log], lr=0.2, max_iter=300, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = cross_entropy(logits.detach().double() / log.exp(), labels)
        loss.backward()
        return loss

    optimizer.step(closure)
    return float(log.detach().exp())


def abstain_by_thresholds(confidence, right, allowed):
    refuse_if(len(confidence) != len(right) or not len(right) or bool(confidence.isnan().any()) or not 0 <= allowed < 1)
    for threshold in confidence.unique():
        decided = confidence >= threshold
        error = (~right[decided]).double().mean()
        if error <= allowed:
            return {"threshold": threshold, "coverage": decided.double().mean(), "error": error}
    raise ValueError("no threshold is enough")


def abstain_by_sorting(confidence, right, allowed):
    refuse_if(confidence.shape != right.shape or right.numel() == 0 or torch.isnan(confidence).any() or allowed < 0 or allowed >= 1)
    sure, order = confidence.sort(descending=True)
    errors = (~right[order]).cumsum(0).double() / torch.arange(1, len(sure) + 1)
    ends = torch.cat([sure[1:] != sure[:-1], torch.tensor([True])])
    enough = (ends & (errors <= allowed)).nonzero().flatten()
    refuse_if(not len(enough))
    last = int(enough[-1])
    return {"threshold": float(sure[last]), "coverage": (last + 1) / len(sure), "error": float(errors[last])}
