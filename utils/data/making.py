"""Data that can't be handed on with the course and is made on the spot: which lab wants which."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from utils.data.contours import PACKAGE as CONTOURS_PACKAGE
from utils.data.contours import make_contours
from utils.data.hapt import PACKAGE as HAPT_PACKAGE
from utils.data.hapt import make_hapt
from utils.data.mnist import PACKAGE as MNIST_PACKAGE
from utils.data.mnist import make_mnist


@dataclass(frozen=True)
class Made:
    """A data set that `start.py data NN` makes.

    labs: the numbers of the labs that use it.
    make: makes the file from the published package, or from a copy of it; returns where it lies.
    """

    title: str
    labs: tuple[str, ...]
    package: str
    make: Callable[[Path | None], Path]


MADE = (
    Made("HAPT, everyday activities of thirty people", ("08",), HAPT_PACKAGE, make_hapt),
    Made("MNIST, handwritten digits", ("04",), MNIST_PACKAGE, make_mnist),
    Made("outlines of finger bones from X-rays", ("13",), CONTOURS_PACKAGE, make_contours),
)


def made_for(number: str) -> tuple[Made, ...]:
    """What is to be made for a lab. number: "8", "08" or "08_on_device_learning".

    Raises:
        ValueError: that lab needs nothing of the kind.
    """
    wanted = number.partition("_")[0].zfill(2)
    found = tuple(one for one in MADE if wanted in one.labs)
    if not found:
        labs = ", ".join(sorted({lab for one in MADE for lab in one.labs}))
        raise ValueError(f"lab {number} has no data to be made: what it needs is in the repository. Data is made for lab {labs}.")
    return found
