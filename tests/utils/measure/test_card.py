"""Does a card say what was measured, and refuse what can't be?"""

from __future__ import annotations

import json
import sys
import types
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import prune

from utils.measure import Card, Energy, Latency, TorchRunnable, Traffic, accuracy, compare, energy, keep, latency, scaled, scorecard
from utils.measure.card import logits_of
from utils.measure.energy import modelled
from utils.measure.units import counts, in_one_unit, kilobytes


@dataclass
class Fixed:
    """A runnable that gives the logits it was made with."""

    logits: np.ndarray
    name: str = "fixed"
    size_bytes: int = 1000
    parameters: int = 10
    nonzero: int = 5
    macs: int | None = 100
    peak_activation_bytes: int | None = 400
    traffic: Traffic | None = field(default_factory=lambda: Traffic(80, 800))
    number_format: str | None = "float32"
    batches: list = field(default_factory=list)
    at: int = 0

    def run(self, batch: np.ndarray) -> np.ndarray:
        self.batches.append(len(batch))
        self.at += len(batch)
        return self.logits[self.at - len(batch) : self.at]


def card(name: str = "a", **changes: object) -> Card:
    """A card to compare."""
    return replace(
        Card(name=name, metric_name="accuracy", metric=90.0, samples=100, parameters=1000, nonzero=800, size_bytes=4000), **changes
    )


X = np.zeros((4, 1, 2, 2), np.float32)
Y = np.array([0, 1, 1, 0])
LOGITS = np.eye(2, dtype=np.float32)[[0, 1, 0, 0]]


def test_card_holds_what_was_measured() -> None:
    """Three of four right; every cost is the runnable's own; batches are as small as asked for."""
    fixed = Fixed(LOGITS)
    got = scorecard(fixed, (X, Y), batch_size=3)
    assert fixed.batches == [3, 1]
    assert got == Card(
        name="fixed", metric_name="accuracy", metric=75.0, samples=4, parameters=10, nonzero=5, size_bytes=1000, macs=100,
        peak_activation_bytes=400, weight_bytes=80, number_format="float32", energy=modelled(100, Traffic(80, 800), "float32"),
    )  # fmt: skip


def test_data_may_be_an_object_and_the_metric_any_function() -> None:
    """As the project's data sets are, in torch tensors; the card bears the metric's name."""

    @dataclass
    class Set:
        inputs: torch.Tensor
        labels: torch.Tensor

    def error(logits: np.ndarray, labels: np.ndarray) -> float:
        return 100 - accuracy(logits, labels)

    got = scorecard(Fixed(LOGITS), Set(torch.from_numpy(X).requires_grad_(), torch.from_numpy(Y)), metric=error)
    assert (got.metric_name, got.metric) == ("error", 25.0)


def test_card_survives_json() -> None:
    """With and without a latency."""
    for timed in (None, Latency(1.0, 2.0, 3.0, 50)):
        got = card(latency=timed)
        assert Card.from_dict(json.loads(json.dumps(got.to_dict()))) == got


@pytest.mark.parametrize(
    ("logits", "data", "words"),
    [
        (LOGITS, (X[:0], Y[:0]), "at least one"),
        (LOGITS, (X, Y[:3]), "as many labels as inputs"),
        (LOGITS, "validation", "must be a pair"),
        (LOGITS[:3], (X, Y), "one row of logits"),
        (LOGITS * np.nan, (X, Y), "NaN or infinite logits for 4 of 4"),
        (LOGITS[:, 0], (X, Y), "needs logits"),
        (LOGITS, (X, Y + 1), "integers in 0..1"),
        (LOGITS, (X, Y - 1), "integers in 0..1"),
        (LOGITS, (X, Y.astype(float)), "integers"),
    ],
)
def test_what_can_not_be_measured_is_refused(logits: np.ndarray, data: object, words: str) -> None:
    """One sentence that says what was wrong."""
    with pytest.raises(ValueError, match=words):
        scorecard(Fixed(logits), data)


def test_nothing_to_measure_and_no_batch_are_refused() -> None:
    """Also where no scorecard has looked at the data before."""
    with pytest.raises(ValueError, match="at least one, got"):
        accuracy(LOGITS[:0], Y[:0])
    for inputs, batch_size in ((X[:0], 500), (X, 0), (X, -1)):
        with pytest.raises(ValueError, match="batch size of at least 1"):
            logits_of(Fixed(LOGITS), inputs, batch_size)


def test_an_undefined_metric_is_refused() -> None:
    """A NaN on a card would poison every comparison."""
    with pytest.raises(ValueError, match="is nan"):
        scorecard(Fixed(LOGITS), (X, Y), metric=lambda logits, labels: float("nan"))


def test_torch_runnable_counts_parameters_once_and_masks_as_zeros(tmp_path: Path) -> None:
    """A tied weight is stored once; a pruned weight is zero even while torch keeps the original."""
    layer = nn.Linear(10, 10, bias=False)
    nn.init.ones_(layer.weight)
    prune.random_unstructured(layer, "weight", 0.3)
    file = tmp_path / "model.bin"
    file.write_bytes(b"x" * 123)
    runnable = TorchRunnable(nn.Sequential(layer, layer), np.zeros((1, 10), np.float32), file=file)
    assert (runnable.parameters, runnable.nonzero, runnable.size_bytes, runnable.macs) == (100, 70, 123, 200)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_run_and_answer_in_float32(dtype: torch.dtype) -> None:
    """The input is converted to the model's precision, the logits back."""
    model = nn.Linear(2, 2).to(dtype)
    nn.init.eye_(model.weight), nn.init.zeros_(model.bias)
    got = TorchRunnable(model, X[:, 0, 0], size_bytes=1).run(np.ones((3, 2), np.float32))
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got, 1)


def test_a_model_with_buffers_only_has_a_card() -> None:
    """No parameters, no products: zeros, and ratios to it stay empty instead of dividing by zero."""
    model = nn.Sequential(nn.BatchNorm2d(1, affine=False), nn.Flatten())
    got = scorecard(TorchRunnable(model, X, size_bytes=10, name="buffers"), (X, Y))
    assert (got.parameters, got.nonzero, got.macs) == (0, 0, 0)
    assert "buffers" in str(compare([card(samples=4), got])) and "buffers" in str(compare([got, card(samples=4)]))


def test_what_is_not_countable_is_none_and_said() -> None:
    """A recurrent network has a card; the table says that its MACs are not counted."""

    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell = nn.GRU(2, 2, batch_first=True)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.cell(x[:, 0])[0][:, -1]

    got = scorecard(TorchRunnable(Recurrent(), X, size_bytes=10, name="recurrent"), (X, Y))
    assert got.macs is None
    assert "not counted" in str(compare([card(samples=4, macs=5), got]))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.parametrize("layers", [[nn.Flatten(), nn.Linear(4, 2)], [nn.Flatten(2), nn.LSTM(4, 2)]])
def test_layers_that_hide_their_weights_are_refused(layers: list[nn.Module]) -> None:
    """torch's own quantization leaves a model without parameters: no card that says 0, and no bytes moved without them."""
    model = torch.ao.quantization.quantize_dynamic(nn.Sequential(*layers), {nn.Linear, nn.LSTM})
    assert not list(model.parameters())
    runnable = TorchRunnable(model, X, size_bytes=10, name="packed")
    assert (runnable.macs, runnable.traffic, runnable.number_format) == (None, None, None)
    with pytest.raises(ValueError, match="packed has layers of torch's own quantization"):
        _ = runnable.parameters


@pytest.mark.parametrize("arguments", [{}, {"size_bytes": 1, "file": "x"}, {"size_bytes": 0}])
def test_the_size_of_the_file_must_be_given(arguments: dict) -> None:
    """Neither guessed from the parameters nor given twice."""
    with pytest.raises(ValueError, match="size_bytes"):
        TorchRunnable(nn.Linear(2, 2), X, **arguments)


def test_comparison_shows_values_and_ratios_to_the_first() -> None:
    """A quarter of the bytes is 4.00x; the metric shows the difference in points; latency only where it was timed."""
    small = card("small", size_bytes=1000, metric=89.5, macs=50, latency=Latency(0.5, 0.6, 0.7, 100))
    text = str(compare([card("large", macs=100, latency=Latency(1.0, 2.0, 3.0, 100)), small]))
    rows = {line.split("  ")[0]: line.split() for line in text.splitlines()}
    assert rows["file"][-3:] == ["1.0", "kB", "4.00x"]
    assert rows["accuracy"][-3:] == ["89.50", "%", "-0.50"]
    assert rows["latency p50"][-3:] == ["0.500", "ms", "2.00x"]
    assert "latency" not in str(compare([card()]))


def test_every_row_of_a_comparison_is_told() -> None:
    """Value, range and gain of energy, carbon and cloud cost; a tail and a bound have no gain; nothing is shown as what it is not."""
    first = card("a", latency=Latency(3.6, 9.0, 9.5, 40), energy=Energy(2.0, 1.0, 8.0, "model", "M"))
    second = card("b", size_bytes=40, latency=Latency(1.8, 3.0, 4.0, 50), energy=Energy(0.5, 0.25, 0.9, "model", "M"))
    rows = {line.split("  ")[0]: " ".join(line.split()[1:]) for line in str(compare([first, second])).splitlines()}
    assert rows["energy, model"] == "model 2.00 mJ 0.500 mJ 4.00x"
    assert rows["energy, low"] == "low 1.00 mJ 0.250 mJ" and rows["energy, high"] == "high 8.00 mJ 0.900 mJ"
    assert rows["latency p95"] == "p95 9.000 ms 3.000 ms"
    assert rows["CO2e per million"] == "per million 254 mg 63.6 mg 4.00x"
    assert rows["cloud cost per million"] == "cost per million $0.045 $0.022 2.00x"
    assert rows["file"] == "4,000 B 40 B 100x"
    assert "of 40 rounds" in str(compare([first, second]))
    assert "CO2e: energy, low to high, times 458 g a kWh (world)." in str(compare([first, second]))
    untimed = str(compare([first, card("b")]))
    assert untimed.count("not timed") == 4 and untimed.count("not counted") == 4


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0123, "12.3 mJ"),
        (1.5e-6, "1.50 µJ"),
        (0.9996, "1.00 J"),
        (999.4, "999 J"),
        (2e-9, "2.00 nJ"),
        (3e-14, "0.0300 pJ"),
        (0, "0 J"),
        (5e6, "5.00 MJ"),
    ],
)
def test_quantities_have_a_prefix(value: float, text: str) -> None:
    assert scaled(value, "J") == text


@pytest.mark.parametrize(
    ("write", "values", "texts"),
    [
        (lambda values: in_one_unit(values, "J"), [0.0028, 7.79e-6], ["2,800 µJ", "7.79 µJ"]),
        (lambda values: in_one_unit(values, "J"), [2e-3, 5e-4, 0], ["2.00 mJ", "0.500 mJ", "0 mJ"]),
        (lambda values: in_one_unit(values, "g"), [0.9996, 3.2], ["1.00 g", "3.20 g"]),
        (lambda values: in_one_unit(values, "J"), [5e9, 1.0], ["5,000,000,000 J", "1.00 J"]),
        (counts, [950], ["950"]),
        (counts, [4_560_000, 12_300], ["4,560 k", "12.3 k"]),
        (counts, [4_560_000, 950], ["4,560,000", "950"]),
        (counts, [2_000_000, 1_234_567_890], ["2 M", "1,235 M"]),
        (counts, [123_456_789, 4_560_000_000], ["0.123 G", "4.56 G"]),
        (counts, [0, 0], ["0", "0"]),
        (kilobytes, [394_705, 24_560], ["395 kB", "24.6 kB"]),
        (kilobytes, [4000, 40], ["4,000 B", "40 B"]),
    ],
)
def test_a_row_has_one_unit(write, values: list[float], texts: list[str]) -> None:
    assert write(values) == texts


def test_an_energy_between_wide_bounds_has_no_factor() -> None:
    """7.79 microjoules that may be 2.27 or 161: neither its energy nor its CO2e is 360 times less; the table says why."""
    large = card("large", energy=Energy(2.8, 1.9, 3.88, "model", "M"))
    slim = card("slim int8", energy=Energy(7.79e-3, 2.27e-3, 0.161, "model", "M"))
    comparison = compare([large, slim])
    rows = {row[0]: row[1:] for row in comparison.rows()}
    assert rows["energy, model"] == ["2,800 µJ", "", "7.79 µJ", ""] and rows["CO2e per million"][3] == ""
    assert rows["energy, low"] == ["1,900 µJ", "", "2.27 µJ", ""] and rows["energy, high"] == ["3,880 µJ", "", "161 µJ", ""]
    assert "The energy of slim int8 may lie anywhere between bounds more than 10 times apart" in str(comparison)
    sure = compare([large, card("half", energy=Energy(1.4, 0.95, 1.94, "model", "M"))])
    assert {row[0]: row[-1] for row in sure.rows()}["energy, model"] == "2.00x" and "no factor" not in str(sure)
    backwards = {row[0]: row[-1] for row in compare([slim, large]).rows()}
    assert backwards["energy, model"] == backwards["CO2e per million"] == ""


def test_a_busy_machine_is_noticed() -> None:
    """A p95 at 18 times the median is another program's; one at twice the median is not."""
    calm, busy = card("calm", latency=Latency(1.0, 2.0, 3.0, 100)), card("large", latency=Latency(0.46, 8.5, 9.0, 100))
    assert "p95 is 18 times the p50 of large: something else was running, so run this cell again." in str(compare([calm, busy]))
    assert "run this cell again" not in str(compare([calm]))
    two = replace(busy, name="slim")
    assert "p95 is 18 times the p50 of large and 18 times the p50 of slim: something" in str(compare([busy, calm, two]))


def test_a_bare_model_is_told_how_to_be_wrapped() -> None:
    with pytest.raises(ValueError, match=r"got Linear: wrap it with utils\.deploy\.runnable"):
        scorecard(nn.Linear(2, 2), (np.zeros((3, 2), np.float32), np.zeros(3, int)))
    for measured in (latency, energy):
        with pytest.raises(ValueError, match=r"must run and know its size, got Linear: wrap it"):
            measured({"net": nn.Linear(2, 2)}, np.zeros((1, 2), np.float32))
    with pytest.raises(ValueError, match=r"got str: open the file with utils\.deploy\.OnnxRunnable"):
        scorecard("net.onnx", (np.zeros((3, 2), np.float32), np.zeros(3, int)))  # type: ignore[arg-type]


def test_pixels_are_not_taken_for_inputs() -> None:
    """Bytes as floats would be a hundred times too large, and the accuracy a guess."""
    network = TorchRunnable(nn.Linear(2, 2), torch.zeros(1, 2), size_bytes=1)
    with pytest.raises(ValueError, match=r"inputs are uint8, as pixels are, .*: normalize them as in training"):
        scorecard(network, (np.zeros((3, 2), np.uint8), np.zeros(3, int)))


@pytest.mark.parametrize("kind", [torch.float64, torch.bfloat16, torch.float16])
def test_inputs_may_be_of_any_precision(kind: torch.dtype) -> None:
    """numpy has no bfloat16; a tensor may want a gradient."""
    network = TorchRunnable(nn.Linear(2, 2), torch.zeros(1, 2), size_bytes=1)
    inputs = torch.ones(3, 2, dtype=kind, requires_grad=True)
    assert scorecard(network, (inputs, torch.zeros(3, dtype=torch.int64))).samples == 3
    assert len(latency({"net": network}, inputs, rounds=3).samples_ms["net"]) == 3


def test_a_card_of_a_later_version_can_be_read() -> None:
    """What it knows more is passed over; an older card has no energy."""
    assert Card.from_dict({**card().to_dict(), "new": 1}) == card()
    old = {name: value for name, value in card().to_dict().items() if name not in ("energy", "number_format", "weight_bytes")}
    assert Card.from_dict(old).energy is None


def test_comparison_in_a_notebook_escapes_names() -> None:
    """A name is text, not markup, and the table takes the colours of the theme."""
    page = compare([card("<b>bold</b>")])._repr_html_()
    assert "<b>" not in page and "&lt;b&gt;" in page
    assert page.count("color") == page.count("color:inherit")


@pytest.mark.parametrize(
    ("cards", "words"),
    [([], "nothing to compare"), ([card(), card()], "two cards are called 'a'"), ([card(), card("b", samples=7)], "the same data")],
)
def test_cards_that_can_not_be_compared_are_refused(cards: list, words: str) -> None:
    """No cards, one name for two, different data."""
    with pytest.raises(ValueError, match=words):
        compare(cards)


def test_a_kept_card_is_recorded_and_handed_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under its name, as plain values."""
    records: list = []
    ledger = types.ModuleType("utils.ledger")
    ledger.record = lambda kind, key, value: records.append((kind, key, value))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "utils.ledger", ledger)
    assert keep(card()) == card()
    assert records == [("card", "a", card().to_dict())]
