"""Write the folder of the page: the page itself, the runtime, the networks, some photos, and settings that name them all.

The folder is complete: any server that knows the types of its files can show it, and nothing is fetched from elsewhere.

    index.html, page.css, *.js      the page
    runtime/                        onnxruntime-web, the WebAssembly module compressed
    models/NAME.onnx                the networks
    photos.bin                      pixels, one byte each, 28 x 28 of them a photo
    settings.json                   classes, normalization, names and sizes of the networks, labels of the photos
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx

from utils.deploy.agreement import FLOAT_TOLERANCE, difference, spread
from utils.deploy.onnx_runnable import OnnxRunnable
from utils.deploy.silence import reason
from utils.files import write_atomically

if TYPE_CHECKING:
    from utils.data import Images

HERE = Path(__file__).parent
PAGE, RUNTIME = HERE / "page", HERE / "runtime"
RUNTIME_FILES = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm.gz", "LICENSE", "ThirdPartyNotices.txt.gz")
SIDE = 28
TRIED = 16  # photos that each file answers before it gets its place
MAX_NETWORKS = 4  # as many as there are colors that can be told apart
NEWEST_OPSET, NEWEST_FORMAT = 26, 13  # of the standard operations and of the file, that onnxruntime-web 1.30 takes (tried)


def to_browser(models: Mapping[str, str | Path], folder: str | Path, examples: Images | tuple[Any, Any]) -> Path:
    """Write the page of one to four networks for gray 28 x 28 photos, as Fashion-MNIST has them, into `folder`; return the folder.

    The same arguments give the same bytes. Each file appears whole or not at all; settings.json, which names the others, comes last.
    Networks of an earlier page that are not shown any more are removed; other files stay.

    models: the name that the page shows -> an .onnx file, weights inside, that takes (n, 1, 28, 28) float32 normalized as
    `utils.data.fashion_mnist` does, and gives (n, classes) float32. The first is shown first.
    examples: photos to choose from and to run, some hundred, normalized; some of each class. `Images`, or a pair (images, labels)
    with Fashion-MNIST's classes. Each file answers some of them, one by one and together, before it gets its place.

    Raises:
        FileNotFoundError: no file at one of the paths.
        ValueError: no network or more than four, a name that is empty or twice there, a file that is damaged, takes or gives
            another shape or type, keeps its weights elsewhere or is too new for the browser; examples that are no photos.
    """
    if not 1 <= len(models) <= MAX_NETWORKS:
        raise ValueError(f"the page shows one to four networks, got {len(models)}: choose the ones to compare")
    photos = _photos(examples)
    pixels = _pixels(photos)
    folder = Path(folder)
    entries, files = [], {}
    for name, path in models.items():
        file = f"models/{_slug(name)}.onnx"
        if file in files:
            raise ValueError(f"two networks would lie in {file}: give names that differ in letters or digits")
        entries.append({"name": name, "file": file} | _checked(Path(path), photos))
        files[file] = Path(path).read_bytes()
    files |= {path.name: path.read_bytes() for path in sorted(PAGE.iterdir())}
    files |= {f"runtime/{name}": (RUNTIME / name).read_bytes() for name in RUNTIME_FILES}
    files["photos.bin"] = pixels.tobytes()
    files["settings.json"] = json.dumps(_settings(photos, entries), indent=1).encode()  # last: it names the others
    earlier = _networks_of(folder)
    for file, data in files.items():
        if not (folder / file).is_file() or (folder / file).read_bytes() != data:
            write_atomically(folder / file, data)
    for old in (folder / "models").glob("*.onnx"):
        if f"models/{old.name}" in earlier - files.keys():
            old.unlink()
    return folder


def _networks_of(folder: Path) -> set[str]:
    """The files of networks that the page in a folder names, none if there is no page: others are the user's own."""
    try:
        return {entry["file"] for entry in json.loads((folder / "settings.json").read_bytes())["models"]}
    except (OSError, ValueError, LookupError, TypeError):
        return set()


def _slug(name: str) -> str:
    """A file's name for a network's name."""
    if not (slug := re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")):
        raise ValueError(f"{name!r} names no network on the page: use letters or digits, such as int8")
    return slug


def _settings(photos: _Photos, entries: list[dict[str, Any]]) -> dict[str, Any]:
    from utils.data.fashion_mnist import MEAN, STD

    return {
        "classes": list(photos.classes),
        "side": SIDE,
        "mean": MEAN,
        "std": STD,
        "models": entries,
        "examples": {"file": "photos.bin", "labels": [int(label) for label in photos.labels]},
        "runtime_bytes": sum((RUNTIME / name).stat().st_size for name in RUNTIME_FILES if "ort" in name),
    }


@dataclass(frozen=True)
class _Photos:
    """images: (n, 1, 28, 28) float32; labels: (n,); classes: their names."""

    images: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]


def _photos(examples: Any) -> _Photos:
    """Examples as arrays, whether they come as `Images` or as a pair."""
    from utils.data.fashion_mnist import CLASSES

    if hasattr(examples, "images"):
        images, labels, classes = examples.images, examples.labels, tuple(examples.classes)
    elif isinstance(examples, tuple | list) and len(examples) == 2:
        (images, labels), classes = examples, CLASSES
    else:
        raise ValueError(f"examples must be Images or a pair (images, labels), got {type(examples).__name__}: give both")
    images, labels = np.asarray(images), np.asarray(labels)
    if labels.shape != images.shape[:1] or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"examples need one integer label for each photo, got {len(images)} photos and {labels.dtype} {labels.shape}")
    if len(labels) and not 0 <= labels.min() <= labels.max() < len(classes):
        raise ValueError(f"labels must lie in 0..{len(classes) - 1}, got {labels.min()} to {labels.max()}: give Images with their classes")
    return _Photos(images, labels, classes)


def _pixels(examples: _Photos) -> np.ndarray:
    """(n, 28, 28) uint8 from normalized photos, if normalizing those gives the photos again."""
    from utils.data.fashion_mnist import MEAN, STD, normalise

    images = examples.images
    if images.shape[1:] != (1, SIDE, SIDE) or not len(images):
        raise ValueError(f"the page shows gray photos (n, 1, {SIDE}, {SIDE}), got examples of shape {images.shape}: give Fashion-MNIST's")
    with np.errstate(invalid="ignore"):
        pixels = np.rint((images[:, 0] * STD + MEAN) * 255).clip(0, 255).astype(np.uint8)
    if not np.array_equal(normalise(pixels).numpy(), images):
        raise ValueError("the examples are not photos normalized as in training: give a part of fashion_mnist('validation')")
    return pixels


def _checked(path: Path, photos: _Photos) -> dict[str, Any]:
    """What the scorecard says of a file, if the page can run it."""
    if not path.is_file():
        raise FileNotFoundError(f"no model at {path}: export it first with to_onnx")
    try:
        model = onnx.load(path, load_external_data=False)
        (value,) = model.graph.input
    except Exception as error:  # protobuf's own exception classes share no base; no input or several
        raise ValueError(f"{path} is damaged or no ONNX model with one input: export it again with to_onnx") from error
    kind = value.type.tensor_type
    shape = [dim.dim_value or "n" for dim in kind.shape.dim]
    if kind.elem_type != onnx.TensorProto.FLOAT or shape[1:] != [1, SIDE, SIDE] or shape[0] not in ("n", 1):
        taken = f"{onnx.TensorProto.DataType.Name(kind.elem_type).lower()} {shape}"
        raise ValueError(f"{path} takes {taken} and the page gives float ['n', 1, {SIDE}, {SIDE}]: export a model of such pictures")
    if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in model.graph.initializer):
        raise ValueError(f"{path} keeps its weights in another file, which the browser can't open: export it with to_onnx")
    if (opset := max((one.version for one in model.opset_import if one.domain in ("", "ai.onnx")), default=0)) > NEWEST_OPSET:
        raise ValueError(f"{path} has opset {opset} and the browser's runtime ends at {NEWEST_OPSET}: export it with opset 20")
    if model.ir_version > NEWEST_FORMAT:
        raise ValueError(
            f"{path} is of IR version {model.ir_version} and the browser's runtime ends at {NEWEST_FORMAT}: export it with to_onnx"
        )
    runnable = OnnxRunnable(path, sample=(1, SIDE, SIDE))
    shown = spread(photos.images, TRIED)
    try:
        logits = [runnable.run(shown[at : at + 1]) for at in range(len(shown))]  # as the page does
        together = np.concatenate(logits) if shape[0] == 1 else runnable.run(shown)
    except Exception as error:  # the runtime's own exception classes share no base
        raise ValueError(f"{path} fails on a photo ({reason(error)}): export it again") from error
    if logits[0].shape != (1, len(photos.classes)) or not np.isfinite(logits).all():
        found = f"{list(logits[0].shape)} for one photo" if np.isfinite(logits).all() else "NaN or infinity for one photo"
        raise ValueError(f"{path} gives {found} and there are {len(photos.classes)} classes: use another model")
    if difference(together, np.concatenate(logits)) > FLOAT_TOLERANCE:
        raise ValueError(f"{path} gives other answers for a photo alone than among others, and the page shows one: export it with to_onnx")
    return {"bytes": runnable.size_bytes, "parameters": runnable.parameters, "macs": runnable.macs}
