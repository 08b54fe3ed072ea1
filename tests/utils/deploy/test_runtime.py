"""The runtime leaves no trace where it runs."""

import os
import subprocess
import sys

from utils.files import ROOT


def test_nothing_is_written_into_the_home_folder(tmp_path):
    """ONNX Runtime 1.32 makes a device id and a telemetry log when it is imported; does ours stay silent?"""
    settings = {name: value for name, value in os.environ.items() if not name.startswith(("ORT_", "XDG_"))}
    settings |= {"HOME": str(tmp_path), "TITANS_HOME": str(tmp_path / "my_work"), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-c", "import utils.deploy"], cwd=ROOT, env=settings, check=True)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
