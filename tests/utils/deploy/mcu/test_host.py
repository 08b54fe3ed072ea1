"""Is the C code what it promises (no library, no float, no warning), and does it compute the network's very codes?"""

import re

import numpy as np
import pytest

from utils.deploy.mcu import IntegerNetwork, missing_tools, run_on_host, to_c, toolchain, weights_to_c
from utils.deploy.mcu.host import HostProcess, build_for_host
from utils.deploy.mcu.layers import Flatten

SANITIZED = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
needs_compiler = pytest.mark.needs("gcc")


@needs_compiler
@pytest.mark.parametrize("flags", [("-O2",), SANITIZED], ids=["plain", "sanitized"])
def test_c_gives_the_networks_codes(programs, inputs, build, flags):
    """Bit for bit, on networks of seven builds, also for all black, all white and noise; -Werror, no address and no sum out of bounds."""
    program = programs[build]
    network = program.network
    noise = np.random.default_rng(0).integers(0, 256, size=(20, *network.sample_shape)).astype(np.uint8)
    codes = np.concatenate([network.codes(inputs(build, 40)), np.zeros_like(noise[:1]), np.full_like(noise[:1], 255), noise])
    expected = network.run(codes)
    assert len(np.unique(expected)) > 10  # the codes say something
    np.testing.assert_array_equal(run_on_host(program, codes, flags), expected)


def test_the_sources_need_nothing(files, build, tmp_path):
    """Only <stdint.h> and each other; no float, no allocation, no recursion of headers."""
    program = to_c(files[build], tmp_path, name="net")
    assert program.sources[0].name == "net.c"
    texts = {path.name: path.read_text() for path in tmp_path.glob("*.[ch]")}
    for name, text in texts.items():
        code = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
        assert not re.search(r"\b(malloc|free|float|double|printf|mem\w+)\b|\d\.\d", code), name
        included = set(re.findall(r"#include [<\"](.+?)[>\"]", text))
        assert included <= {"stdint.h", *texts}, name


def test_the_same_network_gives_the_same_text(files, tmp_path):
    first, second = to_c(files["residual"], tmp_path / "a"), to_c(IntegerNetwork.from_onnx(files["residual"]), tmp_path / "b")
    for path in first.folder.glob("*.[ch]"):
        assert path.read_bytes() == (second.folder / path.name).read_bytes()


def test_tables_hold_the_networks_numbers(files, tmp_path):
    """Weights pixel by pixel, the bias with the zero point's share."""
    network = IntegerNetwork.from_onnx(files["micro"])
    text = (to_c(network, tmp_path).folder / "model.c").read_text()
    conv = network.layers[0]

    def table(name):
        return [int(number) for number in re.search(rf" {name}\[\d+\] = {{(.*?)}}", text, re.DOTALL)[1].replace(",", " ").split()]

    assert table("conv1_weight") == conv.weight.transpose(0, 2, 3, 1).reshape(-1).tolist()
    zero_point = network.input.grid.zero_point
    assert zero_point > 0
    assert table("conv1_bias") == [int(b) - zero_point * int(w.astype(int).sum()) for b, w in zip(conv.bias, conv.weight, strict=True)]
    assert table("conv1_multiplier") == conv.multiplier.tolist() and table("conv1_shift") == conv.shift.tolist()


def test_an_array_in_c():
    assert weights_to_c("w", np.array([[1, -2], [3, -128]], dtype=np.int8)) == "static const int8_t w[4] = {\n    1, -2, 3, -128,\n};\n"
    assert "INT32_MIN, 2147483647," in weights_to_c("b", np.array([-(2**31), 2**31 - 1], dtype=np.int32))
    lines = weights_to_c("long", np.full(1000, -100, dtype=np.int8)).splitlines()
    assert max(map(len, lines)) <= 120 and sum(line.count("-100") for line in lines) == 1000


@pytest.mark.parametrize(
    ("name", "array", "why"),
    [
        ("2w", np.zeros(1, dtype=np.int8), "is not a name in C"),
        ("a b", np.zeros(1, dtype=np.int8), "is not a name in C"),
        ("w", np.zeros(1), "float64"),
        ("w", np.zeros(0, dtype=np.int8), "0 numbers"),
    ],
)
def test_an_array_that_c_does_not_take_is_refused(name, array, why):
    with pytest.raises(ValueError, match=why):
        weights_to_c(name, array)


@pytest.mark.parametrize("name", ["", "my model", "conv2d", "main", "../x", "1st", "startup"])
def test_a_name_that_c_or_a_kernel_has_is_refused(files, tmp_path, name):
    with pytest.raises(ValueError, match="can't be the model's name"):
        to_c(files["micro"], tmp_path, name=name)
    assert not list(tmp_path.iterdir())


@needs_compiler
def test_a_model_of_another_name_runs_too(files, inputs, tmp_path):
    network = IntegerNetwork.from_onnx(files["pooling"])
    codes = network.codes(inputs("pooling", 5))
    np.testing.assert_array_equal(run_on_host(to_c(network, tmp_path, name="garments"), codes), network.run(codes))


def test_a_flattened_picture_that_no_linear_layer_reads_is_refused(files, tmp_path):
    """Its codes lie in another order in C, which only weights can follow."""
    network = IntegerNetwork.from_onnx(files["pictures"])
    before = network.output
    flat = Flatten(name="flat", inputs=(before,), output=type(before)("flat", (before.size_bytes,), before.grid))
    ends_flat = IntegerNetwork([*network.layers, flat], network.input, flat.output, network.sample_shape)
    with pytest.raises(ValueError, match="flat is a flattened picture and the output"):
        to_c(ends_flat, tmp_path)


@needs_compiler
def test_it_is_compiled_once_and_again_after_a_change(files, tmp_path):
    program = to_c(files["micro"], tmp_path)
    first = build_for_host(program)
    stamp = first.stat().st_mtime_ns
    assert build_for_host(program) == first and first.stat().st_mtime_ns == stamp
    (tmp_path / "dot.h").write_text((tmp_path / "dot.h").read_text() + "/* changed */\n")
    assert build_for_host(program) != first


@needs_compiler
def test_another_inner_loop_is_used(files, inputs, tmp_path):
    """What a reader writes into dot.h is what runs: a loop that forgets the last product gives other codes."""
    network = IntegerNetwork.from_onnx(files["linear"])
    program, codes = to_c(network, tmp_path), network.codes(inputs("linear"))
    dot = tmp_path / "dot.h"
    dot.write_text(dot.read_text().replace("i < count", "i < count - 1"))
    assert (run_on_host(program, codes) != network.run(codes)).any()


@needs_compiler
@pytest.mark.parametrize("broken", ["int32_t x = ;", "static int unused;", "#error wrong"])
def test_sources_that_do_not_compile_are_refused_with_the_first_complaint(files, inputs, tmp_path, broken):
    program = to_c(files["micro"], tmp_path)
    (tmp_path / "dot.h").write_text((tmp_path / "dot.h").read_text() + broken + "\n")
    with pytest.raises(ValueError, match=r"do not compile \(.*dot.h:\d+.*error") as caught:
        run_on_host(program, program.network.codes(inputs("micro", 1)))
    assert "\n" not in str(caught.value)


@needs_compiler
@pytest.mark.parametrize(
    ("statement", "error", "why"),
    [
        ("__builtin_trap();", RuntimeError, "ended with code -?[0-9]+ before it had answered"),
        ("for (volatile int i = 0; i < 1;) { }", TimeoutError, "did not answer within 1 s: look for a loop without an end"),
    ],
    ids=["crash", "endless loop"],
)
def test_a_program_that_does_not_answer_is_a_sentence(files, inputs, tmp_path, statement, error, why):
    program = to_c(files["linear"], tmp_path)
    model = tmp_path / "model.c"
    model.write_text(model.read_text().replace("void model_run(void)\n{", f"void model_run(void)\n{{\n    {statement}"))
    with pytest.raises(error, match=why):
        run_on_host(program, program.network.codes(inputs("linear", 3)), timeout_s=1)


@needs_compiler
def test_the_sanitizer_is_awake(files, inputs, tmp_path):
    """Does an arena that is a byte too small fail, and say why?"""
    program = to_c(files["micro"], tmp_path)
    header = tmp_path / "model.h"
    header.write_text(re.sub(r"(ARENA_BYTES) (\d+)", lambda found: f"{found[1]} {int(found[2]) - 1}", header.read_text()))
    with pytest.raises(RuntimeError, match="AddressSanitizer"):
        run_on_host(program, program.network.codes(inputs("micro", 3)), SANITIZED)


@needs_compiler
def test_codes_of_another_kind_are_refused(programs, inputs):
    program = programs["micro"]
    for codes, why in ((inputs("micro", 2), "codes must be uint8"), (np.zeros((2, 1, 12, 13), dtype=np.uint8), "takes a batch")):
        with pytest.raises(ValueError, match=why):
            run_on_host(program, codes)
    assert run_on_host(program, np.zeros((0, 1, 12, 12), dtype=np.uint8)).shape == (0, 10)


@needs_compiler
def test_a_process_answers_many_times(programs, inputs):
    network = programs["micro"].network
    codes = network.codes(inputs("micro", 9))
    with HostProcess(programs["micro"]) as process:
        for size in (1, 3, 9, 1):
            np.testing.assert_array_equal(process.run(codes[:size]), network.run(codes[:size]))


def test_without_a_compiler_it_says_what_to_install(programs, inputs, monkeypatch):
    monkeypatch.setattr(toolchain.shutil, "which", lambda command: None)
    assert missing_tools(board=False) == ["There is no C compiler here: install one, on Debian and Ubuntu with 'apt install gcc'."]
    assert len(missing_tools()) == 3 and all("apt install" in sentence for sentence in missing_tools())
    program = programs["micro"]
    with pytest.raises(FileNotFoundError, match="apt install gcc"):
        run_on_host(program, program.network.codes(inputs("micro", 1)))
