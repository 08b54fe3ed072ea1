"""One session of timing in a process of its own: where networks come to lie in memory moves a ratio by some percent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping

import numpy as np

from utils.data import fashion_mnist
from utils.deploy import OnnxRunnable
from utils.files import ROOT
from utils.measure import Runnable, Timings, TorchRunnable, latency
from utils.models import zoo


def time_here(
    files: Mapping[str, str],
    eager: Mapping[str, str],
    *,
    seconds: float,
    rounds: int,
    seed: int,
    clock: Callable[[], float] = time.perf_counter,
) -> Timings:
    """Time networks on one image, interleaved, one thread.

    files: name -> an .onnx file, run by ONNX Runtime. eager: name -> a network of the zoo, run by torch.
    """
    image = fashion_mnist("validation", 1).images
    contestants: dict[str, Runnable] = {name: OnnxRunnable(file, name=name) for name, file in files.items()}
    contestants |= {name: TorchRunnable(zoo.load(of), image, file=zoo.record(of).file, name=name) for name, of in eager.items()}
    return latency(contestants, image, rounds=rounds, budget_s=seconds, seed=seed, clock=clock)


def time_apart(files: Mapping[str, str], eager: Mapping[str, str], *, seconds: float, rounds: int, seed: int) -> Timings:
    """The same in a fresh process.

    Raises:
        ValueError: the process failed; the text is the last line it said.
    """
    from course.checks.gate import ONE_THREAD

    what = json.dumps({"files": dict(files), "eager": dict(eager), "seconds": seconds, "rounds": rounds, "seed": seed})
    command = [sys.executable, "-m", "course.bench.session", what]
    settings = {**os.environ, **dict.fromkeys(ONE_THREAD, "1")}
    done = subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, encoding="utf-8")
    if done.returncode:
        raise ValueError(f"a session of timing failed: {(done.stderr.strip().splitlines() or ['it ended without a word'])[-1]}")
    return Timings({name: np.array(samples) for name, samples in json.loads(done.stdout.splitlines()[-1]).items()})


def main(what: str) -> None:
    """Print the samples of a session that is described in JSON, as JSON."""
    timings = time_here(**json.loads(what))
    print(json.dumps({name: samples.tolist() for name, samples in timings.samples_ms.items()}))


if __name__ == "__main__":
    main(sys.argv[1])
