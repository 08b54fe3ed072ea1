"""Files of the open challenges: the best try within the budget, and the file that is handed in.

A lab's challenge cell calls `keep_best` after each try, so that a later, worse try never costs the student the best file.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from utils import ledger
from utils.files import my_work, sha256_of, write_atomically
from utils.student.file_format import mapping

MAX_BYTES = 16_000_000  # of a file that is handed in; the budgets are far below
BEST = "-best"
KIND = "challenge"


@dataclass(frozen=True)
class Budget:
    """The limit of a challenge that a file shows by itself. suffix: of the file. size_bytes: its limit, None if there is none."""

    suffix: str
    size_bytes: int | None = None


# By lab, as the labs state them; what a file does not show (MACs, memory, accuracy) is judged by the lab's cell and by the grader.
BUDGETS = {
    "00": Budget(".safetensors", 20_000),
    "01": Budget(".safetensors", 2_000_000),
    "02": Budget(".safetensors", 900_000),
    "03": Budget(".safetensors", 60_000),
    "06": Budget(".onnx"),
    "07": Budget(".onnx"),
    "08": Budget(".safetensors", 147_456),
    "11": Budget(".onnx", 5_000),
    "13": Budget(".onnx", 10_000),
}


@dataclass(frozen=True)
class Entry:
    """The file to hand in.

    name: in the zip. sentences: which file was taken, and which were not. fault: what a grader will say about it, "" if it is
    within the budget as far as that is known here.
    """

    name: str
    path: Path
    sentences: tuple[str, ...]
    fault: str = ""


def keep_best(path: Path, score: float, within: bool) -> None:
    """Remember a try of a challenge; the best file within the budget is kept as "01_challenge-best.safetensors".

    path: the file of this try, `my_work/01_challenge.safetensors`. score: higher is better. within: whether it is within the budget.
    """
    lab, sha256 = path.name[:2], sha256_of(path)
    within = within and math.isfinite(score)
    known = _tries(lab)
    best = _best_file(path)
    before = known.get(sha256_of(best)) if best.is_file() else None
    known[sha256] = {"score": float(score) if math.isfinite(score) else 0.0, "within": bool(within)}
    if within and (before is None or score >= before["score"]):
        write_atomically(best, path.read_bytes())
    elif before is not None:
        print(f"{best.name} is better: 'submit {lab}' hands that one in.")
    recent = dict(list(known.items())[-20:])
    if best.is_file() and (one := known.get(sha256_of(best))):
        recent[sha256_of(best)] = one
    ledger.record(KIND, lab, recent)


def entry(lab: str) -> tuple[Entry | None, tuple[str, ...]]:
    """The file to hand in for a lab's challenge, None if there is none; and a sentence for each file that can't be handed in.

    lab: its number, "01".
    """
    left, usable = [], []
    for path in sorted(path for path in my_work().glob(f"{lab}_challenge*") if path.is_file()):
        asked = BUDGETS.get(lab, Budget(path.suffix))
        if path.suffix != asked.suffix:
            left.append(f"{path.name} is left out: lab {lab} asks for a file that ends in {asked.suffix}.")
        elif path.stat().st_size > MAX_BYTES:
            left.append(f"{path.name} is left out: it has more than {MAX_BYTES // 1_000_000} MB.")
        else:
            usable.append(path)
    if not usable:
        return None, tuple(left)
    tries = _tries(lab)
    ranks = {path: _rank(path, lab, tries.get(sha256_of(path))) for path in usable}
    path = max(usable, key=lambda one: ranks[one])
    name, known = f"{lab}_challenge{path.suffix}", tries.get(sha256_of(path))
    others = [one for one in usable if one != path]
    limit = BUDGETS.get(lab, Budget(path.suffix)).size_bytes
    fault = ""
    if not _fits(path, lab) or (known and not known["within"]):
        how = "measured by your notebook" if _fits(path, lab) else "by its size"
        fault = f"{path.name} is over the budget, {how}. Make a smaller one and submit {lab} again."
    return Entry(name, path, tuple(_sentences(path, known, limit, name, others)), fault), tuple(left)


def _rank(path: Path, lab: str, known: Mapping[str, Any] | None) -> tuple[bool, bool, float, bool]:
    """The order of preference: within the budget; the plain name, if no try was recorded of that file; the best score."""
    within = _fits(path, lab) and (known is None or known["within"])
    plain = path.stem == f"{lab}_challenge"
    return within, known is None and plain, known["score"] if known else float("-inf"), plain


def _sentences(path: Path, known: dict[str, Any] | None, limit: int | None, name: str, others: list[Path]) -> list[str]:
    """Which file is handed in, and which ones are not."""
    size = f"{path.stat().st_size:,} bytes" + (f" of {limit:,} allowed" if limit else "")
    taken = f"{path.name} ({size}) goes in as {name}" if path.name != name else f"{name} has {size}"
    different = [one.name for one in others if sha256_of(one) != sha256_of(path)]
    found = [f"{taken}{': the best try within the budget' if different and known and known['within'] else ''}."]
    if different:
        found.append(f"Not handed in: {', '.join(different)}. To hand in another one, rename it to {name} and rename the others away.")
    return found


def _fits(path: Path, lab: str) -> bool:
    limit = BUDGETS.get(lab, Budget("")).size_bytes
    return limit is None or path.stat().st_size <= limit


def _best_file(path: Path) -> Path:
    return path.with_name(f"{path.name[:2]}_challenge{BEST}{path.suffix}")


def _tries(lab: str) -> dict[str, dict[str, Any]]:
    """The recorded tries: the file's hash -> its score, and whether it was within the budget."""
    found = {}
    for sha256, one in mapping(ledger.read().get(KIND, {}).get(lab)).items():
        score, within = mapping(one).get("score"), mapping(one).get("within")
        if isinstance(score, int | float) and isinstance(within, bool):
            found[sha256] = {"score": float(score), "within": within}
    return found
