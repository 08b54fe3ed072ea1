"""Make fashion_mnist.npz from Debian's package `dataset-fashion-mnist`.

    apt-get download dataset-fashion-mnist && dpkg -x dataset-fashion-mnist_*.deb origin
    python datasets/fashion_mnist/make.py origin/usr/share/datasets/fashion-mnist

Nothing is resampled or dropped: the four IDX files become four arrays.
"""

from __future__ import annotations

import gzip
import hashlib
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def read_idx(path: Path) -> np.ndarray:
    """Read one gzipped IDX file of bytes: two zero bytes, type, rank, big-endian sizes, data."""
    raw = gzip.decompress(path.read_bytes())
    rank = raw[3]
    shape = np.frombuffer(raw, ">u4", count=rank, offset=4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * rank).reshape(shape.astype(int))


def main(origin: Path) -> None:
    arrays = {
        f"{ours}_{kind}": read_idx(origin / f"{theirs}-{kind}-idx{rank}-ubyte.gz")
        for ours, theirs in (("train", "train"), ("test", "t10k"))
        for kind, rank in (("images", 3), ("labels", 1))
    }
    out = HERE / "fashion_mnist.npz"
    np.savez_compressed(out, **arrays)
    print(f"{out.name}: {out.stat().st_size:,} bytes, sha256 {hashlib.sha256(out.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
