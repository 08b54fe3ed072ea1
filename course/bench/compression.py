"""What fewer bits and a teacher cost and bring: the recorded seeds of labs 02 and 03, and int8 timed."""

from __future__ import annotations

import tempfile
from pathlib import Path

from course.bench.bench import LARGE, SLIM, Bench
from course.bench.table import Table, each_seed
from utils.data import fashion_mnist
from utils.deploy import to_int8_onnx, to_onnx
from utils.models import zoo
from utils.show import gain

BITS = {
    f"{LARGE}_int8": "8, activations too (static, nothing trained)",
    f"{LARGE}_w4": "4 (8 in the first and last layer), trained with the rounding",
    f"{LARGE}_w2": "2 (8 in the first and last layer), trained with the rounding",
    f"{LARGE}_longer": "control: 32, trained on as long as 2 bits",
}
STUDENTS = {
    "fashion_student_smoothed": "control: smoothed labels",
    "fashion_student_shuffled": "control: teacher, its wrong classes shuffled",
    "fashion_student_distilled": "teacher",
}
FEW = {
    "fashion_few_own_teacher": "a teacher that knows only the same labels",
    "fashion_few_large_teacher": "upper bound: a teacher that knew all labels",
}


def bits_of_weights(bench: Bench) -> Table:
    """Accuracy and bytes for fewer bits."""
    dense = zoo.record(LARGE)
    rows = [("32", each_seed(dense.test), f"{dense.mean_test:.2f}", "reference", f"{dense.size_bytes[0]:,}", "1x")]
    for name, what in BITS.items():
        run = zoo.record(name)
        smaller = f"{dense.size_bytes[0] / run.size_bytes[0]:.2f}x"
        rows.append(
            (
                what,
                each_seed(run.test),
                f"{run.mean_test:.2f}",
                f"{_points(run, dense):+.2f}",
                f"{run.size_bytes[0]:,}",
                smaller,
            )
        )
    return Table(
        "Fewer bits for the large network",
        ("bits of each weight", "test accuracy of each seed (%)", "mean (%)", "against 32 bits (points)", "file (bytes)", "times smaller"),
        tuple(rows),
        "Recorded runs, 10,000 test images. 8 bits: the .onnx file; 4 and 2 bits: codes one behind the other, a float32 scale for each\n"
        "channel, biases and normalisations in float32; all counted. Points: the same seeds compared. For\n"
        "comparison, MIT 6.5940 (fall 2023) lab 2, VGG on CIFAR-10, from an executed copy: int8 -0.08; shared values (k-means) of\n"
        "4 bits -0.25, of 2 bits -1.48 points after training.",
        left=(0,),
    )


def _points(run: zoo.Record, dense: zoo.Record) -> float:
    """Mean difference over the seeds that both have, so that a control of one seed is compared with the network it started from."""
    before = dict(zip(dense.seeds, dense.test, strict=True))
    return sum(after - before[seed] for seed, after in zip(run.seeds, run.test, strict=True)) / len(run.seeds)


def int8_in_onnx_runtime(bench: Bench) -> Table:
    """int8 against float32 in the same runtime."""
    calibration = fashion_mnist("train", 512).images
    rows = []
    for name in (LARGE, SLIM, "fashion_small"):
        if name not in bench.networks:
            continue
        with tempfile.TemporaryDirectory(prefix="titans-bench-") as folder:
            files = {kind: str(Path(folder) / f"{kind}.onnx") for kind in ("float32", "static", "dynamic")}
            sizes = {"float32": to_onnx(bench.networks[name], bench.image, files["float32"])}
            sizes["static"] = to_int8_onnx(files["float32"], bench.image, files["static"], calibration)
            sizes["dynamic"] = to_int8_onnx(files["float32"], bench.image, files["dynamic"], dynamic=True)
            timings = bench.time_files(files)
        rows += [
            (name, kind, f"{sizes['float32'] / sizes[kind]:.2f}x", str(timings.ratio("float32", kind))) for kind in ("static", "dynamic")
        ]
    return Table(
        "int8 in ONNX Runtime, against float32 in ONNX Runtime",
        ("network", "kind", "file, times smaller", "times faster [95 % interval]"),
        tuple(rows),
        "One image, one thread, the three files of a network interleaved, in sessions as above. Static: weights and activations,\n"
        "calibrated on 512 training images. Dynamic: weights only, ranges found while it runs. Below 1 is slower. What is fast\n"
        "depends on the processor's int8 instructions, which stand at the top of this page.",
        left=(0, 1),
    )


def students(bench: Bench) -> Table:
    """What a teacher brings, seed by seed."""
    return _against(
        "What a teacher brings",
        "fashion_student",
        STUDENTS,
        "The same student, recipe and epochs over five seeds; 10,000 test images. Gain: the mean of the differences seed by seed, with\n"
        "Student's interval that holds it at 95 %.",
    )


def few_labels(bench: Bench) -> Table:
    """Ten labels a class."""
    return _against(
        "Ten labels a class",
        "fashion_few",
        FEW,
        "The same student trained on 100 labeled images, drawn again for each seed; the other images come without labels. 10,000 test\n"
        "images. The upper bound is not a fair competitor: its teacher has seen every label.",
    )


def _against(title: str, plain: str, others: dict[str, str], note: str) -> Table:
    first = zoo.record(plain)
    rows = [("labels alone", each_seed(first.test), f"{first.mean_test:.2f}", "reference")]
    for name, what in others.items():
        run = zoo.record(name)
        found = gain(run.test, first.test)
        rows.append((what, each_seed(run.test), f"{run.mean_test:.2f}", f"{found.mean:+.2f} [{found.low:+.2f}, {found.high:+.2f}]"))
    return Table(title, ("learns from", "test accuracy of each seed (%)", "mean (%)", "gain in points [95 % interval]"), tuple(rows), note)
