"""doctor: each row says what is there, what it means, and what to do; stand-ins replace the machine."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from utils import cli, doctor
from utils.doctor import machine, report, setting
from utils.doctor.machine import GIB, Memory

WHOLE = 16 * GIB


def place(root, path, text):
    """One file of a stand-in for Linux's own folders."""
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)


def row(what):
    """The one row of the report with this name."""
    (found,) = (row for part in report.sections().values() for row in part if row.what == what)
    return found


@pytest.fixture
def sixteen_gib(monkeypatch):
    import psutil

    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=WHOLE, available=WHOLE // 2))


# The machine


def test_flags_and_their_meaning_stand_side_by_side(monkeypatch):
    monkeypatch.setattr(machine, "cpu", lambda: ("A Chip", ["avx2", "avx_vnni"]))
    assert row("processor").found == "A Chip"
    assert (row("its flags").found, row("its flags").note) == ("avx2, avx_vnni", "256-bit vectors; int8 dot products, 256-bit")


def test_a_processor_without_flags_is_no_error(monkeypatch):
    monkeypatch.setattr(machine, "cpu", lambda: ("Old Chip", []))
    assert row("its flags").found == "none that matter"


@pytest.mark.parametrize(
    ("files", "limit"),
    [
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "150000 100000\n"}, 1.5),
        ({"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/cpu.max": "200000 100000", "sys/fs/cgroup/a/b/cpu.max": "max 100000"}, 2.0),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n"}, None),
        ({"proc/self/cgroup": "4:cpu,cpuacct:/x\n", "sys/fs/cgroup/cpu/x/cpu.cfs_quota_us": "50000\n"}, None),
        (
            {
                "proc/self/cgroup": "4:cpu,cpuacct:/x\n5:memory:/y\n",
                "sys/fs/cgroup/cpu/x/cpu.cfs_quota_us": "50000\n",
                "sys/fs/cgroup/cpu/x/cpu.cfs_period_us": "100000\n",
            },
            0.5,
        ),
        (
            {
                "proc/self/cgroup": "4:cpu:/\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            None,
        ),
        ({}, None),
    ],
)
def test_the_limit_of_a_container_on_cores_is_read(tmp_path, files, limit):
    for path, text in files.items():
        place(tmp_path, path, text)
    assert machine.cpu_limit(tmp_path) == limit


@pytest.mark.parametrize(
    ("files", "limit"),
    [
        ({"proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/memory.max": f"{4 * GIB}\n"}, 4 * GIB),
        (
            {
                "proc/self/cgroup": "0::/a/b\n",
                "sys/fs/cgroup/a/memory.max": f"{2 * GIB}",
                "sys/fs/cgroup/a/b/memory.max": f"{4 * GIB}",
            },
            2 * GIB,
        ),
        ({"proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/memory.max": "max\n"}, None),
        ({"proc/self/cgroup": "3:memory:/x\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{GIB}\n"}, GIB),
        ({"proc/self/cgroup": "3:memory:/x\n", "sys/fs/cgroup/memory/x/memory.limit_in_bytes": "9223372036854771712\n"}, None),
        ({}, None),
    ],
)
def test_the_limit_of_a_container_on_memory_is_read(tmp_path, sixteen_gib, files, limit):
    for path, text in files.items():
        place(tmp_path, path, text)
    assert machine.memory(tmp_path) == Memory(WHOLE, WHOLE // 2, limit)


@pytest.mark.parametrize(
    ("present", "usable", "limit", "found", "note", "amiss"),
    [
        (8, 8, None, "8 usable", "", False),
        (8, 4, None, "4 usable", "8 present", False),
        (8, 8, 2.0, "2 usable", "the container limits them to the time of 2", False),
        (8, 8, 0.5, "1 usable", "the container limits them to the time of 0.5; labs use one; tests take twice as long", True),
        (1, 1, None, "1 usable", "labs use one; tests take twice as long", True),
    ],
)
def test_cores_usable_and_present(monkeypatch, present, usable, limit, found, note, amiss):
    monkeypatch.setattr(report.os, "cpu_count", lambda: present)
    monkeypatch.setattr(machine, "cores", lambda: usable)
    monkeypatch.setattr(machine, "cpu_limit", lambda: limit)
    assert report._cores() == report.Row("cores", found, note, amiss)


@pytest.mark.parametrize(
    ("memory", "found", "note"),
    [
        (Memory(16 * GIB, 8 * GIB), "16.0 GiB, 8.0 available", ""),
        (Memory(4 * GIB, GIB), "4.0 GiB, 1.0 available", "labs take up to 2 GiB: close other programs"),
        (Memory(16 * GIB, 8 * GIB, 3 * GIB), "16.0 GiB, 3.0 available", "the container limits it to 3.0 GiB"),
    ],
)
def test_memory_total_available_and_granted(monkeypatch, memory, found, note):
    monkeypatch.setattr(machine, "memory", lambda: memory)
    assert (row("memory").found, row("memory").note) == (found, note)


@pytest.mark.parametrize(("free", "amiss"), [(0.5, True), (50, False)])
def test_a_full_disk_is_amiss(monkeypatch, free, amiss):
    monkeypatch.setattr(report.shutil, "disk_usage", lambda path: SimpleNamespace(free=free * GIB))
    assert row("free disk").amiss is amiss
    assert ("make room" in row("free disk").note) is amiss


def test_an_energy_counter_is_readable_locked_or_absent(tmp_path, monkeypatch):
    counter = tmp_path / "energy_uj"
    assert machine.energy_state(counter) == "absent"
    counter.write_text("123456\n")
    assert machine.energy_state(counter) == "readable" and doctor.energy_counter(counter)
    counter.write_text("no number\n")
    assert machine.energy_state(counter) == "absent"

    def refused(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_text", refused)
    assert machine.energy_state(counter) == "locked" and not doctor.energy_counter(counter)


@pytest.mark.parametrize(
    ("state", "found", "note"),
    [
        ("readable", "readable", ""),
        ("locked", "not readable", "sudo chmod a+r /sys/class/powercap/intel-rapl*/energy_uj"),
        ("absent", "absent", "modeled"),
    ],
)
def test_an_energy_counter_that_is_locked_comes_with_the_key(monkeypatch, state, found, note):
    monkeypatch.setattr(machine, "energy_state", lambda: state)
    assert row("energy counter").found == found
    assert note in row("energy counter").note


def test_the_step_of_a_clock_is_the_smallest_seen():
    readings = iter([0.0, 0.0, 0.5, 0.5, 0.75, 2.0])
    assert machine.clock_step_s(lambda: next(readings), tries=6) == 0.25
    assert machine.clock_step_s(lambda: 1.0) == float("inf")


@pytest.mark.parametrize(("step", "found", "amiss"), [(4e-8, "0.04 µs a step", False), (0.0156, "1.6e+04 µs a step", True)])
def test_a_coarse_clock_is_amiss(monkeypatch, step, found, amiss):
    monkeypatch.setattr(machine, "clock_step_s", lambda: step)
    assert (row("clock").found, row("clock").amiss) == (found, amiss)


@pytest.mark.parametrize("there", [True, False])
def test_a_gpu_is_not_needed(monkeypatch, there):
    monkeypatch.setattr(report, "_has_gpu", lambda: there)
    assert (row("GPU").found, row("GPU").amiss) == ("found" if there else "none", False)


VNNI = "flags : fpu avx2 avx512_vnni avx_vnni"


@pytest.mark.parametrize(
    ("info", "found", "expected"),
    [
        (VNNI + " amx_int8", "avx512_vnni, avx_vnni, amx_int8:", "whole tiles"),
        (VNNI, "avx512_vnni, avx_vnni:", "static int8 should be faster"),
        ("flags : avx2 avx_vnni", "avx_vnni:", "static int8 should be faster"),
        ("flags : fpu avx2", "avx2 but no instruction", "may cost accuracy"),
        ("flags : fpu sse2", "no vector instructions for int8", "no gain"),
        ("Features : fp asimd", "asimd but no instruction", "little gain"),
        ("Features : fp asimd asimddp", "asimddp:", "static int8 should be faster"),
        ("Features : fp asimd asimddp i8mm", "asimddp, i8mm:", "small int8 matrices"),
        ("model name : A Chip", "does not say", "measure"),
        ("", "does not say", "measure"),
    ],
)
def test_what_to_expect_of_int8_is_one_sentence_without_a_ratio(info, found, expected):
    said = doctor.int8_support(info)
    assert found in said and expected in said
    assert said.endswith(".") and said.count(". ") == 0 and not any(word[0].isdigit() and "x" in word for word in said.split())


@pytest.mark.parametrize(("system", "chip", "found"), [("Darwin", "arm64", "asimddp"), ("Windows", "AMD64", "does not say")])
def test_systems_without_a_list_of_flags(monkeypatch, system, chip, found):
    """Every Mac with a processor of Apple's has dot products; of others nothing is guessed."""
    monkeypatch.setattr(doctor.int8.platform, "system", lambda: system)
    monkeypatch.setattr(doctor.int8.platform, "machine", lambda: chip)
    monkeypatch.setattr(doctor.int8, "text_of", lambda path: "")
    assert found in doctor.int8_support()


def test_this_computer_is_asked_if_nothing_is_given(monkeypatch):
    monkeypatch.setattr(doctor.int8.platform, "system", lambda: "Linux")
    monkeypatch.setattr(doctor.int8, "text_of", lambda path: VNNI if path == Path("/proc/cpuinfo") else "")
    assert doctor.int8_support() == doctor.int8_support(VNNI)


# Programs


def test_every_program_says_which_lab_wants_it(monkeypatch):
    monkeypatch.setattr(doctor.Tool, "path", lambda tool: f"/usr/bin/{tool.commands[0]}")
    found = {row.what: (row.found, row.note, row.amiss) for row in report.sections()["programs"]}
    assert found["qemu-system-arm"] == ("/usr/bin/qemu-system-arm", "labs 07 and 11", False)
    assert {"chromium", "arm-none-eabi-gcc", "node", "git"} <= found.keys()


def test_a_missing_program_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(doctor.Tool, "path", lambda tool: None)
    assert all(row.found == "missing" and row.amiss and "sudo apt install" in row.note for row in report.sections()["programs"])


# Python


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A project with three needs, two options and seven pins; what is installed stands in a dictionary."""
    needs = 'dependencies = ["torch>=2", "Some_Thing[extra]>=1", "absent"]\n'
    options = '[project.optional-dependencies]\nmore = ["Photo_s==2", "weights==4"]\n'
    (tmp_path / "pyproject.toml").write_text(f"[project]\n{needs}{options}")
    pins = ("torch==2.14.1", "some-thing==1.5", "absent==3.0", "extra.part==9", "not-here==1", "photo-s==2", "weights==4")
    (tmp_path / "constraints.txt").write_text("# a comment\n" + "\n".join(pins) + "\n")
    there = {"torch": "2.14.1+cpu", "some-thing": "1.6", "extra-part": "9", "weights": "4"}
    monkeypatch.setattr(setting, "_installed", there.get)
    found = setting.packages(tmp_path)
    monkeypatch.setattr(setting, "packages", lambda: found)
    return found


def test_packages_are_compared_with_the_tested_versions(course):
    assert [(p.name, p.installed, p.tested, p.needed, p.optional, p.differs) for p in course] == [
        ("absent", None, "3.0", True, False, False),
        ("extra-part", "9", "9", False, False, False),
        ("not-here", None, "1", False, False, False),
        ("photo-s", None, "2", False, True, False),
        ("some-thing", "1.6", "1.5", True, False, True),
        ("torch", "2.14.1+cpu", "2.14.1", True, False, False),
        ("weights", "4", "4", False, True, False),
    ]


def test_what_is_missing_or_differs_has_a_row_and_the_rest_a_sum(course):
    found = {row.what: (row.found, row.note, row.amiss) for row in report.sections()["Python"]}
    assert found["packages"][0] == "3 of 4 as tested"
    assert found["some-thing"] == ("1.6", "differs: tested with 1.5", True)
    assert found["absent"] == ("missing", "the course: python3 start.py installs it", True)
    assert found["torch"] == ("2.14.1+cpu", "all labs", False)
    assert "extra-part" not in found and "not-here" not in found


def test_an_optional_package_says_which_lab_wants_it_and_is_never_amiss(course, monkeypatch):
    monkeypatch.setattr(report, "SHOWN", {"photo-s": "lab 98", "weights": "lab 99"})
    found = {row.what: (row.found, row.note, row.amiss) for row in report.sections()["Python"]}
    assert found["photo-s"] == ("not installed", "lab 98 works without it; pip install --no-deps photo-s==2", False)
    assert found["weights"] == ("4", "lab 99", False)


def test_every_optional_package_of_the_course_has_a_lab():
    optional = {package.name for package in setting.packages() if package.optional}
    assert optional == set(report.OPTIONAL) <= set(report.SHOWN)


def test_jupyterlab_is_always_among_the_packages():
    assert row("jupyterlab").found and row("jupyterlab").note == "all labs"


@pytest.mark.parametrize(
    ("prefix", "base", "conda", "found"),
    [
        ("venv", "base", False, "venv"),
        ("base", "base", False, "none active"),
        ("base", "base", True, "conda"),
        ("venv", "base", True, "conda"),
    ],
)
def test_the_active_environment_is_named(monkeypatch, tmp_path, prefix, base, conda, found):
    for name in {prefix, base}:
        (tmp_path / name).mkdir()
    if conda:
        (tmp_path / prefix / "conda-meta").mkdir()
    monkeypatch.setattr(sys, "prefix", str(tmp_path / prefix))
    monkeypatch.setattr(sys, "base_prefix", str(tmp_path / base))
    assert row("environment").found == found
    assert (str(tmp_path) in row("environment").note) is (found != "none active")


# The student's work


def test_my_work_is_writable_not_there_yet_or_locked(home, monkeypatch):
    assert row("my_work").found == "writable"
    monkeypatch.setenv("TITANS_HOME", str(home / "later"))
    assert row("my_work").found == "made at the first start"
    monkeypatch.setattr(setting.os, "access", lambda path, how: False)
    assert row("my_work").found == "not writable" and str(home) in row("my_work").note


def test_a_students_file_that_hides_a_package_is_named(home, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    place(elsewhere, "torch/__init__.py", "")
    (home / "utils.py").touch()
    (home / "harmless.py").touch()
    monkeypatch.chdir(elsewhere)
    found = [row for row in report.sections()["your work"] if row.what == "hidden import"]
    assert [(row.found, row.amiss) for row in found] == [("utils.py", True), ("torch", True)]
    assert str(home / "utils.py") in found[0].note and "rename it" in found[0].note


def test_the_courses_own_package_hides_nothing(home, monkeypatch):
    monkeypatch.chdir(setting.ROOT)
    assert not [row for row in report.sections()["your work"] if row.what == "hidden import"]


@pytest.mark.parametrize(
    ("values", "found", "note"),
    [
        ({}, "no variable set", ""),
        ({"OMP_NUM_THREADS": "1"}, "OMP_NUM_THREADS=1", ""),
        ({"MKL_NUM_THREADS": "4"}, "MKL_NUM_THREADS=4", "one thread"),
    ],
)
def test_variables_for_threads_are_shown(monkeypatch, values, found, note):
    for name in setting.THREADS:
        monkeypatch.delenv(name, raising=False)
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    assert row("threads").found == found
    assert note in row("threads").note


# The whole


@pytest.mark.parametrize("columns", [80, 140])
def test_the_report_fits_and_ends_well(monkeypatch, columns):
    """Is no line wider than the terminal, no word cut, and the exit code 0 although programs are missing?"""
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("PATH", "")
    result = CliRunner().invoke(cli.app, ["doctor"])
    assert result.exit_code == 0
    assert all(len(line) <= columns for line in result.output.splitlines())
    assert "…" not in result.output
    for word in ("machine", "programs", "Python", "your work", "missing", "arm-none-eabi-gcc"):
        assert word in result.output


def test_every_row_has_something_to_say():
    assert all(row.what and row.found for part in report.sections().values() for row in part)
    assert len({row.what for part in report.sections().values() for row in part}) > 20
