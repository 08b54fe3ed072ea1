"""What all tables share: how long to measure, by which clock, and the timings that several of them need."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from torch import Tensor, nn

from course.bench.load import Load, load_average
from course.bench.notebooks import Run, run_apart
from course.bench.session import time_apart
from utils.data import fashion_mnist
from utils.deploy import to_onnx
from utils.deploy.browser import PageRate, page_rate
from utils.files import ROOT
from utils.measure import Ratio, Timings
from utils.models import zoo

LARGE = "fashion_large"  # what all others are compared with
SLIM = "fashion_large_slim4"
EAGER = f"{LARGE} in torch, eager"


@dataclass(frozen=True)
class Sessions:
    """The timings of several sessions, each in a process of its own."""

    parts: tuple[Timings, ...]

    @property
    def rounds(self) -> int:
        """In all sessions together."""
        return sum(len(next(iter(part.samples_ms.values()))) for part in self.parts)

    def ratio(self, slow: str, fast: str, *, resamples: int = 1000, seed: int = 0) -> Ratio:
        """Median over all rounds of (time of `slow` / time of `fast`).

        The interval holds the median at 95 %: sessions are drawn with replacement, then rounds in each, so it is as wide as
        the sessions differ.
        """
        ratios = [part.samples_ms[slow] / part.samples_ms[fast] for part in self.parts]
        draw, medians = np.random.default_rng(seed), []
        for _ in range(resamples):
            picked = (ratios[at] for at in draw.integers(len(ratios), size=len(ratios)))
            medians.append(np.median(np.concatenate([draw.choice(session, len(session)) for session in picked])))
        low, high = np.percentile(medians, (2.5, 97.5))
        return Ratio(float(np.median(np.concatenate(ratios))), float(low), float(high))


@dataclass(frozen=True)
class Bench:
    """How to measure.

    seconds: for each comparison; rounds: at most, in each of its sessions. session: how one is timed.
    labs: the folder of notebooks to run; run: how one of them is run. load: tells the load average. page: how a web page is timed.
    """

    seconds: float = 10.0
    rounds: int = 1000
    sessions: int = 5
    session: Callable[..., Timings] = time_apart
    labs: Path = ROOT / "labs"
    run: Callable[[Path], Run] = run_apart
    load: Callable[[], Load] = load_average
    page: Callable[[Path], tuple[float, Mapping[str, PageRate]]] = page_rate

    @cached_property
    def image(self) -> Tensor:
        """One image (1, 1, 28, 28) float32, what every network is timed with."""
        return fashion_mnist("validation", 1).images

    @cached_property
    def networks(self) -> dict[str, nn.Module]:
        """Every network of the zoo for Fashion-MNIST, the large one first, those with few labels last."""
        recipes = {name: zoo.recipe(name) for name in zoo.zoo_names()}
        ours = [name for name, what in recipes.items() if what.get("data", "fashion_mnist") == "fashion_mnist"]
        names = sorted(ours, key=lambda name: (name != LARGE, "few" in recipes[name], name))
        return {name: zoo.load(name) for name in names}

    @cached_property
    def shapes(self) -> dict[str, nn.Module]:
        """The first network of each shape: others of the same shape take the same time."""
        firsts = {str(model.config): name for name, model in reversed(self.networks.items())}
        return {name: model for name, model in self.networks.items() if name in firsts.values()}

    @cached_property
    def timings(self) -> Sessions:
        """Every shape of the zoo in ONNX Runtime and the large network in torch, interleaved."""
        return self.time(self.shapes, {EAGER: LARGE})

    def time(self, models: Mapping[str, nn.Module], eager: Mapping[str, str] | None = None) -> Sessions:
        """Time models in ONNX Runtime, and networks of the zoo (name -> which) in torch; all interleaved, one thread, one image."""
        with tempfile.TemporaryDirectory(prefix="titans-bench-") as folder:
            files = {name: str(Path(folder) / f"{at}.onnx") for at, name in enumerate(models)}
            for name, model in models.items():
                to_onnx(model, self.image, files[name])
            return self.time_files(files, eager)

    def time_files(self, files: Mapping[str, str], eager: Mapping[str, str] | None = None) -> Sessions:
        """Time .onnx files (name -> path), and networks of the zoo in torch (name -> which); all interleaved."""
        seconds = self.seconds / self.sessions
        parts = [self.session(files, eager or {}, seconds=seconds, rounds=self.rounds, seed=at) for at in range(self.sessions)]
        return Sessions(tuple(parts))
