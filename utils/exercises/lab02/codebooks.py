"""Lab 02's judge of codebooks: k-means has many right answers, so it looks at what each of them must satisfy."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.exercises.judges import Judge, Verdict, describe, difference, number
from utils.exercises.lab02.oracles import distance_to_nearest, lloyd

KMEANS = 1.25  # how much worse than Lloyd's from even spacing: another start ends in another valley, which lies at most a tenth higher


def codebook(*wanted: str) -> Judge:
    """inputs: (weight, bits). A codebook of 2**bits finite numbers and a code for each weight, and what is wanted of them.

    wanted: "nearest", each weight has the code of its nearest entry; "means", each used entry is the mean of its weights;
    "loss", the squared error is about that of Lloyd's algorithm; "exact", each weight comes back; "sorted"; "integers".
    Verdicts are about "shape", "nan", or the property that is missing.
    """

    def judge(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        weight, bits = inputs
        expected = f"a codebook of shape ({2**bits},) and codes of shape {weight.shape}"
        if type(answer) not in (list, tuple) or len(answer) != 2 or not all(type(one) is np.ndarray for one in answer):
            return Verdict(False, expected, describe(answer), "shape")
        entries, given = answer
        if entries.shape != (2**bits,) or given.shape != weight.shape or any(one.dtype.kind not in "iuf" for one in answer):
            return Verdict(False, expected, f"shapes {entries.shape} and {given.shape}", "shape")
        if not np.isfinite(entries).all():
            return Verdict(False, "numbers in the codebook", "NaN or infinity in the codebook", "nan")
        if not np.isin(given, np.arange(2**bits)).all():
            return Verdict(False, f"codes from 0 to {2**bits - 1}", f"codes from {number(given.min())} to {number(given.max())}", "shape")
        for name in wanted:
            fault = _FAULTS[name](weight, bits, entries.astype(float), given)
            if fault is not None:
                return Verdict(False, _WANTED[name], fault, name)
        said = ", ".join(_WANTED[name] for name in wanted)
        return Verdict(True, said, said)

    return judge


_WANTED = {
    "nearest": "each weight has its nearest entry",
    "means": "each used entry is the mean of its weights",
    "loss": "an error about as small as that of k-means",
    "exact": "each weight comes back as it was",
    "sorted": "entries that ascend",
    "integers": "codes of an integer dtype",
}


def _spacing(weight: np.ndarray, bits: int) -> float:
    """Between two entries, if they were spaced evenly: what errors are measured by."""
    return float(np.ptp(weight)) / (2**bits - 1)


def _not_nearest(weight: np.ndarray, bits: int, entries: np.ndarray, given: np.ndarray) -> str | None:
    away = np.abs(weight - entries[given.astype(int)])
    worse = away > distance_to_nearest(weight, entries) + 2e-3 * _spacing(weight, bits) + 1e-7
    return f"{int(worse.sum())} of {weight.size} weights have another entry" if worse.any() else None


def _no_means(weight: np.ndarray, bits: int, entries: np.ndarray, given: np.ndarray) -> str | None:
    for code in np.unique(given):
        mean = weight[given == code].astype(float).mean()
        if abs(entries[int(code)] - mean) > 2e-2 * _spacing(weight, bits) + 1e-7:
            return f"entry {int(code)} is {number(entries[int(code)])}, the mean of its weights {number(mean)}"
    return None


def _large_error(weight: np.ndarray, bits: int, entries: np.ndarray, given: np.ndarray) -> str | None:
    error = float(np.mean((weight - entries[given.astype(int)]) ** 2))
    least = float(np.mean(distance_to_nearest(weight, lloyd(weight, bits)) ** 2))
    return f"mean squared error {number(error)}, k-means has {number(least)}" if error > KMEANS * least + 1e-12 else None


def _not_exact(weight: np.ndarray, bits: int, entries: np.ndarray, given: np.ndarray) -> str | None:
    fault = difference(entries[given.astype(int)], weight.astype(float), 1e-5, 1e-7)
    return None if fault is None else f"codebook[codes] has {fault}"


def _not_sorted(weight: np.ndarray, bits: int, entries: np.ndarray, given: np.ndarray) -> str | None:
    at = np.flatnonzero(np.diff(entries) < 0)
    return f"{number(entries[at[0]])} before {number(entries[at[0] + 1])}" if at.size else None


def _no_integers(weight: np.ndarray, bits: int, entries: np.ndarray, given: np.ndarray) -> str | None:
    return None if given.dtype.kind in "iu" else f"codes of {given.dtype}"


_FAULTS = {
    "nearest": _not_nearest,
    "means": _no_means,
    "loss": _large_error,
    "exact": _not_exact,
    "sorted": _not_sorted,
    "integers": _no_integers,
}
