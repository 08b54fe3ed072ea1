"""The C code on emulated boards: the same codes, sizes of the linked image, counted instructions, failures that say why."""

import dataclasses
import re
import subprocess

import numpy as np
import pytest

from utils.data import fashion_mnist
from utils.deploy import to_int8_onnx
from utils.deploy.mcu import BOARDS, link_sizes, missing_tools, run_on_board, run_on_host, to_c, toolchain
from utils.deploy.mcu.boards import board_of, build_for_board
from utils.deploy.mcu.toolchain import tool
from utils.models import zoo

needs_board = pytest.mark.needs("gcc", "gcc-arm-none-eabi", "qemu-system-arm")
INTERRUPT_BYTES = 32  # what the core puts on the stack for an exception (Armv7-M manual, B1.5.6)


@pytest.fixture(scope="module")
def micro(programs, inputs):
    """(program, codes of five inputs)"""
    return programs["micro"], programs["micro"].network.codes(inputs("micro", 5))


@pytest.fixture
def own(files, inputs, tmp_path):
    """The same in a folder of the test's own, whose sources it may change."""
    program = to_c(files["micro"], tmp_path)
    return program, program.network.codes(inputs("micro", 5))


@pytest.fixture(scope="module")
def fashion_micro(tmp_path_factory):
    """The zoo's network for a microcontroller as a program."""
    folder = tmp_path_factory.mktemp("fashion")
    to_int8_onnx(zoo.load("fashion_micro"), None, folder / "fashion_micro.onnx", fashion_mnist("train", 256).images)
    return to_c(folder / "fashion_micro.onnx", folder / "c")


@needs_board
def test_every_build_gives_its_codes_on_a_cortex_m4(programs, inputs, build):
    """And the compiler's figure for the stack is no less than what is seen on a painted one, and near it."""
    network = programs[build].network
    codes = network.codes(inputs(build, 8))
    run = run_on_board(programs[build], codes)
    np.testing.assert_array_equal(run.codes, network.run(codes))
    assert run.sizes.stack // 2 <= run.stack_bytes <= run.sizes.stack + INTERRUPT_BYTES


@needs_board
@pytest.mark.parametrize("board", BOARDS)
def test_every_board_gives_the_codes(micro, board):
    program, codes = micro
    run = run_on_board(program, codes, board)
    np.testing.assert_array_equal(run.codes, program.network.run(codes))
    assert 4 < run.instructions_per_inference / program.network.macs < 40
    assert run.sizes.flash_bytes < BOARDS[board].flash_bytes


@needs_board
def test_instructions_are_the_same_every_time(micro):
    program, codes = micro
    first, second = run_on_board(program, codes), run_on_board(program, codes)
    np.testing.assert_array_equal(first.instructions, second.instructions)
    assert first.instructions_per_inference == round(first.instructions.mean())


@needs_board
def test_twice_the_work_is_twice_the_instructions(own):
    """The clock of the count: a network that runs twice for each input takes twice as many."""
    program, codes = own
    once = run_on_board(program, codes).instructions_per_inference
    main = program.folder / "model.c"
    text = main.read_text()
    body = re.search(r"void model_run\(void\)\n\{\n(.*)\}\n", text, re.DOTALL)[1]
    main.write_text(text.replace(body, body + body))
    assert run_on_board(program, codes).instructions_per_inference == pytest.approx(2 * once, rel=0.02)


@needs_board
def test_sizes_are_those_of_the_linked_image(micro):
    """As the tools of the compiler say; the test bench is not in them; all parts together are the whole."""
    program, _ = micro
    sizes = link_sizes(program)
    said = subprocess.run([tool("arm-none-eabi-size"), "-A", build_for_board(program)], capture_output=True, text=True, check=True).stdout
    sections = {name: int(size) for name, size in re.findall(r"^(\.\w+)\s+(\d+)", said, re.MULTILINE)}
    assert sizes.flash_bytes == sections[".text"] + sections[".data"]
    assert sizes.ram_bytes == sections[".data"] + sections[".bss"] + sizes.stack
    assert sections[".bench"] > 0 and "stack_of_run" not in sizes.parts["flash"]
    assert sum(sizes.parts["flash"].values()) == sizes.flash_bytes and sum(sizes.parts["ram"].values()) == sizes.ram_bytes
    assert sizes.parts["ram"]["arena"] == program.network.arena.size_bytes
    assert sizes.weights + sizes.tables == program.network.weight_bytes
    assert {"Reset_Handler", "vectors", "conv2d", "depthwise_conv2d", "dense", "average_pool"} <= sizes.parts["flash"].keys()
    assert "max_pool" not in sizes.parts["flash"]  # no layer calls it, so it is not linked


@needs_board
def test_no_float_and_no_library_is_linked(micro):
    program, _ = micro
    names = link_sizes(program).parts["flash"]
    assert not [name for name in names if re.search(r"aeabi_[fd]|malloc|mem(cpy|set)|printf|_f?div", name)]


@needs_board
def test_what_does_not_fit_is_refused_with_the_largest_part(micro):
    program, codes = micro
    sizes, board = link_sizes(program), BOARDS["cortex-m4"]
    fits = dataclasses.replace(board, flash_bytes=sizes.flash_bytes, ram_bytes=sizes.ram_bytes)
    assert sizes.excess(fits.flash_bytes, fits.ram_bytes) is None
    run_on_board(program, codes, fits)
    with pytest.raises(ValueError, match=r"fit the Cortex-M4 .*: flash is over by 1 bytes .* the largest part is \w+ with [\d,]+ bytes$"):
        run_on_board(program, codes, dataclasses.replace(fits, flash_bytes=sizes.flash_bytes - 1))
    with pytest.raises(ValueError, match=r"RAM is over by 100 bytes .* is arena .* where conv3 \(360\) and depthwise2 \(216\) lie"):
        run_on_board(program, codes, dataclasses.replace(fits, ram_bytes=sizes.ram_bytes - 100))


@needs_board
def test_tables_that_moved_to_ram_are_named(own):
    """A forgotten const: what moved in is told, not the arena that was there before."""
    program, codes = own
    model = program.folder / "model.c"
    model.write_text(re.sub(r"static const (int\w+) (\w+_weight|\w+_bias)\[", r"static \1 \2[", model.read_text()))
    sizes = link_sizes(program)
    first = next(iter(sizes.moved))
    assert sizes.moved.keys() == {name for name in sizes.parts["ram"] if name.endswith(("_weight", "_bias"))} and first.endswith("_weight")
    small = dataclasses.replace(BOARDS["cortex_m4"], ram_bytes=sizes.ram_bytes - 1)
    told = rf"RAM is over by 1 bytes .*; {sum(sizes.moved.values()):,} bytes of tables .* {first} above all: declare them static const"
    with pytest.raises(ValueError, match=told):
        run_on_board(program, codes, small)
    assert not link_sizes(to_c(program.network, program.folder / "right")).moved


def test_a_board_has_one_name_in_either_spelling():
    assert BOARDS["cortex_m4"] is BOARDS["cortex-m4"] is board_of("cortex_m4")
    with pytest.raises(ValueError, match=r"there is no board 'cortex-m0': choose one of cortex-m3, cortex-m4"):
        board_of("cortex-m0")


@needs_board
def test_a_network_larger_than_the_emulated_memory_is_refused(micro):
    program, _ = micro
    board = BOARDS["cortex-m4"]
    small = dataclasses.replace(board, emulated=dataclasses.replace(board.emulated, flash_length=300))
    with pytest.raises(ValueError, match="bytes of tables and mps2-an386 holds 300"):
        build_for_board(program, small)
    small = dataclasses.replace(board, emulated=dataclasses.replace(board.emulated, flash_length=2000))
    with pytest.raises(ValueError, match=r"do not compile .*FLASH"):
        build_for_board(program, small)


@needs_board
def test_failures_on_the_board_say_why(own):
    program, codes = own
    main = program.folder / "model.c"
    text = main.read_text()
    for statement, error, why in (
        ("*(volatile uint32_t *)0xF0000000u = 1;", RuntimeError, "hard fault"),
        ("for (volatile int i = 0; i < 1;) { }", TimeoutError, "did not end on the emulated board within 2 s"),
    ):
        main.write_text(text.replace("void model_run(void)\n{", f"void model_run(void)\n{{\n    {statement}"))
        with pytest.raises(error, match=why):
            run_on_board(program, codes, timeout_s=2)


@needs_board
def test_bad_calls_are_refused(micro):
    program, codes = micro
    for arguments, why in (
        ((codes, "arduino"), "there is no board 'arduino': choose one of cortex-m3"),
        ((codes.astype(float),), "codes must be uint8"),
        ((codes[:0],), "at least one sample"),
        ((codes[:, :, 1:],), "takes a batch"),
    ):
        with pytest.raises(ValueError, match=why):
            run_on_board(program, *arguments)


def test_without_tools_it_says_what_to_install(micro, monkeypatch):
    program, codes = micro
    which = toolchain.shutil.which
    for absent, package in (("arm-none-eabi-gcc", "gcc-arm-none-eabi"), ("qemu-system-arm", "qemu-system-arm")):
        if which(absent) is None and absent.startswith("qemu") and which("arm-none-eabi-gcc") is None:
            continue  # the compiler is asked for first
        monkeypatch.setattr(toolchain.shutil, "which", lambda command, absent=absent: None if command == absent else which(command))
        with pytest.raises(FileNotFoundError, match=f"{absent} is not here: install it, on Debian and Ubuntu with 'apt install {package}'"):
            run_on_board(program, codes)
        assert any(package in sentence for sentence in missing_tools())


@needs_board
def test_fashion_micro_keeps_lab_07s_budget(fashion_micro):
    """At most 32 kB of flash for weights and code and 16 kB of RAM; 20 images are bit-exact."""
    sizes = link_sizes(fashion_micro)
    assert sizes.excess(32_000, 16_000) is None
    codes = fashion_micro.network.codes(fashion_mnist("validation", 20).images.numpy())
    run = run_on_board(fashion_micro, codes)
    np.testing.assert_array_equal(run.codes, fashion_micro.network.run(codes))
    assert run.instructions_per_inference < 9 * fashion_micro.network.macs
    least, most = run.latency_ms
    assert least == pytest.approx(1000 * run.instructions_per_inference / 64e6) and most == pytest.approx(2 * least)


@needs_board
@pytest.mark.slow
def test_two_hundred_images_are_bit_exact_on_the_board(fashion_micro):
    codes = fashion_micro.network.codes(fashion_mnist("test", 200).images.numpy())
    np.testing.assert_array_equal(run_on_board(fashion_micro, codes).codes, fashion_micro.network.run(codes))


@pytest.mark.slow
@pytest.mark.needs("gcc")
def test_ten_thousand_images_are_bit_exact_on_this_computer(fashion_micro):
    codes = fashion_micro.network.codes(fashion_mnist("test").images.numpy())
    assert len(codes) == 10_000
    np.testing.assert_array_equal(run_on_host(fashion_micro, codes), fashion_micro.network.run(codes))
