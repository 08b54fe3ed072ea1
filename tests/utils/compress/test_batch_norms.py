"""Folding leaves the answers as they are, whatever the layer and its batch norm."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils import parametrize
from torch.nn.utils.fusion import fuse_conv_bn_eval

from utils.compress.batch_norms import fold
from utils.compress.quantization import qat_
from utils.models import MicroConfig, MicroNet, MotionNet, ResidualConfig, ResidualNet


def lived(model, seed=0):
    """A model whose batch norms have statistics, scales and offsets of their own."""
    generator = torch.Generator().manual_seed(seed)
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            for tensor in (module.running_mean, module.bias.data if module.affine else None):
                if tensor is not None:
                    tensor.copy_(torch.randn(tensor.shape, generator=generator))
            for tensor in (module.running_var, module.weight.data if module.affine else None):
                if tensor is not None:
                    tensor.copy_(torch.rand(tensor.shape, generator=generator) + 0.3)
    return model.eval()


def left_of(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]


@pytest.mark.parametrize(
    ("model", "shape"),
    [
        (ResidualNet(ResidualConfig.of(4, (8, 2), (8, 1))), (3, 1, 12, 12)),
        (MicroNet(MicroConfig.of(4, (8, 1), (8, 2))), (3, 1, 12, 12)),
        (MotionNet(), (3, 6, 64)),
        (nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4), nn.ReLU()), (3, 5)),
        (nn.Sequential(nn.ConvTranspose2d(2, 4, 3, groups=2), nn.BatchNorm2d(4, affine=False)), (3, 2, 5, 5)),
    ],
    ids=["residual", "micro", "motion", "linear", "transposed"],
)
def test_a_whole_network_answers_as_before(model, shape):
    torch.manual_seed(0)
    model, x = lived(model), torch.randn(shape)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    folded = fold(model)
    assert not left_of(folded)
    torch.testing.assert_close(folded(x), model(x), rtol=1e-4, atol=1e-5)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


@given(st.integers(0, 1000), st.booleans(), st.sampled_from([1, 2]))
@settings(max_examples=15)
def test_a_convolution_is_folded_as_torch_folds_it(seed, bias, groups):
    torch.manual_seed(seed)
    model = lived(nn.Sequential(nn.Conv2d(2, 4, 3, bias=bias, groups=groups), nn.BatchNorm2d(4)), seed)
    theirs = fuse_conv_bn_eval(model[0], model[1])
    torch.testing.assert_close(fold(model)[0].weight, theirs.weight)
    torch.testing.assert_close(fold(model)[0].bias, theirs.bias)


class Twice(nn.Module):
    """A layer whose result is used beside its batch norm."""

    def __init__(self):
        super().__init__()
        self.layer, self.norm = nn.Linear(3, 3), nn.BatchNorm1d(3)

    def forward(self, x):
        y = self.layer(x)
        return y + self.norm(y)


@pytest.mark.parametrize(
    "model",
    [Twice(), nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 3)), nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.BatchNorm1d(3))],
    ids=["also used elsewhere", "before its layer", "behind a relu"],
)
def test_a_batch_norm_that_no_layer_can_take_over_stays(model):
    model, x = lived(model), torch.randn(4, 3)
    folded = fold(model)
    assert left_of(folded) == left_of(model)
    torch.testing.assert_close(folded(x), model(x))


def test_a_layer_that_is_used_twice_stays():
    layer = nn.Linear(3, 3)
    model = lived(nn.Sequential(layer, nn.BatchNorm1d(3), layer, nn.BatchNorm1d(3)))
    x = torch.randn(4, 3)
    assert left_of(fold(model)) == ["1", "3"]
    torch.testing.assert_close(fold(model)(x), model(x))


def test_without_batch_norms_it_is_a_copy():
    model = nn.Sequential(nn.Linear(2, 2))
    folded = fold(model)
    assert folded is not model and torch.equal(folded[0].weight, model[0].weight) and not folded.training


class Chooses(nn.Module):
    """A model whose way depends on its input."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(3)

    def forward(self, x):
        return self.norm(x) if x.sum() > 0 else x


def test_what_can_not_be_folded_is_refused_by_name():
    with pytest.raises(ValueError, match=r"torch\.fx can't trace Chooses"):
        fold(Chooses())
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    with pytest.raises(ValueError, match="0 computes its weight in each pass"):
        fold(qat_(network, {"0": 4}))
    parametrize.remove_parametrizations(network[0], "weight")
    network[1].running_var[0] = float("nan")
    with pytest.raises(ValueError, match="0 with 1 folded in is not finite"):
        fold(network)
