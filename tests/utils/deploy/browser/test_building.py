"""Is the folder of the page whole, the same each time, and refused where the page could not work?"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from utils.data import Images, fashion_mnist
from utils.data.fashion_mnist import MEAN, STD, normalise
from utils.deploy.browser import building, to_browser
from utils.files import ROOT

PHOTOS = fashion_mnist("validation", 40)
HERE = ROOT / "utils" / "deploy" / "browser"


def linear(
    path: Path,
    *,
    shape: tuple = (1, 28, 28),
    classes: int = 10,
    opset: int = 20,
    version: int = 10,
    kind: int = TensorProto.FLOAT,
    batch: int | str = "n",
    fill: float = 0.5,
) -> Path:
    """An .onnx file of one matrix product."""
    dtype = helper.tensor_dtype_to_np_dtype(kind)
    weight = numpy_helper.from_array(np.full((int(np.prod(shape)), classes), fill, dtype), "w")
    nodes = [helper.make_node("Flatten", ["x"], ["flat"]), helper.make_node("MatMul", ["flat", "w"], ["y"])]
    x, y = helper.make_tensor_value_info("x", kind, [batch, *shape]), helper.make_tensor_value_info("y", kind, [batch, classes])
    graph = helper.make_graph(nodes, "linear", [x], [y], [weight])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=version)
    path.write_bytes(model.SerializeToString())
    return path


def contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


# What is written


def test_settings_carry_what_the_page_needs(tmp_path: Path) -> None:
    model = linear(tmp_path / "m.onnx")
    folder = to_browser({"float32": model, "in 8 bits": model}, tmp_path / "page", PHOTOS)
    assert folder == tmp_path / "page"
    settings = json.loads((folder / "settings.json").read_text())
    assert (settings["mean"], settings["std"], settings["side"]) == (MEAN, STD, 28)
    assert settings["classes"] == list(PHOTOS.classes)
    assert settings["examples"] == {"file": "photos.bin", "labels": PHOTOS.labels.tolist()}
    first, second = settings["models"]
    assert first == {"name": "float32", "file": "models/float32.onnx", "bytes": model.stat().st_size, "parameters": 7840, "macs": 7840}
    assert (second["name"], second["file"]) == ("in 8 bits", "models/in-8-bits.onnx")
    assert (folder / first["file"]).read_bytes() == model.read_bytes()


def test_photos_are_the_pixels_from_which_the_inputs_come(tmp_path: Path) -> None:
    """To the bit: normalized again they are the examples."""
    folder = to_browser({"m": linear(tmp_path / "m.onnx")}, tmp_path / "page", PHOTOS)
    pixels = np.frombuffer((folder / "photos.bin").read_bytes(), np.uint8).reshape(-1, 28, 28)
    assert torch.equal(normalise(pixels.copy()), PHOTOS.images)


def test_every_file_that_the_page_names_is_there(tmp_path: Path) -> None:
    """Imports, links and workers, followed from index.html; none leads to another place."""
    folder = to_browser({"m": linear(tmp_path / "m.onnx")}, tmp_path / "page", PHOTOS)
    for path in [folder / "index.html", *folder.glob("*.js"), *folder.glob("*.css")]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|//cdn|@import|url\(", text), path.name
        for name in re.findall(r"""(?:from |src=|href=|Worker\()["']([^"']+)""", text):
            assert (folder / name).is_file(), f"{path.name} names {name}"
    parts = {path.name for path in folder.glob("*.js")}
    html = (folder / "index.html").read_text()
    assert set(re.findall(r'(?:modulepreload" href|src)="(\w+\.js)"', html)) == parts - {"worker.js"}


def test_again_gives_the_same_bytes_and_writes_nothing(tmp_path: Path) -> None:
    models = {"float32": linear(tmp_path / "m.onnx")}
    folder = to_browser(models, tmp_path / "page", PHOTOS)
    before, times = contents(folder), {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    to_browser(models, folder, PHOTOS)
    assert contents(folder) == before
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == times
    assert contents(to_browser(models, tmp_path / "other", PHOTOS)) == before


def test_a_network_that_is_not_shown_any_more_goes(tmp_path: Path) -> None:
    """And files of the user's own stay, networks too: with or without a page that was there before."""
    (tmp_path / "page" / "models").mkdir(parents=True)
    own = linear(tmp_path / "page" / "models" / "own.onnx")
    folder = to_browser({"old": own}, tmp_path / "page", PHOTOS)
    (folder / "notes.txt").write_text("mine")
    assert sorted(path.name for path in (folder / "models").iterdir()) == ["old.onnx", "own.onnx"]
    to_browser({"new": own}, folder, PHOTOS)
    assert sorted(path.name for path in (folder / "models").iterdir()) == ["new.onnx", "own.onnx"]
    assert (folder / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("settings", ["", "[]", "{}", '{"models": 3}', '{"models": ["m"]}', '{"models": [{}]}'])
def test_settings_that_are_damaged_are_written_again(tmp_path: Path, settings: str) -> None:
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "settings.json").write_text(settings)
    folder = to_browser({"m": linear(tmp_path / "m.onnx")}, tmp_path / "page", PHOTOS)
    assert len(json.loads((folder / "settings.json").read_text())["models"]) == 1


def test_the_settings_are_written_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever finds them finds all that they name."""
    written: list[str] = []
    monkeypatch.setattr(building, "write_atomically", lambda path, data: written.append(path.name))
    to_browser({"m": linear(tmp_path / "m.onnx")}, tmp_path / "page", PHOTOS)
    assert written[-1] == "settings.json" and {"m.onnx", "photos.bin", "index.html"} < set(written)


def test_a_crash_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models = {"m": linear(tmp_path / "m.onnx")}
    folder = to_browser(models, tmp_path / "page", PHOTOS)
    before = contents(folder)
    linear(tmp_path / "m.onnx", fill=0.25)

    def crash(*_: object) -> None:
        raise OSError("power cut")

    monkeypatch.setattr("utils.files.os.replace", crash)
    with pytest.raises(OSError, match="power cut"):
        to_browser(models, folder, PHOTOS[:30])
    assert contents(folder) == before


# What is refused, in a sentence

REFUSED = {
    "shape": ({"shape": (1, 32, 32)}, r"takes float \['n', 1, 32, 32\] and the page gives float \['n', 1, 28, 28\]"),
    "channels": ({"shape": (3, 28, 28)}, r"takes float \['n', 3, 28, 28\]"),
    "rank": ({"shape": (784,)}, r"takes float \['n', 784\]"),
    "type": ({"kind": TensorProto.FLOAT16}, "takes float16"),
    "batch": ({"batch": 8}, r"takes float \[8, 1, 28, 28\]"),
    "classes": ({"classes": 7}, r"gives \[1, 7\] for one photo and there are 10 classes"),
    "opset": ({"opset": 27}, "opset 27 and the browser's runtime ends at 26: export it with opset 20"),
    "format": ({"version": 14}, "IR version 14 and the browser's runtime ends at 13"),
    "not finite": ({"fill": np.nan}, "gives .* for one photo"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_the_page_could_not_run_is_refused(tmp_path: Path, what: str) -> None:
    options, sentence = REFUSED[what]
    with pytest.raises(ValueError, match=sentence) as error:
        to_browser({"m": linear(tmp_path / "m.onnx", **options)}, tmp_path / "page", PHOTOS)
    assert "\n" not in str(error.value) and "m.onnx" in str(error.value)
    assert not (tmp_path / "page").exists()


@pytest.mark.parametrize("damage", [b"", b"no network" * 50, None])
def test_a_damaged_file_is_refused(tmp_path: Path, damage: bytes | None) -> None:
    path = linear(tmp_path / "m.onnx")
    path.write_bytes(path.read_bytes()[:9000] if damage is None else damage)
    with pytest.raises(ValueError, match=r"m\.onnx is (damaged|not a model)"):
        to_browser({"m": path}, tmp_path / "page", PHOTOS)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no model at .*none\.onnx: export it first"):
        to_browser({"m": tmp_path / "none.onnx"}, tmp_path / "page", PHOTOS)


def test_weights_in_another_file_are_refused(tmp_path: Path) -> None:
    model = onnx.load(linear(tmp_path / "whole.onnx"))
    onnx.save(model, tmp_path / "m.onnx", save_as_external_data=True, location="m.data", size_threshold=0)
    with pytest.raises(ValueError, match="keeps its weights in another file"):
        to_browser({"m": tmp_path / "m.onnx"}, tmp_path / "page", PHOTOS)


def test_one_bad_network_of_two_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"bad\.onnx"):
        to_browser({"a": linear(tmp_path / "m.onnx"), "b": linear(tmp_path / "bad.onnx", classes=3)}, tmp_path / "page", PHOTOS)
    assert not (tmp_path / "page").exists()


@pytest.mark.parametrize(
    ("names", "sentence"), [([], "got 0"), (list("abcde"), "got 5"), (["--"], "no network"), (["A b", "a-B"], "two networks")]
)
def test_names_and_numbers_of_networks_are_checked(tmp_path: Path, names: list[str], sentence: str) -> None:
    path = linear(tmp_path / "m.onnx")
    with pytest.raises(ValueError, match=sentence):
        to_browser(dict.fromkeys(names, path), tmp_path / "page", PHOTOS)


@pytest.mark.parametrize(
    "images",
    [PHOTOS.images[:, 0], PHOTOS.images[:0], PHOTOS.images + 0.001, PHOTOS.images * 255, torch.full_like(PHOTOS.images, torch.nan)],
    ids=["no channel", "none", "shifted", "not normalized", "not finite"],
)
def test_examples_that_are_no_photos_are_refused(tmp_path: Path, images: torch.Tensor) -> None:
    with pytest.raises(ValueError, match=r"the page shows gray photos|are not photos normalized"):
        to_browser({"m": linear(tmp_path / "m.onnx")}, tmp_path / "page", Images(images, PHOTOS.labels[: len(images)], PHOTOS.classes))


# The runtime


def test_the_runtime_is_the_one_of_its_card() -> None:
    """Hashes and bytes of each file, unpacked ones too."""
    rows = re.findall(r"^\| `(\S+)`(, unpacked)? \| ([\d,]+) \| `(\w{64})` \|$", (HERE / "runtime" / "CARD.md").read_text(), re.M)
    assert len(rows) == 4
    for name, unpacked, size, digest in rows:
        data = (HERE / "runtime" / (f"{name}.gz" if unpacked else name)).read_bytes()
        data = gzip.decompress(data) if unpacked else data
        assert (len(data), hashlib.sha256(data).hexdigest()) == (int(size.replace(",", "")), digest), name


@pytest.mark.needs("git", ".git")
def test_what_ships_is_tracked_by_git() -> None:
    """No pattern of .gitignore hides a file that the page needs."""
    files = [*(HERE / "page").iterdir(), *(HERE / "runtime").iterdir()]
    found = subprocess.run(["git", "check-ignore", *map(str, files)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode in (0, 1), found.stderr
    assert [name for name in found.stdout.splitlines() if "__pycache__" not in name] == []


def test_the_package_is_there_without_torch() -> None:
    """A server needs a tenth of a second, not the three that torch takes."""
    code = "import sys, utils.deploy.browser; sys.exit('torch' in sys.modules or 'playwright' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_a_pair_is_taken_as_photos_with_the_usual_classes(tmp_path: Path) -> None:
    """As `scorecard` takes them; the bytes are those of the photos with their names."""
    model = linear(tmp_path / "m.onnx")
    whole = contents(to_browser({"m": model}, tmp_path / "whole", PHOTOS))
    for number, pair in enumerate([(PHOTOS.images, PHOTOS.labels), [PHOTOS.images.numpy(), PHOTOS.labels.numpy()]]):
        assert contents(to_browser({"m": model}, tmp_path / f"pair {number}", pair)) == whole  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("examples", "sentence"),
    [
        (PHOTOS.images, "must be Images or a pair"),
        ((PHOTOS.images, PHOTOS.labels[:3]), "one integer label for each photo"),
        ((PHOTOS.images, PHOTOS.labels + 5), r"labels must lie in 0\.\.9"),
        ((torch.zeros(4, 1, 16, 16), torch.zeros(4, dtype=torch.int64)), "gray photos"),
    ],
)
def test_other_examples_are_told_what_to_give(tmp_path: Path, examples: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        to_browser({"m": linear(tmp_path / "m.onnx")}, tmp_path / "page", examples)  # type: ignore[arg-type]
    assert not (tmp_path / "page").exists()


def test_a_file_whose_answers_depend_on_their_neighbours_is_refused(tmp_path: Path) -> None:
    """A normalization over the batch was exported as it is in training: the page shows one photo at a time."""
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["m"], axes=[0], keepdims=1),
        helper.make_node("Sub", ["x", "m"], ["c"]),
        helper.make_node("Flatten", ["c"], ["flat"]),
        helper.make_node("MatMul", ["flat", "w"], ["y"]),
    ]
    weight = numpy_helper.from_array(np.random.default_rng(0).normal(size=(784, 10)).astype(np.float32), "w")
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *shape]) for name, shape in (("x", (1, 28, 28)), ("y", (10,)))]
    graph = helper.make_graph(nodes, "centered", ends[:1], ends[1:], [weight])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), tmp_path / "m.onnx")
    with pytest.raises(ValueError, match="other answers for a photo alone than among others"):
        to_browser({"m": tmp_path / "m.onnx"}, tmp_path / "page", PHOTOS)
