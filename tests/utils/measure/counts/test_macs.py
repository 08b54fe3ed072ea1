"""Is what we count what the network multiplies?"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision.ops import deform_conv2d

from utils.deploy import OnnxRunnable, to_onnx
from utils.measure import NotCountedError, convolutions, count_macs, macs_by_layer
from utils.models import ResidualConfig, ResidualNet


def depthwise_separable(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    """The block that MobileNets are made of."""
    return nn.Sequential(
        nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False),
        nn.BatchNorm2d(inputs),
        nn.ReLU6(),
        nn.Conv2d(inputs, outputs, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU6(),
    )


class Twice(nn.Module):
    """Uses one layer two times."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(8, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(self.layer(x))


NETS = {
    "plain convolution with padding": (nn.Conv2d(3, 8, 3, padding=1), (3, 10, 12)),
    "stride and dilation": (nn.Conv2d(3, 8, (3, 5), stride=(2, 1), dilation=2), (3, 20, 21)),
    "four groups": (nn.Conv2d(8, 16, 3, groups=4), (8, 9, 9)),
    "depthwise with a multiplier": (nn.Conv2d(6, 12, 5, groups=6, padding=2), (6, 8, 8)),
    "one dimension": (nn.Conv1d(4, 6, 7, stride=3), (4, 50)),
    "transposed": (nn.ConvTranspose2d(5, 7, 3, stride=2), (5, 6, 6)),
    "transposed in groups": (nn.ConvTranspose2d(8, 4, 2, stride=2, groups=2), (8, 5, 5)),
    "linear on each position": (nn.Linear(16, 5), (7, 16)),
    "a layer used twice": (Twice(), (8,)),
    "a MobileNet": (
        nn.Sequential(
            nn.Conv2d(1, 8, 3, 2, 1), depthwise_separable(8, 16, 1), depthwise_separable(16, 32, 2), nn.Flatten(), nn.LazyLinear(10)
        ),
        (1, 28, 28),
    ),
    "the zoo's residual network": (ResidualNet(ResidualConfig.of(8, (12, 1), (24, 2), (24, 1))), (1, 28, 28)),
}


@pytest.mark.parametrize("name", NETS)
def test_equals_torchs_own_counter(name: str) -> None:
    """Half of torch's floating point operations, for a batch of one whatever the example's batch is."""
    model, shape = NETS[name]
    model.eval()(torch.zeros(1, *shape))  # lazy layers get their shape
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, *shape))
    assert count_macs(model, torch.zeros(4, *shape)) == counter.get_total_flops() / 2 > 0


def test_hand_count_of_a_depthwise_separable_block() -> None:
    """9 products for each of 8 channels and 10x10 positions, then 8 products for each of 16."""
    layers = macs_by_layer(depthwise_separable(8, 16, 1), torch.zeros(1, 8, 10, 10))
    assert layers == {"0": 9 * 8 * 100, "3": 8 * 16 * 100}


def test_a_layer_used_twice_counts_twice() -> None:
    """The layer does its work again, although its weights are stored once."""
    assert macs_by_layer(Twice(), torch.zeros(1, 8)) == {"layer": 2 * 64}


class ByName(nn.Module):
    """Calls its layer with a named argument."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.ConvTranspose2d(5, 7, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(input=x)


def test_a_layer_called_by_name_and_an_example_that_wants_a_gradient_count() -> None:
    """Neither the way of calling nor the example's history changes what is multiplied."""
    assert count_macs(ByName(), torch.zeros(2, 5, 6, 6, requires_grad=True)) == 36 * 5 * 7 * 9


def test_numpy_examples_and_half_precision_count_the_same() -> None:
    """Neither the kind of array nor the precision changes what is multiplied."""
    model = nn.Conv2d(1, 4, 3)
    expected = 4 * 9 * 36
    assert count_macs(model, torch.zeros(1, 1, 8, 8).numpy()) == expected
    assert count_macs(model.half(), torch.zeros(1, 1, 8, 8)) == expected


class OutsideOfModules(nn.Module):
    """Multiplies with a matrix that is no layer."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(8, 8))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x @ self.weight


@pytest.mark.parametrize(
    ("model", "example", "word"),
    [
        (nn.LSTM(8, 4), torch.zeros(1, 3, 8), "LSTM"),
        (nn.Sequential(nn.GRUCell(8, 4)), torch.zeros(1, 8), "GRUCell"),
        (nn.TransformerEncoderLayer(8, 2), torch.zeros(1, 3, 8), "MultiheadAttention"),
        (OutsideOfModules(), torch.zeros(1, 8), "outside"),
    ],
)
def test_what_is_not_counted_is_refused_by_name(model: nn.Module, example: torch.Tensor, word: str) -> None:
    """A number that is too small is worse than none."""
    with pytest.raises(NotCountedError, match=word):
        count_macs(model, example)


@pytest.mark.parametrize("example", [torch.zeros(0, 8), torch.tensor(1.0), torch.zeros(8)])
def test_an_example_that_is_no_batch_is_refused(example: torch.Tensor) -> None:
    """Empty batches and single vectors say what is wanted."""
    with pytest.raises(ValueError, match="must be a batch"):
        count_macs(nn.Linear(8, 2), example)


def test_a_network_without_products_costs_none() -> None:
    """Only buffers, only element-wise work: zero, not an error."""
    assert count_macs(nn.BatchNorm2d(3, affine=False), torch.zeros(1, 3, 4, 4)) == 0


def test_convolutions_are_read_from_the_network() -> None:
    """All that determines their MACs, in the order of their calls."""
    model = nn.Sequential(nn.Conv2d(1, 4, 3, stride=2, padding=1), nn.Conv2d(4, 8, 1, groups=2))
    found = convolutions(model, torch.zeros(1, 1, 8, 10))
    assert found["0"] == {"in_channels": 1, "out_channels": 4, "kernel": 3, "out_h": 4, "out_w": 5, "groups": 1}
    assert found["1"] == {"in_channels": 4, "out_channels": 8, "kernel": 1, "out_h": 4, "out_w": 5, "groups": 2}
    assert not model[0]._forward_hooks
    for other, example in ((nn.Conv2d(1, 2, (1, 3)), torch.zeros(1, 1, 8, 10)), (nn.Conv1d(1, 2, 3), torch.zeros(1, 1, 8))):
        with pytest.raises(NotCountedError, match="not a convolution with a square kernel"):
            convolutions(other, example)


class Product(nn.Module):
    """A linear layer and one product beside it."""

    def __init__(self, product) -> None:
        super().__init__()
        self.layer, self.product = nn.Linear(8, 8), product

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.product(self.layer(x))


@pytest.mark.parametrize(
    "product",
    [
        lambda x: nn.functional.scaled_dot_product_attention(x[:, None], x[:, None], x[:, None]),
        lambda x: x[0] @ torch.ones(8),
        lambda x: torch.dot(x[0, 0], x[0, 0]),
        lambda x: torch.cdist(x, x),
        lambda x: nn.functional.bilinear(x, x, torch.ones(2, 8, 8)),
        lambda x: torch.fft.rfft(x).real,
        lambda x: torch.fft.irfft(torch.fft.fft(x)),
        lambda x: nn.functional.grid_sample(x[None], torch.zeros(1, 2, 2, 2), align_corners=False),
        lambda x: deform_conv2d(x[None], torch.zeros(1, 2, 4, 8), torch.ones(1, 1, 1, 1)),
    ],
)
def test_products_beside_the_layers_are_refused_and_not_left_out(product) -> None:
    """Attention, a matrix times a vector, a dot product: torch has no formula for some of them."""
    with pytest.raises(NotCountedError):
        count_macs(Product(product), torch.zeros(1, 4, 8))


WRITTEN_OUT = {
    "rows times weights, summed": lambda x, w: (x[:, None] * w).sum(-1),
    "by another name": lambda x, w: torch.mul(x.unsqueeze(1), w).sum(dim=2),
    "a mean": lambda x, w: (x[:, None] * w).mean(-1),
    "turned before the sum": lambda x, w: (x[:, None] * w).transpose(1, 2).sum(1),
    "over all": lambda x, w: (x * w[0]).sum(),
    "a running sum": lambda x, w: (x * w[0]).cumsum(-1),
    "a copy between": lambda x, w: (x[:, None] * w).contiguous().clone().sum(-1),
    "added to something": lambda x, w: torch.addcmul(w, x[:, None], w).sum(-1),
    "with a bias": lambda x, w: (0.5 * (x[:, None] * w) - w).sum(-1),
    "a pooling": lambda x, w: F.avg_pool1d(x[:, None] * w, 8),
}


class WrittenOut(nn.Module):
    """A linear layer, and behind it a product that is written out."""

    def __init__(self, product) -> None:
        super().__init__()
        self.layer, self.weight, self.product = nn.Linear(8, 8), nn.Parameter(torch.ones(100, 8)), product

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.product(self.layer(x), self.weight)


@pytest.mark.parametrize("how", WRITTEN_OUT)
def test_a_product_written_as_multiplication_and_sum_is_refused_in_model_and_file(tmp_path: Path, how: str) -> None:
    """864 are done where 64 lie in layers."""
    model, x = WrittenOut(WRITTEN_OUT[how]), torch.rand(2, 8)
    with pytest.raises(NotCountedError, match="multiplies two tensors and sums up"):
        count_macs(model, x)
    if how != "over all":  # one answer for a whole batch
        to_onnx(model, x, tmp_path / "net.onnx")
        assert OnnxRunnable(tmp_path / "net.onnx").macs is None


class Gated(nn.Module):
    """Squeeze and excitation: one factor for a whole channel."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.gate = nn.Conv2d(1, 4, 3), nn.Conv2d(4, 4, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv(x)
        x = x * self.gate(x.mean((2, 3), keepdim=True)).sigmoid()
        return (x - (x * x).mean() * x.square().sum((2, 3), keepdim=True)).mean((2, 3))


def test_what_only_rescales_counts_nothing(tmp_path: Path) -> None:
    """A gate for a channel, a norm, an outer product: element-wise work."""
    model, x = Gated(), torch.rand(1, 1, 8, 8)
    assert count_macs(model, x) == 4 * 36 * 9 + 16
    for activation in (nn.Softplus(), nn.SiLU(), nn.Mish(), nn.Hardswish(), nn.GELU(), nn.Softsign(), nn.LogSigmoid()):
        network = nn.Sequential(model.conv, activation, nn.AdaptiveAvgPool2d(1))
        to_onnx(network, x, tmp_path / "net.onnx")
        assert OnnxRunnable(tmp_path / "net.onnx").macs == count_macs(network, x) == 4 * 36 * 9
    assert count_macs(WrittenOut(lambda x, w: x[:, :, None] * x[:, None, :]), torch.rand(1, 8)) == 64
