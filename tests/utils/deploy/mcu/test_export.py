"""Are C sources tried before they get their names, and can they be used without Python?"""

from __future__ import annotations

import re
import shutil

import numpy as np
import pytest

from utils.deploy.mcu import IntegerNetwork, codegen, export, host, to_c, toolchain
from utils.deploy.mcu.layers import AveragePool, Dense

needs_compiler = pytest.mark.needs("gcc")


@needs_compiler
def test_a_kernel_that_computes_otherwise_stops_the_export(files, tmp_path, monkeypatch):
    """The program's answers are the network's to the bit, or there is no program."""
    broken = shutil.copytree(codegen.RUNTIME, tmp_path / "runtime")
    source = (broken / "dot.h").read_text()
    (broken / "dot.h").write_text(source.replace("+=", "-=", 1))
    for module in (codegen, export):
        monkeypatch.setattr(module, "RUNTIME", broken)
    monkeypatch.setattr(export, "_kernels", export._kernels.__wrapped__)
    with pytest.raises(ValueError, match="give other codes than the network"):
        to_c(files["linear"], tmp_path / "c")
    assert not (tmp_path / "c").exists()


def test_a_layer_that_computes_otherwise_than_the_file_says_is_named(files, tmp_path, monkeypatch):
    """A pooling that forgets its zero point, a linear layer that forgets its bias."""
    monkeypatch.setattr(AveragePool, "compute", lambda self, x: np.full((len(x), *self.output.shape), 7, np.uint8))
    with pytest.raises(ValueError, match=r"avgpool\d+ of pooling\.onnx is off by \d+ codes in integers"):
        to_c(files["pooling"], tmp_path / "c")
    monkeypatch.undo()
    monkeypatch.setattr(Dense, "compute", lambda self, x: np.zeros((len(x), *self.output.shape), np.uint8))
    with pytest.raises(ValueError, match=r"dense\d+ of linear\.onnx is off by"):
        to_c(files["linear"], tmp_path / "c")
    assert not (tmp_path / "c").exists()


def test_every_build_is_within_two_codes_of_its_file(files, build, tmp_path):
    """Random codes, the smallest and the largest, through every kind of layer; without a compiler, too."""
    assert to_c(files[build], tmp_path / "c").network.macs == IntegerNetwork.from_onnx(files[build]).macs


def test_without_a_compiler_the_sources_are_written_all_the_same(files, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "host_compiler", lambda: None)
    assert (tmp_path / "c" / "model.c").is_file() if to_c(files["micro"], tmp_path / "c") else False


def test_the_header_says_what_the_codes_stand_for(files, tmp_path):
    """Scale, zero point and order of input and output: enough to feed it from C."""
    network = to_c(files["branches"], tmp_path, "net").network
    text = (tmp_path / "net.h").read_text()
    for end, tensor in (("INPUT", network.input), ("OUTPUT", network.output)):
        found = re.search(rf"NET_{end}_ZERO_POINT (\d+) /\* scale (\S+) \*/", text)
        assert (int(found[1]), np.float32(found[2])) == (tensor.grid.zero_point, np.float32(tensor.grid.scale))
    assert "NET_INPUT_BYTES 432 /* [12][12][3] codes, the 3 channels of a place side by side */" in text
    assert "NET_OUTPUT_BYTES 5 /* 5 codes */" in text and "shape (3, 12, 12)" in text


TALKS = """
#include <stdio.h>
#include "model.h"
int main(void) {
    int number;
    for (int at = 0; at < MODEL_INPUT_BYTES; at++)
        if (scanf("%d", &number) == 1) model_input[at] = (uint8_t)number;
    model_run();
    for (int at = 0; at < MODEL_OUTPUT_BYTES; at++) printf("%d ", model_output[at]);
    return 0;
}
"""


@needs_compiler
def test_a_program_of_one_s_own_needs_the_header_alone(files, inputs, tmp_path):
    """Codes made by hand from what the header says, in the order that it says."""
    import subprocess

    network = to_c(files["branches"], tmp_path).network
    (tmp_path / "main.c").write_text(TALKS)
    sources = [str(path) for path in tmp_path.glob("*.c")]
    flags = ["-std=c99", "-Wall", "-Wextra", "-Werror"]
    subprocess.run([toolchain.host_compiler(), *flags, *sources, "-o", str(tmp_path / "own")], check=True)
    x = inputs("branches", 1)
    zero, scale = re.search(r"INPUT_ZERO_POINT (\d+) /\* scale (\S+)", (tmp_path / "model.h").read_text()).groups()
    codes = np.clip(np.rint(x / np.float32(scale)) + int(zero), 0, 255).astype(np.uint8)
    given = " ".join(map(str, codes[0].transpose(1, 2, 0).ravel()))
    said = subprocess.run([tmp_path / "own"], input=given, capture_output=True, text=True, check=True).stdout
    assert list(map(int, said.split())) == network.run(network.codes(x))[0].tolist()
    assert host.MAIN.is_file()
