"""A .titan file holds a network and all that decoding needs; it comes back to the last bit."""

import struct
import zlib

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from utils.compress.factors import low_rank_
from utils.compress.pruning import apply_masks, global_masks, prunable
from utils.compress.quantization import freeze_, qat_
from utils.compress.rate import RateConfig, train_for_rate
from utils.compress.titan import TitanConfig, TitanError, compress_to_titan, read_titan
from utils.compress.titan.byte_stream import ByteReader, framed, signed, unsigned
from utils.compress.titan.reading import decode_titan
from utils.compress.titan.tensor_codings import (
    decode_half,
    decode_integer_weight,
    decode_raw,
    decode_shared,
    encode_half,
    encode_integer_weight,
    encode_raw,
    encode_shared,
)
from utils.deploy import to_onnx
from utils.deploy.onnx_runnable import OnnxRunnable
from utils.files import ROOT
from utils.models import (
    Architecture,
    ChainNet,
    Codes,
    LeNet,
    LeNetConfig,
    MicroConfig,
    MicroNet,
    MotionNet,
    Perceptron,
    PerceptronConfig,
    ResidualConfig,
    ResidualNet,
)
from utils.models.chain import Block
from utils.models.steps import step_of
from utils.train import TrainConfig

IMAGES = torch.randn(64, 1, 28, 28, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(64) % 10


@pytest.fixture(scope="module")
def rated():
    """A small network after training for its code length, with its codes."""
    torch.manual_seed(0)
    model = LeNet(LeNetConfig(3, 4, 10))
    how = RateConfig(TrainConfig(epochs=2, lr=4e-3, batch_size=32, augment=False), 1e-4, per_row=True)
    return model, train_for_rate(model, (IMAGES, LABELS), how).codes


BLOCKS = ((Block(4), Block(4, kernel=5, expansion=2, skip=True)), (Block(6, stride=2, kind="plain"),))
FOUND = Architecture(Block(4, stride=2, kind="plain"), BLOCKS)
OTHERS = nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(1, 2, 3, 2, 1), nn.ReLU6(), nn.Dropout(), nn.Flatten(), nn.Linear(98, 3))


def pruned(model, sparsity=0.9):
    return apply_masks(model, global_masks(prunable(model), sparsity)).eval()


def test_a_network_trained_for_its_rate_predicts_the_same_to_the_last_bit(rated, tmp_path):
    model, codes = rated
    titan = compress_to_titan(model, codes=codes)
    assert titan.write(tmp_path / "net.titan") == titan.size_bytes == (tmp_path / "net.titan").stat().st_size == sum(titan.parts.values())
    again = read_titan(tmp_path / "net.titan")
    assert torch.equal(again(IMAGES), model(IMAGES))
    assert again.input_shape == (1, 28, 28) and again.size_bytes == titan.size_bytes and not again.training
    assert list(titan.parts) == ["header", "layers", *dict(model.named_parameters())]
    assert compress_to_titan(model, codes=codes).data == titan.data == compress_to_titan(again, codes=renamed(again, model, codes)).data


def renamed(again, model, codes):
    return dict(zip(dict(again.named_parameters()), (codes[name] for name, _ in model.named_parameters()), strict=True))


def test_the_classic_way_keeps_what_was_pruned_and_shares_the_rest(tmp_path):
    torch.manual_seed(0)
    model = pruned(Perceptron())
    titan = compress_to_titan(model, TitanConfig(bits=4, half=False))
    again = titan.model()
    for ours, before in ((again[1], model[1]), (again[3], model[3])):
        assert torch.equal(ours.weight == 0, before.weight == 0)
        assert len(ours.weight.unique()) <= 17 and (ours.weight - before.weight).abs().max() < 0.05
        assert torch.equal(ours.bias, before.bias)
    assert 4 * 266_610 / titan.size_bytes > 30
    further = compress_to_titan(again, TitanConfig(bits=4, half=False))
    assert torch.equal(further.model()(IMAGES), again(IMAGES))


def test_a_network_of_quantized_weights_keeps_its_codes():
    torch.manual_seed(0)
    model = qat_(Perceptron(PerceptronConfig((8,))), 3, ends=4)
    codes = freeze_(model)
    again = compress_to_titan(model, TitanConfig(half=False), codes).model()
    assert torch.equal(again(IMAGES), model.eval()(IMAGES))


@pytest.mark.parametrize(
    ("model", "shape"),
    [
        (ChainNet(FOUND), (1, 28, 28)),
        (ResidualNet(ResidualConfig.of(4, (8, 2), (8, 1))), (1, 28, 28)),
        (MicroNet(MicroConfig.of(4, (8, 2))), (1, 28, 28)),
        (MotionNet(), (6, 128)),
        (low_rank_(LeNet(LeNetConfig(2, 3, 12)), {"3": 2, "7": 3}), (1, 28, 28)),
        (
            nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(1, 2, 3, 2, 1, groups=1), nn.ReLU6(), nn.Dropout(), nn.Flatten(), nn.Linear(98, 3)),
            (1, 28, 28),
        ),
    ],
    ids=["found", "residual", "micro", "motion", "low rank", "others"],
)
def test_every_kind_of_layer_comes_back(model, shape, tmp_path):
    torch.manual_seed(1)
    model.eval()
    titan = compress_to_titan(model, TitanConfig(bits=12, index_bits=4, half=False, input_shape=shape))
    x = torch.randn(5, *shape)
    again = titan.model()
    torch.testing.assert_close(again(x), model(x), rtol=0.02, atol=0.02)  # 4096 shared values a layer
    assert torch.equal(decode_titan(titan.data)(x), again(x))


def test_what_was_read_can_be_exported(rated, tmp_path):
    again = compress_to_titan(*rated[:1], codes=rated[1]).model()
    to_onnx(again, again.example, tmp_path / "net.onnx")
    logits = OnnxRunnable(tmp_path / "net.onnx", name="net").run(IMAGES.numpy())
    assert (logits.argmax(1) == again(IMAGES).argmax(1).numpy()).all()


def test_the_file_is_as_the_document_says():
    """Built by hand from docs/titan-format.md: a linear layer of two inputs, steps of 1/2."""
    body = bytes([1, 2]) + bytes([1, 1, 2, 1, 1]) + bytes([0, 8]) + struct.pack("<2f", 0.5, -1.5) + bytes([1, 2]) + struct.pack("<e", 0.25)
    data = b"\x89TTN\x01" + struct.pack("<I", zlib.crc32(body)) + body
    net = decode_titan(data)
    assert net[0].weight.tolist() == [[0.5, -1.5]] and net[0].bias.tolist() == [0.25] and net.input_shape == (2,)
    text = (ROOT / "docs" / "titan-format.md").read_text(encoding="utf-8")
    assert " ".join(f"{byte:02x}" for byte in data) in text


def test_an_old_file_decodes_to_the_same_weights():
    """Does a file of version 1, made by the first release, keep its meaning? Its hash is of all weights, bit for bit."""
    rng = np.random.default_rng(5)
    values = torch.from_numpy(((rng.random((12, 49)) < 0.2) * rng.integers(-20, 21, (12, 49))).astype(np.int16))
    codes = {
        "1.weight": Codes(values, torch.from_numpy(step_of(-20 + np.arange(12) % 5)), 16),
        "1.bias": Codes(torch.arange(12, dtype=torch.int16) - 4, torch.full((12,), 0.25), 16),
    }
    model = nn.Sequential(nn.Flatten(), nn.Linear(49, 12))
    model[1].weight.data, model[1].bias.data = codes["1.weight"].values_as_float(), codes["1.bias"].values_as_float()
    titan = compress_to_titan(model, TitanConfig(input_shape=(1, 7, 7)), codes)
    assert (len(titan.data), zlib.crc32(titan.data)) == FIRST
    assert all(torch.equal(*pair) for pair in zip(titan.model().parameters(), model.parameters(), strict=True))


FIRST = (219, 398169259)


@pytest.mark.parametrize(
    ("model", "config", "said"),
    [
        (nn.Sequential(nn.Flatten(), nn.Linear(784, 4), nn.Tanh()), TitanConfig(), "can't hold a Tanh at '2'"),
        (nn.Sequential(nn.Conv2d(1, 2, 3, dilation=2), nn.Flatten()), TitanConfig(), "no place for the dilation of Conv2d '0'"),
        (nn.Sequential(nn.Conv2d(1, 2, 3, padding="same")), TitanConfig(), "no place for the padding"),
        (nn.Sequential(nn.MaxPool2d(2, ceil_mode=True), nn.Flatten(), nn.Linear(196, 2)), TitanConfig(), "no place for the ceil_mode"),
        (nn.Sequential(nn.BatchNorm2d(1), nn.Flatten(), nn.Linear(784, 2)), TitanConfig(), "can't hold a BatchNorm2d at '0'"),
        (Perceptron(), TitanConfig(input_shape=(1, 27, 27)), "can't be compressed for inputs of"),
        (nn.Sequential(nn.Conv2d(1, 2, 3)), TitanConfig(), r"\(n, classes\) is expected"),
        (nn.Sequential(nn.ReLU()), TitanConfig(), "has 0 parameters"),
        (nn.Sequential(nn.Flatten(), nn.Linear(784, 6000)), TitanConfig(), "has 4710000 parameters"),
        (Perceptron().double(), TitanConfig(), "not finite float32"),
    ],
)
def test_networks_that_a_file_can_not_hold_are_refused_by_name(model, config, said):
    with pytest.raises(ValueError, match=said):
        compress_to_titan(model, config)


def test_values_and_codes_that_do_not_belong_are_refused(rated):
    model, codes = rated
    with pytest.raises(ValueError, match=r"codes of '0\.weight' do not give its weights"):
        compress_to_titan(model, codes={**codes, "0.weight": Codes(codes["0.weight"].values + 1, codes["0.weight"].scale, 16)})
    with pytest.raises(ValueError, match="codes of 'head' do not"):
        compress_to_titan(model, codes={"head": codes["0.weight"]})
    broken = Perceptron(PerceptronConfig((4,)))
    broken[1].bias.data[0] = float("inf")
    with pytest.raises(ValueError, match=r"1\.bias is not finite"):
        compress_to_titan(broken)
    broken[1].bias.data[0] = 1e5
    with pytest.raises(ValueError, match="store this tensor as float32"):
        compress_to_titan(broken)
    assert compress_to_titan(broken, TitanConfig(half=False)).model()[1].bias[0] == 1e5


@pytest.mark.parametrize(
    "wrong", [{"bits": 0}, {"index_bits": 13}, {"input_shape": ()}, {"input_shape": (1, 2, 3, 4)}, {"input_shape": (0, 2)}]
)
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(ValueError, match=r"must lie in 1\.\.12|one to three positive integers"):
        TitanConfig(**wrong)


weights = st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.5, -1.25, 3.0, 1e-3]), min_size=1, max_size=120)


@given(weights, st.integers(1, 8))
@settings(max_examples=40)
def test_shared_values_come_back_where_there_are_few(values, index_bits):
    weight = torch.tensor(values).half().float()
    assert torch.equal(decode_shared(encode_shared(weight, 6, index_bits), (len(values),)), weight)


@given(weights)
@settings(max_examples=20)
def test_plain_tensors_come_back(values):
    weight = torch.tensor(values)
    assert torch.equal(decode_raw(encode_raw(weight), weight.shape), weight)
    assert torch.equal(decode_half(encode_half(weight), weight.shape), weight.half().float())


@given(st.lists(st.integers(-300, 300), min_size=6, max_size=6), st.sampled_from(["one", "rows", "floats"]), st.integers(-400, 400))
@settings(max_examples=40)
def test_integers_times_steps_come_back(values, kind, exponent):
    steps = {
        "one": step_of(np.full(3, exponent)),
        "rows": step_of(exponent + np.array([0, 3, -9])),
        "floats": np.float32([0.1, -0.2, 0.3]),
    }[kind]
    codes = Codes(torch.tensor(values, dtype=torch.int16).view(3, 2), torch.from_numpy(steps), 16)
    assert torch.equal(decode_integer_weight(encode_integer_weight(codes), (3, 2)), codes.values_as_float())


@given(st.integers(0, 2**31 - 1), st.integers(-(2**29), 2**29), st.binary(max_size=20))
def test_numbers_and_pieces_come_back(number, other, piece):
    reader = ByteReader(unsigned(number) + signed(other) + framed(piece))
    assert (reader.unsigned(), reader.signed(), reader.take(reader.unsigned())) == (number, other, piece)
    reader.end("the piece")
    for wrong in (b"\xff" * 6, b"\x80\x00", b"\x80"):
        with pytest.raises(TitanError):
            ByteReader(wrong).unsigned()
    with pytest.raises(TitanError, match="5 is the largest"):
        ByteReader(unsigned(6)).unsigned(5)


def test_a_path_without_a_file_and_another_file_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no \.titan file at"):
        read_titan(tmp_path / "missing.titan")
    for content, said in (
        (b"", "not a .titan file"),
        (b"PK\x03\x04" * 9, "not a .titan file"),
        (b"\x89TTN\x02" + bytes(9), "version is 2"),
    ):
        (tmp_path / "x.titan").write_bytes(content)
        with pytest.raises(TitanError, match=f"x.titan can't be read.*{said}.*get it again"):
            read_titan(tmp_path / "x.titan")
