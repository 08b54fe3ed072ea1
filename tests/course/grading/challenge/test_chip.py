"""Lab 07's files: flash and RAM of the linked program, whatever the file's names are."""

import contextlib
import os
from pathlib import Path

import numpy as np
import pytest

from course.grading.challenge.by_lab import CHALLENGES
from course.grading.challenge.evaluate import program_sources
from course.grading.sandbox.inside import challenge_chip
from tests.course.grading.challenge.files import int8, renamed, scored
from tests.course.grading.sandboxed import sandboxes
from utils.data import fashion_mnist
from utils.deploy import mcu
from utils.deploy.mcu import boards, codegen, toolchain

__all__ = ["sandboxes"]

needs_compiler = pytest.mark.needs("gcc-arm-none-eabi")
EVIL = {
    "C": '*/ int main(void){while(1);} /* \n#include "/etc/passwd"\n"; static int weight[1] = {',
    "a command": "$(touch /tmp/titans-was-here); `touch /tmp/titans-was-here` && -Wl,--defsym=x=1 -o /tmp/titans-was-here",
    "a path": "../../../../tmp/titans-was-here\0/dev/full",
}


@pytest.fixture
def inside(monkeypatch):
    """The cell, in this process: what it changes in our modules is changed back."""
    for module, name in ((codegen, "RUNTIME"), (boards, "FOLDER"), (toolchain, "SECONDS")):
        monkeypatch.setattr(module, name, getattr(module, name))
    monkeypatch.setenv("PATH", os.environ["PATH"])
    monkeypatch.setattr(challenge_chip, "_loaded", {})
    return challenge_chip


def as_array(data):
    return np.frombuffer(data, np.uint8)


@needs_compiler
def test_flash_ram_and_accuracy_are_those_of_the_lab(sandboxes, tmp_path):
    (tmp_path / "a.onnx").write_bytes(int8("fashion_micro"))
    network = mcu.IntegerNetwork.from_onnx(tmp_path / "a.onnx")
    sizes = mcu.link_sizes(mcu.to_c(network, tmp_path / "c"), "cortex-m4")
    found = scored("07", int8("fashion_micro"), sandboxes)
    assert (found["flash_bytes"], found["ram_bytes"], found["macs"]) == (sizes.flash_bytes, sizes.ram_bytes, network.macs)
    assert 85 < found["right_percent"] < 95 and found["within_budget"] and found["photos"] == 3500


@needs_compiler
@pytest.mark.parametrize("name", EVIL)
def test_names_of_a_file_reach_neither_c_nor_a_path_nor_a_command(name, sandboxes):
    plain = scored("07", int8("start"), sandboxes)
    assert "flash_bytes" in plain, plain
    assert scored("07", renamed(int8("start"), EVIL[name]), sandboxes) == plain | {"size_bytes": len(renamed(int8("start"), EVIL[name]))}


@pytest.mark.parametrize("name", EVIL)
def test_the_c_sources_of_two_files_that_differ_in_names_are_the_same(name, tmp_path):
    texts = []
    for number, data in enumerate((int8("start"), renamed(int8("start"), EVIL[name]))):
        (tmp_path / "challenge.onnx").write_bytes(data)
        program = mcu.to_c(mcu.IntegerNetwork.from_onnx(tmp_path / "challenge.onnx"), tmp_path / str(number))
        texts.append({path.name: path.read_text() for path in program.folder.iterdir() if path.is_file()})
    assert texts[0] == texts[1]


def test_without_a_compiler_nothing_is_claimed(sandboxes, monkeypatch, inside):
    monkeypatch.setattr(inside, "PATHS", "/nowhere")
    monkeypatch.setenv("PATH", "/nowhere")
    inside.evaluate("load", as_array(int8("start")), (1, 28, 28))
    told = inside.evaluate("link", program_sources())
    assert told.keys() == {"missing"} and "arm-none-eabi-gcc is not here: install it" in told["missing"]
    with lacking(told, monkeypatch):
        found = scored("07", int8("start"), sandboxes)
        assert "within_budget" not in found and "flash_bytes" not in found and "right_percent" in found
        assert found["note"].startswith("Not linked: arm-none-eabi-gcc is not here")
        found = scored("07", int8("fashion_large_slim4"), sandboxes)
        assert found["within_budget"] is False, "its tables alone are too much"
        assert "Over the budget" in found["note"] and "Not linked" in found["note"]


@contextlib.contextmanager
def lacking(told, monkeypatch):
    """As if the sandbox had no compiler: its answer is `told`."""
    with monkeypatch.context() as patch:
        source = "def _link(files):\n    return " + repr(told)
        real = Path.read_text

        def read_text(path, *args, **how):
            text = real(path, *args, **how)
            return f"{text}\n\n{source}\n" if path.name == "challenge_chip.py" else text

        patch.setattr(Path, "read_text", read_text)
        yield


def test_a_network_that_is_far_too_large_is_not_compiled(inside, monkeypatch):
    monkeypatch.setattr(inside, "MOST_TABLES", 1000)
    inside.evaluate("load", as_array(int8("start")), (1, 28, 28))
    assert "too much to be compiled" in inside.evaluate("link", program_sources())["missing"]


def test_whole_numbers_answer_and_photos_of_another_shape_are_refused(inside):
    loaded = inside.evaluate("load", as_array(int8("start")), (1, 28, 28))
    assert loaded["tables"] > 0 and loaded["arena"] >= 784
    classes = inside.evaluate("run", fashion_mnist("test", 20).images.numpy())
    assert classes.shape == (20,) and classes.dtype.kind == "i"
    with pytest.raises(ValueError, match=r"is asked for"):
        inside.evaluate("load", as_array(int8("start")), (1, 14, 14))


def test_the_budget_is_the_labs():
    assert CHALLENGES["07"].budgets == {"flash_bytes": 32_768, "ram_bytes": 16_384}
