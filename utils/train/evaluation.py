"""What a trained model predicts, and how often it is right."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from utils import measure
from utils.train.modes import mode
from utils.train.samples import Data, labelled


@torch.no_grad()
def predict(model: nn.Module, inputs: Tensor, batch_size: int = 200) -> Tensor:
    """Logits (n, classes) in evaluation mode; afterwards each part of the model has its former mode.

    inputs: (n, ...), what the model takes.

    >>> model = nn.Linear(2, 3)
    >>> predict(model, torch.zeros(5, 2)).shape, model.training
    (torch.Size([5, 3]), True)
    """
    with mode(model, training=False, learn_statistics=False):
        return torch.cat([model(batch) for batch in inputs.split(batch_size)])


def accuracy(model: nn.Module, data: Data) -> float:
    """The fraction of inputs whose largest logit is at the label, in percent (`measure.accuracy` of `predict`).

    data: anything with `inputs` and `labels`, or a pair of them.

    >>> accuracy(nn.Identity(), (torch.eye(4), torch.tensor([0, 1, 2, 0])))
    75.0

    Raises:
        ValueError: no inputs, or a label that has no logit.
    """
    data = labelled(data)
    if not len(data.labels):
        raise ValueError("accuracy of no inputs: give at least one")
    return measure.accuracy(predict(model, data.inputs).float().numpy(), data.labels.numpy())
