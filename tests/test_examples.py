"""The examples in the docstrings are run, and what they show is what comes out."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil

import pytest

import utils
from utils.files import ROOT

OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
NAMES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in (ROOT / "utils").rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)
ALL_WITH_EXAMPLES = ("utils.adapt", "utils.train")  # each public function and class of theirs shows a call


@pytest.mark.parametrize("name", NAMES)
def test_examples_of(name: str, home: object, request: pytest.FixtureRequest) -> None:
    """Examples may ask for a fixture as pytest's own runner lets them: `getfixture("tmp_path")`."""
    import torch

    module = importlib.import_module(name)
    before = torch.get_rng_state()
    torch.manual_seed(0)
    report: list[str] = []
    try:
        runner = doctest.DocTestRunner(optionflags=OPTIONS, verbose=False)
        for test in doctest.DocTestFinder(exclude_empty=True).find(module, name, extraglobs={"getfixture": request.getfixturevalue}):
            runner.run(test, out=report.append)
    finally:
        torch.set_rng_state(before)
    assert runner.summarize(verbose=False).attempted > 0
    assert not runner.failures, "".join(report)


def public(package: str) -> dict[str, object]:
    """Dotted name -> the functions and classes that are defined in a package under a public name."""
    found = {}
    folder = importlib.import_module(package)
    for one in pkgutil.iter_modules(folder.__path__, f"{package}."):
        module = importlib.import_module(one.name)
        for name, value in vars(module).items():
            is_its_own = getattr(value, "__module__", None) == one.name and not name.startswith("_")
            if is_its_own and (inspect.isroutine(value) or inspect.isclass(value)):
                found[f"{one.name}.{name}"] = value
    return found


@pytest.mark.parametrize("package", ALL_WITH_EXAMPLES)
def test_every_public_name_has_an_example(package: str) -> None:
    protocols = {name for name, value in public(package).items() if getattr(value, "_is_protocol", False)}
    without = [name for name, value in public(package).items() if name not in protocols and ">>> " not in (inspect.getdoc(value) or "")]
    assert not without


def test_an_example_that_is_wrong_is_found(tmp_path, monkeypatch) -> None:
    (tmp_path / "wrong_example.py").write_text('def two():\n    """\n    >>> two()\n    3\n    """\n    return 2\n')
    monkeypatch.syspath_prepend(tmp_path)
    assert doctest.testmod(importlib.import_module("wrong_example"), report=False, optionflags=OPTIONS).failed == 1


def test_the_package_itself_is_the_one_of_this_checkout() -> None:
    assert utils.__file__ == str(ROOT / "utils" / "__init__.py")
