"""Training memory: counted on the tensors, held against a count by hand."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from utils.adapt import select_trainable, training_memory
from utils.models import MotionConfig, MotionNet

FLOAT, WHOLE = 4, 8  # bytes of a float32 and of a label
BLOCKS = ((8, 3, 2), (12, 3, 2))
LENGTHS = (40, 20, 10)  # of the window and after each block


def network():
    torch.manual_seed(0)
    return MotionNet(MotionConfig(BLOCKS, classes=5, in_channels=6))


def names_of(model):
    return [name for name, _ in model.named_parameters()]


def by_hand(policy, batch):
    """Stored bytes of activations for a batch of one window each, layer by layer, with frozen statistics.

    A convolution that learns keeps its input; a norm that learns, or that the gradient passes through together with
    one that learns, keeps its input; a relu that the gradient passes through keeps its output, which is the next
    convolution's input and counts once. The classifier keeps its features, the loss its probabilities and the labels.
    """
    window = 6 * LENGTHS[0]
    conv = [channels * length for (channels, _, _), length in zip(BLOCKS, LENGTHS[1:], strict=True)]
    head = BLOCKS[-1][0] + 5
    values = {
        "last": head,
        "last_block": conv[0] + 2 * conv[1] + head,  # input of the convolution, of the norm, output of the relu
        "all": window + 2 * conv[0] + 2 * conv[1] + head,
        "norm": 2 * conv[0] + 2 * conv[1] + 5,  # the classifier is frozen and keeps nothing
    }[policy]
    return batch * (FLOAT * values + WHOLE) + FLOAT  # the loss keeps the sum of its weights, one number


@pytest.mark.parametrize("batch", [1, 7])
@pytest.mark.parametrize("policy", ["last", "last_block", "all", "norm"])
def test_activations_are_those_of_a_count_by_hand(policy, batch):
    model = network()
    memory = training_memory(model, torch.randn(3, 6, 40), select_trainable(names_of(model), policy), batch)
    assert memory.activations == by_hand(policy, batch)


@pytest.mark.parametrize(("optimizer", "states"), [("sgd", 0), ("momentum", 1), ("adam", 2)])
def test_weights_gradients_and_optimizer(optimizer, states):
    model = network()
    parameters = sum(p.numel() for p in model.parameters())
    statistics = 2 * (8 + 12) * FLOAT + 2 * WHOLE  # mean and variance of each channel, a count of batches of each norm
    memory = training_memory(model, torch.randn(1, 6, 40), ["head.weight", "head.bias"], 4, optimizer)
    head = (5 * 12 + 5) * FLOAT
    assert memory.weights == parameters * FLOAT + statistics
    assert memory.gradients == head
    assert memory.optimizer == states * head
    assert memory.total == memory.weights + memory.gradients + memory.optimizer + memory.activations


@settings(max_examples=20, deadline=None)
@given(st.sets(st.sampled_from(names_of(network())), min_size=1), st.integers(1, 5))
def test_less_to_learn_never_needs_more(names, batch):
    model, example = network(), torch.randn(1, 6, 40)
    some, full = training_memory(model, example, names, batch), training_memory(model, example, names_of(model), batch)
    assert some.total <= full.total
    assert training_memory(model, example, names, batch + 1).activations > some.activations


def test_an_optimizer_really_holds_what_is_counted():
    """Is the state of torch's own Adam as large as we say, its step counters aside?"""
    model = network()
    optimizer = torch.optim.Adam(model.head.parameters())
    model(torch.randn(2, 6, 40)).sum().backward()
    optimizer.step()
    held = sum(value.nbytes for state in optimizer.state.values() for name, value in state.items() if name != "step")
    assert training_memory(model, torch.randn(1, 6, 40), ["head.weight", "head.bias"], 2, "adam").optimizer == held


def test_a_tensor_that_two_layers_keep_counts_once():
    model = nn.Sequential(nn.ReLU(), nn.Linear(10, 10, bias=False), nn.ReLU(), nn.Linear(10, 3, bias=False))
    memory = training_memory(model, torch.ones(1, 10), ["1.weight", "3.weight"], 2)
    relu, hidden, loss = 2 * 10 * FLOAT, 2 * 10 * FLOAT, 2 * 3 * FLOAT + 2 * WHOLE + FLOAT
    assert memory.activations == relu + hidden + loss  # the second relu's output is the classifier's input


def test_counting_changes_nothing_in_the_model():
    model = network().train()
    model.blocks[0].eval()
    model.head.weight.requires_grad_(False)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    modes = [module.training for module in model.modules()]
    training_memory(model, torch.randn(1, 6, 40), names_of(model), 4, learn_statistics=True)
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert modes == [module.training for module in model.modules()]
    assert not model.head.weight.requires_grad and model.head.bias.requires_grad
    assert all(p.grad is None for p in model.parameters())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"optimizer": "lion"}, "sgd, momentum, adam"),
        ({"trainable": ["tail.weight"]}, "must name parameters"),
        ({"trainable": []}, "got none"),
        ({"batch": 0}, "batch of 1 or more"),
        ({"example": torch.zeros(0, 6, 40)}, "at least one example"),
    ],
)
def test_what_can_not_be_counted_is_refused(change, message):
    arguments = {"example": torch.randn(1, 6, 40), "trainable": ["head.bias"], "batch": 1, **change}
    with pytest.raises(ValueError, match=message):
        training_memory(network(), **arguments)
