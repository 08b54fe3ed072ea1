"""The page for whoever has not written one of their own: the zoo's pruned network, in float32 and in int8."""

from __future__ import annotations

import tempfile
from pathlib import Path

from utils.deploy.browser.building import to_browser
from utils.deploy.int8 import to_int8_onnx
from utils.deploy.onnx import to_onnx

PHOTOS, CALIBRATION = 1000, 500  # of the validation and of the training split


def zoo_page(folder: str | Path) -> Path:
    """Write the page of `fashion_large_slim4` into `folder`; return the folder."""
    from utils.data import fashion_mnist  # these two load torch, which the page itself does not need
    from utils.models import zoo

    photos = fashion_mnist("validation", PHOTOS)
    with tempfile.TemporaryDirectory() as name:
        floats, whole = Path(name) / "float32.onnx", Path(name) / "int8.onnx"
        to_onnx(zoo.load("fashion_large_slim4"), photos.images[:1], floats)
        to_int8_onnx(floats, None, whole, fashion_mnist("train", CALIBRATION).images)
        return to_browser({"float32": floats, "int8": whole}, folder, photos)
