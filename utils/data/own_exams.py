"""Examinations of one's own, from a MedMNIST file or the HAM10000 folder, ready for a network that finds one thing."""

from __future__ import annotations

from pathlib import Path

from utils.data.exams import Exams
from utils.data.ham10000 import MELANOMA, load_ham10000
from utils.data.medmnist import load_medmnist


def own_exams(path: str | Path, finding: int = MELANOMA) -> tuple[Exams, Exams, Exams]:
    """Training, validation and test examinations with two labels, of which 1 is the finding.

    path: a MedMNIST .npz file or the folder of HAM10000. finding: the class to find where there are more than two; by default
    melanoma, which has the same number in HAM10000 and DermaMNIST. A file without a test split is tested on its validation
    split. Where then no validation split is left, a fifth of the training split becomes one, class by class.

    Raises:
        FileNotFoundError: there is no such file or folder.
        ValueError: a file or folder that can't be read, no training split or no other one, no such class, or one class only.
    """
    found = load_ham10000(path) if Path(path).is_dir() else load_medmnist(path)
    if "train" not in found or len(found) < 2:
        raise ValueError(f"{path} has only {' and '.join(found)}: give a file with a training split and one to test on")
    if len(found["train"].classes) > 2:
        found = {split: exams.one_against_rest(finding) for split, exams in found.items()}
    if "test" not in found:
        found["test"] = found.pop("validation")
    if "validation" not in found:
        found["train"], found["validation"] = found["train"].hold_out(0.2)
    return found["train"], found["validation"], found["test"]
