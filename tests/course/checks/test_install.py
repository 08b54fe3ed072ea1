"""`--all` installs programs by apt, optional packages by pip, and makes data; what it can't is named."""

import sys

from course.checks import install
from utils.data.making import Made
from utils.doctor import Tool


def test_missing_tools_are_installed_by_apt(monkeypatch):
    there = set()
    monkeypatch.setattr(install.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(install.os, "geteuid", lambda: 0)
    wanted = Tool(("browser-x",), "package-x", "a lab", tests="tests of x")
    unwanted = Tool(("compiler-y",), "package-y", "a lab")
    monkeypatch.setattr(Tool, "path", lambda tool: "/here" if tool.package in there else None)
    called = []

    def apt(command):
        called.append(" ".join(command))
        there.update({"package-x"} if len(called) == 3 else ())
        return 0 if len(called) > 1 else 100

    assert install.install_tools((wanted, unwanted), call=apt) == []
    assert [("update" in command, "package-x" in command) for command in called] == [(False, True), (True, False), (False, True)]
    assert not any("package-y" in command for command in called)


def test_a_tool_that_can_not_be_installed_is_named(monkeypatch):
    monkeypatch.setattr(install.shutil, "which", lambda name: None)
    assert install.install_tools((Tool(("browser-x",), "package-x", "a lab", tests="tests of x"),)) == ["browser-x"]


def test_optional_packages_are_installed_exactly_and_without_their_dependencies(monkeypatch):
    there = {"here": "1", "old": "1"}

    def version(name):
        if name not in there:
            raise install.PackageNotFoundError(name)
        return there[name]

    monkeypatch.setattr(install, "version", version)
    called = []

    def pip(command):
        called.append(command)
        there.update({"old": "2"})
        return 1

    assert install.install_packages(["here==1", "old==2", "absent==3"], call=pip) == ["absent==3"]
    (command,) = called
    assert command[:4] == [sys.executable, "-m", "pip", "install"] and "--no-deps" in command
    assert command[-2:] == ["old==2", "absent==3"]
    called.clear()
    assert install.install_packages(["here==1"], call=pip) == [] and not called


def test_the_optional_packages_are_those_of_the_project(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n[project.optional-dependencies]\na = ["b==1"]\nc = ["d==2", "e==3"]\n')
    assert install.optional_packages(tmp_path) == ["b==1", "d==2", "e==3"]
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n')
    assert install.optional_packages(tmp_path) == []
    assert all(wanted.count("==") == 1 for wanted in install.optional_packages()) and install.optional_packages()


def test_data_that_can_not_be_made_is_named_with_its_reason(tmp_path):
    """Does one failure keep the next data set from being made?"""
    made = []

    def refuse(_):
        raise ConnectionError("no network")

    first, second = (
        Made("one set", ("08",), "one==1", refuse),
        Made("another", ("08",), "two==2", lambda file: made.append(file) or tmp_path),
    )
    assert install.make_data([first, second]) == ["one set could not be made: no network"]
    assert made == [None]
