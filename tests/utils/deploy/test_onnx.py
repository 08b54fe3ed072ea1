"""Is the exported file the model, and does it say what it costs?"""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from utils.deploy import OnnxRunnable, to_onnx
from utils.deploy import onnx as export
from utils.measure import TorchRunnable, latency, scorecard
from utils.models import ResidualConfig, ResidualNet

X = np.random.default_rng(0).normal(size=(7, 1, 28, 28)).astype(np.float32)


def trained_looking(model: nn.Module) -> nn.Module:
    """Batch statistics as after some training, so that folding them matters."""
    generator = torch.Generator().manual_seed(0)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.running_mean, module.running_var, module.weight.data, module.bias.data):
                tensor.uniform_(0.5, 1.5, generator=generator)
    return model.train()


@pytest.fixture
def net() -> nn.Module:
    """A residual network in training mode."""
    torch.manual_seed(0)
    return trained_looking(ResidualNet(ResidualConfig.of(4, (8, 2), (8, 1))))


def test_file_gives_the_models_logits_for_any_batch(net: nn.Module, tmp_path: Path) -> None:
    """Batches of one and of seven, to 1e-4."""
    to_onnx(net, X, tmp_path / "net.onnx")
    runnable = OnnxRunnable(tmp_path / "net.onnx")
    expected = TorchRunnable(net, X, size_bytes=1).run(X)
    np.testing.assert_allclose(runnable.run(X), expected, atol=1e-4)
    np.testing.assert_allclose(runnable.run(X[:1]), expected[:1], atol=1e-4)


def test_model_is_left_as_it_was(net: nn.Module, tmp_path: Path) -> None:
    """Training mode, weights and random state."""
    before, random = {name: tensor.clone() for name, tensor in net.state_dict().items()}, torch.get_rng_state()
    to_onnx(net, X, tmp_path / "net.onnx")
    assert all(module.training for module in net.modules())
    assert torch.equal(random, torch.get_rng_state())
    assert all(torch.equal(before[name], tensor) for name, tensor in net.state_dict().items())


def test_one_small_file_with_folded_normalisation_and_nothing_about_its_author(net: nn.Module, tmp_path: Path) -> None:
    """The returned size is the whole file; no batch normalisation, no path of the machine, no data file beside it."""
    size = to_onnx(net, X, tmp_path / "net.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["net.onnx"]
    assert size == (tmp_path / "net.onnx").stat().st_size == OnnxRunnable(tmp_path / "net.onnx").size_bytes
    model = onnx.load(tmp_path / "net.onnx")
    assert model.opset_import[0].version == export.OPSET
    assert "BatchNormalization" not in {node.op_type for node in model.graph.node}
    assert b".py" not in (tmp_path / "net.onnx").read_bytes()


def test_same_model_same_bytes(net: nn.Module, tmp_path: Path) -> None:
    """So that a file's hash says which model it is."""
    to_onnx(net, X, tmp_path / "a.onnx"), to_onnx(net, X, tmp_path / "b.onnx")
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()


def test_export_is_quiet(net: nn.Module, tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    """No warning, nothing printed, and the filters of the caller are kept."""
    filters = list(warnings.filters)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        to_onnx(net, X, tmp_path / "net.onnx")
    assert not seen and capfd.readouterr() == ("", "")
    assert warnings.filters == filters


class Branches(nn.Module):
    """Decides by its input's values: no trace of one input can be right for another."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.flatten(1) if x.sum() > 0 else -2 * x.flatten(1)


def test_a_model_that_can_not_be_exported_leaves_the_old_file(tmp_path: Path) -> None:
    """Both exporters are tried; the error names the model; nothing is written."""
    path = tmp_path / "net.onnx"
    path.write_bytes(b"old")
    with pytest.raises(ValueError, match="Branches can't be exported faithfully"):
        to_onnx(Branches(), X, path)
    assert path.read_bytes() == b"old" and len(list(tmp_path.iterdir())) == 1


def test_the_other_exporter_takes_over(net: nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the quick one is missing, the file still has dynamic batches, weights inside, and no author's paths."""

    def gone(*_: object) -> None:
        raise AttributeError("removed")

    monkeypatch.setattr(export, "_trace", gone)
    to_onnx(net, X, tmp_path / "net.onnx")
    runnable = OnnxRunnable(tmp_path / "net.onnx")
    np.testing.assert_allclose(runnable.run(X), TorchRunnable(net, X, size_bytes=1).run(X), atol=1e-4)
    assert len(list(tmp_path.iterdir())) == 1 and b".py" not in (tmp_path / "net.onnx").read_bytes()


@pytest.mark.parametrize("model", [nn.Conv2d(1, 2, 3).half(), nn.Conv2d(1, 2, 3).double()])
def test_other_precisions_are_refused(model: nn.Module, tmp_path: Path) -> None:
    """In one sentence that says what to do."""
    with pytest.raises(ValueError, match=r"call model\.float\(\)"):
        to_onnx(model, X, tmp_path / "net.onnx")


def test_costs_agree_with_those_of_the_torch_model(net: nn.Module, tmp_path: Path) -> None:
    """MACs and peak memory are the network's, whichever way they are counted."""
    to_onnx(net, X, tmp_path / "net.onnx")
    file, model = OnnxRunnable(tmp_path / "net.onnx"), TorchRunnable(net, X, size_bytes=1)
    assert file.macs == model.macs
    assert file.peak_activation_bytes == model.peak_activation_bytes
    norms = sum(2 * m.num_features for m in net.modules() if isinstance(m, nn.BatchNorm2d))
    biases = sum(m.num_features for m in net.modules() if isinstance(m, nn.BatchNorm2d))
    assert model.parameters - norms <= file.parameters <= model.parameters - norms + biases


@pytest.mark.parametrize(
    ("layers", "shape"),
    [
        ([nn.Conv2d(4, 8, 3, 2, 1, groups=4), nn.ReLU6(), nn.Conv2d(8, 6, 1)], (4, 9, 9)),
        ([nn.ConvTranspose2d(4, 6, 2, 2, groups=2), nn.Hardswish()], (4, 5, 5)),
        ([nn.Linear(6, 9), nn.GELU(), nn.Linear(9, 4)], (5, 6)),
        ([nn.MaxPool2d(2), nn.Flatten(), nn.Linear(16, 3), nn.Softmax(1)], (4, 4, 4)),
    ],
)
def test_costs_of_other_layers_agree_too(layers: list[nn.Module], shape: tuple[int, ...], tmp_path: Path) -> None:
    """Grouped and transposed convolutions, linear layers on sequences, pooling."""
    model = nn.Sequential(*layers).eval()
    example = torch.zeros(1, *shape)
    to_onnx(model, example, tmp_path / "net.onnx")
    file = OnnxRunnable(tmp_path / "net.onnx")
    expected = TorchRunnable(model, example, size_bytes=1)
    assert (file.macs, file.parameters) == (expected.macs, expected.parameters)
    assert file.peak_activation_bytes == expected.peak_activation_bytes


def test_zeros_are_seen_in_the_file(tmp_path: Path) -> None:
    """A pruned weight is a zero in the file."""
    model = nn.Linear(10, 10, bias=False)
    model.weight.data.fill_(1.0)[:4] = 0
    to_onnx(model, np.zeros((1, 10), np.float32), tmp_path / "net.onnx")
    assert OnnxRunnable(tmp_path / "net.onnx").nonzero == 60


def test_size_includes_weights_that_lie_beside_the_file(net: nn.Module, tmp_path: Path) -> None:
    """An export with external data must not look small."""
    to_onnx(net, X, tmp_path / "net.onnx")
    model = onnx.load(tmp_path / "net.onnx")
    onnx.save(model, tmp_path / "split.onnx", save_as_external_data=True, location="split.data", size_threshold=0)
    whole = sum(path.stat().st_size for path in tmp_path.glob("split.*"))
    assert OnnxRunnable(tmp_path / "split.onnx").size_bytes == whole > (tmp_path / "split.onnx").stat().st_size


def test_open_shapes_and_fixed_batches(net: nn.Module, tmp_path: Path) -> None:
    """An open height needs `sample`; a file for one input at a time is run one by one."""
    to_onnx(net, X, tmp_path / "net.onnx")
    model = onnx.load(tmp_path / "net.onnx")
    dims = model.graph.input[0].type.tensor_type.shape.dim
    dims[0].dim_value = 1
    onnx.save(model, tmp_path / "one.onnx")
    np.testing.assert_allclose(OnnxRunnable(tmp_path / "one.onnx").run(X), OnnxRunnable(tmp_path / "net.onnx").run(X), atol=1e-5)
    dims[0].dim_param, dims[2].dim_param = "n", "h"
    onnx.save(model, tmp_path / "open.onnx")
    with pytest.raises(ValueError, match="leaves its input open"):
        OnnxRunnable(tmp_path / "open.onnx")
    assert OnnxRunnable(tmp_path / "open.onnx", sample=(1, 28, 28)).macs == OnnxRunnable(tmp_path / "net.onnx").macs


def test_missing_and_damaged_files_are_named(tmp_path: Path) -> None:
    """With what to do about it."""
    with pytest.raises(FileNotFoundError, match="export it first"):
        OnnxRunnable(tmp_path / "none.onnx")
    (tmp_path / "bad.onnx").write_bytes(b"not a model")
    with pytest.raises(ValueError, match="not a model that ONNX Runtime can run"):
        OnnxRunnable(tmp_path / "bad.onnx")


def test_runtime_is_measured_by_the_same_protocol(net: nn.Module, tmp_path: Path) -> None:
    """File and model are contestants of one run and get cards of one kind."""
    size = to_onnx(net, X, tmp_path / "net.onnx")
    contestants = {"runtime": OnnxRunnable(tmp_path / "net.onnx"), "eager": TorchRunnable(net, X, size_bytes=size)}
    timings = latency(contestants, X, rounds=3, warmup=1)
    labels = TorchRunnable(net, X, size_bytes=1).run(X).argmax(1)
    cards = [scorecard(r, (X, labels), latency=timings[name]) for name, r in contestants.items()]
    assert [card.metric for card in cards] == [100.0, 100.0]


def test_running_a_file_needs_no_torch() -> None:
    """A device with the small runtime can load and measure."""
    code = "import sys, utils.deploy, utils.measure; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize("sample", [(3, 0, 16), (3, -1, 16), (3, 16), ()])
def test_a_sample_that_is_no_shape_is_refused(tmp_path: Path, sample: tuple[int, ...]):
    to_onnx(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), torch.zeros(1, 3, 8, 8), tmp_path / "net.onnx")
    model = onnx.load(tmp_path / "net.onnx")
    for dim, name in zip(model.graph.input[0].type.tensor_type.shape.dim[2:], "hw", strict=True):
        dim.dim_param = name
    onnx.save(model, tmp_path / "open.onnx")
    with pytest.raises(ValueError, match="give one that fits"):
        OnnxRunnable(tmp_path / "open.onnx", sample=sample)


@pytest.mark.parametrize("shape", [(2, 1, 28, 27), (2, 3, 28, 28), (1, 28, 28), (784,)])
def test_a_batch_of_another_shape_is_one_sentence(net: nn.Module, tmp_path: Path, shape: tuple[int, ...]):
    to_onnx(net, torch.from_numpy(X), tmp_path / "net.onnx")
    with pytest.raises(ValueError, match=r"takes a batch \(n, 1, 28, 28\), got shape") as error:
        OnnxRunnable(tmp_path / "net.onnx").run(np.zeros(shape, np.float32))
    assert "\n" not in str(error.value)
