"""`start.py bench`: every table of tiny networks under a clock of our own; no figure here depends on the machine."""

import json
import re
import shutil
from datetime import UTC, datetime
from functools import partial

import nbformat
import numpy as np
import pytest
import torch
import typer
from typer.testing import CliRunner

from course import cli
from course.bench import compression, deployment, health, imaging, report, tables
from course.bench.bench import EAGER, LARGE, Bench, Sessions
from course.bench.notebooks import Run, run_apart, run_here, where
from course.bench.report import write_results
from course.bench.session import time_apart, time_here
from course.bench.table import Table
from utils.deploy.browser import PageRate
from utils.deploy.mcu import missing_tools
from utils.jupyter import NotebookFailedError
from utils.measure import Ratio, Timings, latency
from utils.models import ResidualConfig, ResidualNet, save_model, zoo

RATIO = re.compile(r"\d+\.\d\dx \[\d+\.\d\d, \d+\.\d\d\]")
COUNT = re.compile(r"\d{1,3}(,\d{3})*")
WHEN = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
FAKE = Run(seconds=41.7, peak_bytes=1_234_567_890, longest_s=12.34, longest="cell 7, under 'Predict'")


class Clock:
    """Passes by a few milliseconds whenever it is read, always the same ones."""

    def __init__(self):
        self.now, self.steps = 0.0, np.random.default_rng(0)

    def __call__(self):
        self.now += self.steps.uniform(0.001, 0.003)
        return self.now


@pytest.fixture
def small_zoo(tmp_path, monkeypatch):
    """Three networks with a few hundred weights and their records, under the names of the real ones."""
    monkeypatch.setattr(zoo, "ZOO", tmp_path / "zoo")
    more = ["fashion_student", *compression.STUDENTS, "fashion_few", *compression.FEW]
    networks = [(LARGE, (4, 8), [0, 1, 2]), (tables.SLIM, (2, 4), [0, 1]), (tables.ZEROS, (4, 8), [0]), (deployment.MICRO, (3,), [0, 1])]
    for name, widths, seeds in [*networks, *((name, (2,), [0, 1]) for name in more)]:
        torch.manual_seed(0)
        model = ResidualNet(ResidualConfig.of(4, *((width, 2) for width in widths))).eval()
        if name == tables.ZEROS:
            with torch.no_grad():
                model.blocks[1].conv2.weight.zero_()
        folder = tmp_path / "zoo" / name
        size = save_model(model, folder / "model.safetensors")
        few = "[few]\nper_class = 1\n" if name in compression.FEW or name == "fashion_few" else ""
        (folder / "recipe.toml").write_text(f'title = "{name}"\nseeds = {seeds}\n{few}')
        for seed in seeds:
            record = {"seed": seed, "validation": 90.0, "test": 90.0 + seed / 10, "bytes": size, "hours": 0.1}
            (folder / f"seed{seed}.json").write_text(json.dumps(record))
    for at, name in enumerate([*compression.BITS, f"{tables.SLIM}_int8", f"{deployment.MICRO}_int8"], 1):
        shutil.copytree(tmp_path / "zoo" / tables.SLIM, tmp_path / "zoo" / name)
        (tmp_path / "zoo" / name / "model.safetensors").unlink()  # the records are what counts
        record = {"seed": 0, "validation": 90.0, "test": 90.0 - at, "bytes": size // at, "hours": 0.1}
        (tmp_path / "zoo" / name / "seed0.json").write_text(json.dumps(record))
    watch = tmp_path / "zoo" / deployment.WATCH
    watch.mkdir()
    (watch / "recipe.toml").write_text('title = "watch"\nseeds = [0, 1]\n')
    for seed in (0, 1):
        people = [dict.fromkeys(deployment.LEARNT, 80.0 + seed) | {"person": one, "after": 82.0 + one + seed} for one in (1, 2, 3)]
        folds = [{"people": people[:2]}, {"people": people[2:]}]
        (watch / f"seed{seed}.json").write_text(json.dumps({"folds": folds, "test": 80.0 + seed, "bytes": 70_000}))
    figures = {"accuracy": 94.0, "balanced": 60.0, "rare": 40.0}
    for name in (*health.BEATS, health.BINARY, "motion_watch_small", "motion_hapt_small", "motion_hapt"):
        (tmp_path / "zoo" / name).mkdir()
        (tmp_path / "zoo" / name / "recipe.toml").write_text(f'title = "{name}"\nseeds = [0, 1]\n')
        for seed in (0, 1):
            record = {"test": 90.0 + seed, "bytes": 9_000, "int8_test": 89.0 + seed, "int8_bytes": 4_000 + seed}
            record |= {"float32": figures, "int8": {**figures, "balanced": 58.0 + seed, "bytes": 4_100}}
            (tmp_path / "zoo" / name / f"seed{seed}.json").write_text(json.dumps(record))
    for name in (*imaging.NETWORKS, *(f"{data}_large" for data in imaging.PAIRS.values())):
        (tmp_path / "zoo" / name).mkdir(exist_ok=True)
        (tmp_path / "zoo" / name / "recipe.toml").write_text(f'title = "{name}"\nseeds = [0, 1]\n')
        for seed in (0, 1):
            auc = 0.9 - 0.01 * seed - 0.005 * name.endswith("tiny")
            examined = {"auc": auc, "sensitivity": 0.8, "ece": 0.1, "ece_scaled": 0.04 - 0.01 * seed}
            intervals = {f"{key}_interval": [value - 0.01, value + 0.01] for key, value in examined.items()}
            lost = {"auc": 0.5, "auc_interval": [0, 1], "sensitivity": -1.0, "sensitivity_interval": [-2, 1]}
            floats = {**examined, **intervals, "groups": {"dark": examined}}
            record = {"bytes": 90_000, "lost_int8": lost, "float32": floats, "int8": {**floats, "bytes": 4_100 + seed}}
            (tmp_path / "zoo" / name / f"seed{seed}.json").write_text(json.dumps(record))


@pytest.fixture
def bench(small_zoo, tmp_path, monkeypatch):
    """A bench of the small zoo and of two labs that nobody runs."""
    clock = Clock()
    monkeypatch.setattr("utils.measure.sparse.latency", partial(latency, clock=clock))
    monkeypatch.setattr(tables, "LEVELS", (0.5, 0.9))
    (tmp_path / "labs").mkdir()
    for name in ("01_first.ipynb", "02_second.ipynb", "notes.ipynb"):
        (tmp_path / "labs" / name).touch()
    return Bench(
        seconds=30,
        rounds=10,
        sessions=2,
        session=partial(time_here, clock=clock),
        labs=tmp_path / "labs",
        run=lambda path: FAKE,
        load=lambda: (2.5, 1, 1),
        page=lambda folder: (900.0, {kind: PageRate(kind, 120.0, 8.0, 9.0) for kind in ("float32", "int8")}),
    )


def column(table, title):
    """The cells under a title."""
    return [row[table.columns.index(title)] for row in table.rows]


def test_recorded_heartbeats_and_movements_are_shown_seed_by_seed(bench):
    beats, motion = health.heartbeats(bench), health.motion_in_int8(bench)
    assert column(beats, "balanced recall (%)") == [*["60.00 / 60.00, mean 60.00"] * 2, *["58.00 / 59.00, mean 58.50"] * 2, "two classes"]
    assert column(beats, "file (bytes)") == ["9,000", "9,000", "4,100", "4,100", "4,100"]
    assert column(motion, "mean (%)") == ["80.50", "90.50", "89.50", "90.50", "90.50", "89.50"]
    assert column(motion, "file (bytes)")[2] == "4,001"


def test_recorded_examinations_are_shown_seed_by_seed_with_intervals(bench):
    found, lost = imaging.examinations(bench), imaging.lost_by_compression(bench)
    assert column(found, "AUC")[::2][:2] == ["0.900 / 0.890 [0.890, 0.910]", "0.895 / 0.885 [0.885, 0.905]"]
    assert column(found, "ECE after scaling (%)")[0] == "4.0 / 3.0 [3.0, 5.0]"
    assert column(found, "file (bytes)")[::2][:2] == ["90,000", "4,101"]
    assert lost.rows[0] == ("synthetic lesions", "0.50 / 0.50 [0.00, 1.00]", "-1.0 / -1.0 [-2.0, 1.0]", "22x")
    assert lost.rows[-1] == ("synthetic lesions, dark skin only", "0.50 / 0.50, mean 0.50", "0.0 / 0.0, mean 0.0", "as above")


def test_the_networks_are_counted_and_their_seeds_shown(bench):
    table = tables.networks(bench)
    assert column(table, "network")[0] == LARGE
    cells = {row[0]: row for row in table.rows}
    assert cells[LARGE][1:3] == ("90.00 / 90.10 / 90.20", "90.10")
    assert cells[tables.SLIM][1:3] == ("90.00 / 90.10", "90.05")
    for title in ("file (bytes)", "parameters", "not zero", "MACs an image", "peak activations (bytes)"):
        assert all(COUNT.fullmatch(cell) for cell in column(table, title)), title
    large, slim, zeros = (cells[name] for name in (LARGE, tables.SLIM, tables.ZEROS))
    whole, kept = table.columns.index("parameters"), table.columns.index("not zero")
    assert large[whole] == zeros[whole] != slim[whole]
    assert int(large[kept].replace(",", "")) - int(zeros[kept].replace(",", "")) == 8 * 8 * 9


def test_every_network_and_eager_torch_have_a_ratio_with_its_interval(bench):
    table = tables.in_onnx_runtime(bench)
    title = f"times faster than {LARGE} [95 % interval]"
    assert column(table, "network") == [
        LARGE,
        tables.SLIM,
        deployment.MICRO,
        "fashion_student",
        EAGER,
    ]  # the others are of one of these shapes
    assert column(table, title)[0] == "1 (reference)"
    assert all(RATIO.fullmatch(cell) for cell in column(table, title)[1:])
    assert column(table, "MACs, times fewer")[0] == column(table, "MACs, times fewer")[-1] == "1.00x"
    assert "20 rounds in 2 sessions" in table.note


def test_an_interval_is_as_wide_as_the_sessions_differ():
    """Two sessions, quiet in themselves, one 20 % slower: does the interval hold both? Within one, it is narrow."""
    quiet = np.full(50, 2.0)
    one, other = (Timings({"slow": quiet * factor, "fast": quiet}) for factor in (1.0, 1.2))
    both = Sessions((one, other)).ratio("slow", "fast")
    assert (both.low, both.high) == pytest.approx((1.0, 1.2)) and 1.0 <= both.median <= 1.2
    alone = Sessions((one, one)).ratio("slow", "fast")
    assert (alone.low, alone.median, alone.high) == (1.0, 1.0, 1.0)
    assert Sessions((one, other)).rounds == 100


def test_pairs_show_arithmetic_beside_time(bench):
    table = tables.two_by_two(bench)
    fewer, faster = column(table, "MACs, times fewer"), column(table, "times faster [95 % interval]")
    assert fewer == ["1.00x", "1.76x"]
    assert all(map(RATIO.fullmatch, faster))


def test_the_sparse_format_pays_from_where_every_interval_lies_above_one(bench, monkeypatch):
    found = {0.5: Ratio(1.2, 1.1, 1.3), 0.7: Ratio(1.0, 0.9, 1.1), 0.8: Ratio(1.3, 1.2, 1.4), 0.9: Ratio(2.0, 1.9, 2.1)}
    monkeypatch.setattr(tables, "LEVELS", tuple(found))
    monkeypatch.setattr(tables, "csr_speedup", lambda *ignored, **more: found)
    assert "above 1 from 80 % zeros on." in tables.sparse_format(bench).note
    found[0.9] = Ratio(1.0, 0.9, 1.1)
    assert "above 1 for none of these shares of zeros." in tables.sparse_format(bench).note


def test_the_sparse_format_is_really_measured(bench):
    table = tables.sparse_format(bench)
    assert column(table, "zeros in the matrix") == ["50 %", "90 %"]
    assert all(map(RATIO.fullmatch, column(table, "times faster [range of all 95 % intervals]")))


def test_sessions_of_the_sparse_format_are_shown_with_all_their_intervals():
    ratios = [Ratio(1.0, 0.9, 1.1), Ratio(1.3, 1.2, 1.4), Ratio(1.1, 1.0, 1.2)]
    assert tables._widest(ratios) == Ratio(1.1, 0.9, 1.4)


def test_anchors_name_their_source_and_that_the_data_differ(bench):
    table = tables.anchors(bench)
    assert all("MIT 6.5940" in cell for cell in column(table, "source of what is there"))
    assert "76.7 % smaller" in column(table, "there")[0]
    assert "CIFAR-10" in table.note and "Fashion-MNIST" in table.note
    assert "-0.10 point" in column(table, "here")[0] and RATIO.search(column(table, "here")[1])


def test_fewer_bits_are_compared_with_the_dense_seeds(bench):
    table = compression.bits_of_weights(bench)
    assert column(table, "against 32 bits (points)") == [
        "reference",
        "-0.50",
        "-1.00",
        "-1.50",
        "-2.00",
    ]  # seed 0 loses 1, 2, ... points; seed 1 none; the dense network's third seed has no counterpart
    assert "k-means" in table.note and "MIT 6.5940" in table.note


def test_gains_are_paired_seed_by_seed(bench):
    for table in (compression.students(bench), compression.few_labels(bench)):
        assert column(table, "gain in points [95 % interval]")[0] == "reference"
        assert set(column(table, "gain in points [95 % interval]")[1:]) == {"+0.00 [+0.00, +0.00]"}  # all records are alike


def test_int8_is_timed_against_float32_of_the_same_runtime(bench):
    table = compression.int8_in_onnx_runtime(bench)
    assert [row[:2] for row in table.rows] == [(name, kind) for name in (LARGE, tables.SLIM) for kind in ("static", "dynamic")]
    assert all(RATIO.fullmatch(cell) for cell in column(table, "times faster [95 % interval]"))


def test_labs_are_marked_as_seconds_of_this_machine(bench):
    table = tables.lab_times(bench)
    assert table.rows == (
        ("01_first", "42", "1,235", "12.3", "cell 7, under 'Predict'"),
        ("02_second", "42", "1,235", "12.3", "cell 7, under 'Predict'"),
    )
    assert "seconds on this machine" in table.columns
    assert "load average of\n2.5" in table.note and "not a claim" in table.note


def test_the_file_holds_every_table_and_nothing_that_is_no_number(bench, tmp_path):
    said = []
    write_results(bench, path := tmp_path / "docs" / "results.md", now=lambda: WHEN, load=(0.1, 0.2, 0.3), say=said.append)
    text = path.read_text(encoding="utf-8")
    assert said == [make.__name__.replace("_", " ") for make in tables.TABLES]
    assert text.count("\n## ") == len(tables.TABLES) and text.startswith("# Results\n")
    assert not re.search(r"\b(nan|inf|None)\b", text)
    for word in ("2026-01-02 03:04 UTC", "| processor |", "flags that matter", "0.10 / 0.20 / 0.30 on", "torch 2.", "| Tiny Titans |"):
        assert word in text
    assert "Other programs" not in text
    assert " ms" not in text  # no time of an inference stands alone


def test_pruning_and_int8_together_are_compared_with_the_dense_network(bench):
    table = deployment.pruned_and_quantized(bench)
    assert column(table, "network") == [f"{LARGE}, float32", f"{tables.SLIM}_int8", f"{deployment.MICRO}_int8"]
    assert all(map(RATIO.fullmatch, column(table, "times faster [95 % interval]")[1:]))


def test_a_program_on_a_board_is_counted_and_compared(bench):
    """Without its tools the table says so; with them every code is the same as in Python."""
    table = deployment.on_a_microcontroller(bench)
    if missing_tools():
        assert set(column(table, "result")) == {"not measured"} and "install" in table.note
        return
    assert column(table, "network") == [deployment.MICRO]
    assert column(table, "equal to Python, all codes") == ["20 of 20"]
    assert all(COUNT.fullmatch(cell) for title in ("flash (bytes)", "RAM (bytes)", "instructions") for cell in column(table, title))


def test_a_page_has_a_row_for_each_format(bench):
    rows = deployment.on_a_page(bench).rows
    assert [row[:2] for row in rows] == [(name, kind) for name in (tables.SLIM, deployment.MICRO) for kind in ("float32", "int8")]
    assert {row[2:] for row in rows} == {("900", "120", "8.00")}


def test_people_are_paired_with_themselves(bench):
    """Gains of 3, 4 and 5 points, alike in both seeds; controls that change nothing."""
    table = deployment.on_the_wrist(bench)
    gains = dict(zip(column(table, "before the test"), column(table, "points gained [95 % interval over people]"), strict=True))
    after = gains.pop(deployment.LEARNT["after"])
    assert after.startswith("+4.0") and gains.pop(deployment.LEARNT["before"]) == "reference"
    assert len(set(gains.values())) == 1


def test_a_busy_machine_is_said_aloud():
    assert "Other programs were computing" in report.head(WHEN, (64.0, 1.0, 1.0))
    assert "unknown on this system" in report.head(WHEN, None)


def test_a_failing_table_leaves_the_old_results(bench, tmp_path, monkeypatch):
    path = tmp_path / "results.md"
    path.write_text("old")

    def fails(bench):
        raise ValueError("no figure")

    monkeypatch.setattr(tables, "TABLES", [tables.lab_times, fails])
    with pytest.raises(ValueError, match="no figure"):
        write_results(bench, path)
    assert path.read_text() == "old"


def test_a_further_table_is_one_function_in_a_list(bench, tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "TABLES", [lambda bench: Table("New", ("what", "how much (kB)"), (("a", "1"),), "By hand.")])
    write_results(bench, path := tmp_path / "results.md")
    assert path.read_text(encoding="utf-8").endswith("## New\n\nBy hand.\n\n| what | how much (kB) |\n| --- | ---: |\n| a | 1 |\n")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ((), "no rows"),
        ((("a",),), "1 cells for 2 columns"),
        ((("a", "nan x"),), "holds 'nan x'"),
        ((("a", "1.0x [inf, 2]"),), "mend"),
        ((("a", "None"),), "None"),
        ((("a", ""),), "mend"),
    ],
)
def test_a_table_refuses_what_is_no_figure(rows, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        Table("T", ("a", "b"), rows, "")


def test_words_that_hold_nan_are_words():
    assert Table("T", ("a",), (("fashion_nano, banana, infinite",),), "").rows


@pytest.mark.slow
def test_a_session_runs_in_a_process_of_its_own(tmp_path):
    """The real zoo, three rounds: does every contestant come back with its samples, and an error as one sentence?"""
    from utils.deploy import to_onnx

    to_onnx(zoo.load("fashion_tiny"), torch.zeros(1, 1, 28, 28), file := tmp_path / "a.onnx")
    timings = time_apart({"a": str(file)}, {"eager": "fashion_tiny"}, seconds=1000, rounds=3, seed=0)
    assert {name: len(samples) for name, samples in timings.samples_ms.items()} == {"a": 3, "eager": 3}
    assert all((samples > 0).all() for samples in timings.samples_ms.values())
    with pytest.raises(ValueError, match=r"session of timing failed: .*no model at"):
        time_apart({"a": str(tmp_path / "gone.onnx")}, {}, seconds=1, rounds=3, seed=0)


# Labs, run for real


def write_lab(path, *cells):
    """A notebook: texts that begin with # are prose."""
    made = [nbformat.v4.new_markdown_cell(cell) if cell.startswith("#") else nbformat.v4.new_code_cell(cell) for cell in cells]
    nbformat.write(nbformat.v4.new_notebook(cells=made), path)
    return path


def test_the_longest_cell_is_found_by_the_clock(tmp_path, home):
    path = write_lab(tmp_path / "01_a.ipynb", "# One", "1", "## Two", "2", "3")
    readings = iter([0.0, 2.0, 7.0, 8.0])
    run = run_here(path, lambda: next(readings))
    assert (run.seconds, run.longest_s, run.longest) == (8.0, 5.0, "cell 4, under 'Two'")
    assert run.peak_bytes is None or run.peak_bytes > 1e6


def test_a_cell_without_a_heading_has_its_number():
    assert where([{"cell_type": "code", "source": "1"}], 0) == "cell 1"


@pytest.mark.slow
def test_a_lab_runs_in_a_process_of_its_own(tmp_path, monkeypatch):
    """One thread, another folder for the work, memory of the kernel: is that what the lab sees?"""
    checks = "import os\nassert os.environ['OMP_NUM_THREADS'] == '1' and 'titans-bench' in os.environ['TITANS_HOME']"
    run = run_apart(write_lab(tmp_path / "01_a.ipynb", "# One", checks, "block = bytearray(300_000_000)"))
    assert run.peak_bytes is None or run.peak_bytes > 300e6
    with pytest.raises(NotebookFailedError, match=r'02_b.ipynb stopped in the cell "1 / 0": ZeroDivisionError'):
        run_apart(write_lab(tmp_path / "02_b.ipynb", "1 / 0"))


# The command


@pytest.fixture
def app():
    app = typer.Typer()
    cli.add_commands(app)
    return app


def test_the_command_says_where_it_wrote(app, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(report, "write_results", lambda bench, path, **more: asked.append((bench.seconds, path)))
    result = CliRunner().invoke(app, ["bench", "--seconds", "2", "--output", str(tmp_path / "a.md")])
    assert result.exit_code == 0, result.output
    assert asked == [(2.0, tmp_path / "a.md")]
    assert "wrote" in result.output


def test_a_lab_that_fails_is_one_sentence(app, tmp_path, monkeypatch):
    def fails(bench, path, **more):
        raise NotebookFailedError("01_a.ipynb stopped in cell 1 (1 / 0): ZeroDivisionError: division by zero")

    monkeypatch.setattr(report, "write_results", fails)
    result = CliRunner().invoke(app, ["bench", "--output", str(tmp_path / "a.md")])
    assert result.exit_code == 1
    assert len(result.stderr.strip().splitlines()) == 1 and "cell 1" in result.stderr
