"""Is an energy the declared model's or the counter's, never one shown as the other, and is its range around it?"""

from __future__ import annotations

import importlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from onnx import save as save_onnx
from torch import nn

from utils.deploy import OnnxRunnable, to_onnx
from utils.measure import Energy, TorchRunnable, Traffic, compare, constants, energy, energy_mj, scorecard, traffic
from utils.measure.energy import BLOCKS, measured, model_energy, modelled
from utils.measure.rapl import Counter, find_counter

module = importlib.import_module("utils.measure.energy")  # the function has its name

X = torch.zeros(1, 2, 4, 4)
counts = st.floats(0, 1e12)


def convolution() -> nn.Module:
    """8 outputs of 2 inputs with 3x3 kernels on 4x4 images: 2,304 MACs, 152 weights."""
    return nn.Conv2d(2, 8, 3, padding=1)


def test_the_figures_are_those_of_the_paper() -> None:
    """Horowitz 2014: a MAC is a multiplication and an addition, a byte an eighth of the 64 bits that the paper gives."""
    said = constants()["operations"]
    mac, byte = said["mac_pj"], said["byte_pj"]
    assert mac["float32"] == pytest.approx(3.7 + 0.9) and mac["float16"] == pytest.approx(1.1 + 0.4)
    assert mac["int8"] == pytest.approx(0.2 + 0.1)
    assert (byte["sram_8kb"], byte["sram_1mb"], byte["dram_low"], byte["dram_high"]) == (10 / 8, 100 / 8, 1300 / 8, 2600 / 8)
    assert byte["dram"] == (byte["dram_low"] + byte["dram_high"]) / 2


def test_energy_is_arithmetic_and_memory() -> None:
    """A thousand million picojoules are a millijoule."""
    table = {"mac": 4.6, "sram": 12.5, "dram": 250.0}
    assert energy_mj(1_000_000, {"sram": 80_000, "dram": 20_000}, table) == pytest.approx((4.6e6 + 1e6 + 5e6) / 1e9)
    assert energy_mj(0, {}, table) == 0


@pytest.mark.parametrize(
    ("macs", "moved", "words"),
    [
        (1, {"disk": 1}, "no energy for 'disk'"),
        (-1, {}, "0 or more"),
        (1, {"sram": -2}, "0 or more"),
        (float("nan"), {}, "0 or more"),
        (1, {"broken": 1}, "0 or more"),
    ],
)
def test_impossible_counts_are_refused(macs: float, moved: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        energy_mj(macs, moved, {"mac": 1.0, "sram": 1.0} | ({"broken": float("nan")} if "broken" in moved else {}))
    with pytest.raises(ValueError, match="no energy for 'mac'"):
        energy_mj(1, {}, {})


@given(counts, st.integers(0, 1 << 40), st.integers(0, 1 << 40), st.sampled_from(["float32", "float16", "int8"]))
def test_the_range_holds_the_value(macs: float, weights: int, activations: int, number_format: str) -> None:
    found = modelled(int(macs), Traffic(weights, activations), number_format)
    assert found.low_mj <= found.value_mj <= found.high_mj
    assert found.method == "model" and "Horowitz" in found.detail


def test_weights_that_fit_on_the_chip_cost_a_fraction() -> None:
    """One byte more than the on-chip memory, and every weight comes from DRAM."""
    fit = constants()["operations"]["on_chip_bytes"]
    inside, outside = (modelled(0, Traffic(fit + more, 0), "float32").value_mj for more in (0, 1))
    assert outside / inside == pytest.approx(243.75 / 12.5, rel=1e-4)


def test_the_three_figures_by_hand() -> None:
    """A thousand MACs, 100 bytes of weights, 10 of activations; then weights that lie outside of the chip."""
    inside = modelled(1000, Traffic(100, 10), "int8")
    assert inside.value_mj * 1e9 == pytest.approx(300 + 100 * 12.5 + 10 * 12.5)
    assert inside.low_mj * 1e9 == pytest.approx(300 + 100 * 1.25 + 10 * 1.25)
    assert inside.high_mj * 1e9 == pytest.approx(300 + 110 * 325)
    outside = modelled(0, Traffic(2_000_000, 10), "int8")
    assert outside.value_mj * 1e9 == pytest.approx(2e6 * 243.75 + 125)
    assert outside.low_mj * 1e9 == pytest.approx(2e6 * 162.5 + 12.5)


def test_unlisted_arithmetic_is_refused() -> None:
    with pytest.raises(ValueError, match="bfloat16 arithmetic is not listed"):
        modelled(1, Traffic(1, 1), "bfloat16")


def test_traffic_is_counted_by_hand() -> None:
    """Input read, output written, weights and bias read; the activation behind the convolution is fused with it."""
    expected = Traffic(weights=4 * (8 * 2 * 9 + 8), activations=4 * (2 * 16 + 8 * 16))
    assert traffic(convolution(), X) == expected
    assert traffic(nn.Sequential(convolution(), nn.ReLU()), X) == expected


def test_a_shortcut_is_read_once_more() -> None:
    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(2, 2, 3, padding=1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + self.conv(x)

    one = 4 * 2 * 16
    assert traffic(Residual(), X).activations == 3 * one  # conv: read, write; addition: the shortcut


def test_what_has_nobody_to_be_fused_with_moves_its_bytes() -> None:
    """A normalisation alone reads the input and writes the output."""
    assert traffic(nn.BatchNorm2d(2, affine=False), X).activations == 2 * 4 * 2 * 16


def test_an_embedding_is_not_counted(tmp_path: Path) -> None:
    """It reads a few rows of its table: rather no energy than that of the whole table."""

    class Words(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table, self.head = nn.Embedding(100, 8), nn.Linear(8, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.head(self.table(x.long()).mean(1))

    nodes = [helper.make_node("Cast", ["x"], ["i"], to=TensorProto.INT64), helper.make_node("Gather", ["table", "i"], ["y"])]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in (("x", [1, 5]), ("y", [1, 5, 8]))]
    table = numpy_helper.from_array(np.zeros((100, 8), np.float32), "table")
    graph = helper.make_graph(nodes, "words", ends[:1], ends[1:], [table])
    save_onnx(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), tmp_path / "words.onnx")
    for runnable in (TorchRunnable(Words(), torch.ones(1, 5), size_bytes=1), OnnxRunnable(tmp_path / "words.onnx")):
        assert runnable.traffic is None and model_energy(runnable) is None and runnable.parameters >= 800


def test_weights_in_one_storage_count_each() -> None:
    """Also after they were joined to one vector and handed back as views of it."""
    model = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
    nn.utils.vector_to_parameters(nn.utils.parameters_to_vector(model.parameters()), model.parameters())
    assert traffic(model, torch.zeros(1, 4)).weights == 4 * (12 + 3 + 6 + 2)


def test_an_operand_of_another_size_is_read() -> None:
    """The smaller operand of a fused addition is read; the larger one is still at hand."""

    class Scale(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.cumsum(1) + x.sum(1, keepdim=True).cumsum(1)

    one, small = 4 * 2 * 16, 4 * 16
    assert traffic(Scale(), X).activations == 2 * one + (one + small) + 2 * small + small


def test_torch_and_its_onnx_file_move_the_same(tmp_path: Path) -> None:
    """Without a batch norm to fold, weights and activations agree to the byte."""
    model = nn.Sequential(convolution(), nn.ReLU(), nn.Flatten(), nn.Linear(128, 10))
    to_onnx(model, X, tmp_path / "model.onnx")
    file = OnnxRunnable(tmp_path / "model.onnx")
    eager = TorchRunnable(model, X, size_bytes=1)
    assert file.number_format == eager.number_format == "float32"
    assert file.traffic is not None and file.traffic.activations == eager.traffic.activations
    assert file.traffic.weights - eager.traffic.weights in range(0, 64)  # a shape of the flatten
    assert model_energy(file) is not None


def test_half_precision_is_counted_as_such() -> None:
    """Half the bytes and the cheaper arithmetic, not the figures of float32."""
    full, half = (TorchRunnable(convolution().to(kind), X, size_bytes=1) for kind in (torch.float32, torch.float16))
    assert (full.number_format, half.number_format) == ("float32", "float16")
    assert half.traffic.weights * 2 == full.traffic.weights
    low, high = model_energy(half), model_energy(full)
    assert low is not None and high is not None and low.value_mj < high.value_mj / 2


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float64])
def test_formats_without_a_figure_have_no_energy(kind: torch.dtype) -> None:
    """Rather none than a wrong one."""
    assert model_energy(TorchRunnable(convolution().to(kind), X, size_bytes=1)) is None


def test_mixed_formats_and_unknown_layers_have_no_energy() -> None:
    mixed = nn.Sequential(nn.Conv2d(2, 2, 1), nn.Conv2d(2, 2, 1).half())
    assert TorchRunnable(mixed, X, size_bytes=1).number_format is None
    recurrent = TorchRunnable(nn.GRU(4, 4), X[0], size_bytes=1)
    assert recurrent.macs is None and model_energy(recurrent) is None


# The counter: a folder such as Linux shows


def zone(folder: Path, name: str, energy_uj: object, largest: int = 1_000_000, kind: str = "package-0") -> Path:
    place = folder / name
    place.mkdir(parents=True)
    (place / "name").write_text(f"{kind}\n")
    (place / "energy_uj").write_text(f"{energy_uj}\n")
    (place / "max_energy_range_uj").write_text(f"{largest}\n")
    return place


class Burning:
    """A runnable that advances the clock and the counter at each run."""

    name, number_format, macs, traffic = "burning", "float32", 10, Traffic(1, 1)

    def __init__(self, place: Path, uj: int, largest: int = 1_000_000) -> None:
        self.place, self.uj, self.largest, self.now = place, uj, largest, 0.0

    def clock(self) -> float:
        return self.now

    def run(self, batch: np.ndarray) -> np.ndarray:
        self.now += 0.01
        file = self.place / "energy_uj"
        file.write_text(str((int(file.read_text()) + self.uj) % (self.largest + 1)))
        return batch


def test_the_counter_is_found_where_it_can_be_read(tmp_path: Path) -> None:
    """Packages count, their parts do not; no folder, no package, a counter without a number: no counter."""
    assert find_counter(tmp_path) is None
    zone(tmp_path, "intel-rapl:0:0", 5)
    assert find_counter(tmp_path) is None
    first = zone(tmp_path, "intel-rapl:0", 7)
    assert find_counter(tmp_path) == Counter((first,))
    zone(tmp_path, "intel-rapl:1", 9, kind="psys")
    assert find_counter(tmp_path) == Counter((first,))  # the whole computer holds the package once more
    zone(tmp_path, "intel-rapl:2", "unknown", kind="package-1")
    assert find_counter(tmp_path) is None


def test_a_counter_that_wraps_is_unwrapped(tmp_path: Path) -> None:
    """From 900 over 1,000 to 99 are 200 microjoules."""
    counter = Counter((zone(tmp_path, "intel-rapl:0", 0, largest=1000), zone(tmp_path, "intel-rapl:1", 0, largest=1000)))
    assert counter.spent_mj((900, 10), (99, 30)) == pytest.approx((200 + 20) / 1000)


def test_measured_energy_is_per_inference(tmp_path: Path) -> None:
    """3,000 microjoules a run, the counter wrapping many times: 3 mJ with no spread."""
    burning = Burning(zone(tmp_path, "intel-rapl:0", 999_000), 3000)
    found = measured({"burning": burning}, X, find_counter(tmp_path), clock=burning.clock)["burning"]  # type: ignore[arg-type]
    assert (found.value_mj, found.low_mj, found.high_mj) == pytest.approx((3, 3, 3))
    assert found.method == "counter" and "whole processor" in found.detail
    assert burning.now == pytest.approx(0.01 + BLOCKS * 0.1, abs=0.011 * BLOCKS)


def test_a_counter_that_was_set_back_is_no_measurement(tmp_path: Path) -> None:
    """After standby it starts at zero again: that is no round of nearly its whole range."""
    counter = Counter((zone(tmp_path, "intel-rapl:0", 0, largest=1000),))
    for before, after in ((900, 0 + 850), (10, 600), (2000, 5), (5, -1)):
        with pytest.raises(OSError, match="was set back"):
            counter.spent_mj((before,), (after,))


def test_the_median_and_the_extremes_of_the_blocks_are_told(tmp_path: Path) -> None:
    """One disturbed block of five changes the high end, not the value; and networks run on one thread."""
    burning = Burning(zone(tmp_path, "intel-rapl:0", 500, largest=10**9), 1000, largest=10**9)
    threads = []

    def run(batch: np.ndarray, plain=burning.run) -> np.ndarray:
        threads.append(torch.get_num_threads())
        burning.uj = 9000 if 1 < len(threads) <= 8 else 1000
        return plain(batch)

    burning.run = run  # type: ignore[method-assign]
    found = measured({"burning": burning}, X, find_counter(tmp_path), clock=burning.clock)["burning"]  # type: ignore[arg-type]
    assert found.value_mj == found.low_mj == 1 < found.high_mj and set(threads) == {1}


def test_a_counter_that_stands_still_is_no_measurement(tmp_path: Path) -> None:
    burning = Burning(zone(tmp_path, "intel-rapl:0", 500), 0)
    with pytest.raises(OSError, match="stood still"):
        measured({"burning": burning}, X, find_counter(tmp_path), clock=burning.clock)  # type: ignore[arg-type]


def test_energy_has_one_method_for_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The counter where it works; where it fails on the way, the model for every contestant."""
    burning = Burning(zone(tmp_path, "intel-rapl:0", 500, largest=10**12), 3000, largest=10**12)
    monkeypatch.setattr(module, "find_counter", lambda: Counter((burning.place,)))
    monkeypatch.setattr(module, "BLOCKS", 1)
    assert {found.method for found in energy({"a": burning, "b": burning}, X).values() if found} == {"counter"}
    monkeypatch.setattr(module, "find_counter", lambda: Counter((tmp_path / "gone",)))
    assert {found.method for found in energy({"a": burning, "b": burning}, X).values() if found} == {"model"}
    with pytest.raises(ValueError, match="need a contestant"):
        energy({}, X)
    with pytest.raises(ValueError, match="must be a batch"):
        energy({"a": burning}, X[:0])


# On the card


def test_the_card_says_energy_carbon_and_cloud_cost_with_their_methods() -> None:
    """Value, range, method; grams by the grid's figure; no cloud cost where nothing was timed."""
    runnable = TorchRunnable(nn.Sequential(convolution(), nn.Flatten()), X, size_bytes=700, name="net")
    data = (np.zeros((3, 2, 4, 4), np.float32), np.zeros(3, int))
    card = scorecard(runnable, data)
    assert card.energy == model_energy(runnable) and card.energy is not None
    assert card.carbon_g_per_million == pytest.approx(card.energy.value_mj * 1e6 / 3.6e9 * constants()["grid"]["g_per_kwh"]["world"])
    assert card.dollars_per_million is None
    text = str(compare([card]))
    assert all(words in text for words in ("energy, model", "energy, low", "energy, high", "Horowitz")) and "cloud cost" not in text.lower()


def test_measured_and_modelled_energies_are_not_compared() -> None:
    runnable = TorchRunnable(nn.Sequential(convolution(), nn.Flatten()), X, size_bytes=700, name="net")
    card = scorecard(runnable, (np.zeros((3, 2, 4, 4), np.float32), np.zeros(3, int)))
    with pytest.raises(ValueError, match="some energies are measured and others modelled"):
        compare([card, replace(card, name="other", energy=Energy(1.0, 0.9, 1.1, "counter", "RAPL"))])
