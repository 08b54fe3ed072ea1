"""Make biopsies.npz from the table that scikit-learn ships (`sklearn.datasets.load_breast_cancer`).

    python datasets/biopsies/make.py

Values and their order are those of the table; label 1 is malignant (0 in scikit-learn).
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer

HERE = Path(__file__).parent
ORIGIN = "3a54a12ffd3db348fbe319a9056329cde28da5b2e5ecc26ff7fb9f54aa7cc9f4"  # sha256 of values and labels


def main() -> None:
    table = load_breast_cancer()
    values = np.ascontiguousarray(table.data, dtype=np.float64)
    if (found := hashlib.sha256(values.tobytes() + table.target.astype(np.int8).tobytes()).hexdigest()) != ORIGIN:
        raise SystemExit(f"this scikit-learn has another table of biopsies (sha256 {found}, expected {ORIGIN})")
    out = HERE / "biopsies.npz"
    np.savez_compressed(out, measurements=values, labels=(1 - table.target).astype(np.int8))
    print(f"{out.name}: {out.stat().st_size:,} bytes, sha256 {hashlib.sha256(out.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
