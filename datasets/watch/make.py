"""Make watch.npz from the wheel of PyPI's package `seglearn` 1.2.5.

    pip download --no-deps seglearn==1.2.5 && unzip seglearn-1.2.5-*.whl seglearn/data/watch_dataset.npy -d origin
    python datasets/watch/make.py origin/seglearn/data/watch_dataset.npy

The numbers are rounded to 16 bits: 1/4096 g and 1/1024 rad/s. Nothing is filtered, resampled or dropped; recordings are
put in order of person, side and exercise.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
ORIGIN = "eb122f23cdf06ef6bd6c6c5312958ec5cf9d038e2e6d457b8081662c75a42537"  # sha256 of watch_dataset.npy
STEPS = np.array([4096, 4096, 4096, 1024, 1024, 1024], dtype=np.float64)  # codes to a unit: g, then rad/s


def main(origin: Path) -> None:
    found = hashlib.sha256(origin.read_bytes()).hexdigest()
    if found != ORIGIN:  # the file is a pickle: only the known one may be opened
        sys.exit(f"{origin} is not the file of seglearn 1.2.5 (sha256 {found}, expected {ORIGIN})")
    data = np.load(origin, allow_pickle=True).item()
    order = np.lexsort((data["y"], data["side"], data["subject"]))
    recordings = [data["X"][i] for i in order]
    codes = [np.rint(one * STEPS) for one in recordings]
    if max(np.abs(one).max() for one in codes) > np.iinfo(np.int16).max:
        sys.exit("a sample does not fit 16 bits: make STEPS smaller")
    out = HERE / "watch.npz"
    np.savez_compressed(
        out,
        samples=np.concatenate(codes).astype(np.int16),
        lengths=np.array([len(one) for one in recordings], dtype=np.int32),
        labels=data["y"][order].astype(np.int8),
        people=data["subject"][order].astype(np.int8),
        sides=data["side"][order].astype(np.int8),
    )
    print(f"{out.name}: {out.stat().st_size:,} bytes, sha256 {hashlib.sha256(out.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
